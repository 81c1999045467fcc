//! What holds for every declaration.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{cell::Cell, thread, time::Duration};

use nix::sched::{CloneFlags, unshare};
use proptest::{prelude::*, test_runner::TestRunner};

use super::{
    NftSocket,
    attribute::{Attributes, text_of},
    constants::{NFNL_SUBSYS_NFTABLES, NFT_MSG_NEWRULE, NFTA_EXPR_NAME, NFTA_RULE_EXPRESSIONS},
    strategies, table,
};
use crate::{Error, nftables::Family};

/// Written down a second time on purpose: a name that is new here is a
/// decision.
const CLOSED_LIST: [&str; 11] = [
    "bitwise",
    "cmp",
    "counter",
    "ct",
    "fib",
    "immediate",
    "lookup",
    "masq",
    "meta",
    "nat",
    "payload",
];

/// The names of all expressions in a batch.
fn expressions(mut batch: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(header) = batch.first_chunk::<8>() {
        let length = u32::from_ne_bytes(*header.first_chunk().unwrap());
        let kind = u16::from_ne_bytes([header[4], header[5]]);
        let (message, rest) = batch.split_at(usize::try_from(length).unwrap());
        if kind == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE) {
            let list = Attributes::new(&message[20..])
                .find_nested(NFTA_RULE_EXPRESSIONS)
                .unwrap();
            names
                .extend(list.map(|(_, expression)| text_of(Attributes::new(expression).find(NFTA_EXPR_NAME).unwrap())));
        }
        batch = rest;
    }
    names
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_declaration_becomes_expressions_of_the_closed_list_or_is_refused(
        table in strategies::table()
    ) {
        match table::create(&table) {
            Ok(batch) => {
                for name in expressions(&batch.encode(1).unwrap().bytes) {
                    prop_assert!(CLOSED_LIST.contains(&name.as_str()), "{}", name);
                }
            }
            Err(Error::Invalid(text)) => prop_assert!(text.contains("nftables table"), "{}", text),
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_kernel_takes_what_makes_sense() {
    let test = || {
        if unshare(CloneFlags::CLONE_NEWNET).is_err() {
            eprintln!("skipped: a network namespace can't be made here");
            return;
        }
        let mut runner = TestRunner::new(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::with_cases(2_000)
        });
        let socket = std::cell::RefCell::new(NftSocket::open(Duration::from_secs(10)).unwrap());
        let taken = Cell::new(0);
        runner
            .run(&strategies::table(), |table| {
                let mut socket = socket.borrow_mut();
                match socket.create_table(&table) {
                    Ok(()) => {
                        taken.set(taken.get() + 1);
                        socket.replace_chains(&table).unwrap();
                        socket.delete_table(&table.id).unwrap();
                    }
                    // A kernel may lack connection tracking of bridges.
                    Err(Error::Unsupported(_)) if table.id.family == Family::Bridge => {}
                    Err(Error::Invalid(_)) => {}
                    Err(other) => panic!("{other:?}"),
                }
                Ok(())
            })
            .unwrap();
        assert!(taken.get() > 100, "only {} made sense", taken.get());
    };
    thread::spawn(test).join().unwrap();
}
