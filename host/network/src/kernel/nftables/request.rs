//! What of nf_tables makes no sense, whatever the kernel has: what is found
//! out when a request is written.

use super::{
    Batch, Extent, check,
    check::At,
    check_set,
    constants::{NFT_MSG_DELSETELEM, NFT_MSG_NEWSETELEM},
    element, table,
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
