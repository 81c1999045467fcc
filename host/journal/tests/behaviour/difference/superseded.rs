//! Operations of one attachment that are about the same things.

use cofferdam_journal::{Inverse, Operation};
use cofferdam_network::{LinkId, Network as _, Route, RouteMode};
use cofferdam_protocol::Place;
use cofferdam_tests::needs_kernel;

use super::{Steps, differences};
use crate::{
    cases::veth,
    fixture::soon,
    ground::Ground,
    steps::{do_it, ip},
    things::{neighbor, prefix, route, sysctl},
};

const NIC: &str = "nic0";

pub(super) fn with(link: LinkId) -> Inverse {
    Inverse::WithLink { link }
}

fn set_mtu(link: LinkId, mtu: u32) -> Operation {
    Operation::SetLinkMtu {
        link,
        name: NIC.to_owned(),
        mtu,
    }
}

fn add_route(link: LinkId, route: &Route) -> Operation {
    Operation::AddRoute {
        link,
        name: NIC.to_owned(),
        route: route.clone(),
        mode: RouteMode::Append,
    }
}

fn delete_route(link: LinkId, route: &Route) -> Operation {
    Operation::DeleteRoute {
        link,
        name: NIC.to_owned(),
        route: route.clone(),
    }
}

fn add_address(link: LinkId, address: &str) -> Operation {
    Operation::AddAddress {
        link,
        name: NIC.to_owned(),
        address: prefix(address),
        skip_duplicate_detection: true,
    }
}

#[test]
fn a_setting_is_as_it_was_set_last() {
    needs_kernel!();
    Ground::run(|ground| {
        let nic = ground.nic;
        let history = Steps::new()
            .then(set_mtu(nic, 1400), with(nic), move |ground| {
                ground.kernel.set_link_mtu(nic, 1400).unwrap();
            })
            .then(set_mtu(nic, 1350), with(nic), move |ground| {
                ground.kernel.set_link_mtu(nic, 1350).unwrap();
            })
            .commit(ground);
        assert_eq!(differences(ground, &history), [""; 0]);
        ground.kernel.set_link_mtu(nic, 1400).unwrap();
        assert_eq!(
            differences(ground, &history),
            ["mtu of link nic0 in the host namespace is 1400 instead of 1350"]
        );
    });
}

#[test]
fn what_was_added_and_deleted_is_not_expected() {
    needs_kernel!();
    Ground::run(|ground| {
        let nic = ground.nic;
        let there = route("203.0.113.0/24", Some("192.0.2.254"));
        let described = route("203.0.113.0/24", None);
        let (add, delete) = (there.clone(), described.clone());
        let address = prefix("203.0.113.5/24");
        let entry = neighbor("192.0.2.8", 0x88);
        let (added, deleted) = (entry.clone(), entry.clone());
        let history = Steps::new()
            .then(add_route(nic, &there), with(nic), move |ground| {
                ground.kernel.add_route(nic, &add, RouteMode::Append).unwrap();
            })
            .then(delete_route(nic, &described), with(nic), move |ground| {
                ground.kernel.delete_route(nic, &delete).unwrap();
            })
            .then(add_address(nic, "203.0.113.5/24"), with(nic), move |ground| {
                ground.kernel.add_address(nic, address, true).unwrap();
            })
            .then(
                Operation::DeleteAddress {
                    link: nic,
                    name: NIC.to_owned(),
                    address,
                },
                with(nic),
                move |ground| ground.kernel.delete_address(nic, address).unwrap(),
            )
            .then(
                Operation::AddNeighbor {
                    link: nic,
                    name: NIC.to_owned(),
                    neighbor: entry.clone(),
                },
                with(nic),
                move |ground| ground.kernel.add_neighbor(nic, &added).unwrap(),
            )
            .then(
                Operation::DeleteNeighbor {
                    link: nic,
                    name: NIC.to_owned(),
                    neighbor: entry,
                },
                with(nic),
                move |ground| ground.kernel.delete_neighbor(nic, &deleted).unwrap(),
            )
            .commit(ground);
        assert_eq!(differences(ground, &history), [""; 0]);
    });
}

/// Which of the two the kernel deleted is not on record.
#[test]
fn of_several_routes_that_one_description_fits_none_is_expected() {
    needs_kernel!();
    Ground::run(|ground| {
        let nic = ground.nic;
        let mut steps = Steps::new();
        for gateway in ["192.0.2.254", "192.0.2.253"] {
            let one = route("203.0.113.0/24", Some(gateway));
            let act = one.clone();
            steps = steps.then(add_route(nic, &one), with(nic), move |ground| {
                ground.kernel.add_route(nic, &act, RouteMode::Append).unwrap();
            });
        }
        let described = route("203.0.113.0/24", None);
        let act = described.clone();
        let history = steps
            .then(delete_route(nic, &described), with(nic), move |ground| {
                ground.kernel.delete_route(nic, &act).unwrap();
            })
            .commit(ground);
        assert_eq!(differences(ground, &history), [""; 0]);
    });
}

/// With the gateway that is left out, by two routes at once, and with a metric
/// and sizes that the kernel writes otherwise.
#[test]
fn routes_are_known_as_the_kernel_keeps_them() {
    needs_kernel!();
    Ground::run(|ground| {
        let nic = ground.nic;
        let routes = [
            route("203.0.113.7/24", None),
            Route {
                priority: Some(0),
                mtu: Some(1400),
                advmss: Some(1360),
                ..route("203.0.114.0/24", Some("192.0.2.254"))
            },
            Route {
                table: Some(100),
                source: Some("192.0.2.1".parse().unwrap()),
                ..route("0.0.0.0/0", Some("192.0.2.254"))
            },
            Route {
                scope: Some(253),
                ..route("203.0.115.0/24", None)
            },
            Route {
                scope: Some(253),
                ..route("2001:db8:1::/48", None)
            },
            route("2001:db8:2::/48", Some("2001:db8::fe")),
            route("2001:db8:2::/48", Some("2001:db8::fd")),
            Route {
                table: Some(1000),
                priority: Some(7),
                ..route("::/0", Some("2001:db8::fe"))
            },
        ];
        let mut steps = Steps::new();
        for one in &routes {
            let act = one.clone();
            steps = steps.then(add_route(nic, one), with(nic), move |ground| {
                ground.kernel.add_route(nic, &act, RouteMode::Append).unwrap();
            });
        }
        let history = steps.commit(ground);
        assert_eq!(differences(ground, &history), [""; 0]);
        ip("route del 0.0.0.0/0 table 100");
        ip("-6 route del 2001:db8:2::/48 via 2001:db8::fd");
        assert_eq!(
            differences(ground, &history),
            [
                "route 0.0.0.0/0 via 192.0.2.254 through link nic0 in the host namespace is gone",
                "route 2001:db8:2::/48 via 2001:db8::fd through link nic0 in the host namespace is gone",
            ]
        );
    });
}

/// The kernel takes routes, neighbours and IPv6 addresses away from a link
/// that goes down.
#[test]
fn what_went_when_the_attachment_took_a_link_down_is_not_expected() {
    needs_kernel!();
    Ground::run(|ground| {
        let nic = ground.nic;
        let through = route("203.0.113.0/24", None);
        let act = through.clone();
        let set_up = |up| Operation::SetLinkUp {
            link: nic,
            name: NIC.to_owned(),
            up,
        };
        let history = Steps::new()
            .then(add_route(nic, &through), with(nic), move |ground| {
                ground.kernel.add_route(nic, &act, RouteMode::Append).unwrap();
            })
            .then(add_address(nic, "2001:db8:7::1/64"), with(nic), move |ground| {
                ground
                    .kernel
                    .add_address(nic, prefix("2001:db8:7::1/64"), true)
                    .unwrap();
            })
            .then(add_address(nic, "203.0.120.1/24"), with(nic), move |ground| {
                ground.kernel.add_address(nic, prefix("203.0.120.1/24"), true).unwrap();
            })
            .then(set_up(false), with(nic), move |ground| {
                ground.kernel.set_link_up(nic, false).unwrap();
            })
            .then(set_up(true), with(nic), move |ground| {
                ground.kernel.set_link_up(nic, true).unwrap();
            })
            .commit(ground);
        assert_eq!(differences(ground, &history), [""; 0]);
        ground.kernel.set_link_up(nic, false).unwrap();
        ground.kernel.delete_address(nic, prefix("203.0.120.1/24")).unwrap();
        assert_eq!(
            differences(ground, &history),
            [
                "address 203.0.120.1/24 of link nic0 in the host namespace is gone",
                "the state of link nic0 in the host namespace is down instead of up",
            ]
        );
    });
}

#[test]
fn a_setting_of_all_interfaces_is_the_last_word_on_each() {
    needs_kernel!();
    Ground::run(|ground| {
        let nic = ground.nic;
        let place = Place::Host;
        let mut steps = Steps::new();
        for (parts, value) in [
            (&["net", "ipv4", "conf", "nic0", "forwarding"][..], "0"),
            (&["net", "ipv4", "ip_forward"][..], "1"),
            (&["net", "ipv6", "conf", "nic0", "forwarding"][..], "0"),
            (&["net", "ipv6", "conf", "all", "forwarding"][..], "1"),
            (&["net", "ipv4", "ip_local_port_range"][..], "20000 30000"),
            (&["net", "ipv4", "conf", "nic0", "arp_notify"][..], "01"),
        ] {
            let key = sysctl(parts);
            let set = key.clone();
            let operation = Operation::SetSysctl {
                place,
                key,
                value: value.to_owned(),
            };
            steps = steps.then(operation, with(nic), move |ground| {
                ground.kernel.set_sysctl(place, &set, value).unwrap();
            });
        }
        let history = steps.commit(ground);
        assert_eq!(differences(ground, &history), [""; 0]);
        ip("link del nic0");
        // Its setting went with it, which is the link's to tell.
        assert_eq!(
            differences(ground, &history),
            ["sysctl net/ipv4/conf/nic0/arp_notify in the host namespace is gone"]
        );
    });
}

#[test]
fn of_what_may_not_have_been_done_nothing_is_expected() {
    needs_kernel!();
    Ground::run(|ground| {
        let nic = ground.nic;
        let mut journal = ground.begin();
        journal.intend("bridge", &set_mtu(nic, 1400), &with(nic)).unwrap();
        let failed = journal.intend("bridge", &set_mtu(nic, 1350), &with(nic)).unwrap();
        journal.abandon(failed);
        journal.commit("{}").unwrap();
        drop(journal);
        let locked = ground.state.directory.lock(&ground.id, soon()).unwrap();
        let history = locked.history().clone();
        assert_eq!(differences(ground, &history), [""; 0]);
    });
}

#[test]
fn an_attachment_that_is_not_complete_is_not_compared() {
    needs_kernel!();
    Ground::run(|ground| {
        let mut journal = ground.begin();
        do_it(ground, &mut journal, &veth());
        ip("link del w0");
        let history = journal.history().clone();
        assert_eq!(differences(ground, &history), [""; 0]);
    });
}
