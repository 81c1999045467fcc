use cofferdam_network::{AddressInfo, LinkInfo};
use cofferdam_protocol::{Attachment, CniError, Interface, Ip, Place};

use super::{Truth, failed, untrue};
use crate::convert::place_of;

impl Truth<'_> {
    /// Each address that names an interface has to be on it.
    pub(super) fn check_addresses(&mut self, result: &Attachment) -> Result<(), CniError> {
        for ip in &result.ips {
            if let Some(index) = ip.interface.filter(|_| interface_of(result, ip).is_none()) {
                let text = format!(
                    "address {} is said to be on interface {index}, which is not in it",
                    ip.address
                );
                return Err(untrue(text));
            }
        }
        for (position, interface) in result.interfaces.iter().enumerate() {
            let on_it: Vec<&Ip> = result
                .ips
                .iter()
                .filter(|ip| is_at(ip, position) && !self.was_passed_on(result, ip))
                .collect();
            if self.was_handed_over(interface) {
                self.check_claimed(&on_it)?;
            } else if !on_it.is_empty() && !self.is_beyond_check(interface) {
                self.check_addresses_of(interface, &on_it)?;
            }
        }
        Ok(())
    }

    /// What is on a device without a link is set by whoever drives it: the
    /// addresses are those that the attachment was given.
    fn check_claimed(&self, on_it: &[&Ip]) -> Result<(), CniError> {
        let given = |ip: &Ip| {
            let address = ip.address.address();
            let asked = |request: super::Request<'_>| {
                let given = request.given;
                request.claimed.contains(&address) || given.was_answered(address) || given.asks_for(address)
            };
            self.request.is_some_and(asked)
        };
        match on_it.iter().find(|ip| !given(ip)) {
            Some(ip) => Err(untrue(format!(
                "address {} was not claimed for this attachment",
                ip.address
            ))),
            None => Ok(()),
        }
    }

    fn check_addresses_of(&mut self, interface: &Interface, expected: &[&Ip]) -> Result<(), CniError> {
        let link = self.existing(interface)?;
        let present: Vec<AddressInfo> = self.network.addresses(link.id).map_err(failed)?;
        for (position, ip) in expected.iter().enumerate() {
            let (address, name) = (ip.address, &interface.name);
            if !present.iter().any(|info| info.address == address) {
                return Err(untrue(format!("address {address} is not on interface {name:?}")));
            }
            if expected.iter().take(position).any(|other| other.address == address) {
                return Err(untrue(format!("address {address} is in it twice")));
            }
            if !self.is_of_attachment(interface, &link, ip) {
                return Err(untrue(format!(
                    "address {address} on interface {name:?} was not added by this attachment"
                )));
            }
        }
        Ok(())
    }

    /// Whether an address that is there was put there by this request, or by
    /// those who told of it before, or by the kernel itself.
    fn is_of_attachment(&self, interface: &Interface, link: &LinkInfo, ip: &Ip) -> bool {
        let Some(request) = self.request else {
            return true;
        };
        let address = ip.address;
        let told_before = || {
            self.previous.is_some_and(|previous| {
                previous.ips.iter().any(|known| {
                    let on = interface_of(previous, known);
                    known.address == address
                        && on.is_some_and(|on| on.name == interface.name && on.sandbox == interface.sandbox)
                })
            })
        };
        request.deeds.added.contains(&(link.id, address)) || is_kernels(link, ip) || told_before()
    }

    /// An address that names no interface has to be one that was claimed for
    /// this attachment. Beside interfaces of the container it is on one of
    /// them.
    pub(super) fn check_addresses_without_interface(&mut self, result: &Attachment) -> Result<(), CniError> {
        let Some(request) = self.request else {
            return Ok(());
        };
        for ip in result.ips.iter().filter(|ip| ip.interface.is_none()) {
            if self.was_passed_on(result, ip) {
                continue;
            }
            if !request.claimed.contains(&ip.address.address()) && !self.is_asked_for(result, ip) {
                let text = format!(
                    "address {} is on no interface, and was not claimed for this attachment",
                    ip.address
                );
                return Err(untrue(text));
            }
            if !self.is_in_container(result, ip)? {
                let text = format!("address {} is on none of its interfaces", ip.address);
                return Err(untrue(text));
            }
        }
        Ok(())
    }

    /// Whether it is an address management plugin's, called by a main plugin of
    /// others, and one that a service answered with or the configuration asks
    /// for.
    pub(super) fn is_asked_for(&self, result: &Attachment, ip: &Ip) -> bool {
        let address = ip.address.address();
        let asked =
            |request: super::Request<'_>| request.given.was_answered(address) || request.given.asks_for(address);
        result.interfaces.is_empty() && self.request.is_some_and(asked)
    }

    fn is_in_container(&mut self, result: &Attachment, ip: &Ip) -> Result<bool, CniError> {
        let mut looked = false;
        for interface in &result.interfaces {
            if place_of(interface, self.sandbox) == Some(Place::Container) && !self.is_beyond_sight(interface) {
                looked = true;
                let link = self.existing(interface)?;
                let present = self.network.addresses(link.id).map_err(failed)?;
                if present.iter().any(|info| info.address == ip.address) {
                    return Ok(true);
                }
            }
        }
        Ok(!looked)
    }

    /// Whether an interface was given by others and can't be looked at.
    pub(super) fn is_beyond_sight(&self, interface: &Interface) -> bool {
        self.was_handed_over(interface)
            || self.passed_on(interface) && (interface.socket_path.is_some() || interface.pci_id.is_some())
    }

    /// Whether an address is just as it was given, on an interface that is.
    pub(super) fn was_passed_on(&self, result: &Attachment, ip: &Ip) -> bool {
        let on = interface_of(result, ip);
        if on.is_some_and(|interface| !self.passed_on(interface)) {
            return false;
        }
        self.previous.is_some_and(|previous| {
            previous.ips.iter().any(|known| {
                known.address == ip.address
                    && known.gateway == ip.gateway
                    && known.interface.is_some() == ip.interface.is_some()
                    && interface_of(previous, known) == on
            })
        })
    }
}

/// The interface that an address names, where the result has it.
pub(super) fn interface_of<'r>(result: &'r Attachment, ip: &Ip) -> Option<&'r Interface> {
    let position = usize::try_from(ip.interface?).ok()?;
    result.interfaces.get(position)
}

fn is_at(ip: &Ip, position: usize) -> bool {
    ip.interface.is_some_and(|index| usize::try_from(index) == Ok(position))
}

/// Addresses that the kernel gives by itself: those of the loopback link, and
/// of IPv6 on each link.
fn is_kernels(link: &LinkInfo, ip: &Ip) -> bool {
    let address = ip.address.address();
    let link_local = match address {
        std::net::IpAddr::V4(_) => false,
        std::net::IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    link_local || (address.is_loopback() && link.name == "lo" && link.kind.is_empty())
}
