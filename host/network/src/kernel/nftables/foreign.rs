//! Rules that other programs made, as far as it takes to delete them.

use nix::errno::Errno;

use super::{
    NftSocket, failure,
    reply::{self, Content},
};
use crate::{
    Error, Result,
    nftables::{ForeignRule, TableId},
    request::nftables::{
        attribute::{Attributes, text_of},
        batch::{Batch, Message, Subject},
        chain, check,
        constants::{
            NFT_MSG_DELRULE, NFT_MSG_GETRULE, NFTA_DATA_VERDICT, NFTA_EXPR_DATA, NFTA_IMMEDIATE_DATA, NFTA_LIST_ELEM,
            NFTA_MATCH_INFO, NFTA_MATCH_NAME, NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS, NFTA_RULE_HANDLE,
            NFTA_RULE_USERDATA, NFTA_VERDICT_CHAIN, NLM_F_DUMP,
        },
        user_data, words,
    },
};

/// How often a list is asked for that changes while it is read.
const TRIES: usize = 8;

impl NftSocket {
    /// The rules of a chain; none where there is no such chain or table.
    pub(crate) fn foreign_rules(&mut self, table: &TableId, chain: &str) -> Result<Vec<ForeignRule>> {
        self.rules_of(table, chain, read_rule)
    }

    /// What is read of each rule of a chain; nothing where there is no such
    /// chain or table.
    pub(super) fn rules_of<T>(
        &mut self,
        table: &TableId,
        chain: &str,
        read: impl Fn(&Attributes<'_>) -> Option<T>,
    ) -> Result<Vec<T>> {
        check::table(table)?;
        check::name_in(table, "chain", chain)?;
        for _ in 0..TRIES {
            if let Some(rules) = self.list_once(table, chain, &read)? {
                return Ok(rules);
            }
        }
        Err(Error::Conflict(format!(
            "the rules of chain {chain} of {table} change while they are read"
        )))
    }

    /// `None` when the rules changed meanwhile.
    fn list_once<T>(
        &mut self,
        table: &TableId,
        chain: &str,
        read: &impl Fn(&Attributes<'_>) -> Option<T>,
    ) -> Result<Option<Vec<T>>> {
        let deadline = self.transport.deadline();
        let subject = Subject::Chain(chain);
        let about = format!("reading the rules of {}", words::name(table, &subject, None));
        let mut message = Message::new(NFT_MSG_GETRULE, NLM_F_DUMP, subject, table);
        message.attributes.text(NFTA_RULE_CHAIN, chain);
        let sequence = self.transport.reserve(1);
        self.transport.send(&message.encode(table, sequence)?, &about)?;
        let mut rules = Vec::new();
        let mut is_whole = true;
        while let Some(datagram) = self.transport.receive(deadline, &about)? {
            for reply in reply::read(&datagram).filter(|reply| reply.sequence == sequence) {
                is_whole &= !reply.is_interrupted;
                match reply.content {
                    Content::End => return Ok(is_whole.then_some(rules)),
                    Content::Object(attributes) => {
                        // Kernels before 3.18 list the rules of other chains, too.
                        let is_of_chain = attributes.find(NFTA_RULE_CHAIN).map(text_of).as_deref() == Some(chain);
                        rules.extend(is_of_chain.then(|| read(&attributes)).flatten());
                    }
                    Content::Refusal(refusal) if refusal.errno == Errno::ENOENT => return Ok(Some(Vec::new())),
                    Content::Refusal(refusal) => return Err(failure::of_look_up(&about, &subject, &refusal)),
                    Content::Acknowledgement => {}
                }
            }
        }
        Err(Error::Deadline(about))
    }

    /// Deletes rules by their handles, and whole chains with what is in them,
    /// all or nothing.
    pub(crate) fn delete_foreign(&mut self, table: &TableId, rules: &[(String, u64)], chains: &[String]) -> Result<()> {
        check::table(table)?;
        let mut batch = Batch::new(table, "deleting");
        for (chain, handle) in rules {
            check::name_in(table, "chain", chain)?;
            let mut message = Message::new(NFT_MSG_DELRULE, 0, Subject::Chain(chain), table);
            message.attributes.text(NFTA_RULE_CHAIN, chain);
            message.attributes.bytes(NFTA_RULE_HANDLE, &handle.to_be_bytes());
            batch.push(message);
        }
        for name in chains {
            check::name_in(table, "chain", name)?;
            chain::delete(&mut batch, name);
        }
        self.commit(batch)
    }
}

fn read_rule(rule: &Attributes<'_>) -> Option<ForeignRule> {
    let handle = rule.find(NFTA_RULE_HANDLE)?.first_chunk()?;
    let expressions = rule.find_nested(NFTA_RULE_EXPRESSIONS);
    let comment = rule.find(NFTA_RULE_USERDATA).map(user_data::read_comment);
    let comment = comment.filter(|comment| !comment.is_empty());
    Some(ForeignRule {
        handle: u64::from_be_bytes(*handle),
        comment: comment
            .or_else(|| rule.find_nested(NFTA_RULE_EXPRESSIONS).and_then(comment_of_match))
            .unwrap_or_default(),
        leads_to: expressions.and_then(leads_to),
    })
}

/// What `iptables -m comment` says: a match that always matches, with the text
/// in its parameters (`struct xt_comment_info`).
fn comment_of_match(mut expressions: Attributes<'_>) -> Option<String> {
    expressions.find_map(|(kind, expression)| {
        let data = Attributes::new(expression).find_nested(NFTA_EXPR_DATA)?;
        let name = data.find(NFTA_MATCH_NAME).map(text_of)?;
        let text = data.find(NFTA_MATCH_INFO).map(text_of);
        text.filter(|_| kind == NFTA_LIST_ELEM && name == "comment")
    })
}

/// The chain of a `jump` or `goto`; other expressions have none in that place.
fn leads_to(mut expressions: Attributes<'_>) -> Option<String> {
    expressions.find_map(|(kind, expression)| {
        let data = Attributes::new(expression).find_nested(NFTA_EXPR_DATA)?;
        let value = data.find_nested(NFTA_IMMEDIATE_DATA)?;
        let verdict = value.find_nested(NFTA_DATA_VERDICT)?;
        let chain = verdict.find(NFTA_VERDICT_CHAIN).map(text_of);
        chain.filter(|_| kind == NFTA_LIST_ELEM)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_to_an_end(bytes: Vec<u8>) {
            read_rule(&Attributes::new(&bytes));
            leads_to(Attributes::new(&bytes));
            comment_of_match(Attributes::new(&bytes));
        }
    }
}
