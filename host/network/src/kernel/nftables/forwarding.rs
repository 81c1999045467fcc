//! Rules in the table `filter` of iptables, written as iptables writes them,
//! so that it lists and deletes them like its own.

use std::net::IpAddr;

use super::NftSocket;
use crate::{
    Error, Forwarded, ForwardingLead, Result, forwarding_table_of,
    nftables::{Chain, TableId, Verdict},
    request::nftables::{
        attribute::{Attributes, text_of},
        batch::{Batch, Message, Subject},
        chain,
        constants::{
            NF_ACCEPT, NFT_CMP_EQ, NFT_JUMP, NFT_MSG_NEWRULE, NFT_PAYLOAD_NETWORK_HEADER, NFTA_CMP_DATA, NFTA_CMP_OP,
            NFTA_DATA_VALUE, NFTA_DATA_VERDICT, NFTA_EXPR_DATA, NFTA_EXPR_NAME, NFTA_IMMEDIATE_DATA, NFTA_LIST_ELEM,
            NFTA_MATCH_INFO, NFTA_MATCH_NAME, NFTA_MATCH_REV, NFTA_PAYLOAD_BASE, NFTA_PAYLOAD_OFFSET, NFTA_RULE_CHAIN,
            NFTA_RULE_COMPAT, NFTA_RULE_COMPAT_FLAGS, NFTA_RULE_COMPAT_PROTO, NFTA_RULE_EXPRESSIONS, NFTA_RULE_HANDLE,
            NFTA_VERDICT_CHAIN, NFTA_VERDICT_CODE, NLM_F_APPEND, NLM_F_CREATE,
        },
        expression::{ExpressionList, Payload, Register},
    },
};

/// `struct xt_conntrack_mtinfo3`, as long as the kernel aligns it.
const CONNTRACK_INFO: usize = 168;
/// Offset of `match_flags` in it.
const CONNTRACK_FLAGS: usize = 146;
/// Offset of `state_mask`.
const CONNTRACK_STATES: usize = 150;
/// Offset of `invert_flags`.
const CONNTRACK_INVERTED: usize = 148;
/// `XT_CONNTRACK_STATE`.
const BY_STATE: u16 = 1;
/// `XT_CONNTRACK_DIRECTION`; inverted it is that of replies.
const BY_DIRECTION: u16 = 1 << 12;
/// `XT_CONNTRACK_STATE_BIT` of `IP_CT_ESTABLISHED` and `IP_CT_RELATED`.
const ESTABLISHED_OR_RELATED: u16 = 0b110;
/// `XT_CONNTRACK_STATE_DNAT`.
const TRANSLATED: u16 = 1 << 7;
const CONNTRACK_REVISION: u32 = 3;
/// `struct xt_comment_info`.
const COMMENT_INFO: usize = 256;
/// By this the rules for published ports are known from those of others, in
/// whose chain they are.
const PUBLISHED: &str = "cofferdam published ports";

/// A rule, as far as those that are made here differ.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outline {
    /// From nobody and to nobody in particular, to a chain.
    Lead(String),
    /// Whatever comes from the address is accepted.
    AcceptFrom(Vec<u8>),
    /// What goes to the address is, of connections that are known.
    AcceptReplies(Vec<u8>),
    /// What goes to the address is, of connections that a translation led to
    /// it.
    AcceptToPublished(Vec<u8>),
    /// What comes from the address is, in answer to those.
    AcceptFromPublished(Vec<u8>),
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
    pub(crate) fn accepts(&mut self, address: IpAddr, what: Forwarded) -> Result<bool> {
        let present = self.outlines(&forwarding_table_of(address), what.chain())?;
        let is_there = |wanted: &Outline| present.iter().any(|(_, outline)| outline == wanted);
        Ok(rules_of(address, what).iter().all(is_there))
    }

    /// Appends those of the two rules of the address that are missing.
    pub(crate) fn accept(&mut self, address: IpAddr, what: Forwarded) -> Result<()> {
        let table = forwarding_table_of(address);
        let present = self.outlines(&table, what.chain())?;
        let mut batch = Batch::new(&table, "adding");
        for wanted in rules_of(address, what) {
            if present.iter().all(|(_, outline)| *outline != wanted) {
                let flags = NLM_F_CREATE | NLM_F_APPEND;
                batch.push(rule_message(&table, what.chain(), flags, wanted.expressions(address)));
            }
        }
        if batch.messages.is_empty() {
            return Ok(());
        }
        self.commit(batch)
    }

    /// Deletes the two rules of the address.
    pub(crate) fn refuse(&mut self, address: IpAddr, what: Forwarded) -> Result<()> {
        let table = forwarding_table_of(address);
        let rules = format!(
            "rules that accept {} in chain {} of {table}",
            what.of(address),
            what.chain()
        );
        self.delete_outlined(&table, what.chain(), &rules_of(address, what), rules)
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

/// What is sent, in the order of the reference plugin.
fn rules_of(address: IpAddr, what: Forwarded) -> [Outline; 2] {
    let octets = octets(address);
    match what {
        Forwarded::Sent => [Outline::AcceptReplies(octets.clone()), Outline::AcceptFrom(octets)],
        Forwarded::Published => [
            Outline::AcceptToPublished(octets.clone()),
            Outline::AcceptFromPublished(octets),
        ],
    }
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
            (Self::AcceptReplies(_) | Self::AcceptToPublished(_), IpAddr::V4(_)) => Payload::IP_DESTINATION,
            (Self::AcceptReplies(_) | Self::AcceptToPublished(_), IpAddr::V6(_)) => Payload::IP6_DESTINATION,
            (_, IpAddr::V4(_)) => Payload::IP_SOURCE,
            (_, IpAddr::V6(_)) => Payload::IP6_SOURCE,
        };
        list.load_payload(payload, Register::FIRST);
        list.compare(Register::FIRST, &octets(address), false);
        if let Some(connections) = self.connections() {
            list.match_compatibly("conntrack", CONNTRACK_REVISION, &connections.info());
        }
        if matches!(self, Self::AcceptToPublished(_) | Self::AcceptFromPublished(_)) {
            list.match_compatibly("comment", 0, &comment_info(PUBLISHED));
        }
        list.count();
        list.decide(&Verdict::Accept);
        list
    }

    fn connections(&self) -> Option<Connections> {
        match self {
            Self::Lead(_) | Self::AcceptFrom(_) => None,
            Self::AcceptReplies(_) => Some(Connections::Known),
            Self::AcceptToPublished(_) => Some(Connections::Translated),
            Self::AcceptFromPublished(_) => Some(Connections::TranslatedBack),
        }
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

/// Of which connections packets are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Connections {
    /// Any that has had an answer, or belongs to one.
    Known,
    /// Whose destination was translated, in the direction that they were begun.
    Translated,
    /// The same, in the other direction.
    TranslatedBack,
}

impl Connections {
    const ALL: [Self; 3] = [Self::Known, Self::Translated, Self::TranslatedBack];

    fn info(self) -> Vec<u8> {
        match self {
            Self::Known => conntrack_info(ESTABLISHED_OR_RELATED, BY_STATE, 0),
            Self::Translated => conntrack_info(TRANSLATED, BY_STATE | BY_DIRECTION, 0),
            Self::TranslatedBack => conntrack_info(TRANSLATED, BY_STATE | BY_DIRECTION, BY_DIRECTION),
        }
    }

    fn read(data: &Attributes<'_>) -> Option<Self> {
        let info = data.find(NFTA_MATCH_INFO)?;
        let is_known = number(data, NFTA_MATCH_REV)? == CONNTRACK_REVISION;
        Self::ALL
            .into_iter()
            .find(|connections| is_known && info.starts_with(&connections.info()))
    }
}

/// What was read of a rule.
#[derive(Default)]
struct Seen {
    /// Of the part of the header that was loaded last.
    offset: Option<u32>,
    source: Option<Vec<u8>>,
    destination: Option<Vec<u8>>,
    connections: Option<Connections>,
    is_published: bool,
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
                "comment" => {
                    let info = data.find(NFTA_MATCH_INFO)?;
                    self.is_published = info.starts_with(&comment_info(PUBLISHED));
                    Some(())
                }
                "conntrack" => {
                    self.connections = Some(Connections::read(data)?);
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
        let (source, destination) = (self.source, self.destination);
        match (source, destination, self.connections, self.code?) {
            (None, None, None, NFT_JUMP) => Some(Outline::Lead(self.chain?)),
            (Some(source), None, None, NF_ACCEPT) => Some(Outline::AcceptFrom(source)),
            (None, Some(destination), Some(Connections::Known), NF_ACCEPT) => Some(Outline::AcceptReplies(destination)),
            (None, Some(destination), Some(Connections::Translated), NF_ACCEPT) => {
                self.is_published.then_some(Outline::AcceptToPublished(destination))
            }
            (Some(source), None, Some(Connections::TranslatedBack), NF_ACCEPT) => {
                self.is_published.then_some(Outline::AcceptFromPublished(source))
            }
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

fn conntrack_info(states: u16, flags: u16, inverted: u16) -> Vec<u8> {
    let mut info = vec![0; CONNTRACK_INFO];
    for (offset, value) in [
        (CONNTRACK_FLAGS, flags),
        (CONNTRACK_INVERTED, inverted),
        (CONNTRACK_STATES, states),
    ] {
        info[offset..offset + 2].copy_from_slice(&value.to_ne_bytes());
    }
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
            let rules = [Forwarded::Sent, Forwarded::Published].map(|what| rules_of(address, what));
            for outline in rules.into_iter().flatten() {
                let bytes = outline.expressions(address).attributes.finish().expect("it is short");
                assert_eq!(Outline::read(Attributes::new(&bytes)), Some(outline));
            }
        }
    }
}
