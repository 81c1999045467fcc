//! `conditionsV4` and `conditionsV6`: words of `iptables` or `nft`, as far as
//! they say what a rule can ask. What they say else is refused by name.

mod iptables;
mod nftables;
mod words;

use std::net::IpAddr;

use cofferdam_guest_sdk::{
    Failure, IpPrefix,
    bindings::nftables::{AddressType, ConnectionStates},
    nftables::{Field, MarkMatch, Match, PrefixMatch, Value, ValueMatch},
};

/// A word of a rule.
pub(crate) type Condition = Match;

/// Whose words they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Iptables,
    Nftables,
}

impl Dialect {
    /// By the first word; `None` where there is none.
    pub(crate) fn of(words: &[String]) -> Option<Self> {
        let first = words.first()?.trim_start();
        Some(if first.starts_with(['-', '!']) {
            Self::Iptables
        } else {
            Self::Nftables
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Iptables => "iptables",
            Self::Nftables => "nftables",
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Iptables => Self::Nftables,
            Self::Nftables => Self::Iptables,
        }
    }
}

/// What all have to be true.
pub(crate) fn parse(words: &[String], ipv6: bool) -> Result<Vec<Condition>, Failure> {
    match Dialect::of(words) {
        None => Ok(Vec::new()),
        Some(Dialect::Iptables) => iptables::parse(words, ipv6),
        Some(Dialect::Nftables) => nftables::parse(words, ipv6),
    }
}

/// Which of the two addresses or ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Source,
    Destination,
}

fn address(side: Side, text: &str, ipv6: bool, negate: bool) -> Result<Match, Failure> {
    let prefix = match text.parse::<IpAddr>() {
        Ok(address) => IpPrefix::new(address, if address.is_ipv6() { 128 } else { 32 })?,
        Err(_) => text.parse::<IpPrefix>()?,
    };
    if prefix.is_ipv6() != ipv6 {
        let family = if ipv6 { "IPv6" } else { "IPv4" };
        return Err(Failure::invalid_config(format!("{text:?} is no {family} network")));
    }
    let field = match (side, ipv6) {
        (Side::Source, false) => Field::IpSource,
        (Side::Source, true) => Field::Ip6Source,
        (Side::Destination, false) => Field::IpDestination,
        (Side::Destination, true) => Field::Ip6Destination,
    };
    Ok(Match::Prefix(PrefixMatch {
        field,
        prefix: prefix.network().into(),
        negate,
    }))
}

fn port(side: Side, text: &str, negate: bool) -> Result<Match, Failure> {
    let number = text
        .parse()
        .map_err(|_| Failure::invalid_config(format!("{text:?} is no port number")))?;
    let field = match side {
        Side::Source => Field::SourcePort,
        Side::Destination => Field::DestinationPort,
    };
    Ok(value(field, Value::Port(number), negate))
}

fn protocol(text: &str, negate: bool) -> Result<Match, Failure> {
    let known = crate::mapping::Protocol::named(text).map(crate::mapping::Protocol::number);
    let number = known.or_else(|| text.parse().ok());
    let number =
        number.ok_or_else(|| Failure::invalid_config(format!("{text:?} is not tcp, udp, sctp or a number")))?;
    Ok(value(Field::Protocol, Value::Protocol(number), negate))
}

fn input(name: &str, negate: bool) -> Result<Match, Failure> {
    if name.contains(['+', '*']) {
        let text = format!("{name:?}: links are named one by one, without + or *");
        return Err(Failure::invalid_config(text));
    }
    let link = Value::InterfaceName(name.to_owned());
    Ok(value(Field::InputInterface, link, negate))
}

fn mark(text: &str, negate: bool) -> Result<Match, Failure> {
    let (value, mask) = text.split_once('/').unwrap_or((text, "0xffffffff"));
    Ok(Match::MarkBits(MarkMatch {
        mask: number(mask)?,
        value: number(value)?,
        negate,
    }))
}

fn number(text: &str) -> Result<u32, Failure> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| Failure::invalid_config(format!("{text:?} is no number of 32 bits")))
}

fn address_type(text: &str) -> Result<AddressType, Failure> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "local" => AddressType::Local,
        "unicast" => AddressType::Unicast,
        "broadcast" => AddressType::Broadcast,
        "multicast" => AddressType::Multicast,
        _ => return Err(Failure::invalid_config(format!("{text:?} is no type of addresses"))),
    })
}

fn states(text: &str) -> Result<Match, Failure> {
    let mut states = ConnectionStates::empty();
    for word in text.split(',') {
        let state = match word.to_ascii_lowercase().as_str() {
            "new" => ConnectionStates::NEW,
            "established" => ConnectionStates::ESTABLISHED,
            "related" => ConnectionStates::RELATED,
            "invalid" => ConnectionStates::INVALID,
            "untracked" => ConnectionStates::UNTRACKED,
            _ => return Err(Failure::invalid_config(format!("{word:?} is no state of connections"))),
        };
        states = states | state;
    }
    Ok(Match::ConnectionState(states))
}

fn value(field: Field, value: Value, negate: bool) -> Match {
    Match::Value(ValueMatch { field, value, negate })
}

fn refused(word: &str) -> Failure {
    Failure::internal(format!(
        "{word:?} can't be expressed by this plugin; docs/plugins.md lists what can"
    ))
}
