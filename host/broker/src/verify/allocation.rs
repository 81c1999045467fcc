use std::net::IpAddr;

use cofferdam_protocol::{Attachment, CniError};

use super::{
    gateways::{is_neighbour, is_usable, misplaced},
    given::Given,
    name_resolution::check_dns,
    untrue,
};

/// Checks what an address management plugin tells its caller: addresses that
/// it claimed for this attachment, that a service answered with, or that the
/// configuration asks for by themselves. Whether they get onto a link is its caller's to do, and to be
/// granted.
pub(crate) fn check_allocation(result: &Attachment, claimed: &[IpAddr], given: &Given<'_>) -> Result<(), CniError> {
    if let Some(interface) = result.interfaces.first() {
        let text = format!(
            "address management makes no interfaces, and it has {:?}",
            interface.name
        );
        return Err(untrue(text));
    }
    for ip in &result.ips {
        let address = ip.address.address();
        if ip.interface.is_some() {
            return Err(untrue(format!("address {} is said to be on an interface", ip.address)));
        }
        if !claimed.contains(&address) && !given.was_answered(address) && !given.asks_for(address) {
            let text = format!("address {} was not claimed for this attachment", ip.address);
            return Err(untrue(text));
        }
        if let Some(gateway) = ip.gateway {
            let named = || is_usable(gateway, ip) && given.names_address(gateway);
            if !is_neighbour(gateway, ip) && !named() {
                return Err(misplaced(gateway, ip));
            }
        }
    }
    check_dns(result, None, given)
}
