//! The expressions that rules are made of. There are no others: an
//! expression can only be sent by its [`ExpressionName`].

mod act;
mod compare;
mod load;

pub(crate) use load::{FibAddress, Meta, Payload};

use super::{
    attribute::AttributeWriter,
    constants::{
        NF_ACCEPT, NF_DROP, NFT_GOTO, NFT_JUMP, NFT_REG32_00, NFT_RETURN, NFTA_DATA_VALUE, NFTA_DATA_VERDICT,
        NFTA_EXPR_DATA, NFTA_EXPR_NAME, NFTA_LIST_ELEM, NFTA_VERDICT_CHAIN, NFTA_VERDICT_CODE,
    },
};
use crate::nftables::Verdict;

/// The closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExpressionName {
    Bitwise,
    Cmp,
    Counter,
    Ct,
    Fib,
    Immediate,
    Lookup,
    Masq,
    /// A match of iptables.
    Match,
    Meta,
    Nat,
    Payload,
}

impl ExpressionName {
    /// As the kernel registers it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Bitwise => "bitwise",
            Self::Cmp => "cmp",
            Self::Counter => "counter",
            Self::Ct => "ct",
            Self::Fib => "fib",
            Self::Immediate => "immediate",
            Self::Lookup => "lookup",
            Self::Masq => "masq",
            Self::Match => "match",
            Self::Meta => "meta",
            Self::Nat => "nat",
            Self::Payload => "payload",
        }
    }
}

/// Four bytes that expressions hand values on in. Longer values take several
/// in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Register(u32);

impl Register {
    pub(crate) const FIRST: Self = Self(NFT_REG32_00);

    /// The one after a value of this length, where the next part of a
    /// concatenation has its place.
    pub(crate) fn after(self, length: usize) -> Self {
        let registers = u32::try_from(length.div_ceil(4)).unwrap_or(u32::MAX);
        Self(self.0.saturating_add(registers))
    }
}

/// Where in a rule an expression is and what it refers to, to explain a
/// refusal.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// Bytes before it.
    pub(crate) offset: usize,
    pub(crate) name: ExpressionName,
    /// The set or chain that it needs.
    pub(crate) refers_to: Option<String>,
}

/// The expressions of one rule, in order.
#[derive(Debug, Default)]
pub(crate) struct ExpressionList {
    pub(crate) attributes: AttributeWriter,
    pub(crate) origins: Vec<Origin>,
}

impl ExpressionList {
    fn push(&mut self, name: ExpressionName, fill: impl FnOnce(&mut AttributeWriter)) {
        self.push_referring(name, None, fill);
    }

    fn push_referring(
        &mut self,
        name: ExpressionName,
        refers_to: Option<String>,
        fill: impl FnOnce(&mut AttributeWriter),
    ) {
        self.origins.push(Origin {
            offset: self.attributes.len(),
            name,
            refers_to,
        });
        self.attributes.nested(NFTA_LIST_ELEM, |expression| {
            expression.text(NFTA_EXPR_NAME, name.as_str());
            expression.nested(NFTA_EXPR_DATA, fill);
        });
    }
}

/// A value, as a nested `struct nft_data`.
pub(crate) fn write_value(attributes: &mut AttributeWriter, kind: u16, value: &[u8]) {
    attributes.nested(kind, |data| data.bytes(NFTA_DATA_VALUE, value));
}

/// A verdict, as a nested `struct nft_data`.
pub(crate) fn write_verdict(attributes: &mut AttributeWriter, kind: u16, verdict: &Verdict) {
    let (code, chain) = match verdict {
        Verdict::Accept => (NF_ACCEPT, None),
        Verdict::Drop => (NF_DROP, None),
        Verdict::Return => (NFT_RETURN, None),
        Verdict::Jump(chain) => (NFT_JUMP, Some(chain)),
        Verdict::Goto(chain) => (NFT_GOTO, Some(chain)),
    };
    attributes.nested(kind, |data| {
        data.nested(NFTA_DATA_VERDICT, |verdict| {
            verdict.i32(NFTA_VERDICT_CODE, code);
            if let Some(chain) = chain {
                verdict.text(NFTA_VERDICT_CHAIN, chain);
            }
        });
    });
}
