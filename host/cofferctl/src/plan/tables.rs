//! The node's nftables tables that are Cofferdam's own. Nobody lists what is in
//! a table; journals tell what was put there.

use std::collections::BTreeMap;

use cofferdam_journal::{Entry, Operation, StateDirectory};
use cofferdam_network::{
    Network,
    nftables::{Set, TableId},
};
use cofferdam_protocol::Place;

/// Puts those that are there into a network in memory.
pub(crate) fn rebuild(state: &StateDirectory, is_there: &mut dyn FnMut(&TableId) -> bool, into: &mut dyn Network) {
    let summaries = state.attachments(None).unwrap_or_default();
    let histories = summaries.iter().filter_map(|summary| summary.history.as_ref());
    let entries: Vec<&Entry> = histories.flat_map(|history| history.pending()).collect();
    let operations = || entries.iter().map(|entry| &entry.operation);
    // What a chain looks up, and what elements lead to, may be in a journal that
    // comes later.
    let sets = sets(operations());
    operations().for_each(|operation| put_table(operation, is_there, into));
    operations().for_each(|operation| put_chain(operation, &sets, into));
    operations().for_each(|operation| put_elements(operation, into));
}

/// The sets and maps of each table.
fn sets<'o>(operations: impl Iterator<Item = &'o Operation>) -> BTreeMap<&'o TableId, Vec<Set>> {
    let mut sets: BTreeMap<&TableId, Vec<Set>> = BTreeMap::new();
    for operation in operations {
        if let Operation::CreateTable { table, .. } | Operation::ReplaceChains { table, .. } = operation {
            let known = sets.entry(&table.id).or_default();
            for set in &table.sets {
                if known.iter().all(|known| known.name != set.name) {
                    known.push(set.clone());
                }
            }
        }
    }
    sets
}

/// What is there already is no failure: several journals may tell of it.
fn put_table(operation: &Operation, is_there: &mut dyn FnMut(&TableId) -> bool, into: &mut dyn Network) {
    let _ = match operation {
        Operation::CreateTable {
            place: Place::Host,
            table,
        } if is_there(&table.id) => into.create_table(Place::Host, table),
        Operation::ReplaceChains {
            place: Place::Host,
            table,
        } if is_there(&table.id) => into.replace_chains(Place::Host, table),
        _ => return,
    };
}

fn put_chain(operation: &Operation, sets: &BTreeMap<&TableId, Vec<Set>>, into: &mut dyn Network) {
    if let Operation::CreateChain {
        place: Place::Host,
        table,
        chain,
    } = operation
    {
        let of_table = sets.get(table).map(Vec::as_slice).unwrap_or_default();
        let _ = into.create_chain(Place::Host, table, of_table, chain);
    }
}

fn put_elements(operation: &Operation, into: &mut dyn Network) {
    if let Operation::AddElements {
        place: Place::Host,
        table,
        set,
        elements,
        comment,
    } = operation
    {
        let _ = into.add_elements(Place::Host, table, set, elements, comment);
    }
}
