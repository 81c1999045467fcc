//! Leaving what attachments share.

use cofferdam_journal::{Inverse, Made, Operation, Outcome, SharedObject};
use cofferdam_network::Network as _;
use cofferdam_protocol::Place;
use cofferdam_system::files as fs;
use cofferdam_tests::needs_kernel;

use crate::{
    cases::{shared_bridge, veth},
    fixture::{attachment, soon},
    ground::{Ground, assert_same},
    steps::{do_it, exists},
    things::{bridge_object, forwarding, mac},
};

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
            assert!(fs::is_there(&record));
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
