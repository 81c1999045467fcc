//! Rulesets, elements and packets at random, of so few values that they often
//! meet.

use std::{collections::BTreeMap, net::IpAddr};

use cofferdam_network::nftables::{
    Action, AddressType, Chain, ConnectionStates, Data, DataType, Element, Field, Match, Set, Value, ValueType, Verdict,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{base_chain, interpreter::Packet, sets};

pub(super) const OWN: [&str; 2] = ["10.22.0.5", "fd00::5"];
pub(super) const NODE: [&str; 2] = ["192.0.2.2", "fd00:1::2"];
const OTHERS: [&str; 4] = ["10.22.0.9", "10.33.0.1", "198.51.100.1", "fd00::9"];
pub(super) const OWN_LINK: &str = "vethown";
const LINKS: [&str; 3] = [OWN_LINK, "up0", "cni0"];
const PORTS: [u16; 3] = [22, 80, 8080];
const PREFIXES: [&str; 6] = [
    "10.22.0.0/16",
    "10.22.0.5/32",
    "10.0.0.0/8",
    "0.0.0.0/0",
    "fd00::/64",
    "::/0",
];
const KINDS: [ValueType; 6] = [
    ValueType::Ipv4Address,
    ValueType::Ipv6Address,
    ValueType::InterfaceName,
    ValueType::Port,
    ValueType::Protocol,
    ValueType::Mark,
];
/// The chains that are declared with the table; the last one is added later.
const CHAINS: [&str; 4] = ["base", "base2", "one", "two"];
pub(super) const LATER: &str = "later";

fn address(ipv6: bool) -> impl Strategy<Value = IpAddr> {
    let all = [&OWN[..], &NODE[..], &OTHERS[..]].concat();
    let all: Vec<IpAddr> = all.iter().map(|text| text.parse().unwrap()).collect();
    let of_version = all.into_iter().filter(|address| address.is_ipv6() == ipv6);
    select(of_version.collect::<Vec<_>>())
}

fn value(kind: ValueType) -> BoxedStrategy<Value> {
    match kind {
        ValueType::Ipv4Address => address(false).prop_map(Value::Address).boxed(),
        ValueType::Ipv6Address => address(true).prop_map(Value::Address).boxed(),
        ValueType::InterfaceName => select(&LINKS[..])
            .prop_map(|link| Value::InterfaceName(link.to_owned()))
            .boxed(),
        ValueType::Protocol => select(&[6_u8, 17][..]).prop_map(Value::Protocol).boxed(),
        ValueType::Port => select(&PORTS[..]).prop_map(Value::Port).boxed(),
        ValueType::Mark => (0..3_u32).prop_map(Value::Mark).boxed(),
        ValueType::EtherAddress => unreachable!("no set of these tests has them"),
    }
}

fn field(kind: ValueType) -> impl Strategy<Value = Field> {
    select(match kind {
        ValueType::Ipv4Address => &[Field::IpSource, Field::IpDestination][..],
        ValueType::Ipv6Address => &[Field::Ip6Source, Field::Ip6Destination],
        ValueType::InterfaceName => &[Field::InputInterface, Field::OutputInterface],
        ValueType::Protocol => &[Field::Protocol],
        ValueType::Port => &[Field::SourcePort, Field::DestinationPort],
        ValueType::Mark => &[Field::Mark],
        ValueType::EtherAddress => &[Field::EtherSource],
    })
}

/// A set or map of these, with fields for its key.
fn lookup(wanted: fn(&Set) -> bool) -> impl Strategy<Value = (Vec<Field>, String)> {
    let wanted: Vec<Set> = sets().into_iter().filter(wanted).collect();
    select(wanted).prop_flat_map(|set| {
        let fields: Vec<_> = set.key.iter().map(|kind| field(*kind)).collect();
        (fields, Just(set.name))
    })
}

fn matching() -> impl Strategy<Value = Match> {
    let of_value = select(&KINDS[..])
        .prop_flat_map(|kind| (field(kind), value(kind), any::<bool>()))
        .prop_map(|(field, value, negate)| Match::Value { field, value, negate });
    let of_prefix = (select(&PREFIXES[..]), any::<bool>(), any::<bool>()).prop_map(|(text, source, negate)| {
        let prefix: cofferdam_protocol::IpPrefix = text.parse().unwrap();
        let field = match (prefix.is_ipv6(), source) {
            (false, true) => Field::IpSource,
            (false, false) => Field::IpDestination,
            (true, true) => Field::Ip6Source,
            (true, false) => Field::Ip6Destination,
        };
        Match::Prefix { field, prefix, negate }
    });
    let in_set = (lookup(|set| set.data.is_none()), prop::bool::weighted(0.2))
        .prop_map(|((fields, set), negate)| Match::InSet { fields, set, negate });
    prop_oneof![
        6 => in_set,
        2 => of_value,
        2 => of_prefix,
        2 => Just(Match::DestinationType(AddressType::Local)),
        1 => Just(Match::SourceType(AddressType::Local)),
        1 => Just(Match::DestinationTranslated),
        1 => any::<bool>().prop_map(|new| Match::ConnectionState(ConnectionStates {
            new,
            established: true,
            ..ConnectionStates::default()
        })),
        1 => (0..3_u32, any::<bool>()).prop_map(|(value, negate)| Match::MarkBits { mask: 3, value, negate }),
    ]
}

fn chain_name() -> impl Strategy<Value = String> {
    select(&["one", "two", LATER][..]).prop_map(str::to_owned)
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        1 => Just(Verdict::Accept),
        2 => Just(Verdict::Drop),
        1 => Just(Verdict::Return),
        3 => chain_name().prop_map(Verdict::Jump),
        1 => chain_name().prop_map(Verdict::Goto),
    ]
}

fn final_action() -> impl Strategy<Value = Action> {
    let is_verdict_map = |set: &Set| set.data == Some(DataType::Verdict);
    let is_values_map = |set: &Set| matches!(set.data, Some(DataType::Values(_)));
    prop_oneof![
        6 => verdict().prop_map(Action::Verdict),
        2 => lookup(is_verdict_map).prop_map(|(fields, map)| Action::VerdictMap { fields, map }),
        2 => lookup(is_values_map).prop_map(|(fields, map)| Action::DestinationNatMap { fields, map }),
        1 => Just(Action::Masquerade),
        1 => address(false).prop_map(|address| Action::DestinationNat { address, port: None }),
    ]
}

fn rule() -> impl Strategy<Value = cofferdam_network::nftables::Rule> {
    let mark = option::weighted(0.2, Just(Action::SetMark { mask: 3, value: 1 }));
    let actions = (mark, option::weighted(0.9, final_action()));
    (vec(matching(), 0..3), actions).prop_map(|(matches, (mark, last))| cofferdam_network::nftables::Rule {
        matches,
        actions: mark.into_iter().chain(last).collect(),
        comment: None,
    })
}

/// The chains of a table.
pub(super) fn declared() -> impl Strategy<Value = Vec<Chain>> {
    (vec(vec(rule(), 0..3), CHAINS.len()), prop::bool::weighted(0.02)).prop_map(|(rules, default_drop)| {
        let chains = CHAINS.iter().zip(rules).map(|(name, rules)| Chain {
            rules,
            base: name
                .starts_with("base")
                .then(|| base_chain(name, default_drop).base)
                .flatten(),
            name: (*name).to_owned(),
        });
        chains.collect()
    })
}

/// A chain that is added to the table.
pub(super) fn later() -> impl Strategy<Value = Chain> {
    vec(rule(), 1..3).prop_map(|rules| Chain {
        name: LATER.to_owned(),
        base: None,
        rules,
    })
}

/// Elements of every set, before anybody looked at them.
pub(super) fn elements() -> impl Strategy<Value = BTreeMap<String, Vec<Element>>> {
    let of_set = |set: Set| {
        let key: Vec<_> = set.key.iter().map(|kind| value(*kind)).collect();
        let data = match set.data {
            None => Just(None).boxed(),
            Some(DataType::Verdict) => verdict().prop_map(|verdict| Some(Data::Verdict(verdict))).boxed(),
            Some(DataType::Values(kinds)) => {
                let values: Vec<_> = kinds.iter().map(|kind| value(*kind)).collect();
                values.prop_map(|values| Some(Data::Values(values))).boxed()
            }
        };
        let element = (key, data).prop_map(|(key, data)| Element { key, data });
        (Just(set.name), vec(element, 4..16))
    };
    let all: Vec<_> = sets().into_iter().map(of_set).collect();
    all.prop_map(|all| all.into_iter().collect())
}

/// What a policy grants: prefixes, links and ports.
#[derive(Clone, Debug)]
pub(super) struct Granted {
    pub(super) prefixes: Vec<&'static str>,
    pub(super) links: Vec<&'static str>,
    pub(super) ports: Vec<u16>,
}

pub(super) fn granted() -> impl Strategy<Value = Granted> {
    let some = |list: &'static [&'static str]| prop::sample::subsequence(list, 0..=2);
    (
        some(&PREFIXES[..3]),
        some(&LINKS[1..]),
        prop::sample::subsequence(&PORTS[..], 0..=2),
    )
        .prop_map(|(prefixes, links, ports)| Granted { prefixes, links, ports })
}

pub(super) fn packet() -> impl Strategy<Value = Packet> {
    let addresses = any::<bool>().prop_flat_map(|ipv6| (address(ipv6), address(ipv6)));
    let kind = |address: IpAddr| {
        if NODE.iter().any(|node| address.to_string() == *node) {
            AddressType::Local
        } else {
            AddressType::Unicast
        }
    };
    (
        addresses,
        (select(&LINKS[..]), select(&LINKS[..])),
        select(&[6_u8, 17][..]),
        (select(&PORTS[..]), select(&PORTS[..])),
        0..3_u32,
        (any::<bool>(), any::<bool>()),
    )
        .prop_map(
            move |((source, destination), (input, output), protocol, ports, mark, (new, translated))| Packet {
                source,
                destination,
                input,
                output,
                protocol,
                source_port: ports.0,
                destination_port: ports.1,
                mark,
                state: ConnectionStates {
                    new,
                    established: !new,
                    ..ConnectionStates::default()
                },
                destination_type: kind(destination),
                source_type: kind(source),
                translated,
            },
        )
}
