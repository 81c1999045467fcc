//! What makes no sense is refused before the kernel sees it, with the place.

use cofferdam_network::{
    Network,
    nftables::{
        Action, AddressType, ChainType, ConnectionStates, Data, Element, Family, Field, Hook, Match, Rule, Set, Table,
        Value, ValueType, Verdict,
    },
};
use cofferdam_protocol::Place;

use crate::fixture::{
    accept, address, assert_invalid, assert_ruleset, base_chain, chain, in_new_namespace, map, member, rule, set,
    table, table_id, verdict_map,
};

fn sets() -> Vec<Set> {
    vec![
        set("hosts", &[ValueType::Ipv4Address]),
        map("targets", &[ValueType::Port], &[ValueType::Mark]),
        verdict_map("verdicts", &[ValueType::Port]),
    ]
}

fn is(field: Field, value: Value) -> Match {
    Match::Value {
        field,
        value,
        negate: false,
    }
}

fn in_set(fields: &[Field], set: &str) -> Match {
    Match::InSet {
        fields: fields.to_vec(),
        set: set.to_owned(),
        negate: false,
    }
}

fn does(action: Action) -> Rule {
    rule(vec![], vec![action])
}

#[test]
fn rules() {
    let v4 = || is(Field::IpSource, address("10.0.0.1"));
    let v6 = || is(Field::Ip6Source, address("fd00::1"));
    let icmp = || is(Field::Protocol, Value::Protocol(1));
    let port = || is(Field::SourcePort, Value::Port(1));
    let mut quoted = accept(vec![]);
    quoted.comment = Some("a\" drop".to_owned());
    let cases: Vec<(Family, Rule, &str)> = vec![
        (Family::Ip, accept(vec![v6()]), "IPv6"),
        (Family::Ip6, accept(vec![v4()]), "IPv4"),
        (Family::Inet, accept(vec![v4(), v6()]), "IPv6"),
        (Family::Bridge, accept(vec![v6(), v4()]), "IPv4"),
        (
            Family::Inet,
            accept(vec![is(Field::IpSource, address("fd00::1"))]),
            "Ipv4Address",
        ),
        (
            Family::Inet,
            accept(vec![is(Field::SourcePort, Value::Mark(1))]),
            "Port",
        ),
        (Family::Inet, accept(vec![icmp(), port()]), "no ports"),
        (
            Family::Inet,
            accept(vec![is(Field::InputInterface, Value::InterfaceName("a b".to_owned()))]),
            "interface",
        ),
        (
            Family::Inet,
            accept(vec![Match::Prefix {
                field: Field::Mark,
                prefix: "10.0.0.0/8".parse().unwrap(),
                negate: false,
            }]),
            "10.0.0.0/8",
        ),
        (
            Family::Inet,
            accept(vec![Match::MarkBits {
                mask: 1,
                value: 2,
                negate: false,
            }]),
            "mask",
        ),
        (
            Family::Inet,
            accept(vec![in_set(&[Field::IpSource], "nothing")]),
            "nothing",
        ),
        (Family::Inet, accept(vec![in_set(&[Field::Mark], "hosts")]), "hosts"),
        (Family::Inet, accept(vec![in_set(&[], "hosts")]), "hosts"),
        (
            Family::Inet,
            accept(vec![in_set(&[Field::SourcePort], "verdicts")]),
            "map",
        ),
        (
            Family::Inet,
            accept(vec![Match::ConnectionState(ConnectionStates::default())]),
            "state",
        ),
        (
            Family::Bridge,
            accept(vec![Match::SourceType(AddressType::Local)]),
            "bridge",
        ),
        (
            Family::Inet,
            does(Action::Verdict(Verdict::Jump("nowhere".to_owned()))),
            "nowhere",
        ),
        (
            Family::Inet,
            does(Action::Verdict(Verdict::Jump("base".to_owned()))),
            "base",
        ),
        (
            Family::Inet,
            does(Action::Verdict(Verdict::Goto("a b".to_owned()))),
            "a b",
        ),
        (
            Family::Inet,
            does(Action::VerdictMap {
                fields: vec![Field::IpSource],
                map: "hosts".to_owned(),
            }),
            "verdicts",
        ),
        (
            Family::Inet,
            does(Action::VerdictMap {
                fields: vec![Field::SourcePort],
                map: "targets".to_owned(),
            }),
            "verdicts",
        ),
        (Family::Inet, does(Action::Masquerade), "nat"),
        (Family::Bridge, does(Action::Masquerade), "bridge"),
        (
            Family::Inet,
            does(Action::DestinationNat {
                address: "10.0.0.1".parse().unwrap(),
                port: None,
            }),
            "nat",
        ),
        (Family::Inet, does(Action::SetMark { mask: 1, value: 2 }), "mask"),
        (
            Family::Inet,
            rule(vec![], vec![Action::Verdict(Verdict::Drop), Action::Count]),
            "last",
        ),
        (
            Family::Inet,
            accept(vec![Match::DestinationTranslated; 60]),
            "expressions",
        ),
        (Family::Inet, quoted, "comment"),
    ];
    in_new_namespace(|kernel| {
        for (family, wrong, word) in cases {
            let table = table(family, sets(), vec![accept(vec![]), wrong]);
            let place = format!("rule 2 of chain base of nftables table {family} t: ");
            assert_invalid(kernel.create_table(Place::Host, &table), &[&place, word]);
            assert_ruleset("");
        }
    });
}

#[test]
fn translations_in_a_chain_for_them() {
    let to = |address: &str, port| {
        does(Action::DestinationNat {
            address: address.parse().unwrap(),
            port,
        })
    };
    let by_map = |fields: &[Field], map: &str| {
        does(Action::DestinationNatMap {
            fields: fields.to_vec(),
            map: map.to_owned(),
        })
    };
    let mut with_v6 = to("10.0.0.1", None);
    with_v6.matches = vec![is(Field::Ip6Source, address("fd00::1"))];
    let mut with_icmp = to("10.0.0.1", Some(80));
    with_icmp.matches = vec![is(Field::Protocol, Value::Protocol(1))];
    let cases = vec![
        (Family::Ip6, to("10.0.0.1", None), "IPv4"),
        (Family::Inet, with_v6, "IPv4"),
        (Family::Inet, with_icmp, "ports"),
        (Family::Inet, by_map(&[Field::SourcePort], "targets"), "targets"),
        (Family::Inet, by_map(&[Field::SourcePort], "verdicts"), "verdicts"),
        (Family::Inet, by_map(&[Field::IpSource], "hosts"), "hosts"),
        (Family::Inet, does(Action::Masquerade), "Postrouting"),
    ];
    in_new_namespace(|kernel| {
        for (family, wrong, word) in cases {
            let chains = vec![base_chain("nat", ChainType::Nat, Hook::Prerouting, -100, vec![wrong])];
            let table = Table {
                id: table_id(family, "t"),
                sets: sets(),
                chains,
            };
            let place = format!("rule 1 of chain nat of nftables table {family} t: ");
            assert_invalid(kernel.create_table(Place::Host, &table), &[&place, word]);
        }
        assert_ruleset("");
    });
}

#[test]
fn base_chains() {
    in_new_namespace(|kernel| {
        for (family, chain_type, hook, priority) in [
            (Family::Inet, ChainType::Nat, Hook::Forward, 0),
            (Family::Inet, ChainType::Nat, Hook::Prerouting, -200),
            (Family::Inet, ChainType::Route, Hook::Input, 0),
            (Family::Bridge, ChainType::Nat, Hook::Prerouting, 0),
            (Family::Bridge, ChainType::Route, Hook::Output, 0),
        ] {
            let table = Table {
                id: table_id(family, "t"),
                sets: vec![],
                chains: vec![base_chain("c", chain_type, hook, priority, vec![])],
            };
            assert_invalid(kernel.create_table(Place::Host, &table), &["chain c of nftables table"]);
        }
        assert_ruleset("");
    });
}

#[test]
fn names_and_declarations() {
    in_new_namespace(|kernel| {
        let good = || table(Family::Inet, sets(), vec![]);
        let long = "x".repeat(256);
        for name in ["", "a b", "a\0b", "__set%d", "ä", long.as_str()] {
            let mut wrong = good();
            wrong.id.name = name.to_owned();
            assert_invalid(kernel.create_table(Place::Host, &wrong), &["table inet"]);
            assert_invalid(kernel.has_table(Place::Host, &wrong.id), &["table inet"]);
            assert_invalid(kernel.delete_table(Place::Host, &wrong.id), &["table inet"]);
            let mut wrong = good();
            wrong.chains.push(chain(name, vec![]));
            assert_invalid(kernel.create_table(Place::Host, &wrong), &["chain of"]);
            assert_invalid(kernel.has_chain(Place::Host, &wrong.id, name), &["chain of"]);
            let mut wrong = good();
            wrong.sets.push(set(name, &[ValueType::Mark]));
            assert_invalid(kernel.create_table(Place::Host, &wrong), &["set of"]);
        }
        let mut twice = good();
        twice.chains.push(chain("own", vec![]));
        assert_invalid(kernel.create_table(Place::Host, &twice), &["own", "twice"]);
        let mut twice = good();
        twice.sets.push(set("hosts", &[ValueType::Mark]));
        assert_invalid(kernel.replace_chains(Place::Host, &twice), &["hosts", "twice"]);
        for key in [&[][..], &[ValueType::Port; 6], &[ValueType::Ipv6Address; 5]] {
            let mut wrong = good();
            wrong.sets.push(set("wrong", key));
            assert_invalid(kernel.create_table(Place::Host, &wrong), &["set wrong of"]);
        }
        assert_ruleset("");
        let longest = "x".repeat(255);
        let id = table_id(Family::Inet, &longest);
        let chains = vec![chain(&longest, vec![])];
        let table = Table {
            id,
            sets: vec![set(&longest, &[ValueType::Mark])],
            chains,
        };
        kernel.create_table(Place::Host, &table).unwrap();
        kernel.replace_chains(Place::Host, &table).unwrap();
    });
}

#[test]
fn elements() {
    in_new_namespace(|kernel| {
        let [hosts, targets, verdicts] = sets().try_into().unwrap();
        let id = table_id(Family::Inet, "t");
        let with = |key: Value, data| Element { key: vec![key], data };
        let accept = || Some(Data::Verdict(Verdict::Accept));
        let jump = |name: &str| Some(Data::Verdict(Verdict::Jump(name.to_owned())));
        let mark = || Some(Data::Values(vec![Value::Mark(1)]));
        let host = || address("10.0.0.1");
        for (set, element) in [
            (&hosts, member(vec![])),
            (&hosts, member(vec![host(), host()])),
            (&hosts, member(vec![address("fd00::1")])),
            (&hosts, with(host(), accept())),
            (&targets, with(Value::Port(1), None)),
            (&targets, with(Value::Port(1), accept())),
            (&targets, with(Value::Port(1), Some(Data::Values(vec![])))),
            (&targets, with(Value::Port(1), Some(Data::Values(vec![host()])))),
            (&verdicts, with(Value::Port(1), mark())),
            (&verdicts, with(Value::Port(1), jump("a b"))),
        ] {
            assert_invalid(
                kernel.add_elements(Place::Host, &id, set, &[element], ""),
                &["element", &set.name, "table inet t"],
            );
        }
        let good = [member(vec![host()])];
        for comment in ["a\"b", "a\nb", "\u{1b}[2J"] {
            assert_invalid(
                kernel.add_elements(Place::Host, &id, &hosts, &good, comment),
                &["set hosts", "comment"],
            );
        }
    });
}
