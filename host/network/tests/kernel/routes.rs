use cofferdam_network::{Kernel, LinkId, Network, Route, RouteMode};
use cofferdam_protocol::Place;

use crate::fixture::{
    assert_exists, assert_invalid, assert_not_found, has_file, in_new_namespaces, missing, prefix, veth_up,
};

const MAIN: u32 = 254;

fn route(destination: &str) -> Route {
    Route {
        destination: prefix(destination),
        gateway: None,
        source: None,
        priority: None,
        table: None,
        scope: None,
        mtu: None,
        advmss: None,
    }
}

fn via(destination: &str, gateway: &str) -> Route {
    Route {
        gateway: Some(gateway.parse().unwrap()),
        ..route(destination)
    }
}

/// The container's end, with an address of each family.
fn link(kernel: &mut Kernel) -> LinkId {
    let (inner, _) = veth_up(kernel);
    kernel.add_address(inner, prefix("10.22.0.2/16"), false).unwrap();
    kernel.add_address(inner, prefix("fd00::2/64"), true).unwrap();
    inner
}

/// The routes to a destination, as destination, gateway and metric.
fn to(kernel: &mut Kernel, link: LinkId, table: u32, destination: &str) -> Vec<Route> {
    let mut routes = kernel.routes(link, table).unwrap();
    routes.retain(|route| route.destination == prefix(destination));
    routes
}

fn gateways(routes: &[Route]) -> Vec<String> {
    let mut gateways: Vec<_> = routes
        .iter()
        .map(|route| route.gateway.map(|gateway| gateway.to_string()))
        .map(Option::unwrap_or_default)
        .collect();
    gateways.sort();
    gateways
}

#[test]
fn a_route_comes_with_all_its_fields_and_goes() {
    in_new_namespaces(|kernel| {
        if !has_file("/proc/sys/net/ipv6", "IPv6") {
            return;
        }
        let link = link(kernel);
        let table = [
            ("0.0.0.0/0", "10.22.0.1", "10.22.0.2"),
            ("192.0.2.0/24", "10.22.0.1", "10.22.0.2"),
            ("::/0", "fd00::1", "fd00::2"),
            ("2001:db8::/32", "fd00::1", "fd00::2"),
        ];
        for (destination, gateway, source) in table {
            for table in [MAIN, 100, 70_000] {
                let added = Route {
                    source: Some(source.parse().unwrap()),
                    priority: Some(7),
                    table: Some(table),
                    scope: Some(0),
                    mtu: Some(1300),
                    advmss: Some(1200),
                    ..via(destination, gateway)
                };
                kernel.add_route(link, &added, RouteMode::Exclusive).unwrap();
                assert_eq!(to(kernel, link, table, destination), std::slice::from_ref(&added));
                kernel.delete_route(link, &added).unwrap();
                assert_eq!(to(kernel, link, table, destination), []);
                assert_not_found(kernel.delete_route(link, &added), &[destination, "container"]);
            }
        }
    });
}

#[test]
fn a_route_without_a_gateway_has_the_scope_of_the_link() {
    in_new_namespaces(|kernel| {
        let link = link(kernel);
        kernel
            .add_route(link, &route("192.0.2.0/24"), RouteMode::Exclusive)
            .unwrap();
        kernel
            .add_route(link, &via("198.51.100.0/24", "192.0.2.1"), RouteMode::Exclusive)
            .unwrap();
        assert_eq!(to(kernel, link, MAIN, "192.0.2.0/24")[0].scope, Some(253));
        assert_eq!(to(kernel, link, MAIN, "198.51.100.0/24")[0].scope, Some(0));
    });
}

#[test]
fn host_bits_of_the_destination_do_not_count() {
    in_new_namespaces(|kernel| {
        let link = link(kernel);
        for (given, meant) in [("192.0.2.9/24", "192.0.2.0/24"), ("2001:db8::9/32", "2001:db8::/32")] {
            kernel.add_route(link, &route(given), RouteMode::Exclusive).unwrap();
            assert_eq!(to(kernel, link, MAIN, meant).len(), 1);
            kernel.delete_route(link, &route(given)).unwrap();
        }
    });
}

#[test]
fn exclusive_fails_when_there_is_any_route_to_the_destination() {
    in_new_namespaces(|kernel| {
        let link = link(kernel);
        for (destination, one, two) in [
            ("192.0.2.0/24", "10.22.0.1", "10.22.0.9"),
            ("2001:db8::/32", "fd00::1", "fd00::9"),
        ] {
            kernel
                .add_route(link, &via(destination, one), RouteMode::Exclusive)
                .unwrap();
            for gateway in [one, two] {
                let again = kernel.add_route(link, &via(destination, gateway), RouteMode::Exclusive);
                assert_exists(again, &[destination, gateway, "container"]);
            }
            assert_eq!(gateways(&to(kernel, link, MAIN, destination)), [one]);
        }
    });
}

#[test]
fn append_fails_for_the_very_same_route_only() {
    in_new_namespaces(|kernel| {
        let link = link(kernel);
        for (destination, one, two) in [
            ("192.0.2.0/24", "10.22.0.1", "10.22.0.9"),
            ("2001:db8::/32", "fd00::1", "fd00::9"),
        ] {
            for gateway in [one, two] {
                let added = via(destination, gateway);
                kernel.add_route(link, &added, RouteMode::Append).unwrap();
                let again = kernel.add_route(link, &added, RouteMode::Append);
                assert_exists(again, &[destination, gateway]);
            }
            assert_eq!(gateways(&to(kernel, link, MAIN, destination)), [one, two]);

            kernel.delete_route(link, &via(destination, one)).unwrap();
            assert_eq!(gateways(&to(kernel, link, MAIN, destination)), [two]);
            kernel.delete_route(link, &via(destination, two)).unwrap();
            assert_eq!(to(kernel, link, MAIN, destination), []);
        }
    });
}

#[test]
fn the_same_route_without_a_gateway_cannot_be_appended_twice() {
    in_new_namespaces(|kernel| {
        let link = link(kernel);
        for destination in ["192.0.2.0/24", "2001:db8::/32"] {
            kernel.add_route(link, &route(destination), RouteMode::Append).unwrap();
            let again = kernel.add_route(link, &route(destination), RouteMode::Append);
            assert_exists(again, &[destination]);
        }
    });
}

#[test]
fn replace_leaves_the_new_route_alone() {
    in_new_namespaces(|kernel| {
        let link = link(kernel);
        for (destination, one, two) in [
            ("192.0.2.0/24", "10.22.0.1", "10.22.0.9"),
            ("2001:db8::/32", "fd00::1", "fd00::9"),
        ] {
            for gateway in [one, two, two] {
                kernel
                    .add_route(link, &via(destination, gateway), RouteMode::Replace)
                    .unwrap();
                assert_eq!(gateways(&to(kernel, link, MAIN, destination)), [gateway]);
            }
        }
    });
}

#[test]
fn deleting_matches_the_fields_that_are_given() {
    in_new_namespaces(|kernel| {
        let link = link(kernel);
        for (destination, gateway, other) in [
            ("192.0.2.0/24", "10.22.0.1", "10.22.0.9"),
            ("2001:db8::/32", "fd00::1", "fd00::9"),
        ] {
            let present = Route {
                priority: Some(5),
                mtu: Some(1300),
                ..via(destination, gateway)
            };
            let others = [
                via(destination, other),
                Route {
                    priority: Some(6),
                    ..route(destination)
                },
                Route {
                    mtu: Some(1301),
                    ..route(destination)
                },
                Route {
                    table: Some(100),
                    ..route(destination)
                },
                Route {
                    source: Some(gateway.parse().unwrap()),
                    ..route(destination)
                },
            ];
            for wanted in [route(destination), via(destination, gateway), present.clone()] {
                kernel.add_route(link, &present, RouteMode::Exclusive).unwrap();
                for other in &others {
                    assert_not_found(kernel.delete_route(link, other), &[destination]);
                }
                kernel.delete_route(link, &wanted).unwrap();
                assert_eq!(to(kernel, link, MAIN, destination), []);
            }
        }
    });
}

#[test]
fn metrics_that_are_too_large_or_nothing_are_listed_as_they_are_kept() {
    in_new_namespaces(|kernel| {
        let link = link(kernel);
        for destination in ["192.0.2.0/24", "2001:db8::/32"] {
            for metric in [0, 1400, 65_495, 65_496, 65_520, 65_521, u32::MAX] {
                let given = Route {
                    mtu: Some(metric),
                    advmss: Some(metric),
                    ..route(destination)
                };
                kernel.add_route(link, &given, RouteMode::Exclusive).unwrap();
                let listed = to(kernel, link, MAIN, destination);
                let kept = given.clone().as_kept();
                assert!(kept.describes(&listed[0]), "{metric}: {kept:?} is listed as {listed:?}");
                kernel.delete_route(link, &kept).unwrap();
                assert_eq!(to(kernel, link, MAIN, destination), []);
            }
        }
    });
}

#[test]
fn the_first_ipv4_route_that_a_description_fits_is_deleted() {
    in_new_namespaces(|kernel| {
        let link = link(kernel);
        let destination = "192.0.2.0/24";
        let older = Route {
            mtu: Some(1300),
            ..route(destination)
        };
        kernel.add_route(link, &older, RouteMode::Exclusive).unwrap();
        kernel.add_route(link, &route(destination), RouteMode::Append).unwrap();
        let listed = to(kernel, link, MAIN, destination);
        let [first, second] = &listed[..] else {
            panic!("two routes: {listed:?}");
        };
        assert!(older.describes(first) && route(destination).describes(second));
        assert_eq!(first.mistaken_for(&listed), None);
        assert_eq!(second.mistaken_for(&listed), Some(first));
        // It is so.
        kernel.delete_route(link, second).unwrap();
        assert_eq!(to(kernel, link, MAIN, destination).first(), Some(second));
        assert_eq!(to(kernel, link, MAIN, destination).len(), 1);
    });
}

#[test]
fn routes_through_other_links_are_neither_listed_nor_deleted() {
    in_new_namespaces(|kernel| {
        let link = link(kernel);
        let lo = kernel.link_by_name(Place::Container, "lo").unwrap().unwrap().id;
        kernel.set_link_up(lo, true).unwrap();
        kernel
            .add_route(lo, &route("192.0.2.0/24"), RouteMode::Exclusive)
            .unwrap();
        assert_eq!(to(kernel, link, MAIN, "192.0.2.0/24"), []);
        assert_not_found(kernel.delete_route(link, &route("192.0.2.0/24")), &[]);
        assert_eq!(to(kernel, lo, MAIN, "192.0.2.0/24").len(), 1);
    });
}

#[test]
fn an_ipv4_route_may_go_through_an_ipv6_gateway() {
    in_new_namespaces(|kernel| {
        let link = link(kernel);
        let added = via("192.0.2.0/24", "fd00::1");
        kernel.add_route(link, &added, RouteMode::Exclusive).unwrap();
        assert_eq!(gateways(&to(kernel, link, MAIN, "192.0.2.0/24")), ["fd00::1"]);
        kernel.delete_route(link, &added).unwrap();
    });
}

#[test]
fn a_list_of_many_routes_is_complete() {
    in_new_namespaces(|kernel| {
        let link = link(kernel);
        for i in 0..=255 {
            let destinations = [format!("192.0.2.{i}/32"), format!("2001:db8::{i:x}/128")];
            for destination in &destinations {
                let route = Route {
                    table: Some(100),
                    ..route(destination)
                };
                kernel.add_route(link, &route, RouteMode::Exclusive).unwrap();
            }
        }
        assert_eq!(kernel.routes(link, 100).unwrap().len(), 512);
    });
}

#[test]
fn a_table_without_routes_is_empty() {
    in_new_namespaces(|kernel| {
        let link = link(kernel);
        assert_eq!(kernel.routes(link, 4711).unwrap(), []);
    });
}

#[test]
fn what_makes_no_sense_is_refused() {
    in_new_namespaces(|kernel| {
        let link = link(kernel);
        let table = [
            via("2001:db8::/32", "10.22.0.1"),
            Route {
                source: Some("fd00::2".parse().unwrap()),
                ..route("192.0.2.0/24")
            },
            Route {
                source: Some("10.22.0.2".parse().unwrap()),
                ..route("2001:db8::/32")
            },
            Route {
                table: Some(0),
                ..route("192.0.2.0/24")
            },
        ];
        for route in table {
            assert_invalid(kernel.add_route(link, &route, RouteMode::Append));
            assert_invalid(kernel.delete_route(link, &route));
        }
        assert_invalid(kernel.routes(link, 0));
    });
}

#[test]
fn a_missing_link_is_told() {
    in_new_namespaces(|kernel| {
        let link = missing(Place::Container);
        let words = ["link 4711", "container"];
        for destination in ["192.0.2.0/24", "2001:db8::/32"] {
            let route = route(destination);
            assert_not_found(kernel.add_route(link, &route, RouteMode::Append), &words);
            assert_not_found(kernel.delete_route(link, &route), &words);
        }
        assert_not_found(kernel.routes(link, MAIN), &words);
    });
}

#[test]
fn an_unreachable_gateway_is_told_with_the_route() {
    in_new_namespaces(|kernel| {
        let link = link(kernel);
        let error = kernel
            .add_route(link, &via("192.0.2.0/24", "203.0.113.1"), RouteMode::Append)
            .unwrap_err()
            .to_string();
        for word in ["192.0.2.0/24 via 203.0.113.1", "container", "invalid gateway"] {
            assert!(error.contains(word), "{error}");
        }
    });
}
