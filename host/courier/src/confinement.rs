//! What this process gives up.
#![allow(unsafe_code)]

use std::path::Path;

use cofferdam_confinement::{Access, Confinement, ConfinementError, clear_environment, close_inherited_descriptors};
use cofferdam_http::wire::Orders;

/// What says how names are resolved.
const RESOLVING: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];
/// Name servers are asked by TCP where an answer is too long.
const DNS: u16 = 53;

/// Closes descriptors and clears the environment; at the start of the process
/// only.
pub(crate) fn give_up_inheritance() -> Result<(), ConfinementError> {
    // SAFETY: `main` has just begun, and nothing has opened a file.
    unsafe { close_inherited_descriptors(&[]) }?;
    clear_environment(|_| false)
}

/// Gives up everything but the descriptors that are open.
pub(crate) fn confine_to_descriptors() -> Result<(), ConfinementError> {
    Confinement::new().enforce().map(drop)
}

/// Gives up everything but connections to the ports of the orders' origins,
/// names, and credentials.
pub(crate) fn confine(orders: &Orders) -> Result<(), ConfinementError> {
    let origins = || orders.permits.iter().flat_map(|permit| &permit.origins);
    let mut confinement = Confinement::new().only_services(origins().map(|origin| origin.port()));
    if origins().any(|origin| origin.has_name()) {
        confinement = confinement.only_services([DNS]);
        for file in RESOLVING.into_iter().filter(|file| Path::new(file).exists()) {
            confinement = confinement.file(file);
        }
    }
    let has_credentials = orders.permits.iter().any(|permit| permit.credential.is_some());
    if has_credentials && orders.credentials.is_dir() {
        confinement = confinement.directory(&orders.credentials, Access::Read);
    }
    confinement.enforce().map(drop)
}
