//! The addresses and routes of an attachment, on the container's interface:
//! what all plugins have in common that give a container an interface.

use std::net::IpAddr;

use crate::{
    AddMode, Address, Attachment, Context as _, DuplicateDetection, Error, Failure, Link, Namespace, Need,
    OperationalState, Outcome as _, Route, RouteSpec, ipam,
};

const IPV6: &str = "an IPv6 address";

/// What [`configure`] asks for besides addresses and routes: IPv6 on the
/// interface …
///
/// ```
/// # use cofferdam_guest_sdk::{addressing, Need};
/// const NEEDS: &[Need] = &[addressing::TURNS_IPV6_ON, addressing::KEEPS_ADDRESSES];
/// ```
pub const TURNS_IPV6_ON: Need = Need::when(IPV6, "sysctl.write")
    .in_container()
    .keys(&["net/ipv6/conf/*/disable_ipv6"])
    .values(&["0"]);
/// … and that it keeps its addresses when it goes down.
///
/// ```
/// # use cofferdam_guest_sdk::{addressing, Need};
/// const NEEDS: &[Need] = &[addressing::TURNS_IPV6_ON, addressing::KEEPS_ADDRESSES];
/// ```
pub const KEEPS_ADDRESSES: Need = Need::when(IPV6, "sysctl.write")
    .in_container()
    .keys(&["net/ipv6/conf/*/keep_addr_on_down"])
    .values(&["1"]);

/// Milliseconds for duplicate detection.
const DETECTION_WAIT: u32 = 5000;
/// `RT_SCOPE_LINK`.
const LINK_SCOPE: u8 = 253;
/// `RT_SCOPE_HOST`.
const HOST_SCOPE: u8 = 254;

/// Puts the attachment's addresses and then its routes on an interface of the
/// container, which is up afterwards. IPv6 is turned on where there are
/// addresses of it. A route without a gateway goes through the first one of
/// its family, unless its scope says that it is on the link.
///
/// With [`DuplicateDetection::Run`] IPv6 addresses are usable when this
/// returns; an interface without a carrier is not waited for.
///
/// What it asks for: `address.add`, `route.add`, [`TURNS_IPV6_ON`] and
/// [`KEEPS_ADDRESSES`].
///
/// ```no_run
/// # use cofferdam_guest_sdk::{addressing, Attachment, DuplicateDetection, Failure, Link, Namespace};
/// # fn example(container: &Namespace, link: &Link) -> Result<(), Failure> {
/// let mut attachment = Attachment::of_container_link(link)?;
/// addressing::allocate(&mut attachment, 0)?;
/// addressing::configure(container, "eth0", link, &attachment, DuplicateDetection::Skip)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// An address or a route can't be added, or another node has an address.
pub fn configure(
    container: &Namespace,
    interface: &str,
    link: &Link,
    attachment: &Attachment,
    detection: DuplicateDetection,
) -> Result<(), Failure> {
    let has_ipv6 = attachment.addresses.iter().any(|address| address.address.is_ipv6());
    if has_ipv6 {
        enable_ipv6(container, interface)?;
    }
    add_addresses(link, &attachment.addresses, detection)?;
    link.set_up()?;
    if has_ipv6 && detection == DuplicateDetection::Run {
        wait_usable(link)?;
    }
    for route in &attachment.routes {
        // The very same route twice is one route.
        link.add_route(&spec(route, attachment), AddMode::Append)
            .unless_exists()
            .context("failed to add route")?;
    }
    Ok(())
}

/// Gets addresses from the IPAM plugin, with routes and name resolution, for
/// the interface at a position of the result.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{addressing, Attachment, Failure, Interface};
/// # fn example() -> Result<(), Failure> {
/// let mut attachment = Attachment::default();
/// let position = attachment.add_interface(Interface::in_container("eth0"));
/// addressing::allocate(&mut attachment, position)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// It has none, or fails.
pub fn allocate(attachment: &mut Attachment, position: u32) -> Result<(), Failure> {
    let allocated = ipam::allocate()?;
    attachment.addresses = allocated.addresses;
    attachment.routes = allocated.routes;
    attachment.dns = allocated.dns;
    for address in &mut attachment.addresses {
        address.interface = Some(position);
    }
    Ok(())
}

/// Has the interface tell its neighbours who has its IPv4 address when it
/// comes up (`arp_notify`).
///
/// ```no_run
/// # use cofferdam_guest_sdk::{addressing, Failure, Namespace};
/// # fn example(container: &Namespace) -> Result<(), Failure> {
/// addressing::announce(container, "eth0")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// It is not granted, or the kernel refuses.
pub fn announce(container: &Namespace, interface: &str) -> Result<(), Failure> {
    set_where_there(container, &["net", "ipv4", "conf", interface, "arp_notify"], "1")
}

/// The same for IPv6 (`ndisc_notify`).
///
/// ```no_run
/// # use cofferdam_guest_sdk::{addressing, Failure, Namespace};
/// # fn example(container: &Namespace) -> Result<(), Failure> {
/// addressing::announce_ipv6(container, "eth0")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// It is not granted, or the kernel refuses.
pub fn announce_ipv6(container: &Namespace, interface: &str) -> Result<(), Failure> {
    set_where_there(container, &["net", "ipv6", "conf", interface, "ndisc_notify"], "1")
}

/// Writes a setting. A kernel that lacks it is one that does not need it.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{addressing, Failure, Namespace};
/// # fn example(container: &Namespace) -> Result<(), Failure> {
/// let key = ["net", "ipv6", "conf", "eth0", "accept_dad"];
/// addressing::set_where_there(container, &key, "0")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// It is not granted, or the kernel refuses.
pub fn set_where_there(namespace: &Namespace, key: &[&str], value: &str) -> Result<(), Failure> {
    match namespace.set_sysctl(key, value) {
        Ok(()) | Err(Error::NotFound(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn enable_ipv6(container: &Namespace, interface: &str) -> Result<(), Failure> {
    for name in ["lo", interface] {
        set_where_there(container, &["net", "ipv6", "conf", name, "disable_ipv6"], "0")?;
    }
    container.set_sysctl(&["net", "ipv6", "conf", interface, "keep_addr_on_down"], "1")?;
    Ok(())
}

fn add_addresses(link: &Link, addresses: &[Address], detection: DuplicateDetection) -> Result<(), Failure> {
    for address in addresses {
        link.add_address(address.address, detection)
            .map_err(|error| match error {
                Error::Denied { .. } => Failure::from(error),
                error => Failure::from(error).within("failed to add IP address"),
            })?;
    }
    Ok(())
}

/// Nobody can be asked while there is no carrier: the kernel asks when there
/// is one.
fn wait_usable(link: &Link) -> Result<(), Failure> {
    let without_carrier = [OperationalState::Down, OperationalState::LowerLayerDown];
    if without_carrier.contains(&link.info()?.operational_state) {
        return Ok(());
    }
    Ok(link.wait_usable(DETECTION_WAIT)?)
}

fn spec(route: &Route, attachment: &Attachment) -> RouteSpec {
    RouteSpec {
        gateway: route.gateway.or_else(|| match route.scope {
            // A gateway makes no sense for what is on the link or the node.
            Some(LINK_SCOPE | HOST_SCOPE) => None,
            _ => first_gateway(&attachment.addresses, route.destination.is_ipv6()),
        }),
        ..RouteSpec::from(route)
    }
}

/// The first gateway of a family.
///
/// ```
/// # use cofferdam_guest_sdk::{Address, addressing};
/// let gateway = "10.22.0.1".parse().unwrap();
/// let addresses = [Address::new("10.22.0.2/16".parse().unwrap()).with_gateway(gateway)];
/// assert_eq!(addressing::first_gateway(&addresses, false), Some(gateway));
/// assert_eq!(addressing::first_gateway(&addresses, true), None);
/// ```
#[must_use]
pub fn first_gateway(addresses: &[Address], ipv6: bool) -> Option<IpAddr> {
    addresses
        .iter()
        .filter(|address| address.address.is_ipv6() == ipv6)
        .find_map(|address| address.gateway)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_route_takes_its_familys_gateway_unless_it_is_on_the_link() {
        let gateway: IpAddr = "10.22.0.1".parse().unwrap();
        let attachment = Attachment {
            addresses: vec![Address::new("10.22.0.5/16".parse().unwrap()).with_gateway(gateway)],
            ..Attachment::default()
        };
        let mut route = Route::to("192.0.2.0/24".parse().unwrap());
        assert_eq!(spec(&route, &attachment).gateway, Some(gateway));
        for scope in [LINK_SCOPE, HOST_SCOPE] {
            route.scope = Some(scope);
            assert_eq!(spec(&route, &attachment).gateway, None);
        }
        let ipv6 = Route::to("fd00::/64".parse().unwrap());
        assert_eq!(spec(&ipv6, &attachment).gateway, None);
    }
}
