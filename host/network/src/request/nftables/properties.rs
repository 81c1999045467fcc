//! What holds for every declaration.

#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;

use super::{
    attribute::{Attributes, text_of},
    constants::{NFNL_SUBSYS_NFTABLES, NFT_MSG_NEWRULE, NFTA_EXPR_NAME, NFTA_RULE_EXPRESSIONS},
    strategies, table,
};
use crate::Error;

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
