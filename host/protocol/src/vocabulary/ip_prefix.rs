use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// An IP address with the length of its network part, in CIDR notation.
///
/// Host bits are kept: `10.22.0.5/16` is an address on a network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpPrefix {
    address: IpAddr,
    length: u8,
}

/// A text, or a pair of address and length, is not a prefix.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{0:?} is not an address in CIDR notation (as in 10.22.0.5/16 or fd00::5/64)")]
pub struct ParseIpPrefixError(pub String);

impl IpPrefix {
    /// Fails when the length is more than the family's 32 or 128 bits.
    ///
    /// # Errors
    /// The length does not fit the family.
    pub fn new(address: IpAddr, length: u8) -> Result<Self, ParseIpPrefixError> {
        if length > bits(address) {
            return Err(ParseIpPrefixError(format!("{address}/{length}")));
        }
        Ok(Self { address, length })
    }

    /// The prefix that holds just this address: `/32` or `/128`.
    #[must_use]
    pub fn host(address: IpAddr) -> Self {
        Self {
            address,
            length: bits(address),
        }
    }

    /// Every address of a family: `0.0.0.0/0` or `::/0`.
    #[must_use]
    pub fn any(ipv6: bool) -> Self {
        let address = if ipv6 {
            IpAddr::V6(Ipv6Addr::UNSPECIFIED)
        } else {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED)
        };
        Self { address, length: 0 }
    }

    /// The address, host bits included.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Bits of the network part.
    #[must_use]
    pub fn length(&self) -> u8 {
        self.length
    }

    /// Whether this is an IPv6 prefix.
    #[must_use]
    pub fn is_ipv6(&self) -> bool {
        self.address.is_ipv6()
    }

    /// The same with the host bits cleared.
    #[must_use]
    pub fn network(&self) -> Self {
        let address = match self.address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.length)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.length)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
            }
        };
        Self {
            address,
            length: self.length,
        }
    }

    /// The last address of the network; in IPv4 its broadcast address.
    #[must_use]
    pub fn last(&self) -> IpAddr {
        match self.address {
            IpAddr::V4(v4) => {
                let hosts = u32::MAX.checked_shr(u32::from(self.length)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() | hosts))
            }
            IpAddr::V6(v6) => {
                let hosts = u128::MAX.checked_shr(u32::from(self.length)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() | hosts))
            }
        }
    }

    /// Whether the address lies in this network. Families never mix.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv6() == self.is_ipv6()
            && Self {
                address,
                length: self.length,
            }
            .network()
                == self.network()
    }

    /// Whether the whole of `other` lies in this network.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.length >= self.length && self.contains(other.address)
    }

    /// The same prefix, where an IPv4 address that is written as an IPv6 one
    /// (`::ffff:10.22.0.5/112`) is an IPv4 address (`10.22.0.5/16`).
    #[must_use]
    pub fn to_canonical(&self) -> Self {
        let address = self.address.to_canonical();
        if address.is_ipv6() == self.is_ipv6() {
            return *self;
        }
        Self {
            address,
            length: self.length.saturating_sub(96),
        }
    }

    /// Whether the two networks share an address.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.covers(&other.network()) || other.covers(&self.network())
    }
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv6() { 128 } else { 32 }
}

impl FromStr for IpPrefix {
    type Err = ParseIpPrefixError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseIpPrefixError(text.to_owned());
        let (address, length) = text.split_once('/').ok_or_else(error)?;
        if length.is_empty() || !length.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(error());
        }
        let address = address.parse().map_err(|_| error())?;
        let length = length.parse().map_err(|_| error())?;
        Self::new(address, length).map_err(|_| error())
    }
}

impl fmt::Display for IpPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

impl fmt::Debug for IpPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for IpPrefix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IpPrefix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn network_and_last_address_hold_at_the_edges() {
        for (prefix, network, last) in [
            ("10.22.0.5/16", "10.22.0.0/16", "10.22.255.255"),
            ("10.22.0.5/32", "10.22.0.5/32", "10.22.0.5"),
            ("10.22.0.5/0", "0.0.0.0/0", "255.255.255.255"),
            ("fd00::5/64", "fd00::/64", "fd00::ffff:ffff:ffff:ffff"),
            ("fd00::5/128", "fd00::5/128", "fd00::5"),
        ] {
            let prefix: IpPrefix = prefix.parse().unwrap();
            assert_eq!(prefix.network().to_string(), network);
            assert_eq!(prefix.last().to_string(), last);
        }
    }

    #[test]
    fn a_text_that_is_no_prefix_is_refused() {
        for text in [
            "",
            "10.0.0.1",
            "10.0.0.1/33",
            "fd00::/129",
            "10.0.0.1/",
            "10.0.0.1/+8",
            "10.0.0/8",
        ] {
            assert!(text.parse::<IpPrefix>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_ipv4_address_has_one_canonical_form() {
        for (prefix, canonical) in [
            ("::ffff:10.22.0.5/112", "10.22.0.5/16"),
            ("::ffff:10.22.0.5/64", "10.22.0.5/0"),
            ("10.22.0.5/16", "10.22.0.5/16"),
            ("fd00::5/64", "fd00::5/64"),
        ] {
            let prefix: IpPrefix = prefix.parse().unwrap();
            assert_eq!(prefix.to_canonical().to_string(), canonical);
        }
    }

    #[test]
    fn families_do_not_contain_each_other() {
        let any: IpPrefix = "0.0.0.0/0".parse().unwrap();
        assert!(!any.contains("::1".parse().unwrap()));
        assert!(any.contains("192.0.2.1".parse().unwrap()));
    }
}
