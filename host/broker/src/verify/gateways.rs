use std::net::IpAddr;

use cofferdam_protocol::{Attachment, CniError, Ip, Place};

use super::{Truth, addresses::interface_of, failed, routes::MAIN_TABLE, untrue};
use crate::convert::place_of;

impl Truth<'_> {
    /// A gateway is a neighbour: in the address's own network, on the link
    /// otherwise, or as the configuration says.
    pub(super) fn check_gateways(&mut self, result: &Attachment) -> Result<(), CniError> {
        let Some(request) = self.request else {
            return Ok(());
        };
        for ip in &result.ips {
            let Some(gateway) = ip.gateway.filter(|_| !self.was_passed_on(result, ip)) else {
                continue;
            };
            if is_neighbour(gateway, ip) || self.is_on_link(result, ip, gateway)? {
                continue;
            }
            if !is_usable(gateway, ip) || !request.given.names_address(gateway) {
                return Err(misplaced(gateway, ip));
            }
        }
        Ok(())
    }

    /// Whether the kernel takes the gateway for one that is reached directly
    /// through the address's interface.
    fn is_on_link(&mut self, result: &Attachment, ip: &Ip, gateway: IpAddr) -> Result<bool, CniError> {
        let Some(interface) = interface_of(result, ip) else {
            return Ok(false);
        };
        if place_of(interface, self.sandbox) != Some(Place::Container) || !is_usable(gateway, ip) {
            return Ok(false);
        }
        if self.was_handed_over(interface) {
            return Ok(false);
        }
        let link = self.existing(interface)?;
        let routes = self.network.routes(link.id, MAIN_TABLE).map_err(failed)?;
        Ok(routes.iter().any(|route| {
            route.gateway.is_none() && route.destination.length() > 0 && route.destination.contains(gateway)
        }))
    }
}

/// Whether a gateway lies in an address's network, or is on every link.
pub(super) fn is_neighbour(gateway: IpAddr, ip: &Ip) -> bool {
    let link_local = match gateway {
        IpAddr::V4(_) => false,
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    is_usable(gateway, ip) && (link_local || ip.address.contains(gateway))
}

/// Whether an address of this family can be a gateway at all.
pub(super) fn is_usable(gateway: IpAddr, ip: &Ip) -> bool {
    let broadcast = matches!(gateway, IpAddr::V4(v4) if v4.is_broadcast());
    gateway.is_ipv6() == ip.address.is_ipv6()
        && !gateway.is_unspecified()
        && !gateway.is_multicast()
        && !gateway.is_loopback()
        && !broadcast
}

pub(super) fn misplaced(gateway: IpAddr, ip: &Ip) -> CniError {
    untrue(format!(
        "the gateway {gateway} of {} is neither in its network nor on its link, and not in the configuration",
        ip.address
    ))
}
