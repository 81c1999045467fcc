//! Requests to nf_tables: what of them makes no sense, whatever the kernel has,
//! is found out when they are written. Only the kernel of Linux gets them.

// Elsewhere they are written to see whether they make sense, and that is all.
#![cfg_attr(not(target_os = "linux"), allow(dead_code))]

pub(crate) mod attribute;
pub(crate) mod batch;
pub(crate) mod chain;
pub(crate) mod check;
pub(crate) mod constants;
pub(crate) mod element;
pub(crate) mod expression;
#[cfg(test)]
mod properties;
mod rule;
mod set;
#[cfg(test)]
pub(crate) mod strategies;
pub(crate) mod table;
pub(crate) mod user_data;
mod value;
pub(crate) mod words;

use self::{
    batch::Batch,
    check::At,
    constants::{NFT_MSG_DELSETELEM, NFT_MSG_NEWSETELEM},
    element::Extent,
};
use crate::{
    Result,
    nftables::{Chain, Element, Set, Table, TableId},
};

pub(crate) fn table_id(id: &TableId) -> Result<()> {
    check::table(id)
}

/// One that gets rules `alone` may lead to chains that it does not name.
pub(crate) fn declaration(declared: &Table, alone: bool) -> Result<()> {
    if !alone {
        return table::create(declared).map(drop);
    }
    table::check(declared)?;
    table::replace(declared, &std::collections::BTreeSet::new(), None).map(drop)
}

pub(crate) fn chain(id: &TableId, sets: &[Set], chain: &Chain) -> Result<()> {
    table::create_chain(id, sets, chain).map(drop)
}

pub(crate) fn chain_name(id: &TableId, chain: &str) -> Result<()> {
    check::table(id)?;
    check::name_in(id, "chain", chain)
}

pub(crate) fn elements(id: &TableId, set: &Set, elements: &[Element], comment: &str) -> Result<()> {
    check_set(id, set)?;
    check::comment(comment).at(format_args!("set {} of {id}", set.name))?;
    let mut batch = Batch::new(id, "adding");
    element::push_all(
        &mut batch,
        (NFT_MSG_NEWSETELEM, 0),
        set,
        elements,
        Extent::Whole { comment },
    )
}

pub(crate) fn keys(id: &TableId, set: &Set, elements: &[Element]) -> Result<()> {
    check_set(id, set)?;
    let mut batch = Batch::new(id, "looking for");
    element::push_all(&mut batch, (NFT_MSG_DELSETELEM, 0), set, elements, Extent::Key)
}

/// A set, as far as its elements are concerned.
pub(crate) fn check_set(table: &TableId, set: &Set) -> Result<()> {
    check::table(table)?;
    check::name_in(table, "set", &set.name)?;
    set::check(set).at(format_args!("set {} of {table}", set.name))
}
