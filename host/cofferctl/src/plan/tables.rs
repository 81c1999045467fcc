//! The node's nftables tables that are Cofferdam's own. Nobody lists what is in
//! a table; journals tell what was put there.

use cofferdam_journal::{Entry, Operation, StateDirectory};
use cofferdam_network::{Network, nftables::TableId};
use cofferdam_protocol::Place;

/// Puts those that are there into a network in memory.
pub(crate) fn rebuild(state: &StateDirectory, is_there: &mut dyn FnMut(&TableId) -> bool, into: &mut dyn Network) {
    for summary in state.attachments(None).unwrap_or_default() {
        let history = summary.history.as_ref();
        let entries: Vec<&Entry> = history.into_iter().flat_map(|history| history.pending()).collect();
        entries.iter().for_each(|entry| put(&entry.operation, is_there, into));
    }
    // Elements may have been put into tables whose journal is read later.
    for summary in state.attachments(None).unwrap_or_default() {
        for entry in summary.history.iter().flat_map(|history| history.pending()) {
            put_elements(&entry.operation, into);
        }
    }
}

/// What is there already is no failure: several journals may tell of it.
fn put(operation: &Operation, is_there: &mut dyn FnMut(&TableId) -> bool, into: &mut dyn Network) {
    let _ = match operation {
        Operation::CreateTable {
            place: Place::Host,
            table,
        } if is_there(&table.id) => into.create_table(Place::Host, table),
        Operation::ReplaceChains {
            place: Place::Host,
            table,
        } if is_there(&table.id) => into.replace_chains(Place::Host, table),
        Operation::CreateChain {
            place: Place::Host,
            table,
            chain,
        } => into.create_chain(Place::Host, table, &[], chain),
        _ => return,
    };
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
