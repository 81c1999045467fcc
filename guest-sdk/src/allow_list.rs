//! What the node's operator lets containers have set.

use crate::{Error, bindings::allow_list};

/// The text of `/etc/cni/tuning/allowlist.conf`; `None` when there is no such
/// file.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{allow_list, Error};
/// # fn example() -> Result<(), Error> {
/// let allowed = allow_list::read()?;
/// let is_allowed = |key: &str| allowed.as_ref().is_none_or(|text| text.lines().any(|line| line == key));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// It can't be read, or that is not granted.
pub fn read() -> Result<Option<String>, Error> {
    Ok(allow_list::read()?)
}
