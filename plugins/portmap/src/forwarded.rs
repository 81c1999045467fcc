//! Where the node's iptables drops what no rule speaks for, connections to
//! published ports are accepted.

use cofferdam_guest_sdk::{Error, Failure, forwarding, log};

use crate::mapping::Target;

/// Has them accepted. What can't be had leaves the node's filter as it is, as
/// the reference plugin does: without a grant the operator decides alone, and
/// whether legacy iptables drops anything is not known.
pub(crate) fn accept(targets: &[Target]) -> Result<(), Failure> {
    for target in targets {
        match forwarding::accept_published(target.address.address()) {
            Ok(_) | Err(Error::Denied { .. }) => {}
            Err(Error::Unsupported(why)) => log::warn(&why),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
