//! Undoing a whole attachment: its order, its failures, and what makes a
//! single inverse harder than it looks.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use cofferdam_journal::{Header, Inverse, Journal, Made, Operation, Outcome, Owner, Records, SharedObject, Undo};
use cofferdam_network::{LinkId, Network as _, Route, RouteMode, VethEnd};
use cofferdam_protocol::Place;
use cofferdam_tests::{Namespace, needs_kernel};

use crate::{
    cases::{Case, joined, shared_bridge, veth, veth_ends},
    fixture::{attachment, soon},
    ground::*,
};

fn do_it(ground: &mut Ground, journal: &mut Journal, case: &Case) {
    ground.perform(journal, &case.operation, &case.inverse, |ground| (case.act)(ground));
}

fn set_mtu(link: LinkId, old: u32, new: u32) -> (Operation, Inverse) {
    let name = "nic0".to_owned();
    let operation = Operation::SetLinkMtu {
        link,
        name: name.clone(),
        mtu: new,
    };
    (operation, Inverse::RestoreMtu { link, name, old })
}

fn change_mtu(ground: &mut Ground, journal: &mut Journal, old: u32, new: u32) {
    let link = ground.nic;
    let (operation, inverse) = set_mtu(link, old, new);
    ground.perform(journal, &operation, &inverse, |ground| {
        ground.kernel.set_link_mtu(link, new).unwrap();
        Outcome::default()
    });
}

fn mtu(ground: &mut Ground) -> u32 {
    let nic = ground.nic;
    ground.kernel.link(nic).unwrap().unwrap().mtu
}

fn exists(ground: &mut Ground, name: &str) -> bool {
    ground.kernel.link_by_name(Place::Host, name).unwrap().is_some()
}

/// `ip ARGUMENTS` on the node.
fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status().unwrap();
    assert!(status.success(), "ip {arguments}");
}

fn bridge_object() -> SharedObject {
    SharedObject::Bridge {
        place: Place::Host,
        name: "cni0".to_owned(),
    }
}

#[test]
fn what_was_done_last_is_undone_first() {
    needs_kernel!();
    Ground::run(|ground| {
        let before = ground.picture();
        let mut journal = ground.begin();
        // Each is what the one after it stands on.
        do_it(ground, &mut journal, &shared_bridge());
        do_it(ground, &mut journal, &veth());
        let (w0, cni0) = ["w0", "cni0"]
            .map(|name| ground.kernel.link_by_name(Place::Host, name).unwrap().unwrap().id)
            .into();
        let operation = Operation::SetLinkMaster {
            link: w0,
            name: "w0".to_owned(),
            master: Some(cni0.index),
        };
        ground.perform(&mut journal, &operation, &Inverse::WithLink { link: w0 }, |ground| {
            ground.kernel.set_link_master(w0, Some(cni0.index)).unwrap();
            Outcome::default()
        });
        change_mtu(ground, &mut journal, 1500, 1400);
        change_mtu(ground, &mut journal, 1400, 1300);
        journal.commit("{}").unwrap();

        let report = ground.roll_back(&mut journal);

        assert_same(&ground.picture(), &before);
        let operations: Vec<&str> = report.items.iter().map(|item| item.operation.as_str()).collect();
        assert_eq!(
            operations,
            [
                "set link nic0 in the host namespace mtu 1300",
                "set link nic0 in the host namespace mtu 1400",
                format!("make link w0 in the host namespace a port of link {}", cni0.index).as_str(),
                "create veth pair w0 in the host namespace, e0 in the container namespace",
                "create bridge cni0 in the host namespace",
            ]
        );
        assert_eq!(
            report.to_string(),
            "rolled back: 5 of 5 operations (set link nic0 in the host namespace mtu 1300, set link nic0 in the host \
             namespace mtu 1400, create veth pair w0 in the host namespace, e0 in the container namespace, create \
             bridge cni0 in the host namespace)"
        );
    });
}

#[test]
fn one_failure_stops_nothing_else_and_the_next_call_does_the_rest() {
    needs_kernel!();
    Ground::run(|ground| {
        let before = ground.picture();
        let mut journal = ground.begin();
        do_it(ground, &mut journal, &veth());
        do_it(ground, &mut journal, &shared_bridge());
        change_mtu(ground, &mut journal, 1500, 1400);
        let sysctl = SharedObject::Sysctl {
            place: Place::Host,
            key: forwarding(),
        };
        let made = Made::Sysctl {
            old: "0".to_owned(),
            new: "1".to_owned(),
        };
        let operation = Operation::SetSysctl {
            place: Place::Host,
            key: forwarding(),
            value: "1".to_owned(),
        };
        let forward = joined(operation, sysctl.clone(), made, |ground| {
            ground.kernel.set_sysctl(Place::Host, &forwarding(), "1").unwrap();
        });
        do_it(ground, &mut journal, &forward);
        journal.commit("{}").unwrap();
        // Somebody else is busy with two of them.
        let other = attachment("c2");
        let locks = [
            ground.shared().join(&sysctl, &other, soon()).unwrap(),
            ground.shared().join(&bridge_object(), &other, soon()).unwrap(),
        ];

        let report = journal.roll_back(&mut Undo {
            network: &mut ground.kernel,
            shared: &ground.state.directory.shared(),
            id: &ground.id,
            deadline: Instant::now(),
        });
        drop(locks);

        assert!(!report.is_clean());
        let text = report.to_string();
        assert!(
            text.starts_with("rolled back: 2 of 4 operations (set link nic0"),
            "{text}"
        );
        assert!(
            text.contains("; not undone: set net/ipv4/ip_forward to \"1\""),
            "{text}"
        );
        assert!(text.contains(", create bridge cni0 in the host namespace: "), "{text}");
        assert!(text.contains("is locked by process"), "{text}");
        assert_eq!((mtu(ground), exists(ground, "w0")), (1500, false));
        let refused = journal.finish().unwrap_err().to_string();
        assert!(
            refused.contains("2 recorded operations are not undone yet"),
            "{refused}"
        );

        for object in [&sysctl, &bridge_object()] {
            let _ = ground.shared().leave(object, &other, soon()).unwrap();
        }
        let mut journal = ground
            .state
            .directory
            .lock(&ground.id, soon())
            .unwrap()
            .reopen()
            .unwrap();
        let report = ground.roll_back(&mut journal);
        assert_eq!(report.items.len(), 2, "{report}");
        assert!(report.is_clean());
        assert_same(&ground.picture(), &before);
        journal.finish().unwrap();
    });
}

/// As long as a later change could not be undone, an earlier one looks as if
/// somebody else had changed it since.
#[test]
fn what_a_failure_hides_is_not_given_up() {
    needs_kernel!();
    Ground::run(|ground| {
        let mut journal = ground.begin();
        change_mtu(ground, &mut journal, 1500, 1400);
        do_it(ground, &mut journal, &shared_bridge());
        journal.commit("{}").unwrap();
        let other = attachment("c2");
        let lock = ground.shared().join(&bridge_object(), &other, soon()).unwrap();
        let nic = ground.nic;
        ground.kernel.set_link_mtu(nic, 1300).unwrap();
        let report = journal.roll_back(&mut Undo {
            network: &mut ground.kernel,
            shared: &ground.state.directory.shared(),
            id: &ground.id,
            deadline: Instant::now(),
        });
        assert!(report.has_remarks() && !report.is_clean(), "{report}");
        drop((lock, journal));
        ground.kernel.set_link_mtu(nic, 1400).unwrap();

        let mut journal = ground
            .state
            .directory
            .lock(&ground.id, soon())
            .unwrap()
            .reopen()
            .unwrap();
        let report = ground.roll_back(&mut journal);

        assert!(report.is_clean() && !report.has_remarks(), "{report}");
        assert_eq!(mtu(ground), 1500);
    });
}

/// What a container can do to its end to keep it.
#[test]
fn a_veth_pair_is_found_by_its_other_end() {
    needs_kernel!();
    type Disguise = fn(&mut Ground, &Namespace);
    let disguises: [(&str, Disguise); 4] = [
        ("renamed, with another address", |_, container| {
            container.ip(&["link", "set", "e0", "name", "x0", "address", "02:00:00:00:00:66"]);
        }),
        ("moved on", |_, container| {
            let other = Namespace::container();
            container.ip(&["link", "set", "e0", "netns", &other.path()]);
            std::mem::forget(other);
        }),
        ("replaced", |_, container| {
            container.ip(&["link", "set", "e0", "name", "x0"]);
            container.ip(&["link", "add", "e0", "type", "bridge"]);
        }),
        ("with a namespace that is not there any more", |ground, _| {
            ground.lose_container()
        }),
    ];
    for (what, disguise) in disguises {
        Ground::run(|ground| {
            let container = Namespace::container();
            ground.kernel = kernel_of(&container);
            // The container's end comes first: it is looked for first.
            let (outside, inside) = veth_ends();
            let operation = Operation::CreateVeth {
                first: inside.clone(),
                second: outside.clone(),
            };
            let inverse = delete_link(&inside);
            let mut journal = ground.begin();
            ground.perform(&mut journal, &operation, &inverse, |ground| {
                let (first, second) = ground.kernel.create_veth(&inside, &outside).unwrap();
                Outcome {
                    index: Some(first.index),
                    second_index: Some(second.index),
                }
            });
            disguise(ground, &container);

            let report = ground.roll_back(&mut journal);

            assert!(!exists(ground, "w0"), "{what}: {report}");
            assert!(report.items[0].restored, "{what}: {report}");
        });
    }
}

fn delete_link(end: &VethEnd) -> Inverse {
    Inverse::DeleteLink {
        place: end.place,
        name: end.name.clone(),
        kind: "veth".to_owned(),
        mac: end.mac,
        index: None,
    }
}

#[test]
fn a_link_of_ours_is_found_under_another_name() {
    needs_kernel!();
    Ground::run(|ground| {
        let mut journal = ground.begin();
        do_it(ground, &mut journal, &veth());
        ip("link set w0 name renamed");

        let report = ground.roll_back(&mut journal);

        assert!(!exists(ground, "renamed"), "{report}");
    });
}

/// The number is on record, and belongs to another link by now.
#[test]
fn a_link_of_others_with_our_number_is_left_alone() {
    needs_kernel!();
    Ground::run(|ground| {
        let mut journal = ground.begin();
        do_it(ground, &mut journal, &veth());
        let ours = ground.kernel.link_by_name(Place::Host, "w0").unwrap().unwrap().id;
        ground.kernel.delete_link(ours).unwrap();
        ip(&format!(
            "link add x0 index {} address 02:00:00:00:00:67 type veth peer name x1",
            ours.index
        ));

        let report = ground.roll_back(&mut journal);

        assert!(exists(ground, "x0"), "{report}");
        assert!(report.is_clean(), "{report}");
    });
}

/// By two plugins of a chain, say, with a port in between.
#[test]
fn what_was_joined_twice_is_left_once_and_last() {
    needs_kernel!();
    Ground::run(|ground| {
        let before = ground.picture();
        let mut journal = ground.begin();
        let first = shared_bridge();
        do_it(ground, &mut journal, &first);
        do_it(ground, &mut journal, &veth());
        let [w0, cni0] = ["w0", "cni0"].map(|name| ground.kernel.link_by_name(Place::Host, name).unwrap().unwrap().id);
        ground.kernel.set_link_master(w0, Some(cni0.index)).unwrap();
        ground.perform(&mut journal, &first.operation, &first.inverse, |ground| {
            let guard = ground.shared().join(&bridge_object(), &ground.id, soon()).unwrap();
            assert!(guard.made().is_some() && guard.joined_before());
            Outcome::default()
        });

        let report = ground.roll_back(&mut journal);

        assert_same(&ground.picture(), &before);
        assert!(!report.has_remarks(), "{report}");
        assert!(ground.shared().is_empty().unwrap());
    });
}

#[test]
fn the_last_user_removes_what_was_made() {
    needs_kernel!();
    Ground::run(|ground| {
        let ids = [attachment("c1"), attachment("c2"), attachment("c3")];
        let case = shared_bridge();
        let mut journals = Vec::new();
        for (number, id) in ids.iter().enumerate() {
            let mut journal = ground.state.begin(id);
            let sequence = journal.intend("bridge", &case.operation, &case.inverse).unwrap();
            if number == 0 {
                (case.act)(ground);
            } else {
                drop(ground.shared().join(&bridge_object(), id, soon()).unwrap());
            }
            journal.done(sequence, Outcome::default());
            journals.push(journal);
        }
        // The one that made it goes first.
        for (number, id) in ids.iter().enumerate() {
            assert!(exists(ground, "cni0"));
            let report = ground.roll_back_of(id, &mut journals[number]);
            assert_eq!(report.items[0].restored, number == 2, "{report}");
        }
        assert!(!exists(ground, "cni0"));
        assert!(ground.shared().is_empty().unwrap());
    });
}

/// A bridge with somebody else's port stays; it still is ours, and goes with
/// the last user after the port.
#[test]
fn what_was_left_because_it_is_in_use_goes_another_time() {
    needs_kernel!();
    Ground::run(|ground| {
        let case = shared_bridge();
        let mut journal = ground.begin();
        do_it(ground, &mut journal, &case);
        let (nic, cni0) = (
            ground.nic,
            ground.kernel.link_by_name(Place::Host, "cni0").unwrap().unwrap().id,
        );
        ground.kernel.set_link_master(nic, Some(cni0.index)).unwrap();
        let report = ground.roll_back(&mut journal);
        assert!(report.has_remarks() && report.is_clean(), "{report}");
        journal.finish().unwrap();

        let mut journal = ground.begin();
        ground.perform(&mut journal, &case.operation, &case.inverse, |ground| {
            let guard = ground.shared().join(&bridge_object(), &ground.id, soon()).unwrap();
            assert_eq!(
                guard.made(),
                Some(&Made::Bridge {
                    mac: mac(0x50),
                    index: None
                })
            );
            Outcome::default()
        });
        ground.kernel.set_link_master(nic, None).unwrap();
        let report = ground.roll_back(&mut journal);

        assert!(!exists(ground, "cni0"), "{report}");
        assert!(ground.shared().is_empty().unwrap());
    });
}

/// Two attachments want different values of one setting.
#[test]
fn what_goes_back_in_the_end_is_what_was_there_before_both() {
    needs_kernel!();
    Ground::run(|ground| {
        let object = SharedObject::Sysctl {
            place: Place::Host,
            key: forwarding(),
        };
        let inverse = Inverse::LeaveShared { object: object.clone() };
        let ids = [attachment("c1"), attachment("c2")];
        let mut journals = Vec::new();
        for (id, (old, new)) in ids.iter().zip([("0", "1"), ("1", "2")]) {
            let operation = Operation::SetSysctl {
                place: Place::Host,
                key: forwarding(),
                value: new.to_owned(),
            };
            let mut journal = ground.state.begin(id);
            journal.intend("tuning", &operation, &inverse).unwrap();
            let mut guard = ground.shared().join(&object, id, soon()).unwrap();
            guard
                .set_made(Made::Sysctl {
                    old: old.to_owned(),
                    new: new.to_owned(),
                })
                .unwrap();
            ground.kernel.set_sysctl(Place::Host, &forwarding(), new).unwrap();
            journals.push(journal);
        }
        // A third one's value the kernel does not take.
        let id = attachment("c3");
        let mut guard = ground.shared().join(&object, &id, soon()).unwrap();
        let earlier = guard.made().cloned();
        guard
            .set_made(Made::Sysctl {
                old: "2".to_owned(),
                new: "nonsense".to_owned(),
            })
            .unwrap();
        guard.set_made_back(earlier).unwrap();
        drop(guard);
        let _ = ground.shared().leave(&object, &id, soon()).unwrap();

        for (id, journal) in ids.iter().zip(&mut journals) {
            let report = ground.roll_back_of(id, journal);
            assert!(!report.has_remarks(), "{report}");
        }

        assert_eq!(ground.kernel.sysctl(Place::Host, &forwarding()).unwrap(), "0");
    });
}

#[test]
fn a_record_of_what_was_made_that_can_not_be_read_is_told_of() {
    needs_kernel!();
    for damage in ["", "garbage\n", "00000000 {}\n"] {
        Ground::run(|ground| {
            let mut journal = ground.begin();
            do_it(ground, &mut journal, &shared_bridge());
            let record = ground.state.directory.path().join("shared/bridge.host.cni0/made");
            assert!(record.exists());
            fs::write(&record, damage).unwrap();

            let report = ground.roll_back(&mut journal);

            assert!(exists(ground, "cni0"), "it may be somebody else's");
            let left = report.items[0].left.as_deref().unwrap();
            assert!(left.contains("bridge cni0 in the host namespace"), "{left}");
            journal.finish().unwrap();
            assert!(ground.shared().is_empty().unwrap());
        });
    }
}

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

/// The kernel has forgotten it; files have not.
#[test]
fn of_an_earlier_boot_only_files_are_undone() {
    needs_kernel!();
    Ground::run(|ground| {
        let directory = ground.state.root().join("records");
        let address = "10.22.0.2".parse().unwrap();
        let owner = Owner {
            container_id: ground.id.container_id.clone(),
            interface_name: Some(ground.id.interface_name.clone()),
        };
        let state = ground.state.directory.path();
        let mut records = Records::open(&directory, state, &ground.id, owner, soon()).unwrap();
        assert!(records.claim(&address).unwrap());
        drop(records);
        let mut header = Header::new(ground.id.clone(), None, Vec::new(), 0, String::new());
        header.boot_id = "00000000-0000-0000-0000-000000000000".to_owned();
        let mut journal = ground
            .state
            .directory
            .lock(&ground.id, soon())
            .unwrap()
            .begin(header)
            .unwrap();
        let claim = Operation::Claim {
            directory: directory.clone(),
            address,
        };
        journal
            .intend(
                "host-local",
                &claim,
                &Inverse::ReleaseClaim {
                    directory: directory.clone(),
                    address,
                },
            )
            .unwrap();
        let (operation, inverse) = set_mtu(ground.nic, 1400, 1500);
        journal.intend("bridge", &operation, &inverse).unwrap();

        let report = ground.roll_back(&mut journal);

        assert_eq!(
            mtu(ground),
            1500,
            "that link only has the number of the one that was meant"
        );
        assert!(!directory.join("10.22.0.2").exists());
        assert!(report.is_clean(), "{report}");
        journal.finish().unwrap();
    });
}

/// Lines that can't be read may be operations that nobody undoes.
#[test]
fn damage_is_told_of() {
    needs_kernel!();
    Ground::run(|ground| {
        let mut journal = ground.begin();
        change_mtu(ground, &mut journal, 1500, 1400);
        change_mtu(ground, &mut journal, 1400, 1300);
        drop(journal);
        let path = ground.state.journal_path(&ground.id);
        let text = fs::read_to_string(&path).unwrap().replacen("1400", "1404", 1);
        fs::write(&path, text).unwrap();

        let mut journal = ground
            .state
            .directory
            .lock(&ground.id, soon())
            .unwrap()
            .reopen()
            .unwrap();
        let report = ground.roll_back(&mut journal);

        assert!(report.has_remarks());
        assert!(
            report.to_string().contains("lines of the journal could not be read"),
            "{report}"
        );
        assert_eq!(mtu(ground), 1400);
    });
}

/// A held lock is waited for no longer than the call has time.
#[test]
fn a_lock_that_is_held_is_waited_for_until_the_deadline() {
    needs_kernel!();
    Ground::run(|ground| {
        let mut journal = ground.begin();
        do_it(ground, &mut journal, &shared_bridge());
        let lock = ground
            .shared()
            .join(&bridge_object(), &attachment("c2"), soon())
            .unwrap();
        let begin = Instant::now();

        let report = journal.roll_back(&mut Undo {
            network: &mut ground.kernel,
            shared: &ground.state.directory.shared(),
            id: &ground.id,
            deadline: begin + Duration::from_millis(100),
        });

        let waited = begin.elapsed();
        assert!(
            (Duration::from_millis(100)..Duration::from_secs(5)).contains(&waited),
            "{waited:?}"
        );
        assert!(!report.is_clean());
        drop(lock);
    });
}
