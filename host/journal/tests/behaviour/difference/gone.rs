//! What goes with something that is gone.

use cofferdam_journal::{Operation, Outcome};
use cofferdam_network::{LinkId, Network as _, RouteMode};
use cofferdam_protocol::Place;
use cofferdam_tests::needs_kernel;

use super::{committed, differences, superseded::with};
use crate::{
    cases::{shared_bridge, veth, veth_ends},
    ground::Ground,
    steps::{do_it, ip},
    things::{mac, prefix, route, sysctl},
};

fn pair(ground: &mut Ground) -> (LinkId, LinkId) {
    let find = |ground: &mut Ground, place, name| ground.kernel.link_by_name(place, name).unwrap().unwrap().id;
    (find(ground, Place::Host, "w0"), find(ground, Place::Container, "e0"))
}

/// A pair with all that a container gets.
fn attached(ground: &mut Ground) -> cofferdam_journal::History {
    let mut journal = ground.begin();
    do_it(ground, &mut journal, &shared_bridge());
    do_it(ground, &mut journal, &veth());
    let (outside, inside) = pair(ground);
    let cni0 = ground.kernel.link_by_name(Place::Host, "cni0").unwrap().unwrap().id;
    let up = |link: LinkId, name: &str| Operation::SetLinkUp {
        link,
        name: name.to_owned(),
        up: true,
    };
    let mut step = |operation: Operation, link: LinkId, act: &dyn Fn(&mut Ground)| {
        ground.perform(&mut journal, &operation, &with(link), |ground| {
            act(ground);
            Outcome::default()
        });
    };
    step(
        Operation::SetLinkMaster {
            link: outside,
            name: "w0".to_owned(),
            master: Some(cni0.index),
        },
        outside,
        &|ground| ground.kernel.set_link_master(outside, Some(cni0.index)).unwrap(),
    );
    step(
        Operation::SetPortHairpin {
            link: outside,
            name: "w0".to_owned(),
            on: true,
        },
        outside,
        &|ground| ground.kernel.set_port_hairpin(outside, true).unwrap(),
    );
    for (link, name) in [(cni0, "cni0"), (outside, "w0"), (inside, "e0")] {
        step(up(link, name), link, &|ground| {
            ground.kernel.set_link_up(link, true).unwrap()
        });
    }
    step(
        Operation::AddAddress {
            link: inside,
            name: "e0".to_owned(),
            address: prefix("10.22.0.2/16"),
            skip_duplicate_detection: true,
        },
        inside,
        &|ground| ground.kernel.add_address(inside, prefix("10.22.0.2/16"), true).unwrap(),
    );
    let default = route("0.0.0.0/0", Some("10.22.0.1"));
    step(
        Operation::AddRoute {
            link: inside,
            name: "e0".to_owned(),
            route: default.clone(),
            mode: RouteMode::Exclusive,
        },
        inside,
        &|ground| ground.kernel.add_route(inside, &default, RouteMode::Exclusive).unwrap(),
    );
    let notify = sysctl(&["net", "ipv4", "conf", "e0", "arp_notify"]);
    step(
        Operation::SetSysctl {
            place: Place::Container,
            key: notify.clone(),
            value: "1".to_owned(),
        },
        inside,
        &|ground| ground.kernel.set_sysctl(Place::Container, &notify, "1").unwrap(),
    );
    journal.commit("{}").unwrap();
    journal.history().clone()
}

#[test]
fn what_goes_with_a_link_is_not_told_of_again() {
    needs_kernel!();
    Ground::run(|ground| {
        let history = attached(ground);
        assert_eq!(differences(ground, &history), [""; 0]);
        let (_, inside) = pair(ground);
        ground.kernel.delete_link(inside).unwrap();
        assert_eq!(differences(ground, &history), ["link w0 in the host namespace is gone"]);
    });
}

#[test]
fn a_bridge_that_is_gone_takes_its_ports_settings_along() {
    needs_kernel!();
    Ground::run(|ground| {
        let history = attached(ground);
        ip("link del cni0");
        assert_eq!(
            differences(ground, &history),
            ["bridge cni0 in the host namespace is gone"]
        );
        ip("link add cni0 address 02:00:00:00:00:77 type bridge");
        assert_eq!(
            differences(ground, &history),
            ["bridge cni0 in the host namespace is replaced by another one, with address 02:00:00:00:00:77"]
        );
    });
}

#[test]
fn a_port_that_left_its_bridge_lost_what_it_had_as_a_port() {
    needs_kernel!();
    Ground::run(|ground| {
        let history = attached(ground);
        ip("link set w0 nomaster");
        assert_eq!(
            differences(ground, &history),
            ["link w0 in the host namespace is no port instead of a port of cni0"]
        );
    });
}

#[test]
fn a_container_that_is_gone_is_told_of_once() {
    needs_kernel!();
    Ground::run(|ground| {
        let history = attached(ground);
        ip("link del w0");
        ground.lose_container();
        assert_eq!(
            differences(ground, &history),
            ["the container's network namespace is gone"]
        );
    });
}

#[test]
fn a_link_that_was_deleted_again_is_not_expected() {
    needs_kernel!();
    Ground::run(|ground| {
        let mut journal = ground.begin();
        do_it(ground, &mut journal, &veth());
        let (outside, inside) = pair(ground);
        let address = Operation::AddAddress {
            link: inside,
            name: "e0".to_owned(),
            address: prefix("10.22.0.2/16"),
            skip_duplicate_detection: true,
        };
        ground.perform(&mut journal, &address, &with(inside), |ground| {
            ground.kernel.add_address(inside, prefix("10.22.0.2/16"), true).unwrap();
            Outcome::default()
        });
        let delete = Operation::DeleteLink {
            link: outside,
            name: "w0".to_owned(),
        };
        ground.perform(&mut journal, &delete, &with(outside), |ground| {
            ground.kernel.delete_link(outside).unwrap();
            Outcome::default()
        });
        journal.commit("{}").unwrap();
        let history = journal.history().clone();
        assert_eq!(differences(ground, &history), [""; 0]);
    });
}

/// Not for somebody else's of the same name, nor one that was renamed.
#[test]
fn a_link_is_known_by_more_than_its_name() {
    needs_kernel!();
    Ground::run(|ground| {
        let history = committed(ground, &[&veth()]);
        ip("link set w0 name renamed");
        assert_eq!(
            differences(ground, &history),
            ["the name of link w0 in the host namespace is renamed instead of w0"]
        );
        ip("link del renamed");
        let (first, _) = veth_ends();
        let other = crate::things::end("w1", 0x78);
        let first = cofferdam_network::VethEnd {
            mac: mac(0x79),
            ..first
        };
        ground.kernel.create_veth(&first, &other).unwrap();
        assert_eq!(
            differences(ground, &history),
            ["link w0 in the host namespace is replaced by another link of that name"]
        );
    });
}
