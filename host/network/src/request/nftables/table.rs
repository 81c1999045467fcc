//! Tables, and the changes that are made of several messages.

use std::collections::BTreeSet;

use super::{
    batch::{Batch, Message, Subject},
    chain,
    check::{self, At},
    constants::{NFT_MSG_DELTABLE, NFT_MSG_NEWTABLE, NFTA_TABLE_FLAGS, NFTA_TABLE_USERDATA, NLM_F_CREATE, NLM_F_EXCL},
    rule::Scope,
    set, user_data,
};
use crate::{
    Result,
    nftables::{Chain, Set, Table, TableId},
};

/// Says to who lists the ruleset where a table comes from.
const COMMENT: &str = "made by cofferdam";

/// Makes a table with all that is in it.
pub(crate) fn create(table: &Table) -> Result<Batch<'_>> {
    check(table)?;
    let mut batch = Batch::new(&table.id, "creating");
    let flags = NLM_F_CREATE | NLM_F_EXCL;
    let mut message = Message::new(NFT_MSG_NEWTABLE, flags, Subject::Table, &table.id);
    message.attributes.u32(NFTA_TABLE_FLAGS, 0);
    // Kernels before 5.10 pass over it.
    message
        .attributes
        .bytes(NFTA_TABLE_USERDATA, &user_data::comment(COMMENT));
    batch.push(message);
    for set in &table.sets {
        create_set(&mut batch, set, flags)?;
    }
    for chain in &table.chains {
        chain::create(&mut batch, chain, flags);
    }
    add_rules(&mut batch, table, Some(&table.chains))?;
    Ok(batch)
}

/// Gives a table the chains and rules that are declared, and the sets that it
/// lacks. `moved` are those chains that exist and that the kernel calls
/// elsewhere, which only a new chain can change; `targets` is for [`Scope`].
pub(crate) fn replace<'a>(table: &'a Table, moved: &BTreeSet<&str>, targets: Option<&'a [Chain]>) -> Result<Batch<'a>> {
    let mut batch = Batch::new(&table.id, "changing");
    for set in &table.sets {
        create_set(&mut batch, set, NLM_F_CREATE)?;
    }
    let is_moved = |chain: &&Chain| moved.contains(chain.name.as_str());
    for chain in table.chains.iter().filter(|chain| !is_moved(chain)) {
        chain::create(&mut batch, chain, NLM_F_CREATE);
    }
    for chain in &table.chains {
        chain::flush(&mut batch, &chain.name);
    }
    for chain in table.chains.iter().filter(is_moved) {
        chain::delete(&mut batch, &chain.name);
        chain::create(&mut batch, chain, NLM_F_CREATE);
    }
    add_rules(&mut batch, table, targets)?;
    Ok(batch)
}

/// Deletes a table with all that is in it.
pub(crate) fn delete(table: &TableId) -> Batch<'_> {
    let mut batch = Batch::new(table, "deleting");
    batch.push(Message::new(NFT_MSG_DELTABLE, 0, Subject::Table, table));
    batch
}

/// Makes one chain with its rules.
pub(crate) fn create_chain<'a>(table: &'a TableId, sets: &[Set], chain: &'a Chain) -> Result<Batch<'a>> {
    check::table(table)?;
    chain::check(table, chain)?;
    let mut batch = Batch::new(table, "creating");
    chain::create(&mut batch, chain, NLM_F_CREATE | NLM_F_EXCL);
    let scope = Scope {
        table,
        sets,
        chains: None,
    };
    chain::add_rules(&mut batch, scope, chain)?;
    Ok(batch)
}

fn create_set<'a>(batch: &mut Batch<'a>, declared: &'a Set, flags: u16) -> Result<()> {
    let table = batch.table;
    set::create(batch, declared, flags).at(format_args!("set {} of {table}", declared.name))
}

fn add_rules<'a>(batch: &mut Batch<'a>, table: &'a Table, targets: Option<&'a [Chain]>) -> Result<()> {
    let scope = Scope {
        table: &table.id,
        sets: &table.sets,
        chains: targets,
    };
    table
        .chains
        .iter()
        .try_for_each(|chain| chain::add_rules(batch, scope, chain))
}

/// Refuses names that can't be and names that come twice.
pub(crate) fn check(table: &Table) -> Result<()> {
    check::table(&table.id)?;
    for set in &table.sets {
        check::name_in(&table.id, "set", &set.name)?;
    }
    for chain in &table.chains {
        chain::check(&table.id, chain)?;
    }
    let sets = check::duplicate(table.sets.iter().map(|set| set.name.as_str()));
    let chains = check::duplicate(table.chains.iter().map(|chain| chain.name.as_str()));
    match sets.or(chains) {
        Some(name) => Err(format!("{name:?} is declared twice")).at(&table.id),
        None => Ok(()),
    }
}
