//! Turns a rule into expressions, or says why it makes no sense.

mod action;
mod field;
mod matching;

pub(super) use field::PORT_PROTOCOLS;
#[cfg(test)]
pub(super) use field::value_type;

use super::{
    check::{self, Checked},
    constants::NFT_RULE_MAXEXPRS,
    expression::{ExpressionList, Register},
    user_data,
    value::{self, Layout},
};
use crate::nftables::{Base, Chain, Family, Field, Rule, Set, TableId, Verdict};
use field::{NetworkLayer, TransportLayer};

/// What a rule can refer to.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) table: &'a TableId,
    pub(super) sets: &'a [Set],
    /// All chains that there will be; `None` when the kernel has more than
    /// are declared, and knows best.
    pub(super) chains: Option<&'a [Chain]>,
}

/// A rule as the kernel gets it.
pub(super) struct EncodedRule {
    pub(super) expressions: ExpressionList,
    /// Whether the anonymous set of [`PORT_PROTOCOLS`] has to be there.
    pub(super) needs_port_protocols: bool,
    pub(super) user_data: Option<Vec<u8>>,
}

/// Name of the anonymous set of a rule; the kernel puts a number in.
pub(super) const PORT_PROTOCOLS_SET: &str = "__set%d";

/// Encodes a rule of a chain. `set_id` is the number that the anonymous set
/// of protocols has in the transaction, if the rule needs it.
pub(super) fn encode(scope: Scope<'_>, chain: &Chain, rule: &Rule, set_id: u32) -> Checked<EncodedRule> {
    let mut encoder = RuleEncoder {
        scope,
        chain: &chain.name,
        base: chain.base,
        network: NetworkLayer::of(scope.table.family),
        ethernet: scope.table.family == Family::Bridge,
        transport: TransportLayer::of(rule),
        needs_port_protocols: false,
        set_id,
        list: ExpressionList::default(),
    };
    for matching in &rule.matches {
        encoder.add_match(matching)?;
    }
    encoder.add_actions(&rule.actions)?;
    let count = encoder.list.origins.len();
    if count > NFT_RULE_MAXEXPRS {
        return Err(format!(
            "it takes {count} expressions, and the kernel allows {NFT_RULE_MAXEXPRS}; make two rules of it"
        ));
    }
    if let Some(comment) = &rule.comment {
        check::comment(comment)?;
    }
    Ok(EncodedRule {
        expressions: encoder.list,
        needs_port_protocols: encoder.needs_port_protocols,
        user_data: rule.comment.as_deref().map(user_data::comment),
    })
}

struct RuleEncoder<'a> {
    scope: Scope<'a>,
    chain: &'a str,
    base: Option<Base>,
    /// What is known of the packet so far.
    network: Option<NetworkLayer>,
    ethernet: bool,
    transport: TransportLayer,
    needs_port_protocols: bool,
    set_id: u32,
    list: ExpressionList,
}

impl<'a> RuleEncoder<'a> {
    fn family(&self) -> Family {
        self.scope.table.family
    }

    fn set(&self, name: &str) -> Checked<&'a Set> {
        check::name(name)?;
        self.scope
            .sets
            .iter()
            .find(|set| set.name == name)
            .ok_or_else(|| format!("the table declares no set {name:?}"))
    }

    /// Reads fields into registers as the key of a set.
    fn load_key(&mut self, set: &Set, fields: &[Field], negate: bool) -> Checked<()> {
        Layout::new(&set.key)?;
        let types: Vec<_> = fields.iter().map(|field| field::value_type(*field)).collect();
        if types != set.key {
            return Err(format!(
                "the fields {fields:?} are not the key of the set {:?}, which is {:?}",
                set.name, set.key
            ));
        }
        for field in fields {
            self.require(*field, fields.contains(&Field::Protocol) && !negate)?;
        }
        let mut register = Register::FIRST;
        for field in fields {
            self.load(*field, register);
            register = register.after(value::length(field::value_type(*field)));
        }
        Ok(())
    }

    fn check_target(&self, verdict: &Verdict) -> Checked<()> {
        let Some(target) = check::target(verdict) else {
            return Ok(());
        };
        check::name(target)?;
        if target == self.chain {
            return Err(format!("the chain {target:?} leads to itself"));
        }
        let Some(chains) = self.scope.chains else {
            return Ok(());
        };
        match chains.iter().find(|chain| chain.name == target) {
            None => Err(format!("the table declares no chain {target:?}")),
            Some(chain) if chain.base.is_some() => {
                Err(format!("{target:?} is a base chain, which only the kernel calls"))
            }
            Some(_) => Ok(()),
        }
    }
}
