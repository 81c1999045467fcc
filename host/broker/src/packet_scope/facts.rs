//! What a rule's matches tell of the packets that pass them.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_network::nftables::{AddressType, Field, Match, Set, Value, ValueType};
use cofferdam_policy::Packets;
use cofferdam_protocol::IpPrefix;

/// Something that is true of a packet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fact {
    /// Source or destination lies in it.
    Prefix(IpPrefix),
    /// It comes or leaves by this link.
    Link(String),
    /// It is for an address of the node.
    ForTheNode,
    /// Its destination port is in the key of an element.
    PortOfElement,
}

/// All that is known of packets at some point of a ruleset.
///
/// More facts are fewer packets.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Facts(BTreeSet<Fact>);

/// Facts that are kept. Those after them are forgotten, which makes the
/// packets more.
const MOST: usize = 16;

impl Facts {
    /// What is known of these packets once a rule knows more; nothing where
    /// they are attachments' then.
    pub(super) fn narrowed(&self, known: &Known) -> Option<Self> {
        match known {
            Known::Attachments => None,
            Known::These(facts) => Some(self.joined(facts)).filter(|facts| !facts.keep_to_elements()),
        }
    }

    /// Whether these hold wherever the others do.
    pub(super) fn follow_from(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// For the policy.
    pub(super) fn packets(&self) -> Packets {
        let mut packets = Packets::default();
        for fact in &self.0 {
            match fact {
                Fact::Prefix(prefix) => packets.prefixes.push(*prefix),
                Fact::Link(link) => packets.links.push(link.clone()),
                Fact::ForTheNode | Fact::PortOfElement => {}
            }
        }
        packets
    }

    fn joined(&self, more: &Self) -> Self {
        Self(self.0.union(&more.0).take(MOST).cloned().collect())
    }

    /// Whether it is enough that elements were looked at: what comes to the
    /// node itself, for a port that was granted, is nobody else's.
    fn keep_to_elements(&self) -> bool {
        self.0.contains(&Fact::ForTheNode) && self.0.contains(&Fact::PortOfElement)
    }
}

/// What passing a rule's matches tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// That an element holds an address or link of the packet: it is an
    /// attachment's.
    Attachments,
    These(Facts),
}

impl Known {
    pub(super) fn joined(self, more: Self) -> Self {
        match (self, more) {
            (Self::These(one), Self::These(other)) => Self::These(one.joined(&other)),
            _ => Self::Attachments,
        }
    }

    pub(super) fn prefix(prefix: IpPrefix) -> Self {
        Self::only(Fact::Prefix(prefix))
    }

    fn only(fact: Fact) -> Self {
        Self::These(Facts([fact].into()))
    }

    fn nothing() -> Self {
        Self::These(Facts::default())
    }
}

/// The sets of a table, by their names.
pub(super) struct Sets<'s>(BTreeMap<&'s str, &'s Set>);

impl<'s> Sets<'s> {
    pub(super) fn new(sets: &'s [Set]) -> Self {
        Self(sets.iter().map(|set| (set.name.as_str(), set)).collect())
    }

    /// What all matches of a rule tell together.
    pub(super) fn known_of_matches(&self, matches: &[Match]) -> Known {
        let known = matches.iter().map(|matching| self.known_of_match(matching));
        known.fold(Known::nothing(), Known::joined)
    }

    /// Where a match can hold for packets of others it tells nothing:
    /// connection states, marks and protocols are anybody's, and outside of
    /// something are all others.
    fn known_of_match(&self, matching: &Match) -> Known {
        match matching {
            Match::Value {
                field,
                value,
                negate: false,
            } => of_value(*field, value),
            Match::Prefix {
                prefix, negate: false, ..
            } => Known::prefix(*prefix),
            Match::InSet {
                fields,
                set,
                negate: false,
            } => self.known_of_lookup(fields, set),
            Match::DestinationType(AddressType::Local) => Known::only(Fact::ForTheNode),
            Match::Value { .. }
            | Match::Prefix { .. }
            | Match::InSet { .. }
            | Match::MarkBits { .. }
            | Match::ConnectionState(_)
            | Match::DestinationTranslated
            | Match::DestinationType(_)
            | Match::SourceType(_) => Known::nothing(),
        }
    }

    /// What it tells that a set or map has an element for these fields.
    pub(super) fn known_of_lookup(&self, fields: &[Field], name: &str) -> Known {
        // Whatever is looked up otherwise is not what was looked at when it was added.
        let Some(set) = self.0.get(name).filter(|set| is_key(fields, &set.key)) else {
            return Known::nothing();
        };
        if set.key.iter().any(|part| names_packets(*part)) {
            Known::Attachments
        } else if fields.contains(&Field::DestinationPort) {
            Known::only(Fact::PortOfElement)
        } else {
            Known::nothing()
        }
    }
}

fn of_value(field: Field, value: &Value) -> Known {
    match (kind(field), value) {
        (Kind::Address, Value::Address(address)) => Known::prefix(IpPrefix::host(*address)),
        (Kind::Link, Value::InterfaceName(link)) => Known::only(Fact::Link(link.clone())),
        _ => Known::nothing(),
    }
}

fn is_key(fields: &[Field], key: &[ValueType]) -> bool {
    fields.len() == key.len() && fields.iter().zip(key).all(|(field, part)| value_type(*field) == *part)
}

/// Whether a part of a key is an address or link, which elements can't have
/// of anybody.
fn names_packets(part: ValueType) -> bool {
    match part {
        ValueType::Ipv4Address | ValueType::Ipv6Address | ValueType::InterfaceName => true,
        ValueType::EtherAddress | ValueType::Protocol | ValueType::Port | ValueType::Mark => false,
    }
}

#[derive(PartialEq, Eq)]
enum Kind {
    Address,
    Link,
    Other,
}

fn kind(field: Field) -> Kind {
    match value_type(field) {
        ValueType::Ipv4Address | ValueType::Ipv6Address => Kind::Address,
        ValueType::InterfaceName => Kind::Link,
        ValueType::EtherAddress | ValueType::Protocol | ValueType::Port | ValueType::Mark => Kind::Other,
    }
}

fn value_type(field: Field) -> ValueType {
    match field {
        Field::IpSource | Field::IpDestination => ValueType::Ipv4Address,
        Field::Ip6Source | Field::Ip6Destination => ValueType::Ipv6Address,
        Field::EtherSource | Field::EtherDestination => ValueType::EtherAddress,
        Field::SourcePort | Field::DestinationPort => ValueType::Port,
        Field::Protocol => ValueType::Protocol,
        Field::InputInterface | Field::OutputInterface => ValueType::InterfaceName,
        Field::Mark => ValueType::Mark,
    }
}
