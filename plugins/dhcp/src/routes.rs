//! Routes that a server tells of.

use std::net::{IpAddr, Ipv4Addr};

use cofferdam_guest_sdk::{Failure, IpPrefix, Route};

use crate::{code, message::Reply};

/// `RT_SCOPE_LINK`.
const LINK_SCOPE: u8 = 253;
/// Routes that are taken.
const MOST: usize = 256;

/// Classless routes stand in place of all others (RFC 3442).
pub(crate) fn routes(reply: &Reply, gateway: Option<Ipv4Addr>, priority: u32) -> Result<Vec<Route>, Failure> {
    let mut routes = match reply.option(code::CLASSLESS_ROUTES) {
        Some(value) => classless(value)?,
        None => {
            let default = gateway.map(|gateway| Route::to(IpPrefix::any(false)).via(gateway.into()));
            with_classes(&reply.addresses(code::STATIC_ROUTES))
                .chain(default)
                .collect()
        }
    };
    routes.truncate(MOST);
    for route in routes.iter_mut().filter(|_| priority != 0) {
        route.priority = Some(priority);
    }
    Ok(routes)
}

/// The value of option 121: lengths, as much of a destination as counts, and
/// routers.
fn classless(mut value: &[u8]) -> Result<Vec<Route>, Failure> {
    let mut routes = Vec::new();
    while let [length, rest @ ..] = value {
        let count = usize::from(length.div_ceil(8));
        let parts = rest.split_at_checked(count).and_then(|(destination, rest)| {
            let (router, rest) = rest.split_first_chunk::<4>()?;
            Some((destination, *router, rest))
        });
        let (destination, router, rest) = parts
            .filter(|_| *length <= 32)
            .ok_or_else(|| Failure::internal("DHCP option Classless Static Routes is cut short or makes no sense"))?;
        let mut octets = [0; 4];
        octets
            .iter_mut()
            .zip(destination)
            .for_each(|(octet, byte)| *octet = *byte);
        routes.push(route(Ipv4Addr::from(octets), *length, Ipv4Addr::from(router)));
        value = rest;
    }
    Ok(routes)
}

/// The value of option 33: pairs of a destination and a router. The default
/// route is no such destination.
fn with_classes(addresses: &[Ipv4Addr]) -> impl Iterator<Item = Route> {
    let (pairs, _) = addresses.as_chunks::<2>();
    let pairs = pairs.iter().filter(|[destination, _]| !destination.is_unspecified());
    pairs.map(|[destination, router]| route(*destination, length_of_class(*destination), *router))
}

/// The mask that an address had by its class.
fn length_of_class(address: Ipv4Addr) -> u8 {
    match address.octets()[0] {
        0..128 => 8,
        128..192 => 16,
        192.. => 24,
    }
}

/// Without a router it leads to neighbours.
fn route(destination: Ipv4Addr, length: u8, router: Ipv4Addr) -> Route {
    let destination = IpAddr::V4(destination);
    let network = IpPrefix::new(destination, length).unwrap_or_else(|_| IpPrefix::host(destination));
    let to = Route::to(network.network());
    if router.is_unspecified() {
        Route {
            scope: Some(LINK_SCOPE),
            ..to
        }
    } else {
        to.via(router.into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::MacAddress;
    use proptest::prelude::*;

    use super::*;
    use crate::message::tests::reply;

    fn told(options: &[(u8, &[u8])], gateway: Option<[u8; 4]>) -> Result<Vec<String>, Failure> {
        let reply = Reply::read(&reply(5, 1, MacAddress([2; 6]), [10, 0, 0, 9], options)).unwrap();
        let routes = routes(&reply, gateway.map(Into::into), 7)?;
        Ok(routes
            .iter()
            .map(|route| {
                assert_eq!(route.priority, Some(7));
                match route.gateway {
                    Some(gateway) => format!("{} via {gateway}", route.destination),
                    None => format!("{} scope {}", route.destination, route.scope.unwrap()),
                }
            })
            .collect())
    }

    const OLD: (u8, &[u8]) = (
        33,
        &[
            192, 0, 2, 7, 10, 0, 0, 2, 172, 16, 3, 3, 10, 0, 0, 3, 0, 0, 0, 0, 10, 0, 0, 4,
        ],
    );

    #[test]
    fn classless_routes_stand_in_place_of_all_others() {
        let classless = [
            0, 10, 0, 0, 1, 24, 198, 51, 100, 10, 0, 0, 5, 12, 172, 16, 0, 0, 0, 0, 32, 1, 2, 3, 4, 10, 0, 0, 6,
        ];
        assert_eq!(
            told(&[OLD, (121, &classless)], Some([10, 0, 0, 254])).unwrap(),
            [
                "0.0.0.0/0 via 10.0.0.1",
                "198.51.100.0/24 via 10.0.0.5",
                "172.16.0.0/12 scope 253",
                "1.2.3.4/32 via 10.0.0.6"
            ]
        );
    }

    #[test]
    fn without_them_there_are_those_by_class_and_the_default_route() {
        assert_eq!(
            told(&[OLD], Some([10, 0, 0, 254])).unwrap(),
            [
                "192.0.2.0/24 via 10.0.0.2",
                "172.16.0.0/16 via 10.0.0.3",
                "0.0.0.0/0 via 10.0.0.254"
            ]
        );
        assert_eq!(told(&[], None).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn bits_after_the_prefix_do_not_count() {
        let value = [25, 10, 0, 0, 255, 10, 0, 0, 1];
        assert_eq!(told(&[(121, &value)], None).unwrap(), ["10.0.0.128/25 via 10.0.0.1"]);
    }

    #[test]
    fn classless_routes_that_make_no_sense_are_refused() {
        for value in [
            &[33, 1, 2, 3, 4, 5, 10, 0, 0, 1][..],
            &[24, 10, 0],
            &[0, 10, 0, 0],
            &[255],
        ] {
            let failure = told(&[(121, value)], None).unwrap_err();
            assert!(failure.message.contains("Classless Static Routes"), "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn any_value_gives_routes_or_a_refusal(value in prop::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(routes) = told(&[(121, &value)], None) {
                prop_assert!(routes.len() <= MOST);
            }
        }
    }
}
