//! Chains and their rules.

use super::{
    batch::{Batch, Message, Part, Subject},
    check::{self, At, Checked},
    constants::{
        NF_ACCEPT, NF_DROP, NF_INET_FORWARD, NF_INET_LOCAL_IN, NF_INET_LOCAL_OUT, NF_INET_POST_ROUTING,
        NF_INET_PRE_ROUTING, NF_IP_PRI_CONNTRACK, NFT_MSG_DELCHAIN, NFT_MSG_DELRULE, NFT_MSG_NEWCHAIN, NFT_MSG_NEWRULE,
        NFTA_CHAIN_HOOK, NFTA_CHAIN_NAME, NFTA_CHAIN_POLICY, NFTA_CHAIN_TYPE, NFTA_HOOK_HOOKNUM, NFTA_HOOK_PRIORITY,
        NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS, NFTA_RULE_USERDATA, NLM_F_APPEND, NLM_F_CREATE,
    },
    rule, set, words,
};
use crate::{
    Result,
    nftables::{Base, Chain, ChainType, Family, Hook, TableId},
};

/// Refuses a chain that the kernel would not call.
pub(crate) fn check(table: &TableId, chain: &Chain) -> Result<()> {
    check::name_in(table, "chain", &chain.name)?;
    chain
        .base
        .map_or(Ok(()), |base| check_base(table.family, base))
        .at(format_args!("chain {} of {table}", chain.name))
}

fn check_base(family: Family, base: Base) -> Checked<()> {
    let Base {
        chain_type,
        hook,
        priority,
        ..
    } = base;
    match chain_type {
        ChainType::Filter => Ok(()),
        _ if family == Family::Bridge => Err("bridge tables have chains of the type filter only".to_owned()),
        ChainType::Nat if hook == Hook::Forward => Err("addresses are not translated at the hook forward".to_owned()),
        ChainType::Nat if priority <= NF_IP_PRI_CONNTRACK => Err(format!(
            "a chain of the type nat comes after connection tracking: its priority is more than \
             {NF_IP_PRI_CONNTRACK}, not {priority}"
        )),
        ChainType::Nat => Ok(()),
        ChainType::Route if hook == Hook::Output => Ok(()),
        ChainType::Route => Err("chains of the type route are for the hook output".to_owned()),
    }
}

/// Makes a chain; `flags` is `NLM_F_CREATE`, with `NLM_F_EXCL` when it may
/// not exist.
pub(crate) fn create<'a>(batch: &mut Batch<'a>, chain: &'a Chain, flags: u16) {
    let subject = Subject::Chain(&chain.name);
    let mut message = Message::new(NFT_MSG_NEWCHAIN, flags, subject, batch.table);
    message.attributes.text(NFTA_CHAIN_NAME, &chain.name);
    if let Some(base) = chain.base {
        message.attributes.nested(NFTA_CHAIN_HOOK, |nested| {
            nested.u32(NFTA_HOOK_HOOKNUM, hook_number(base.hook));
            nested.i32(NFTA_HOOK_PRIORITY, base.priority);
        });
        let policy = if base.default_drop { NF_DROP } else { NF_ACCEPT };
        message.attributes.i32(NFTA_CHAIN_POLICY, policy);
        let name = type_name(base.chain_type);
        message.mark(Part::ChainType(name));
        message.attributes.text(NFTA_CHAIN_TYPE, name);
    }
    batch.push(message);
}

/// Deletes a chain with its rules.
pub(crate) fn delete<'a>(batch: &mut Batch<'a>, chain: &'a str) {
    let mut message = Message::new(NFT_MSG_DELCHAIN, 0, Subject::Chain(chain), batch.table);
    message.attributes.text(NFTA_CHAIN_NAME, chain);
    batch.push(message);
}

/// Deletes the rules of a chain.
pub(super) fn flush<'a>(batch: &mut Batch<'a>, chain: &'a str) {
    let mut message = Message::new(NFT_MSG_DELRULE, 0, Subject::Chain(chain), batch.table);
    message.attributes.text(NFTA_RULE_CHAIN, chain);
    batch.push(message);
}

/// Adds the rules of a chain that exists by then.
pub(super) fn add_rules<'a>(batch: &mut Batch<'a>, scope: rule::Scope<'_>, chain: &'a Chain) -> Result<()> {
    for (number, declared) in (1..).zip(&chain.rules) {
        let set_id = batch.next_set_id();
        let encoded = rule::encode(scope, chain, declared, set_id).at(words::rule(scope.table, &chain.name, number))?;
        if encoded.needs_port_protocols {
            set::create_port_protocols(batch, set_id);
        }
        batch.push(rule_message(batch.table, &chain.name, number, encoded));
    }
    Ok(())
}

fn rule_message<'a>(table: &TableId, chain: &'a str, number: usize, rule: rule::EncodedRule) -> Message<'a> {
    let subject = Subject::Rule { chain, number };
    let flags = NLM_F_CREATE | NLM_F_APPEND;
    let mut message = Message::new(NFT_MSG_NEWRULE, flags, subject, table);
    message.attributes.text(NFTA_RULE_CHAIN, chain);
    let Message { attributes, parts, .. } = &mut message;
    attributes.nested(NFTA_RULE_EXPRESSIONS, |list| {
        let base = super::batch::HEADER + list.len();
        parts.extend(
            rule.expressions
                .origins
                .into_iter()
                .map(|origin| (base + origin.offset, Part::Expression(origin))),
        );
        list.append(rule.expressions.attributes);
    });
    if let Some(user_data) = rule.user_data {
        attributes.bytes(NFTA_RULE_USERDATA, &user_data);
    }
    message
}

/// `NF_INET_*`; those of bridges have the same numbers
/// (`linux/netfilter_bridge.h`).
pub(crate) fn hook_number(hook: Hook) -> u32 {
    match hook {
        Hook::Prerouting => NF_INET_PRE_ROUTING,
        Hook::Input => NF_INET_LOCAL_IN,
        Hook::Forward => NF_INET_FORWARD,
        Hook::Output => NF_INET_LOCAL_OUT,
        Hook::Postrouting => NF_INET_POST_ROUTING,
    }
}

pub(crate) fn type_name(chain_type: ChainType) -> &'static str {
    match chain_type {
        ChainType::Filter => "filter",
        ChainType::Nat => "nat",
        ChainType::Route => "route",
    }
}
