//! Expressions that do something to a packet.

use super::{
    super::{
        check,
        constants::{
            NFPROTO_IPV4, NFPROTO_IPV6, NFT_NAT_DNAT, NFT_REG_VERDICT, NFTA_IMMEDIATE_DATA, NFTA_IMMEDIATE_DREG,
            NFTA_META_KEY, NFTA_META_SREG, NFTA_NAT_FAMILY, NFTA_NAT_REG_ADDR_MIN, NFTA_NAT_REG_PROTO_MIN,
            NFTA_NAT_TYPE,
        },
    },
    ExpressionList, ExpressionName, Meta, Register, write_value, write_verdict,
};
use crate::nftables::Verdict;

impl ExpressionList {
    pub(crate) fn decide(&mut self, verdict: &Verdict) {
        let chain = check::target(verdict).map(str::to_owned);
        self.push_referring(ExpressionName::Immediate, chain, |data| {
            data.u32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
            write_verdict(data, NFTA_IMMEDIATE_DATA, verdict);
        });
    }

    pub(crate) fn set_register(&mut self, register: Register, value: &[u8]) {
        self.push(ExpressionName::Immediate, |data| {
            data.u32(NFTA_IMMEDIATE_DREG, register.0);
            write_value(data, NFTA_IMMEDIATE_DATA, value);
        });
    }

    pub(crate) fn set_mark(&mut self, from: Register) {
        self.push(ExpressionName::Meta, |data| {
            data.u32(NFTA_META_KEY, Meta::Mark.number());
            data.u32(NFTA_META_SREG, from.0);
        });
    }

    pub(crate) fn count(&mut self) {
        self.push(ExpressionName::Counter, |_| ());
    }

    pub(crate) fn masquerade(&mut self) {
        self.push(ExpressionName::Masq, |_| ());
    }

    /// The destination becomes what the registers hold.
    pub(crate) fn translate_destination(&mut self, ipv6: bool, address: Register, port: Option<Register>) {
        let family = if ipv6 { NFPROTO_IPV6 } else { NFPROTO_IPV4 };
        self.push(ExpressionName::Nat, |data| {
            data.u32(NFTA_NAT_TYPE, NFT_NAT_DNAT);
            data.u32(NFTA_NAT_FAMILY, u32::from(family));
            data.u32(NFTA_NAT_REG_ADDR_MIN, address.0);
            if let Some(port) = port {
                data.u32(NFTA_NAT_REG_PROTO_MIN, port.0);
            }
        });
    }
}
