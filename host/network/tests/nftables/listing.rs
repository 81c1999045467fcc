//! What is declared is what `nft list ruleset` prints: every match, every
//! action, every family.

use cofferdam_network::{
    Network,
    nftables::{
        Action, AddressType, ChainType, ConnectionStates, Data, Element, Family, Field, Hook, Match, Rule, Table,
        Value, ValueType, Verdict,
    },
};
use cofferdam_protocol::{MacAddress, Place};

use crate::fixture::{
    accept, address, assert_ruleset, base_chain, chain, in_new_namespace, map, member, rule, set, table, table_id,
    verdict_map,
};

const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);

fn is(field: Field, value: Value) -> Match {
    Match::Value {
        field,
        value,
        negate: false,
    }
}

fn is_not(field: Field, value: Value) -> Match {
    Match::Value {
        field,
        value,
        negate: true,
    }
}

fn within(field: Field, prefix: &str, negate: bool) -> Match {
    Match::Prefix {
        field,
        prefix: prefix.parse().unwrap(),
        negate,
    }
}

fn member_of(fields: &[Field], set: &str, negate: bool) -> Match {
    Match::InSet {
        fields: fields.to_vec(),
        set: set.to_owned(),
        negate,
    }
}

fn interface(name: &str) -> Value {
    Value::InterfaceName(name.to_owned())
}

#[test]
fn matches_of_an_inet_table() {
    in_new_namespace(|kernel| {
        let tcp = || is(Field::Protocol, Value::Protocol(6));
        let states = ConnectionStates {
            established: true,
            related: true,
            ..ConnectionStates::default()
        };
        let others = ConnectionStates {
            new: true,
            invalid: true,
            untracked: true,
            ..ConnectionStates::default()
        };
        let bits = |mask, value, negate| Match::MarkBits { mask, value, negate };
        let mut commented = accept(vec![]);
        commented.comment = Some("häuslich".to_owned());
        let rules = vec![
            accept(vec![
                is(Field::IpSource, address("10.0.0.1")),
                is_not(Field::IpDestination, address("10.0.0.2")),
            ]),
            accept(vec![
                is(Field::Ip6Source, address("fd00::1")),
                is_not(Field::Ip6Destination, address("fd00::2")),
            ]),
            accept(vec![
                is(Field::EtherSource, Value::Ether(MAC)),
                is_not(Field::EtherDestination, Value::Ether(MAC)),
            ]),
            accept(vec![
                tcp(),
                is(Field::DestinationPort, Value::Port(80)),
                is_not(Field::SourcePort, Value::Port(81)),
            ]),
            accept(vec![is(Field::DestinationPort, Value::Port(53))]),
            accept(vec![is_not(Field::Protocol, Value::Protocol(17))]),
            accept(vec![
                is(Field::InputInterface, interface("eth0")),
                is_not(Field::OutputInterface, interface("eth0.5")),
            ]),
            accept(vec![
                is(Field::Mark, Value::Mark(0x10)),
                bits(0xff00, 0x1200, false),
                bits(1, 1, true),
            ]),
            accept(vec![
                within(Field::IpSource, "10.22.3.4/16", false),
                within(Field::IpDestination, "10.22.3.4/13", true),
            ]),
            accept(vec![
                within(Field::Ip6Source, "fd00::5/64", false),
                within(Field::Ip6Destination, "fd00::5/61", true),
            ]),
            accept(vec![within(Field::IpSource, "10.0.0.9/32", false)]),
            accept(vec![within(Field::IpSource, "0.0.0.0/0", false)]),
            accept(vec![member_of(&[Field::IpSource], "hosts", false)]),
            accept(vec![member_of(
                &[Field::Protocol, Field::DestinationPort],
                "services",
                true,
            )]),
            accept(vec![member_of(
                &[Field::InputInterface, Field::Ip6Source, Field::EtherSource, Field::Mark],
                "wide",
                false,
            )]),
            accept(vec![Match::ConnectionState(states)]),
            accept(vec![Match::ConnectionState(others)]),
            accept(vec![Match::DestinationTranslated]),
            accept(vec![Match::DestinationType(AddressType::Local)]),
            accept(vec![
                Match::DestinationType(AddressType::Broadcast),
                Match::SourceType(AddressType::Unicast),
            ]),
            accept(vec![Match::SourceType(AddressType::Multicast)]),
            commented,
        ];
        let sets = vec![
            set("hosts", &[ValueType::Ipv4Address]),
            set("services", &[ValueType::Protocol, ValueType::Port]),
            set(
                "wide",
                &[
                    ValueType::InterfaceName,
                    ValueType::Ipv6Address,
                    ValueType::EtherAddress,
                    ValueType::Mark,
                ],
            ),
        ];
        kernel
            .create_table(Place::Host, &table(Family::Inet, sets.clone(), rules))
            .unwrap();
        let id = table_id(Family::Inet, "t");
        let element = |values: Vec<Value>| [member(values)];
        for (set, element) in [
            (&sets[0], element(vec![address("10.0.0.7")])),
            (&sets[1], element(vec![Value::Protocol(6), Value::Port(443)])),
            (
                &sets[2],
                element(vec![
                    interface("veth0"),
                    address("fd00::7"),
                    Value::Ether(MAC),
                    Value::Mark(0x1234),
                ]),
            ),
        ] {
            kernel.add_elements(Place::Host, &id, set, &element, "").unwrap();
        }
        assert_ruleset(include_str!("golden/inet_matches.nft"));
    });
}

fn nat_rules(map: &str) -> Vec<Rule> {
    let service = vec![Field::Protocol, Field::DestinationPort];
    vec![rule(
        vec![Match::DestinationType(AddressType::Local)],
        vec![Action::DestinationNatMap {
            fields: service,
            map: map.to_owned(),
        }],
    )]
}

#[test]
fn actions_of_an_inet_table() {
    in_new_namespace(|kernel| {
        let service = &[ValueType::Protocol, ValueType::Port];
        let sets = vec![
            map("targets", service, &[ValueType::Ipv4Address, ValueType::Port]),
            map("targets6", service, &[ValueType::Ipv6Address, ValueType::Port]),
            map("hosts", &[ValueType::Ipv4Address], &[ValueType::Ipv4Address]),
            verdict_map("verdicts", &[ValueType::InterfaceName]),
        ];
        let decide = |verdict| rule(vec![], vec![Action::Verdict(verdict)]);
        let tcp = || vec![is(Field::Protocol, Value::Protocol(6))];
        let to = |address: &str, port| Action::DestinationNat {
            address: address.parse().unwrap(),
            port,
        };
        let set_mark = |mask, value| rule(vec![], vec![Action::SetMark { mask, value }]);
        let mut translations = nat_rules("targets");
        translations.extend(nat_rules("targets6"));
        translations.extend([
            rule(
                vec![],
                vec![Action::DestinationNatMap {
                    fields: vec![Field::IpDestination],
                    map: "hosts".to_owned(),
                }],
            ),
            rule(tcp(), vec![to("10.0.0.1", Some(8080))]),
            rule(tcp(), vec![to("fd00::1", Some(8080))]),
            rule(vec![], vec![to("10.0.0.1", None)]),
            rule(vec![], vec![to("fd00::1", None)]),
        ]);
        let table = Table {
            id: table_id(Family::Inet, "t"),
            sets: sets.clone(),
            chains: vec![
                base_chain(
                    "filter",
                    ChainType::Filter,
                    Hook::Forward,
                    -5,
                    vec![
                        rule(
                            vec![],
                            vec![
                                Action::Count,
                                Action::VerdictMap {
                                    fields: vec![Field::InputInterface],
                                    map: "verdicts".to_owned(),
                                },
                            ],
                        ),
                        set_mark(0xff, 0x12),
                        set_mark(u32::MAX, 7),
                        set_mark(0x4000, 0x4000),
                        decide(Verdict::Jump("own".to_owned())),
                        decide(Verdict::Goto("own".to_owned())),
                        decide(Verdict::Drop),
                    ],
                ),
                base_chain("destination", ChainType::Nat, Hook::Prerouting, -100, translations),
                base_chain(
                    "source",
                    ChainType::Nat,
                    Hook::Postrouting,
                    100,
                    vec![rule(
                        vec![within(Field::IpSource, "10.22.0.0/16", false)],
                        vec![Action::Masquerade],
                    )],
                ),
                base_chain("reroute", ChainType::Route, Hook::Output, 0, vec![]),
                chain("own", vec![decide(Verdict::Return)]),
            ],
        };
        kernel.create_table(Place::Host, &table).unwrap();
        let place = Place::Host;
        let pair = |address_text: &str| Element {
            key: vec![Value::Protocol(6), Value::Port(80)],
            data: Some(Data::Values(vec![address(address_text), Value::Port(8080)])),
        };
        kernel
            .add_elements(place, &table.id, &sets[0], &[pair("10.0.0.1")], "web")
            .unwrap();
        kernel
            .add_elements(place, &table.id, &sets[1], &[pair("fd00::1")], "")
            .unwrap();
        let host = Element {
            key: vec![address("192.0.2.1")],
            data: Some(Data::Values(vec![address("10.0.0.1")])),
        };
        kernel.add_elements(place, &table.id, &sets[2], &[host], "").unwrap();
        let jump = Element {
            key: vec![interface("veth0")],
            data: Some(Data::Verdict(Verdict::Jump("own".to_owned()))),
        };
        kernel
            .add_elements(place, &table.id, &sets[3], &[jump], "pod 1")
            .unwrap();
        assert_ruleset(include_str!("golden/inet_actions.nft"));
    });
}

#[test]
fn tables_of_one_family_need_no_look_at_it() {
    in_new_namespace(|kernel| {
        let service = &[ValueType::Protocol, ValueType::Port];
        for (family, name, value_type, rules) in [
            (
                Family::Ip,
                "ipv4",
                ValueType::Ipv4Address,
                vec![
                    accept(vec![within(Field::IpSource, "10.0.0.0/8", false)]),
                    accept(vec![is_not(Field::EtherSource, Value::Ether(MAC))]),
                ],
            ),
            (
                Family::Ip6,
                "ipv6",
                ValueType::Ipv6Address,
                vec![accept(vec![within(Field::Ip6Source, "fd00::/8", false)])],
            ),
        ] {
            let declared = Table {
                id: table_id(family, name),
                sets: vec![map("targets", service, &[value_type, ValueType::Port])],
                chains: vec![
                    base_chain("filter", ChainType::Filter, Hook::Input, 0, rules),
                    base_chain("output", ChainType::Nat, Hook::Output, -100, nat_rules("targets")),
                ],
            };
            kernel.create_table(Place::Host, &declared).unwrap();
        }
        assert_ruleset(include_str!("golden/one_family.nft"));
    });
}

#[test]
fn matches_of_a_bridge_table() {
    in_new_namespace(|kernel| {
        let rules = vec![
            accept(vec![
                is(Field::InputInterface, interface("veth0")),
                is_not(Field::EtherSource, Value::Ether(MAC)),
            ]),
            accept(vec![is(Field::IpSource, address("10.0.0.1"))]),
            accept(vec![
                is(Field::Ip6Source, address("fd00::1")),
                is(Field::Protocol, Value::Protocol(17)),
                is(Field::DestinationPort, Value::Port(53)),
            ]),
            accept(vec![member_of(
                &[Field::InputInterface, Field::EtherSource],
                "pairs",
                true,
            )]),
        ];
        let sets = vec![set("pairs", &[ValueType::InterfaceName, ValueType::EtherAddress])];
        let declared = table(Family::Bridge, sets, rules);
        kernel.create_table(Place::Host, &declared).unwrap();
        assert_ruleset(include_str!("golden/bridge.nft"));
    });
}
