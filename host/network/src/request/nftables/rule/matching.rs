//! Conditions of a rule.

use std::net::IpAddr;

use cofferdam_protocol::IpPrefix;

use super::{
    super::{
        check::Checked,
        constants::{
            IPS_DST_NAT, NF_CT_STATE_ESTABLISHED_BIT, NF_CT_STATE_INVALID_BIT, NF_CT_STATE_NEW_BIT,
            NF_CT_STATE_RELATED_BIT, NF_CT_STATE_UNTRACKED_BIT, RTN_BROADCAST, RTN_LOCAL, RTN_MULTICAST, RTN_UNICAST,
        },
        expression::{FibAddress, Meta, Register},
        value,
    },
    RuleEncoder,
    field::{NetworkLayer, value_type},
};
use crate::nftables::{AddressType, ConnectionStates, Family, Field, Match, Value, ValueType};

impl RuleEncoder<'_> {
    pub(super) fn add_match(&mut self, matching: &Match) -> Checked<()> {
        match matching {
            Match::Value { field, value, negate } => self.match_value(*field, value, *negate),
            Match::Prefix { field, prefix, negate } => self.match_prefix(*field, *prefix, *negate),
            Match::MarkBits { mask, value, negate } => self.match_mark_bits(*mask, *value, *negate),
            Match::InSet { fields, set, negate } => self.match_set(fields, set, *negate),
            Match::ConnectionState(states) => self.match_connection_state(*states),
            Match::DestinationTranslated => {
                self.list.load_connection_status(Register::FIRST);
                self.any_of(IPS_DST_NAT);
                Ok(())
            }
            Match::DestinationType(kind) => self.match_address_type(FibAddress::Destination, *kind),
            Match::SourceType(kind) => self.match_address_type(FibAddress::Source, *kind),
        }
    }

    fn match_value(&mut self, field: Field, value: &Value, negate: bool) -> Checked<()> {
        let value = value::encode(value_type(field), value)?;
        self.require(field, false)?;
        self.load(field, Register::FIRST);
        self.list.compare(Register::FIRST, &value, negate);
        Ok(())
    }

    fn match_prefix(&mut self, field: Field, prefix: IpPrefix, negate: bool) -> Checked<()> {
        let expected = if prefix.is_ipv6() {
            ValueType::Ipv6Address
        } else {
            ValueType::Ipv4Address
        };
        if value_type(field) != expected {
            return Err(format!("{field:?} can't be in the network {prefix}"));
        }
        self.require_network(NetworkLayer::of_version(prefix.is_ipv6()))?;
        if prefix.length() == 0 && !negate {
            return Ok(());
        }
        let (mask, network) = mask_and_network(prefix);
        self.load(field, Register::FIRST);
        if prefix != IpPrefix::host(prefix.address()) {
            self.list.mask(Register::FIRST, &mask, &vec![0; mask.len()]);
        }
        self.list.compare(Register::FIRST, &network, negate);
        Ok(())
    }

    fn match_mark_bits(&mut self, mask: u32, value: u32, negate: bool) -> Checked<()> {
        if value & !mask != 0 {
            return Err(format!(
                "the mark's value {value:#x} has bits that are not in its mask {mask:#x}"
            ));
        }
        self.list.load_meta(Meta::Mark, Register::FIRST);
        self.list.mask(Register::FIRST, &mask.to_ne_bytes(), &[0; 4]);
        self.list.compare(Register::FIRST, &value.to_ne_bytes(), negate);
        Ok(())
    }

    fn match_set(&mut self, fields: &[Field], name: &str, negate: bool) -> Checked<()> {
        let set = self.set(name)?;
        if set.data.is_some() {
            return Err(format!("{name:?} is a map, and membership is asked of sets"));
        }
        self.load_key(set, fields, negate)?;
        self.list.lookup(name, Register::FIRST, negate);
        Ok(())
    }

    fn match_connection_state(&mut self, states: ConnectionStates) -> Checked<()> {
        let bits = [
            (states.new, NF_CT_STATE_NEW_BIT),
            (states.established, NF_CT_STATE_ESTABLISHED_BIT),
            (states.related, NF_CT_STATE_RELATED_BIT),
            (states.invalid, NF_CT_STATE_INVALID_BIT),
            (states.untracked, NF_CT_STATE_UNTRACKED_BIT),
        ]
        .iter()
        .filter(|(wanted, _)| *wanted)
        .fold(0, |bits, (_, bit)| bits | bit);
        if bits == 0 {
            return Err("no connection state is named, so that it never matches".to_owned());
        }
        self.list.load_connection_state(Register::FIRST);
        self.any_of(bits);
        Ok(())
    }

    fn match_address_type(&mut self, address: FibAddress, kind: AddressType) -> Checked<()> {
        if self.family() == Family::Bridge {
            return Err("a bridge table can't ask the routing table for address types".to_owned());
        }
        let number = match kind {
            AddressType::Local => RTN_LOCAL,
            AddressType::Unicast => RTN_UNICAST,
            AddressType::Broadcast => RTN_BROADCAST,
            AddressType::Multicast => RTN_MULTICAST,
        };
        self.list.load_address_type(address, Register::FIRST);
        self.list.compare(Register::FIRST, &number.to_ne_bytes(), false);
        Ok(())
    }

    /// Goes on when one of the bits is set in the first register.
    fn any_of(&mut self, bits: u32) {
        self.list.mask(Register::FIRST, &bits.to_ne_bytes(), &[0; 4]);
        self.list.compare(Register::FIRST, &[0; 4], true);
    }
}

fn mask_and_network(prefix: IpPrefix) -> (Vec<u8>, Vec<u8>) {
    let network = match prefix.network().address() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let length = usize::from(prefix.length());
    let mask = (0..network.len())
        .map(|byte| match length.saturating_sub(byte * 8) {
            0 => 0,
            bits @ 1..8 => 0xff << (8 - bits),
            _ => 0xff,
        })
        .collect();
    (mask, network)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_mask_has_as_many_bits_as_the_prefix() {
        for (prefix, mask, network) in [
            ("10.22.3.4/0", [0, 0, 0, 0], [0, 0, 0, 0]),
            ("10.22.3.4/9", [255, 128, 0, 0], [10, 0, 0, 0]),
            ("10.22.3.4/31", [255, 255, 255, 254], [10, 22, 3, 4]),
            ("10.22.3.4/32", [255, 255, 255, 255], [10, 22, 3, 4]),
        ] {
            assert_eq!(
                mask_and_network(prefix.parse().unwrap()),
                (mask.to_vec(), network.to_vec()),
                "{prefix}"
            );
        }
    }
}
