//! The order of undoing, its failures, and what else concerns an attachment as
//! a whole.

use std::time::{Duration, Instant};

use cofferdam_journal::{Header, Inverse, Made, Operation, Outcome, Owner, Records, SharedObject, Undo};
use cofferdam_network::Network as _;
use cofferdam_protocol::Place;
use cofferdam_system::files as fs;
use cofferdam_tests::needs_kernel;

use crate::{
    cases::{joined, shared_bridge, veth},
    fixture::{attachment, soon},
    ground::{Ground, assert_same},
    steps::{change_mtu, do_it, exists, mtu, set_mtu},
    things::{bridge_object, forwarding},
};

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
        assert!(!fs::is_there(directory.join("10.22.0.2")));
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
