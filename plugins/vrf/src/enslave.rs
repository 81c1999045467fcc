use cofferdam_guest_sdk::{AddMode, AddressInfo, DuplicateDetection, Failure, Link, Outcome as _, RouteSpec};

/// `RT_SCOPE_UNIVERSE`: what the kernel does not add by itself with an address.
const UNIVERSE: u8 = 0;
/// Milliseconds until IPv6 addresses have to be usable.
const USABLE_WAIT: u32 = 5000;

/// Makes a link a port of the VRF. The kernel takes the link down for that and
/// up again: what it does not bring back by itself is put back, the routes into
/// the VRF's table.
pub(crate) fn enslave(link: &Link, vrf: &Link, table: u32) -> Result<(), Failure> {
    let addresses = link.addresses()?;
    let routes = link.routes(None)?;
    link.set_master(vrf)?;
    restore_addresses(link, &addresses)?;
    restore_routes(link, routes, table)
}

fn restore_addresses(link: &Link, before: &[AddressInfo]) -> Result<(), Failure> {
    let present = link.addresses()?;
    let lost =
        |info: &&AddressInfo| info.scope == UNIVERSE && !present.iter().any(|there| there.address == info.address);
    let lost: Vec<_> = before.iter().filter(lost).collect();
    for info in &lost {
        link.add_address(info.address, DuplicateDetection::Skip)
            .unless_exists()?;
    }
    if !lost.is_empty() {
        link.wait_usable(USABLE_WAIT)?;
    }
    Ok(())
}

fn restore_routes(link: &Link, before: Vec<RouteSpec>, table: u32) -> Result<(), Failure> {
    let present = link.routes(Some(table))?;
    for route in in_order(before) {
        if present.iter().any(|there| is_same(there, &route)) {
            continue;
        }
        let moved = RouteSpec {
            table: Some(table),
            ..route
        };
        link.add_route(&moved, AddMode::Append).unless_exists()?;
    }
    Ok(())
}

/// Those that lead to gateways of others come after them.
fn in_order(mut routes: Vec<RouteSpec>) -> Vec<RouteSpec> {
    routes.retain(|route| {
        let is_common = route.destination.is_ipv6() && is_link_local(route);
        route.scope.is_none_or(|scope| scope == UNIVERSE) && !is_common
    });
    routes.sort_by_key(|route| route.gateway.is_some());
    routes
}

/// What each link with IPv6 has by itself.
fn is_link_local(route: &RouteSpec) -> bool {
    match route.destination.address() {
        std::net::IpAddr::V6(address) => address.is_unicast_link_local(),
        std::net::IpAddr::V4(_) => false,
    }
}

fn is_same(one: &RouteSpec, other: &RouteSpec) -> bool {
    one.destination == other.destination && one.gateway == other.gateway && one.priority == other.priority
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn routes_to_gateways_come_last_and_the_kernels_own_are_left_out() {
        let route = |to: &str, gateway: Option<&str>, scope: u8| RouteSpec {
            gateway: gateway.map(|gateway| gateway.parse().unwrap()),
            scope: Some(scope),
            ..RouteSpec::to(to.parse().unwrap())
        };
        let ordered = in_order(vec![
            route("0.0.0.0/0", Some("10.9.0.1"), 0),
            route("10.22.0.0/16", None, 253),
            route("fe80::/64", None, 0),
            route("10.9.0.1/32", None, 0),
            route("fd00::/64", None, 0),
        ]);
        let destinations: Vec<String> = ordered.iter().map(|route| route.destination.to_string()).collect();
        assert_eq!(destinations, ["10.9.0.1/32", "fd00::/64", "0.0.0.0/0"]);
    }
}
