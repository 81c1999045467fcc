//! A result is true, or the ADD fails: what a plugin reports has to exist
//! where it says.

use cofferdam_network::{AddressInfo, LinkInfo, Network};
use cofferdam_protocol::{Attachment, CniError, Interface, Place};

use crate::{codes, convert::place_of};

/// Checks a result against the kernel. What came with the previous result was
/// checked when that was made.
pub(crate) fn verify(
    network: &mut dyn Network,
    result: &Attachment,
    previous: Option<&Attachment>,
    sandbox: Option<&str>,
) -> Result<(), CniError> {
    let mut addresses: Vec<Option<Vec<AddressInfo>>> = Vec::new();
    for interface in &result.interfaces {
        let passed_on = previous.is_some_and(|previous| previous.interfaces.contains(interface));
        let link = if passed_on {
            None
        } else {
            verify_interface(network, interface, sandbox)?
        };
        addresses.push(match link {
            Some(link) if is_used(result, addresses.len()) => Some(network.addresses(link.id).map_err(failed)?),
            _ => None,
        });
    }
    for ip in &result.ips {
        let Some(index) = ip.interface else { continue };
        let position = usize::try_from(index).unwrap_or(usize::MAX);
        let Some(interface) = result.interfaces.get(position) else {
            return Err(untrue(format!(
                "address {} is said to be on interface {index}, which is not in it",
                ip.address
            )));
        };
        if let Some(Some(present)) = addresses.get(position)
            && !present.iter().any(|info| info.address == ip.address)
        {
            return Err(untrue(format!(
                "address {} is not on interface {:?}",
                ip.address, interface.name
            )));
        }
    }
    Ok(())
}

fn is_used(result: &Attachment, position: usize) -> bool {
    let used = |index: u32| usize::try_from(index) == Ok(position);
    result.ips.iter().any(|ip| ip.interface.is_some_and(used))
}

fn verify_interface(
    network: &mut dyn Network,
    interface: &Interface,
    sandbox: Option<&str>,
) -> Result<Option<LinkInfo>, CniError> {
    let name = &interface.name;
    let Some(place) = place_of(interface, sandbox) else {
        return Err(untrue(format!(
            "interface {name:?} is said to be in a namespace that is not this request's"
        )));
    };
    // A socket or a device that is handed over by its address is no link.
    if interface.socket_path.is_some() || interface.pci_id.is_some() {
        return Ok(None);
    }
    let link = network.link_by_name(place, name).map_err(failed)?;
    let Some(link) = link else {
        return Err(untrue(format!(
            "interface {name:?} does not exist in the {} namespace",
            place_name(place)
        )));
    };
    match (&interface.mac, link.mac) {
        (Some(said), Some(mac)) if !said.eq_ignore_ascii_case(&mac.to_string()) => Err(untrue(format!(
            "interface {name:?} is said to have address {said}, but has {mac}"
        ))),
        _ => Ok(Some(link)),
    }
}

fn place_name(place: Place) -> &'static str {
    match place {
        Place::Host => "node's",
        Place::Container => "container's",
    }
}

fn untrue(text: String) -> CniError {
    CniError::new(codes::UNTRUE_RESULT, format!("the plugin's result is not true: {text}"))
}

fn failed(error: cofferdam_network::Error) -> CniError {
    CniError::internal(format!("the result can't be checked: {error}"))
}
