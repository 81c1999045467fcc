use cofferdam_protocol::Place;

use crate::{Error, Result, SysctlKey};

/// A page, which is what the kernel gives and takes at most.
pub(crate) const LONGEST_VALUE: usize = 4096;

pub(super) fn value(place: Place, key: &SysctlKey, text: &str) -> Result<()> {
    if text.len() > LONGEST_VALUE || text.contains('\0') {
        let object = named(place, key);
        return Err(Error::Invalid(format!(
            "the value for {object} has a NUL in it or more than {LONGEST_VALUE} bytes"
        )));
    }
    Ok(())
}

/// Names a setting.
pub(crate) fn named(place: Place, key: &SysctlKey) -> String {
    format!("sysctl {key} in the {place} namespace")
}
