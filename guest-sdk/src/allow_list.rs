//! What the node's operator lets containers have set.

use crate::{Error, bindings::allow_list};

/// The text of `/etc/cni/tuning/allowlist.conf`; `None` when there is no such
/// file.
///
/// # Errors
/// It can't be read, or that is not granted.
pub fn read() -> Result<Option<String>, Error> {
    Ok(allow_list::read()?)
}
