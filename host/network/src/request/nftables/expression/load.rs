//! Expressions that read something into a register.

use super::{
    super::constants::{
        NFT_CT_STATE, NFT_CT_STATUS, NFT_FIB_RESULT_ADDRTYPE, NFT_META_IIFNAME, NFT_META_IIFTYPE, NFT_META_L4PROTO,
        NFT_META_MARK, NFT_META_NFPROTO, NFT_META_OIFNAME, NFT_META_PROTOCOL, NFT_PAYLOAD_LL_HEADER,
        NFT_PAYLOAD_NETWORK_HEADER, NFT_PAYLOAD_TRANSPORT_HEADER, NFTA_CT_DREG, NFTA_CT_KEY, NFTA_FIB_DREG,
        NFTA_FIB_F_DADDR, NFTA_FIB_F_SADDR, NFTA_FIB_FLAGS, NFTA_FIB_RESULT, NFTA_META_DREG, NFTA_META_KEY,
        NFTA_PAYLOAD_BASE, NFTA_PAYLOAD_DREG, NFTA_PAYLOAD_LEN, NFTA_PAYLOAD_OFFSET,
    },
    ExpressionList, ExpressionName, Register,
};

/// What the kernel knows of a packet without reading it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meta {
    /// The frame's type, two bytes in network order.
    Protocol,
    Mark,
    InputName,
    OutputName,
    /// `ARPHRD_*` of the input interface, two bytes in host order.
    InputType,
    /// `NFPROTO_*`, one byte.
    NetworkProtocol,
    TransportProtocol,
}

impl Meta {
    pub(super) fn number(self) -> u32 {
        match self {
            Self::Protocol => NFT_META_PROTOCOL,
            Self::Mark => NFT_META_MARK,
            Self::InputName => NFT_META_IIFNAME,
            Self::OutputName => NFT_META_OIFNAME,
            Self::InputType => NFT_META_IIFTYPE,
            Self::NetworkProtocol => NFT_META_NFPROTO,
            Self::TransportProtocol => NFT_META_L4PROTO,
        }
    }
}

/// Bytes of a header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Payload {
    base: u32,
    offset: u32,
    length: u32,
}

impl Payload {
    pub(crate) const ETHER_DESTINATION: Self = Self::new(NFT_PAYLOAD_LL_HEADER, 0, 6);
    pub(crate) const ETHER_SOURCE: Self = Self::new(NFT_PAYLOAD_LL_HEADER, 6, 6);
    pub(crate) const IP_SOURCE: Self = Self::new(NFT_PAYLOAD_NETWORK_HEADER, 12, 4);
    pub(crate) const IP_DESTINATION: Self = Self::new(NFT_PAYLOAD_NETWORK_HEADER, 16, 4);
    pub(crate) const IP6_SOURCE: Self = Self::new(NFT_PAYLOAD_NETWORK_HEADER, 8, 16);
    pub(crate) const IP6_DESTINATION: Self = Self::new(NFT_PAYLOAD_NETWORK_HEADER, 24, 16);
    pub(crate) const SOURCE_PORT: Self = Self::new(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2);
    pub(crate) const DESTINATION_PORT: Self = Self::new(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);

    const fn new(base: u32, offset: u32, length: u32) -> Self {
        Self { base, offset, length }
    }
}

/// Which address the routing table is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FibAddress {
    Source,
    Destination,
}

impl ExpressionList {
    pub(crate) fn load_meta(&mut self, meta: Meta, to: Register) {
        self.push(ExpressionName::Meta, |data| {
            data.u32(NFTA_META_KEY, meta.number());
            data.u32(NFTA_META_DREG, to.0);
        });
    }

    pub(crate) fn load_payload(&mut self, payload: Payload, to: Register) {
        self.push(ExpressionName::Payload, |data| {
            data.u32(NFTA_PAYLOAD_DREG, to.0);
            data.u32(NFTA_PAYLOAD_BASE, payload.base);
            data.u32(NFTA_PAYLOAD_OFFSET, payload.offset);
            data.u32(NFTA_PAYLOAD_LEN, payload.length);
        });
    }

    /// `ct state`: bits, in host order.
    pub(crate) fn load_connection_state(&mut self, to: Register) {
        self.load_connection(NFT_CT_STATE, to);
    }

    /// `ct status`: `IPS_*`, in host order.
    pub(crate) fn load_connection_status(&mut self, to: Register) {
        self.load_connection(NFT_CT_STATUS, to);
    }

    fn load_connection(&mut self, key: u32, to: Register) {
        self.push(ExpressionName::Ct, |data| {
            data.u32(NFTA_CT_KEY, key);
            data.u32(NFTA_CT_DREG, to.0);
        });
    }

    /// `fib saddr type` and `fib daddr type`: `RTN_*`, four bytes in host
    /// order.
    pub(crate) fn load_address_type(&mut self, of: FibAddress, to: Register) {
        let flags = match of {
            FibAddress::Source => NFTA_FIB_F_SADDR,
            FibAddress::Destination => NFTA_FIB_F_DADDR,
        };
        self.push(ExpressionName::Fib, |data| {
            data.u32(NFTA_FIB_DREG, to.0);
            data.u32(NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
            data.u32(NFTA_FIB_FLAGS, flags);
        });
    }
}
