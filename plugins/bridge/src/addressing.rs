use std::net::IpAddr;

use cofferdam_guest_sdk::{
    AddMode, Address, Attachment, Context as _, DuplicateDetection, Error, Failure, IpPrefix, Link, Namespace,
    Outcome as _, Request, Route, RouteSpec, ipam,
};

use crate::{config::Config, container};

/// Position of the container's end in the result.
pub(crate) const CONTAINER: u32 = 2;
/// Milliseconds for duplicate detection.
const DETECTION_WAIT: u32 = 5000;

/// Gets addresses from the IPAM plugin and puts them and its routes on the
/// container's end, which is up afterwards.
pub(crate) fn configure(
    request: &Request<Config>,
    attachment: &mut Attachment,
    container: &Namespace,
    link: &Link,
) -> Result<(), Failure> {
    let config = &request.config;
    let allocated = ipam::add()?;
    if allocated.addresses.is_empty() {
        return Err(Failure::internal("IPAM plugin returned missing IP config"));
    }
    attachment.addresses = allocated.addresses;
    attachment.routes = allocated.routes;
    attachment.dns = allocated.dns;
    complete(config, attachment)?;
    container::prepare(config, container, &request.interface_name, &attachment.addresses)?;
    add_addresses(config, link, &attachment.addresses)?;
    link.set_up()?;
    if config.enabledad && attachment.addresses.iter().any(|address| address.address.is_ipv6()) {
        link.wait_usable(DETECTION_WAIT)?;
    }
    for route in &attachment.routes {
        // The very same route twice is one route.
        link.add_route(&spec(route, &attachment.addresses), AddMode::Append)
            .unless_exists()
            .context("failed to add route")?;
    }
    Ok(())
}

/// Fills in what the configuration implies: interfaces, gateways, the default
/// routes.
fn complete(config: &Config, attachment: &mut Attachment) -> Result<(), Failure> {
    for address in &mut attachment.addresses {
        address.interface = Some(CONTAINER);
        if address.gateway.is_none() && config.is_gateway() {
            address.gateway = Some(first_address(address.address)?);
        }
    }
    if config.is_default_gateway {
        for ipv6 in [false, true] {
            let gateway = first_gateway(&attachment.addresses, ipv6);
            let present = attachment
                .routes
                .iter()
                .any(|route| route.destination.length() == 0 && route.destination.is_ipv6() == ipv6);
            if let Some(gateway) = gateway.filter(|_| !present) {
                attachment.routes.push(Route::to(IpPrefix::any(ipv6)).via(gateway));
            }
        }
    }
    Ok(())
}

/// The address after the network's own: where a gateway is by convention.
fn first_address(address: IpPrefix) -> Result<IpAddr, Failure> {
    let next = match address.network().address() {
        IpAddr::V4(v4) => v4.to_bits().checked_add(1).map(|bits| IpAddr::V4(bits.into())),
        IpAddr::V6(v6) => v6.to_bits().checked_add(1).map(|bits| IpAddr::V6(bits.into())),
    };
    let inside = next.filter(|next| address.contains(*next));
    inside.ok_or_else(|| Failure::internal(format!("there is no room for a gateway in {address}")))
}

fn first_gateway(addresses: &[Address], ipv6: bool) -> Option<IpAddr> {
    addresses
        .iter()
        .filter(|address| address.address.is_ipv6() == ipv6)
        .find_map(|address| address.gateway)
}

fn add_addresses(config: &Config, link: &Link, addresses: &[Address]) -> Result<(), Failure> {
    let detection = if config.enabledad {
        DuplicateDetection::Run
    } else {
        DuplicateDetection::Skip
    };
    for address in addresses {
        link.add_address(address.address, detection)
            .map_err(|error| match error {
                Error::Denied { .. } => Failure::from(error),
                error => Failure::from(error).within("failed to add IP address"),
            })?;
    }
    Ok(())
}

/// A route without a gateway goes through the first one of its family.
fn spec(route: &Route, addresses: &[Address]) -> RouteSpec {
    RouteSpec {
        gateway: route.gateway.or_else(|| match route.scope {
            // A gateway makes no sense for what is on the link or the node.
            Some(LINK_SCOPE | HOST_SCOPE) => None,
            _ => first_gateway(addresses, route.destination.is_ipv6()),
        }),
        priority: route.priority,
        table: route.table,
        scope: route.scope,
        mtu: route.mtu,
        advmss: route.advmss,
        ..RouteSpec::to(route.destination)
    }
}

/// `RT_SCOPE_LINK`.
const LINK_SCOPE: u8 = 253;
/// `RT_SCOPE_HOST`.
const HOST_SCOPE: u8 = 254;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    fn attachment(addresses: &[&str], routes: &[&str]) -> Attachment {
        Attachment {
            addresses: addresses
                .iter()
                .map(|text| Address::new(text.parse().unwrap()))
                .collect(),
            routes: routes.iter().map(|text| Route::to(text.parse().unwrap())).collect(),
            ..Attachment::default()
        }
    }

    fn completed(config: &str, mut attachment: Attachment) -> Attachment {
        complete(&parse(config).unwrap(), &mut attachment).unwrap();
        attachment
    }

    #[test]
    fn a_gateway_is_the_first_address_of_its_network() {
        let completed = completed(
            r#"{"isGateway":true}"#,
            attachment(&["10.22.0.5/16", "fd00:22::9/64"], &[]),
        );
        let gateways: Vec<String> = completed
            .addresses
            .iter()
            .map(|a| a.gateway.unwrap().to_string())
            .collect();
        assert_eq!(gateways, ["10.22.0.1", "fd00:22::1"]);
        assert!(completed.routes.is_empty());
    }

    #[test]
    fn a_default_route_is_added_once_for_each_family() {
        let given = attachment(&["10.22.0.5/16", "10.23.0.5/16", "fd00:22::9/64"], &["0.0.0.0/0"]);
        let completed = completed(r#"{"isDefaultGateway":true}"#, given);
        let routes: Vec<String> = completed
            .routes
            .iter()
            .map(|route| route.destination.to_string())
            .collect();
        assert_eq!(routes, ["0.0.0.0/0", "::/0"]);
    }

    #[test]
    fn a_network_of_one_address_has_no_room_for_a_gateway() {
        let mut attachment = attachment(&["10.22.0.5/32"], &[]);
        let config = parse(r#"{"isGateway":true}"#).unwrap();
        assert!(complete(&config, &mut attachment).is_err());
    }

    #[test]
    fn a_route_takes_its_familys_gateway_unless_it_is_on_the_link() {
        let gateway: IpAddr = "10.22.0.1".parse().unwrap();
        let addresses = [Address::new("10.22.0.5/16".parse().unwrap()).with_gateway(gateway)];
        let mut route = Route::to("192.0.2.0/24".parse().unwrap());
        assert_eq!(spec(&route, &addresses).gateway, Some(gateway));
        for scope in [LINK_SCOPE, HOST_SCOPE] {
            route.scope = Some(scope);
            assert_eq!(spec(&route, &addresses).gateway, None);
        }
        assert_eq!(spec(&Route::to("fd00::/64".parse().unwrap()), &addresses).gateway, None);
    }
}
