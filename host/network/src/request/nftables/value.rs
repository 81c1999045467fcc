//! Values as the kernel compares them, and `nft`'s numbers for their types.

use std::net::IpAddr;

use super::{
    check::{self, Checked},
    constants::NFT_DATA_VALUE_MAXLEN,
};
use crate::nftables::{Value, ValueType};

/// Bits of one type in the number of several types together (`nft`'s
/// `TYPE_BITS`).
const TYPE_BITS: u32 = 6;
/// So many fit into the number's 32 bits.
const MAXIMUM_PARTS: usize = 5;
const BYTE_ORDER_NONE: u32 = 0;
const BYTE_ORDER_HOST: u32 = 1;
const BYTE_ORDER_NETWORK: u32 = 2;

/// `nft`'s number of a type (its `enum datatypes`); the kernel only keeps it.
fn number(value_type: ValueType) -> u32 {
    match value_type {
        ValueType::Ipv4Address => 7,
        ValueType::Ipv6Address => 8,
        ValueType::EtherAddress => 9,
        ValueType::Protocol => 12,
        ValueType::Port => 13,
        ValueType::Mark => 19,
        ValueType::InterfaceName => 41,
    }
}

/// In bytes.
pub(crate) fn length(value_type: ValueType) -> usize {
    match value_type {
        ValueType::Protocol => 1,
        ValueType::Port => 2,
        ValueType::Ipv4Address | ValueType::Mark => 4,
        ValueType::EtherAddress => 6,
        ValueType::Ipv6Address | ValueType::InterfaceName => 16,
    }
}

/// In bytes, up to the next register.
pub(crate) fn padded_length(value_type: ValueType) -> usize {
    length(value_type).next_multiple_of(4)
}

/// One type, or several one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Layout<'a>(&'a [ValueType]);

impl<'a> Layout<'a> {
    /// Refuses what does not fit the registers or the number of the types.
    pub(crate) fn new(types: &'a [ValueType]) -> Checked<Self> {
        if types.is_empty() || types.len() > MAXIMUM_PARTS {
            return Err(format!(
                "a key or value has 1 to {MAXIMUM_PARTS} parts, not {}",
                types.len()
            ));
        }
        let layout = Self(types);
        if layout.length() > NFT_DATA_VALUE_MAXLEN {
            return Err(format!(
                "a key or value has at most {NFT_DATA_VALUE_MAXLEN} bytes, and this has {}",
                layout.length()
            ));
        }
        Ok(layout)
    }

    /// One type always fits.
    pub(crate) fn of_one(value_type: &'a ValueType) -> Self {
        Self(std::slice::from_ref(value_type))
    }

    /// `nft`'s number of the types together.
    pub(crate) fn number(self) -> u32 {
        self.0.iter().fold(0, |all, part| (all << TYPE_BITS) | number(*part))
    }

    /// In bytes. Parts start at a register each; a single one has its own
    /// length.
    pub(crate) fn length(self) -> usize {
        match self.0 {
            [single] => length(*single),
            parts => parts.iter().map(|part| padded_length(*part)).sum(),
        }
    }

    /// `nft`'s number of the byte order; several types have none together.
    pub(crate) fn byte_order(self) -> u32 {
        match self.0 {
            [ValueType::Mark | ValueType::InterfaceName] => BYTE_ORDER_HOST,
            [_] => BYTE_ORDER_NETWORK,
            _ => BYTE_ORDER_NONE,
        }
    }

    /// The values, which have to be of these types.
    pub(crate) fn encode(self, values: &[Value]) -> Checked<Vec<u8>> {
        if values.len() != self.0.len() {
            return Err(format!("{} parts instead of {}", values.len(), self.0.len()));
        }
        let mut bytes = Vec::with_capacity(self.length());
        for (value_type, value) in self.0.iter().zip(values) {
            bytes.extend(encode(*value_type, value)?);
            if values.len() > 1 {
                bytes.resize(bytes.len().next_multiple_of(4), 0);
            }
        }
        Ok(bytes)
    }
}

/// One value, which has to be of this type.
pub(crate) fn encode(value_type: ValueType, value: &Value) -> Checked<Vec<u8>> {
    Ok(match (value_type, value) {
        (ValueType::Ipv4Address, Value::Address(IpAddr::V4(address))) => address.octets().to_vec(),
        (ValueType::Ipv6Address, Value::Address(IpAddr::V6(address))) => address.octets().to_vec(),
        (ValueType::EtherAddress, Value::Ether(address)) => address.0.to_vec(),
        (ValueType::InterfaceName, Value::InterfaceName(name)) => {
            check::interface_name(name)?;
            let mut bytes = name.as_bytes().to_vec();
            bytes.resize(16, 0);
            bytes
        }
        (ValueType::Protocol, Value::Protocol(number)) => vec![*number],
        (ValueType::Port, Value::Port(number)) => number.to_be_bytes().to_vec(),
        (ValueType::Mark, Value::Mark(mark)) => mark.to_ne_bytes().to_vec(),
        (value_type, value) => {
            return Err(format!("{} is not of the type {value_type:?}", show(value)));
        }
    })
}

/// The parts as `nft` prints them, more or less.
pub(crate) fn show_all(values: &[Value]) -> String {
    values.iter().map(show).collect::<Vec<_>>().join(" . ")
}

fn show(value: &Value) -> String {
    match value {
        Value::Address(address) => address.to_string(),
        Value::Ether(address) => address.to_string(),
        Value::InterfaceName(name) => format!("{name:?}"),
        Value::Protocol(number) => format!("protocol {number}"),
        Value::Port(number) => format!("port {number}"),
        Value::Mark(mark) => format!("mark {mark:#x}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn types_have_the_numbers_and_lengths_that_nft_gives_them() {
        use ValueType::{EtherAddress, InterfaceName, Ipv4Address, Mark, Port, Protocol};
        // Read from the messages of nft 1.0.6.
        for (types, number, length, byte_order) in [
            (vec![Ipv4Address], 7, 4, BYTE_ORDER_NETWORK),
            (vec![InterfaceName], 0x29, 16, BYTE_ORDER_HOST),
            (vec![Ipv4Address, Port], 0x1cd, 8, BYTE_ORDER_NONE),
            (vec![Protocol, Port], 0x30d, 8, BYTE_ORDER_NONE),
            (vec![Mark, InterfaceName, EtherAddress], 0x13a49, 28, BYTE_ORDER_NONE),
        ] {
            let layout = Layout::new(&types).unwrap();
            assert_eq!(layout.number(), number, "{types:?}");
            assert_eq!(layout.length(), length, "{types:?}");
            assert_eq!(layout.byte_order(), byte_order, "{types:?}");
        }
    }

    #[test]
    fn a_key_has_to_fit_the_registers() {
        assert!(Layout::new(&[]).is_err());
        assert!(Layout::new(&[ValueType::Port; 5]).is_ok());
        assert!(Layout::new(&[ValueType::Port; 6]).is_err());
        assert!(Layout::new(&[ValueType::Ipv6Address; 4]).is_ok());
        assert!(Layout::new(&[ValueType::Ipv6Address; 5]).is_err());
    }
}
