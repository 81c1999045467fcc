//! What containers send, and what answers it, is accepted by who filters on the
//! node: firewalld, or iptables.

use cofferdam_guest_sdk::{Attachment, Failure, codes, forwarding};

use crate::config::{Backend, Config};

/// Has it accepted.
pub(crate) fn add(config: &Config, previous: &Attachment) -> Result<(), Failure> {
    let zoned = is_by_zones(config.backend()?)?;
    for address in &previous.addresses {
        let address = address.address.address();
        if zoned {
            forwarding::join_zone(address, config.zone())?;
        } else {
            forwarding::accept(address, config.admin_chain())?;
        }
    }
    Ok(())
}

/// Whether it still is.
pub(crate) fn check(config: &Config, previous: &Attachment) -> Result<(), Failure> {
    let zoned = is_by_zones(config.backend()?)?;
    for address in &previous.addresses {
        let address = address.address.address();
        if zoned && !forwarding::is_in_zone(address, config.zone())? {
            let zone = config.zone();
            return Err(Failure::changed(format!(
                "{address} is not in zone {zone} of firewalld any more"
            )));
        }
        if !zoned && !forwarding::is_accepted(address, config.admin_chain())? {
            return Err(Failure::changed(format!(
                "what {address} forwards is not accepted any more by the node's iptables"
            )));
        }
    }
    Ok(())
}

/// Whether an ADD could have it accepted, as far as that shows without one.
pub(crate) fn status(config: &Config) -> Result<(), Failure> {
    if config.backend()? == Backend::Firewalld && !forwarding::has_zones()? {
        let text = "backend firewalld: firewalld does not run on this node, or no zone of it is granted";
        return Err(Failure::new(codes::NOT_AVAILABLE, text));
    }
    Ok(())
}

fn is_by_zones(backend: Backend) -> Result<bool, Failure> {
    match backend {
        Backend::Firewalld => Ok(true),
        Backend::Iptables => Ok(false),
        Backend::Either => Ok(forwarding::has_zones()?),
    }
}
