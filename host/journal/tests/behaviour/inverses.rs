//! What holds for every kind of inverse, each on a node of its own.

use std::collections::BTreeSet;

use cofferdam_journal::{Journal, Report};
use cofferdam_network::Network as _;
use cofferdam_system::files as fs;
use cofferdam_tests::needs_kernel;

use crate::{
    cases::{Case, KINDS, cases, kind},
    fixture::soon,
    ground::{Ground, assert_same},
};

/// Runs a check on every case.
fn of_each(check: impl Fn(&mut Ground, &Case) + Sync) {
    let mut kinds = BTreeSet::new();
    let mut more = true;
    let mut number = 0;
    while more {
        Ground::run(|ground| match cases(ground).get(number) {
            None => more = false,
            Some(case) => {
                kinds.insert(kind(&case.inverse));
                eprintln!("{number}: {}", case.operation);
                check(ground, case);
            }
        });
        number += 1;
    }
    assert_eq!(kinds.len(), KINDS, "every kind has a case: {kinds:?}");
}

/// The operation, on record and done.
fn done(ground: &mut Ground, case: &Case) -> Journal {
    let mut journal = ground.begin();
    ground.perform(&mut journal, &case.operation, &case.inverse, |ground| {
        (case.act)(ground)
    });
    journal
}

fn is_no_change(case: &Case) -> bool {
    // Flows that are forgotten are told in no picture.
    matches!(kind(&case.inverse), "WithLink" | "ForgetFlows")
}

#[track_caller]
fn assert_untouched(report: &Report) {
    for item in &report.items {
        assert!(item.error.is_none() && !item.restored, "{report}");
    }
}

#[test]
fn what_was_done_is_taken_back() {
    needs_kernel!();
    of_each(|ground, case| {
        let before = ground.picture();
        let mut journal = done(ground, case);
        assert_eq!(
            ground.picture() == before,
            is_no_change(case),
            "the operation does something"
        );

        let report = ground.roll_back(&mut journal);

        assert_same(&ground.picture(), &before);
        assert_eq!(report.items.len(), 1);
        assert!(report.is_clean() && !report.has_remarks(), "{report}");
        assert_eq!(report.items[0].restored, !is_no_change(case), "{report}");
        assert_eq!(report.items[0].operation, case.operation.to_string());
        journal.finish().unwrap();
        assert!(ground.state.directory.attachments(None).unwrap().is_empty());
        assert!(ground.shared().is_empty().unwrap());
    });
}

/// The process died after the kernel had done it, before that was on record.
#[test]
fn what_was_done_but_is_not_on_record_as_done_is_taken_back() {
    needs_kernel!();
    of_each(|ground, case| {
        let before = ground.picture();
        let mut journal = ground.begin();
        journal.intend("bridge", &case.operation, &case.inverse).unwrap();
        (case.act)(ground);
        drop(journal);

        let mut journal = reopen(ground);
        let report = ground.roll_back(&mut journal);

        assert_same(&ground.picture(), &before);
        assert!(report.is_clean(), "{report}");
    });
}

/// The process died before it asked the kernel.
#[test]
fn what_was_only_intended_is_not_taken_back() {
    needs_kernel!();
    of_each(|ground, case| {
        let before = ground.picture();
        let mut journal = ground.begin();
        journal.intend("bridge", &case.operation, &case.inverse).unwrap();
        drop(journal);

        let mut journal = reopen(ground);
        let report = ground.roll_back(&mut journal);

        assert_same(&ground.picture(), &before);
        assert_untouched(&report);
        assert!(!report.has_remarks(), "{report}");
        journal.finish().unwrap();
    });
}

/// The process that undid it died before that was on record.
#[test]
fn undoing_twice_does_no_harm() {
    needs_kernel!();
    of_each(|ground, case| {
        let before = ground.picture();
        let mut journal = done(ground, case);
        journal.commit("{}").unwrap();
        drop(journal);
        let path = ground.state.journal_path(&ground.id);
        let bytes = fs::read(&path).unwrap();
        let mut journal = reopen(ground);
        ground.roll_back(&mut journal);
        drop(journal);
        fs::write(&path, bytes).unwrap();

        let mut journal = reopen(ground);
        let report = ground.roll_back(&mut journal);

        assert_same(&ground.picture(), &before);
        assert_untouched(&report);
        assert!(!report.has_remarks(), "{report}");
    });
}

#[test]
fn what_others_changed_meanwhile_is_left_alone() {
    needs_kernel!();
    let most = 2;
    for number in 0..most {
        of_each(|ground, case| {
            let Some(meddling) = case.meddling.get(number) else {
                assert!(case.meddling.len() <= most);
                return;
            };
            let mut journal = done(ground, case);
            (meddling.act)(ground);
            let changed = ground.picture();

            let report = ground.roll_back(&mut journal);

            assert_same(&ground.picture(), &changed);
            assert_untouched(&report);
            let left = report.items[0].left.as_deref();
            match meddling.left {
                None => assert_eq!(left, None),
                Some(words) => assert!(left.is_some_and(|left| left.contains(words)), "{left:?}"),
            }
            // What is left alone is settled: a DEL does not come back to it.
            journal.finish().unwrap();
        });
    }
}

#[test]
fn what_went_with_its_link_or_namespace_needs_no_undoing() {
    needs_kernel!();
    of_each(|ground, case| {
        let mut journal = done(ground, case);
        for name in ["nic0", "nic2", "br0", "cni0", "w0"] {
            if let Some(link) = ground
                .kernel
                .link_by_name(cofferdam_protocol::Place::Host, name)
                .unwrap()
            {
                ground.kernel.delete_link(link.id).unwrap();
            }
        }
        ground.lose_container();

        let report = ground.roll_back(&mut journal);

        assert!(report.is_clean() && !report.has_remarks(), "{report}");
        journal.finish().unwrap();
    });
}

fn reopen(ground: &Ground) -> Journal {
    let locked = ground.state.directory.lock(&ground.id, soon()).unwrap();
    assert_eq!(locked.history().pending().count(), 1);
    locked.reopen().unwrap()
}
