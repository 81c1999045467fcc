//! Declarations for property tests: mostly such that make sense, for the
//! kernel to see them, and every one of the model's variants.

use std::net::IpAddr;

use cofferdam_protocol::{IpPrefix, MacAddress};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::nftables::{
    Action, AddressType, Base, Chain, ChainType, ConnectionStates, DataType, Family, Field, Hook, Match, Rule, Set,
    Table, TableId, Value, ValueType, Verdict,
};

const FIELDS: [Field; 12] = [
    Field::IpSource,
    Field::IpDestination,
    Field::Ip6Source,
    Field::Ip6Destination,
    Field::EtherSource,
    Field::EtherDestination,
    Field::SourcePort,
    Field::DestinationPort,
    Field::Protocol,
    Field::InputInterface,
    Field::OutputInterface,
    Field::Mark,
];
/// Sets and maps of every table, with the fields that are their keys.
const LOOKUPS: [(&str, &[Field]); 6] = [
    ("set", &[Field::IpSource]),
    ("pairs", &[Field::Protocol, Field::DestinationPort]),
    ("many", &[Field::Ip6Source, Field::EtherSource, Field::Mark]),
    ("verdicts", &[Field::InputInterface]),
    ("targets", &[Field::Protocol, Field::DestinationPort]),
    ("targets6", &[Field::DestinationPort]),
];

fn sets() -> Vec<Set> {
    use ValueType::{EtherAddress, InterfaceName, Ipv4Address, Ipv6Address, Mark, Port, Protocol};
    let set = |name: &str, key: &[ValueType], data| Set {
        name: name.to_owned(),
        key: key.to_vec(),
        data,
    };
    let values = |types: &[ValueType]| Some(DataType::Values(types.to_vec()));
    vec![
        set("set", &[Ipv4Address], None),
        set("pairs", &[Protocol, Port], None),
        set("many", &[Ipv6Address, EtherAddress, Mark], None),
        set("verdicts", &[InterfaceName], Some(DataType::Verdict)),
        set("targets", &[Protocol, Port], values(&[Ipv4Address, Port])),
        set("targets6", &[Port], values(&[Ipv6Address])),
    ]
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(IpAddr::from),
        any::<[u8; 16]>().prop_map(IpAddr::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        address().prop_map(Value::Address),
        any::<[u8; 6]>().prop_map(|bytes| Value::Ether(MacAddress(bytes))),
        prop_oneof![Just("eth0".to_owned()), any::<String>()].prop_map(Value::InterfaceName),
        prop_oneof![Just(6), any::<u8>()].prop_map(Value::Protocol),
        any::<u16>().prop_map(Value::Port),
        any::<u32>().prop_map(Value::Mark),
    ]
}

fn prefix() -> impl Strategy<Value = IpPrefix> {
    (address(), 0u8..=128)
        .prop_map(|(address, length)| IpPrefix::new(address, length).unwrap_or_else(|_| IpPrefix::host(address)))
}

/// A value of the field's type half of the time.
fn comparison() -> impl Strategy<Value = (Field, Value)> {
    (select(&FIELDS[..]), vec(value(), 1..16)).prop_map(|(field, values)| {
        let wanted = super::rule::value_type(field);
        let fits = |value: &&Value| super::value::encode(wanted, value).is_ok();
        let chosen = values.iter().find(fits).unwrap_or(&values[0]);
        (field, chosen.clone())
    })
}

fn lookup(names: &'static [usize]) -> impl Strategy<Value = (Vec<Field>, String)> {
    let known = select(names).prop_map(|index| {
        let (name, fields) = LOOKUPS[index];
        (fields.to_vec(), name.to_owned())
    });
    let wild = (vec(select(&FIELDS[..]), 0..6), ".{0,8}");
    prop_oneof![9 => known, 1 => wild]
}

fn mark() -> impl Strategy<Value = (u32, u32)> {
    (any::<u32>(), any::<u32>(), any::<bool>())
        .prop_map(|(mask, value, wild)| (mask, if wild { value } else { value & mask }))
}

fn states() -> impl Strategy<Value = ConnectionStates> {
    any::<[bool; 5]>().prop_map(|[new, established, related, invalid, untracked]| ConnectionStates {
        new,
        established,
        related,
        invalid,
        untracked,
    })
}

fn address_type() -> impl Strategy<Value = AddressType> {
    select(
        &[
            AddressType::Local,
            AddressType::Unicast,
            AddressType::Broadcast,
            AddressType::Multicast,
        ][..],
    )
}

fn matching() -> impl Strategy<Value = Match> {
    prop_oneof![
        3 => (comparison(), any::<bool>())
            .prop_map(|((field, value), negate)| Match::Value { field, value, negate }),
        2 => (select(&FIELDS[..4]), prefix(), any::<bool>())
            .prop_map(|(field, prefix, negate)| Match::Prefix { field, prefix, negate }),
        1 => (mark(), any::<bool>())
            .prop_map(|((mask, value), negate)| Match::MarkBits { mask, value, negate }),
        2 => (lookup(&[0, 1, 2]), any::<bool>())
            .prop_map(|((fields, set), negate)| Match::InSet { fields, set, negate }),
        1 => states().prop_map(Match::ConnectionState),
        1 => Just(Match::DestinationTranslated),
        1 => address_type().prop_map(Match::DestinationType),
        1 => address_type().prop_map(Match::SourceType),
    ]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    let chain = || prop_oneof![4 => Just("own".to_owned()), 1 => ".{0,8}"];
    prop_oneof![
        Just(Verdict::Accept),
        Just(Verdict::Drop),
        Just(Verdict::Return),
        chain().prop_map(Verdict::Jump),
        chain().prop_map(Verdict::Goto),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        verdict().prop_map(Action::Verdict),
        lookup(&[3]).prop_map(|(fields, map)| Action::VerdictMap { fields, map }),
        Just(Action::Masquerade),
        (address(), option::of(any::<u16>())).prop_map(|(address, port)| Action::DestinationNat { address, port }),
        lookup(&[4, 5]).prop_map(|(fields, map)| Action::DestinationNatMap { fields, map }),
        mark().prop_map(|(mask, value)| Action::SetMark { mask, value }),
        Just(Action::Count),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    (vec(matching(), 0..3), vec(action(), 0..3), option::of(".{0,200}")).prop_map(|(matches, actions, comment)| Rule {
        matches,
        actions,
        comment,
    })
}

fn base() -> impl Strategy<Value = Base> {
    (
        select(&[ChainType::Filter, ChainType::Nat, ChainType::Route][..]),
        select(
            &[
                Hook::Prerouting,
                Hook::Input,
                Hook::Forward,
                Hook::Output,
                Hook::Postrouting,
            ][..],
        ),
        prop_oneof![-300..300, any::<i32>()],
        any::<bool>(),
    )
        .prop_map(|(chain_type, hook, priority, default_drop)| Base {
            chain_type,
            hook,
            priority,
            default_drop,
        })
}

/// A table with one rule, so that most make sense; the base chain leads to a
/// chain of its own.
pub(crate) fn table() -> impl Strategy<Value = Table> {
    let family = select(&[Family::Inet, Family::Ip, Family::Ip6, Family::Bridge][..]);
    let name = prop_oneof![9 => Just("t".to_owned()), 1 => any::<String>()];
    (family, name, base(), rule()).prop_map(|(family, name, base, rule)| Table {
        id: TableId { family, name },
        sets: sets(),
        chains: vec![
            Chain {
                name: "base".to_owned(),
                base: Some(base),
                rules: vec![rule],
            },
            Chain {
                name: "own".to_owned(),
                base: None,
                rules: Vec::new(),
            },
        ],
    })
}
