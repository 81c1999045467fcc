//! What the process has from the one that started it, and does not need.
#![allow(unsafe_code)]

use cofferdam_confinement::{ConfinementError, clear_environment, close_inherited_descriptors};

/// Variables that stay. By these others can tell who holds a lock.
const KEPT: [&str; 3] = ["CNI_COMMAND", "CNI_CONTAINERID", "CNI_IFNAME"];

/// Closes descriptors and clears the environment; at the start of the process
/// only.
pub(crate) fn give_up() -> Result<(), ConfinementError> {
    // SAFETY: `main` has just begun, and nothing has opened a file.
    unsafe { close_inherited_descriptors(&[]) }?;
    clear_environment(|name| KEPT.iter().any(|kept| name == *kept))
}
