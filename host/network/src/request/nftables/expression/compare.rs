//! Expressions that look at registers: change their bits, compare them, look
//! them up.

use super::{
    super::{
        attribute::AttributeWriter,
        constants::{
            NFT_CMP_EQ, NFT_CMP_NEQ, NFT_LOOKUP_F_INV, NFT_REG_VERDICT, NFTA_BITWISE_DREG, NFTA_BITWISE_LEN,
            NFTA_BITWISE_MASK, NFTA_BITWISE_SREG, NFTA_BITWISE_XOR, NFTA_CMP_DATA, NFTA_CMP_OP, NFTA_CMP_SREG,
            NFTA_LOOKUP_DREG, NFTA_LOOKUP_FLAGS, NFTA_LOOKUP_SET, NFTA_LOOKUP_SET_ID, NFTA_LOOKUP_SREG,
            NFTA_MATCH_INFO, NFTA_MATCH_NAME, NFTA_MATCH_REV,
        },
    },
    ExpressionList, ExpressionName, Register, write_value,
};

impl ExpressionList {
    /// Goes on when the register holds the value, or with `negate` when not.
    pub(crate) fn compare(&mut self, register: Register, value: &[u8], negate: bool) {
        self.push(ExpressionName::Cmp, |data| {
            data.u32(NFTA_CMP_SREG, register.0);
            data.u32(NFTA_CMP_OP, if negate { NFT_CMP_NEQ } else { NFT_CMP_EQ });
            write_value(data, NFTA_CMP_DATA, value);
        });
    }

    /// `register = register & mask ^ xor`; both of the value's length.
    pub(crate) fn mask(&mut self, register: Register, mask: &[u8], xor: &[u8]) {
        let length = u32::try_from(mask.len()).unwrap_or(u32::MAX);
        self.push(ExpressionName::Bitwise, |data| {
            data.u32(NFTA_BITWISE_SREG, register.0);
            data.u32(NFTA_BITWISE_DREG, register.0);
            data.u32(NFTA_BITWISE_LEN, length);
            write_value(data, NFTA_BITWISE_MASK, mask);
            write_value(data, NFTA_BITWISE_XOR, xor);
        });
    }

    /// Goes on when a match of iptables says so; `info` is its structure.
    pub(crate) fn match_compatibly(&mut self, name: &str, revision: u32, info: &[u8]) {
        self.push(ExpressionName::Match, |data| {
            data.text(NFTA_MATCH_NAME, name);
            data.u32(NFTA_MATCH_REV, revision);
            data.bytes(NFTA_MATCH_INFO, info);
        });
    }

    /// Goes on when a set holds the key, or with `negate` when not.
    pub(crate) fn lookup(&mut self, set: &str, key: Register, negate: bool) {
        self.look_up(set, |data| {
            data.u32(NFTA_LOOKUP_SREG, key.0);
            if negate {
                data.u32(NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
            }
        });
    }

    /// Goes on when an anonymous set of the same transaction holds the key.
    pub(crate) fn lookup_anonymous(&mut self, name: &str, id: u32, key: Register) {
        self.look_up(name, |data| {
            data.u32(NFTA_LOOKUP_SREG, key.0);
            data.u32(NFTA_LOOKUP_SET_ID, id);
        });
    }

    /// Does what a map of verdicts says for the key.
    pub(crate) fn lookup_verdict(&mut self, map: &str, key: Register) {
        self.look_up(map, |data| {
            data.u32(NFTA_LOOKUP_SREG, key.0);
            data.u32(NFTA_LOOKUP_DREG, NFT_REG_VERDICT);
        });
    }

    /// Reads what a map holds for the key.
    pub(crate) fn lookup_data(&mut self, map: &str, key: Register, to: Register) {
        self.look_up(map, |data| {
            data.u32(NFTA_LOOKUP_SREG, key.0);
            data.u32(NFTA_LOOKUP_DREG, to.0);
        });
    }

    fn look_up(&mut self, set: &str, fill: impl FnOnce(&mut AttributeWriter)) {
        self.push_referring(ExpressionName::Lookup, Some(set.to_owned()), |data| {
            data.text(NFTA_LOOKUP_SET, set);
            fill(data);
        });
    }
}
