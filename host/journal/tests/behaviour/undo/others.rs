//! Where the kernel's ways would make undoing hit what is others', or keep it
//! from what is ours.

use cofferdam_journal::{Inverse, Operation, Outcome};
use cofferdam_network::{Network as _, Route, RouteMode};
use cofferdam_protocol::Place;
use cofferdam_tests::needs_kernel;

use crate::{
    ground::{COMMENT, Ground, assert_same},
    steps::ip,
    things::{bridge, element, others_neighbor, prefix, route, set, sysctl, table},
};

#[test]
fn elements_are_undone_one_by_one() {
    needs_kernel!();
    Ground::run(|ground| {
        let before = ground.picture();
        let (place, id) = (Place::Host, table().id);
        let ours = vec![element("10.0.0.2"), element("10.0.0.3")];
        let operation = Operation::AddElements {
            place,
            table: id.clone(),
            set: set(),
            elements: ours.clone(),
            comment: COMMENT.to_owned(),
        };
        let inverse = Inverse::DeleteElements {
            place,
            table: id.clone(),
            set: set(),
            elements: ours.clone(),
            comment: COMMENT.to_owned(),
        };
        let mut journal = ground.begin();
        ground.perform(&mut journal, &operation, &inverse, |ground| {
            ground.kernel.add_elements(place, &id, &set(), &ours, COMMENT).unwrap();
            Outcome::default()
        });
        ground.kernel.delete_elements(place, &id, &set(), &ours[..1]).unwrap();

        let report = ground.roll_back(&mut journal);

        assert_same(&ground.picture(), &before);
        assert!(report.items[0].restored, "{report}");
    });
}

/// Without `promote_secondaries` the kernel deletes them along.
#[test]
fn the_other_addresses_of_a_network_survive_the_first_one() {
    needs_kernel!();
    Ground::run(|ground| {
        let link = ground.nic;
        let all = sysctl(&["net", "ipv4", "conf", "all", "promote_secondaries"]);
        let own = sysctl(&["net", "ipv4", "conf", "nic0", "promote_secondaries"]);
        for key in [all, own] {
            ground.kernel.set_sysctl(Place::Host, &key, "0").unwrap();
        }
        let [ours, theirs] = ["203.0.113.5/24", "203.0.113.6/24"].map(prefix);
        let name = "nic0".to_owned();
        let operation = Operation::AddAddress {
            link,
            name: name.clone(),
            address: ours,
            skip_duplicate_detection: true,
        };
        let inverse = Inverse::DeleteAddress {
            link,
            name,
            address: ours,
        };
        let mut journal = ground.begin();
        ground.perform(&mut journal, &operation, &inverse, |ground| {
            ground.kernel.add_address(link, ours, true).unwrap();
            Outcome::default()
        });
        ground.kernel.add_address(link, theirs, true).unwrap();

        let report = ground.roll_back(&mut journal);

        let addresses = ground.kernel.addresses(link).unwrap();
        let there = |address| addresses.iter().any(|info| info.address == address);
        assert!(there(theirs) && !there(ours), "{addresses:?} {report}");
    });
}

#[test]
fn a_port_whose_old_bridge_is_gone_is_released_from_ours() {
    needs_kernel!();
    Ground::run(|ground| {
        let (port, old) = (ground.port, ground.bridge);
        let ours = ground.kernel.create_bridge(&bridge("br9", 0x21)).unwrap();
        let name = "nic2".to_owned();
        let operation = Operation::SetLinkMaster {
            link: port,
            name: name.clone(),
            master: Some(ours.index),
        };
        let inverse = Inverse::RestoreMaster {
            link: port,
            name,
            old: Some(old.index),
        };
        let mut journal = ground.begin();
        ground.perform(&mut journal, &operation, &inverse, |ground| {
            ground.kernel.set_link_master(port, Some(ours.index)).unwrap();
            Outcome::default()
        });
        ground.kernel.delete_link(old).unwrap();

        let report = ground.roll_back(&mut journal);

        assert!(report.items[0].restored, "{report}");
        assert_eq!(ground.kernel.link(port).unwrap().unwrap().master, None);
    });
}

#[test]
fn a_neighbour_that_the_kernel_learned_makes_room_for_the_one_that_was_there() {
    needs_kernel!();
    Ground::run(|ground| {
        let before = ground.picture();
        let link = ground.nic;
        let name = "nic0".to_owned();
        let neighbor = others_neighbor();
        let operation = Operation::DeleteNeighbor {
            link,
            name: name.clone(),
            neighbor: neighbor.clone(),
        };
        let inverse = Inverse::AddNeighbor {
            link,
            name,
            neighbor: neighbor.clone(),
        };
        let mut journal = ground.begin();
        ground.perform(&mut journal, &operation, &inverse, |ground| {
            ground.kernel.delete_neighbor(link, &neighbor).unwrap();
            Outcome::default()
        });
        ip("neighbor replace 192.0.2.9 lladdr 02:00:00:00:00:33 dev nic0 nud stale");

        let report = ground.roll_back(&mut journal);

        assert_same(&ground.picture(), &before);
        assert!(report.items[0].restored, "{report}");
    });
}

/// What the kernel will never take back must not make every DEL fail.
#[test]
fn what_there_is_no_way_back_for_is_told_of_and_settled() {
    needs_kernel!();
    Ground::run(|ground| {
        let link = ground.nic;
        let name = "nic0".to_owned();
        let lost = Route {
            scope: Some(0),
            ..route("198.51.100.0/24", Some("203.0.113.254"))
        };
        let operation = Operation::DeleteRoute {
            link,
            name: name.clone(),
            route: lost.clone(),
        };
        let inverse = Inverse::AddRoute {
            link,
            name,
            route: lost,
        };
        let mut journal = ground.begin();
        ground.perform(&mut journal, &operation, &inverse, |_| Outcome::default());

        let report = ground.roll_back(&mut journal);

        assert!(report.is_clean() && report.has_remarks(), "{report}");
        assert!(
            report
                .to_string()
                .contains("; left alone: it can't be put back: adding route"),
            "{report}"
        );
        journal.finish().unwrap();
    });
}

/// Deleting, the kernel takes the first route that fits what it is told.
#[test]
fn what_the_kernel_can_not_tell_from_others_is_left_alone() {
    needs_kernel!();
    Ground::run(|ground| {
        let link = ground.nic;
        let hidden = route("2001:db8:1::/48", None);
        let hiding = route("2001:db8:1::/48", Some("2001:db8::fe"));
        ground.kernel.add_route(link, &hiding, RouteMode::Append).unwrap();
        ground.kernel.add_route(link, &hidden, RouteMode::Append).unwrap();
        let before = ground.picture();
        let mut journal = ground.begin();
        let name = "nic0".to_owned();
        let operation = Operation::AddRoute {
            link,
            name: name.clone(),
            route: hidden.clone(),
            mode: RouteMode::Append,
        };
        let inverse = Inverse::DeleteRoute {
            link,
            name,
            route: hidden,
        };
        ground.perform(&mut journal, &operation, &inverse, |_| Outcome::default());

        let report = ground.roll_back(&mut journal);

        assert_same(&ground.picture(), &before);
        let left = report.items[0].left.as_deref().unwrap_or_default();
        assert!(left.contains("the kernel can't tell"), "{report}");
    });
}
