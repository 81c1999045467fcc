//! What the routing table of one address holds.

use std::net::IpAddr;

use cofferdam_guest_sdk::{Address, IpPrefix, RouteSpec};

/// The metric of an IPv6 route that was given none.
const IPV6_METRIC: u32 = 1024;

/// The routes of an address's own table: the default route through its
/// gateway, and those of the link's that are about its network, or about
/// nobody's in particular.
pub(crate) fn routes_of(address: &Address, gateway: Option<IpAddr>, of_link: &[RouteSpec]) -> Vec<RouteSpec> {
    let mut routes = Vec::new();
    if let Some(gateway) = gateway {
        let default = RouteSpec {
            gateway: Some(gateway),
            ..RouteSpec::to(IpPrefix::any(gateway.is_ipv6()))
        };
        routes.push(default);
    }
    for route in of_link.iter().filter(|route| concerns(route, address.address)) {
        // Of two to the same destination with one metric the later one stays.
        routes.retain(|earlier| !is_in_place_of(route, earlier));
        routes.push(*route);
    }
    routes
}

fn concerns(route: &RouteSpec, address: IpPrefix) -> bool {
    if route.destination.is_ipv6() != address.is_ipv6() {
        return false;
    }
    let ends = [route.source, route.gateway];
    let mut told = ends.into_iter().flatten().peekable();
    told.peek().is_none() || told.any(|end| address.contains(end))
}

fn is_in_place_of(route: &RouteSpec, other: &RouteSpec) -> bool {
    route.destination.network() == other.destination.network() && metric(route) == metric(other)
}

fn metric(route: &RouteSpec) -> u32 {
    match route.priority {
        None | Some(0) if route.destination.is_ipv6() => IPV6_METRIC,
        given => given.unwrap_or(0),
    }
}

/// Whether a link needs a route for its own protocols, whatever addresses it
/// has.
pub(crate) fn is_link_local(route: &RouteSpec) -> bool {
    match route.destination.address() {
        IpAddr::V4(_) => false,
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_multicast(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn route(text: &str) -> RouteSpec {
        let mut words = text.split(' ');
        let mut route = RouteSpec::to(words.next().unwrap().parse().unwrap());
        while let Some(key) = words.next() {
            let value = words.next().unwrap();
            match key {
                "via" => route.gateway = Some(value.parse().unwrap()),
                "src" => route.source = Some(value.parse().unwrap()),
                _ => route.priority = Some(value.parse().unwrap()),
            }
        }
        route
    }

    #[test]
    fn a_table_has_what_is_about_the_addresss_network_or_nobodys() {
        let of_link = [
            "0.0.0.0/0 via 10.1.0.1",
            "10.1.0.0/16 src 10.1.0.5",
            "10.2.0.0/16 src 10.2.0.5",
            "192.0.2.0/24 via 10.2.0.1",
            "198.51.100.0/24",
            "fe80::/64 metric 256",
            "fd00::/64 metric 256",
        ]
        .map(route);
        for (address, gateway, expected) in [
            (
                "10.1.0.5/16",
                Some("10.1.0.1"),
                vec!["0.0.0.0/0 via 10.1.0.1", "10.1.0.0/16 src 10.1.0.5", "198.51.100.0/24"],
            ),
            (
                "10.2.0.5/16",
                None,
                vec![
                    "10.2.0.0/16 src 10.2.0.5",
                    "192.0.2.0/24 via 10.2.0.1",
                    "198.51.100.0/24",
                ],
            ),
            (
                "fd00::5/64",
                Some("fd00::1"),
                vec!["::/0 via fd00::1", "fe80::/64 metric 256", "fd00::/64 metric 256"],
            ),
        ] {
            let address = Address::new(address.parse().unwrap());
            let routes = routes_of(&address, gateway.map(|gateway| gateway.parse().unwrap()), &of_link);
            let expected: Vec<RouteSpec> = expected.into_iter().map(route).collect();
            assert_eq!(routes, expected, "{}", address.address);
        }
    }

    #[test]
    fn a_route_of_the_links_stands_in_the_place_of_the_gateways() {
        let of_link = [route("0.0.0.0/0 via 10.1.0.254")];
        let address = Address::new("10.1.0.5/16".parse().unwrap());
        assert_eq!(
            routes_of(&address, Some("10.1.0.1".parse().unwrap()), &of_link),
            of_link
        );
    }
}
