//! Rules in the table `filter` of iptables, written as iptables writes them,
//! so that it lists and deletes them like its own.

use std::net::IpAddr;

use super::{
    NftSocket,
    attribute::{Attributes, text_of},
    batch::{Batch, Message, Subject},
    chain,
    constants::{
        NF_ACCEPT, NFT_CMP_EQ, NFT_JUMP, NFT_MSG_NEWRULE, NFT_PAYLOAD_NETWORK_HEADER, NFTA_CMP_DATA, NFTA_CMP_OP,
        NFTA_DATA_VALUE, NFTA_DATA_VERDICT, NFTA_EXPR_DATA, NFTA_EXPR_NAME, NFTA_IMMEDIATE_DATA, NFTA_LIST_ELEM,
        NFTA_MATCH_NAME, NFTA_PAYLOAD_BASE, NFTA_PAYLOAD_OFFSET, NFTA_RULE_CHAIN, NFTA_RULE_COMPAT,
        NFTA_RULE_COMPAT_FLAGS, NFTA_RULE_COMPAT_PROTO, NFTA_RULE_EXPRESSIONS, NFTA_RULE_HANDLE, NFTA_VERDICT_CHAIN,
        NFTA_VERDICT_CODE, NLM_F_APPEND, NLM_F_CREATE,
    },
    expression::{ExpressionList, Payload, Register},
};
use crate::{
    Error, FORWARDING_CHAIN, ForwardingLead, Result, forwarding_table_of,
    nftables::{Chain, TableId, Verdict},
};

/// `struct xt_conntrack_mtinfo3`, as long as the kernel aligns it.
const CONNTRACK_INFO: usize = 168;
/// Offset of `match_flags` in it.
const CONNTRACK_FLAGS: usize = 146;
/// Offset of `state_mask`.
const CONNTRACK_STATES: usize = 150;
/// `XT_CONNTRACK_STATE`.
const BY_STATE: u16 = 1;
/// `XT_CONNTRACK_STATE_BIT` of `IP_CT_ESTABLISHED` and `IP_CT_RELATED`.
const ESTABLISHED_OR_RELATED: u16 = 0b110;
const CONNTRACK_REVISION: u32 = 3;
/// `struct xt_comment_info`.
const COMMENT_INFO: usize = 256;

/// A rule, as far as those that are made here differ.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outline {
    /// From nobody and to nobody in particular, to a chain.
    Lead(String),
    /// Whatever comes from the address is accepted.
    AcceptFrom(Vec<u8>),
    /// What goes to the address is, of connections that are known.
    AcceptReplies(Vec<u8>),
}

impl NftSocket {
    /// Whether the rule is there.
    pub(crate) fn has_lead(&mut self, lead: &ForwardingLead) -> Result<bool> {
        let wanted = Outline::Lead(lead.chain.clone());
        Ok(self
            .outlines(&lead.table(), &lead.from)?
            .iter()
            .any(|(_, outline)| *outline == wanted))
    }

    /// Makes the chain unless it is there, and the rule, before all others.
    pub(crate) fn add_lead(&mut self, lead: &ForwardingLead) -> Result<()> {
        let table = lead.table();
        let made = Chain {
            name: lead.chain.clone(),
            base: None,
            rules: Vec::new(),
        };
        chain::check(&table, &made)?;
        let mut batch = Batch::new(&table, "adding");
        chain::create(&mut batch, &made, NLM_F_CREATE);
        let mut expressions = ExpressionList::default();
        expressions.match_compatibly("comment", 0, &comment_info(&lead.comment));
        expressions.count();
        expressions.decide(&Verdict::Jump(lead.chain.clone()));
        batch.push(rule_message(&table, &lead.from, NLM_F_CREATE, expressions));
        self.commit(batch)
    }

    /// Deletes the rule; the chain stays.
    pub(crate) fn delete_lead(&mut self, lead: &ForwardingLead) -> Result<()> {
        let wanted = Outline::Lead(lead.chain.clone());
        self.delete_outlined(&lead.table(), &lead.from, &[wanted], lead)
    }

    /// Whether both rules of the address are there.
    pub(crate) fn accepts(&mut self, address: IpAddr) -> Result<bool> {
        let present = self.outlines(&forwarding_table_of(address), FORWARDING_CHAIN)?;
        let is_there = |wanted: &Outline| present.iter().any(|(_, outline)| outline == wanted);
        Ok(rules_of(address).iter().all(is_there))
    }

    /// Appends those of the two rules of the address that are missing.
    pub(crate) fn accept(&mut self, address: IpAddr) -> Result<()> {
        let table = forwarding_table_of(address);
        let present = self.outlines(&table, FORWARDING_CHAIN)?;
        let mut batch = Batch::new(&table, "adding");
        for wanted in rules_of(address) {
            if present.iter().all(|(_, outline)| *outline != wanted) {
                let flags = NLM_F_CREATE | NLM_F_APPEND;
                batch.push(rule_message(
                    &table,
                    FORWARDING_CHAIN,
                    flags,
                    wanted.expressions(address),
                ));
            }
        }
        if batch.messages.is_empty() {
            return Ok(());
        }
        self.commit(batch)
    }

    /// Deletes the two rules of the address.
    pub(crate) fn refuse(&mut self, address: IpAddr) -> Result<()> {
        let table = forwarding_table_of(address);
        let what = format!("rules that accept {address} in chain {FORWARDING_CHAIN} of {table}");
        self.delete_outlined(&table, FORWARDING_CHAIN, &rules_of(address), what)
    }

    fn delete_outlined(
        &mut self,
        table: &TableId,
        chain: &str,
        outlines: &[Outline],
        what: impl std::fmt::Display,
    ) -> Result<()> {
        let present = self.outlines(table, chain)?.into_iter();
        let found: Vec<(String, u64)> = present
            .filter(|(_, outline)| outlines.contains(outline))
            .map(|(handle, _)| (chain.to_owned(), handle))
            .collect();
        if found.is_empty() {
            return Err(Error::NotFound(what.to_string()));
        }
        self.delete_foreign(table, &found, &[])
    }

    /// The rules of a chain that are like those that are made here, with their
    /// handles.
    fn outlines(&mut self, table: &TableId, chain: &str) -> Result<Vec<(u64, Outline)>> {
        self.rules_of(table, chain, |rule| {
            let handle = rule.find(NFTA_RULE_HANDLE)?.first_chunk()?;
            let expressions = rule.find_nested(NFTA_RULE_EXPRESSIONS)?;
            Some((u64::from_be_bytes(*handle), Outline::read(expressions)?))
        })
    }
}

/// In the order of the reference plugin.
fn rules_of(address: IpAddr) -> [Outline; 2] {
    [
        Outline::AcceptReplies(octets(address)),
        Outline::AcceptFrom(octets(address)),
    ]
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

impl Outline {
    fn expressions(&self, address: IpAddr) -> ExpressionList {
        let mut list = ExpressionList::default();
        let payload = match (self, address) {
            (Self::AcceptReplies(_), IpAddr::V4(_)) => Payload::IP_DESTINATION,
            (Self::AcceptReplies(_), IpAddr::V6(_)) => Payload::IP6_DESTINATION,
            (_, IpAddr::V4(_)) => Payload::IP_SOURCE,
            (_, IpAddr::V6(_)) => Payload::IP6_SOURCE,
        };
        list.load_payload(payload, Register::FIRST);
        list.compare(Register::FIRST, &octets(address), false);
        if matches!(self, Self::AcceptReplies(_)) {
            list.match_compatibly("conntrack", CONNTRACK_REVISION, &conntrack_info());
        }
        list.count();
        list.decide(&Verdict::Accept);
        list
    }

    /// `None` for a rule that looks at anything else.
    fn read(expressions: Attributes<'_>) -> Option<Self> {
        let mut seen = Seen::default();
        for (kind, expression) in expressions {
            let expression = Attributes::new(expression);
            let name = expression.find(NFTA_EXPR_NAME).map(text_of)?;
            if kind != NFTA_LIST_ELEM {
                return None;
            }
            if name != "counter" {
                seen.read(&name, &expression.find_nested(NFTA_EXPR_DATA)?)?;
            }
        }
        seen.outline()
    }
}

/// What was read of a rule.
#[derive(Default)]
struct Seen {
    /// Of the part of the header that was loaded last.
    offset: Option<u32>,
    source: Option<Vec<u8>>,
    destination: Option<Vec<u8>>,
    is_tracked: bool,
    code: Option<i32>,
    chain: Option<String>,
}

impl Seen {
    fn read(&mut self, name: &str, data: &Attributes<'_>) -> Option<()> {
        match name {
            "payload" => {
                let is_network = number(data, NFTA_PAYLOAD_BASE)? == NFT_PAYLOAD_NETWORK_HEADER;
                self.offset = Some(number(data, NFTA_PAYLOAD_OFFSET)?).filter(|_| is_network);
                self.offset.map(|_| ())
            }
            "cmp" => {
                let value = data.find_nested(NFTA_CMP_DATA)?.find(NFTA_DATA_VALUE)?.to_vec();
                let is_equal = number(data, NFTA_CMP_OP)? == NFT_CMP_EQ;
                let end = match (self.offset.take()?, value.len()) {
                    (12, 4) | (8, 16) => &mut self.source,
                    (16, 4) | (24, 16) => &mut self.destination,
                    _ => return None,
                };
                (is_equal && end.replace(value).is_none()).then_some(())
            }
            "match" => match data.find(NFTA_MATCH_NAME).map(text_of)?.as_str() {
                "comment" => Some(()),
                "conntrack" => {
                    self.is_tracked = true;
                    Some(())
                }
                _ => None,
            },
            "immediate" => {
                let verdict = data.find_nested(NFTA_IMMEDIATE_DATA)?.find_nested(NFTA_DATA_VERDICT)?;
                let code = verdict.find(NFTA_VERDICT_CODE)?.first_chunk()?;
                self.code = Some(i32::from_be_bytes(*code));
                self.chain = verdict.find(NFTA_VERDICT_CHAIN).map(text_of);
                Some(())
            }
            _ => None,
        }
    }

    fn outline(self) -> Option<Outline> {
        match (self.source, self.destination, self.is_tracked, self.code?) {
            (None, None, false, NFT_JUMP) => Some(Outline::Lead(self.chain?)),
            (Some(source), None, false, NF_ACCEPT) => Some(Outline::AcceptFrom(source)),
            (None, Some(destination), true, NF_ACCEPT) => Some(Outline::AcceptReplies(destination)),
            _ => None,
        }
    }
}

fn number(data: &Attributes<'_>, kind: u16) -> Option<u32> {
    Some(u32::from_be_bytes(*data.find(kind)?.first_chunk()?))
}

fn comment_info(comment: &str) -> Vec<u8> {
    let mut info = comment.as_bytes().to_vec();
    // The last byte is a NUL.
    info.truncate(COMMENT_INFO - 1);
    info.resize(COMMENT_INFO, 0);
    info
}

fn conntrack_info() -> Vec<u8> {
    let mut info = vec![0; CONNTRACK_INFO];
    info[CONNTRACK_FLAGS..CONNTRACK_FLAGS + 2].copy_from_slice(&BY_STATE.to_ne_bytes());
    info[CONNTRACK_STATES..CONNTRACK_STATES + 2].copy_from_slice(&ESTABLISHED_OR_RELATED.to_ne_bytes());
    info
}

fn rule_message<'a>(table: &TableId, chain: &'a str, flags: u16, expressions: ExpressionList) -> Message<'a> {
    let mut message = Message::new(NFT_MSG_NEWRULE, flags, Subject::Chain(chain), table);
    message.attributes.text(NFTA_RULE_CHAIN, chain);
    message
        .attributes
        .nested(NFTA_RULE_EXPRESSIONS, |list| list.append(expressions.attributes));
    message.attributes.nested(NFTA_RULE_COMPAT, |compat| {
        compat.u32(NFTA_RULE_COMPAT_PROTO, 0);
        compat.u32(NFTA_RULE_COMPAT_FLAGS, 0);
    });
    message
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_to_an_end(bytes: Vec<u8>) {
            Outline::read(Attributes::new(&bytes));
        }
    }

    #[test]
    fn a_rule_is_read_as_it_is_written() {
        for address in ["10.0.0.2", "fd00::2"] {
            let address: IpAddr = address.parse().expect("an address");
            for outline in rules_of(address) {
                let bytes = outline.expressions(address).attributes.finish().expect("it is short");
                assert_eq!(Outline::read(Attributes::new(&bytes)), Some(outline));
            }
        }
    }
}
