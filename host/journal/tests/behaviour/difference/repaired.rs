//! What is put back, and what is left alone.

use cofferdam_journal::{History, Repair, Repaired};
use cofferdam_network::Network as _;
use cofferdam_protocol::Place;
use cofferdam_tests::needs_kernel;

use super::{
    by_hand, committed, differences,
    later::{declare, with_rules},
};
use crate::{
    cases::{Case, cases},
    fixture::soon,
    ground::{Ground, assert_same},
    steps::nft,
};

fn repair(ground: &mut Ground, history: &History, really: bool) -> Repaired {
    let shared = ground.shared();
    let id = ground.id.clone();
    let mut repair = Repair {
        network: &mut ground.kernel,
        shared: &shared,
        id: &id,
        deadline: soon(),
    };
    if really {
        repair.run(history).unwrap()
    } else {
        repair.foresee(history).unwrap()
    }
}

fn of_each(check: impl Fn(&mut Ground, &Case) + Sync) {
    let mut more = true;
    let mut number = 0;
    while more {
        Ground::run(|ground| match cases(ground).get(number) {
            None => more = false,
            Some(case) if matches!(case.inverse, cofferdam_journal::Inverse::WithLink { .. }) => {}
            Some(case) => {
                eprintln!("{number}: {}", case.operation);
                check(ground, case);
            }
        });
        number += 1;
    }
}

#[test]
fn what_is_missing_is_put_back_as_it_was() {
    needs_kernel!();
    of_each(|ground, case| {
        let history = committed(ground, &[case]);
        let before = ground.picture();
        by_hand::undo(ground, &case.operation, &case.inverse);
        let undone = ground.picture();
        let told = differences(ground, &history);

        let foreseen = repair(ground, &history, false);
        assert_same(&ground.picture(), &undone);
        let repaired = repair(ground, &history, true);

        assert_eq!(repaired, foreseen);
        let all = repaired.mended.iter().map(ToString::to_string);
        let all = all.chain(repaired.left.iter().map(|left| left.difference.to_string()));
        assert_eq!(all.collect::<Vec<_>>(), told);
        if repaired.left.is_empty() {
            assert_same(&ground.picture(), &before);
            assert_eq!(differences(ground, &history), [""; 0]);
        } else {
            assert_same(&ground.picture(), &undone);
        }
    });
}

#[test]
fn what_somebody_put_in_the_place_stays() {
    needs_kernel!();
    of_each(|ground, case| {
        let history = committed(ground, &[case]);
        if !by_hand::replace(ground, &case.operation) {
            return;
        }
        let theirs = ground.picture();
        let repaired = repair(ground, &history, true);
        assert_same(&ground.picture(), &theirs);
        assert!(repaired.mended.is_empty() && !repaired.left.is_empty(), "{repaired:?}");
    });
}

/// Elements come to light when their table is there.
#[test]
fn what_is_in_a_table_comes_back_with_it() {
    needs_kernel!();
    Ground::run(|ground| {
        let all = cases(ground);
        let find = |words: &str| {
            let mut all = all.iter();
            all.find(|case| case.operation.to_string().starts_with(words)).unwrap()
        };
        let table = find("create nftables table inet other");
        let place = Place::Host;
        let id = crate::things::other_table().id;
        let mut journal = ground.begin();
        crate::steps::do_it(ground, &mut journal, table);
        let ours = vec![crate::things::element("10.0.0.2")];
        let operation = cofferdam_journal::Operation::AddElements {
            place,
            table: id.clone(),
            set: crate::things::set(),
            elements: ours.clone(),
            comment: crate::ground::COMMENT.to_owned(),
        };
        let inverse = cofferdam_journal::Inverse::DeleteElements {
            place,
            table: id.clone(),
            set: crate::things::set(),
            elements: ours.clone(),
            comment: crate::ground::COMMENT.to_owned(),
        };
        ground.perform(&mut journal, &operation, &inverse, |ground| {
            let kernel = &mut ground.kernel;
            kernel
                .add_elements(place, &id, &crate::things::set(), &ours, crate::ground::COMMENT)
                .unwrap();
            cofferdam_journal::Outcome::default()
        });
        journal.commit("{}").unwrap();
        let history = journal.history().clone();
        let before = ground.picture();
        nft("delete table inet other");

        let repaired = repair(ground, &history, true);

        assert_same(&ground.picture(), &before);
        assert_eq!((repaired.mended.len(), repaired.left.len()), (2, 0), "{repaired:?}");
    });
}

/// One chain lost its rules, and somebody added to another one of the table.
#[test]
fn rules_of_others_stay_where_the_tables_own_come_back() {
    needs_kernel!();
    Ground::run(|ground| {
        let id = ground.id.clone();
        let mut table = with_rules(2);
        table.chains.push(cofferdam_network::nftables::Chain {
            name: "other".to_owned(),
            ..table.chains[0].clone()
        });
        let journal = declare(ground, &id, &table, true);
        let place = Place::Host;
        nft("flush chain inet other forward");
        nft("add rule inet other other accept");

        let repaired = repair(ground, journal.history(), true);

        let mut count = |chain: &str| ground.kernel.rule_count(place, &table.id, chain).unwrap();
        assert_eq!((count("forward"), count("other")), (Some(2), Some(3)));
        assert_eq!((repaired.mended.len(), repaired.left.len()), (1, 1), "{repaired:?}");
        // A rule of theirs in a chain that lost its own keeps those away, too.
        nft("flush chain inet other forward");
        nft("add rule inet other forward accept");
        let repaired = repair(ground, journal.history(), true);
        assert_eq!((repaired.mended.len(), repaired.left.len()), (0, 2), "{repaired:?}");
        let count = ground.kernel.rule_count(place, &table.id, "forward").unwrap();
        assert_eq!(count, Some(1));
    });
}
