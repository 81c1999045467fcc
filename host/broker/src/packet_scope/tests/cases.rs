//! Which rules keep to the attachments, and what has to be granted for the
//! others.

use cofferdam_network::nftables::{
    Action, AddressType, Chain, ConnectionStates, Data, Element, Field, Match, Rule, Value, Verdict,
};
use cofferdam_policy::Packets;
use cofferdam_protocol::MacAddress;

use super::{super::decided_packets, base_chain, sets};
use crate::packet_scope::parts_of;

fn in_set(field: &[Field], set: &str) -> Match {
    Match::InSet {
        fields: field.to_vec(),
        set: set.to_owned(),
        negate: false,
    }
}

fn prefix(text: &str) -> Match {
    Match::Prefix {
        field: Field::IpSource,
        prefix: text.parse().unwrap(),
        negate: false,
    }
}

fn link(name: &str) -> Match {
    Match::Value {
        field: Field::InputInterface,
        value: Value::InterfaceName(name.to_owned()),
        negate: false,
    }
}

fn negated(matching: Match) -> Match {
    match matching {
        Match::InSet { fields, set, .. } => Match::InSet {
            fields,
            set,
            negate: true,
        },
        Match::Prefix { field, prefix, .. } => Match::Prefix {
            field,
            prefix,
            negate: true,
        },
        Match::Value { field, value, .. } => Match::Value {
            field,
            value,
            negate: true,
        },
        other => other,
    }
}

const LOCAL: Match = Match::DestinationType(AddressType::Local);
const DROP: Action = Action::Verdict(Verdict::Drop);
const SOURCE: &[Field] = &[Field::IpSource];
const SERVICE: &[Field] = &[Field::Protocol, Field::DestinationPort];

fn jump(chain: &str) -> Action {
    Action::Verdict(Verdict::Jump(chain.to_owned()))
}

fn published(fields: &[Field]) -> Action {
    Action::DestinationNatMap {
        fields: fields.to_vec(),
        map: "published".to_owned(),
    }
}

fn verdict_map(fields: &[Field], map: &str) -> Action {
    Action::VerdictMap {
        fields: fields.to_vec(),
        map: map.to_owned(),
    }
}

fn rule(matches: &[Match], actions: &[Action]) -> Rule {
    Rule {
        matches: matches.to_vec(),
        actions: actions.to_vec(),
        comment: None,
    }
}

fn chain(name: &str, rules: Vec<Rule>) -> Chain {
    Chain {
        name: name.to_owned(),
        base: None,
        rules,
    }
}

fn base(rules: Vec<Rule>) -> Chain {
    Chain {
        rules,
        ..base_chain("base", false)
    }
}

/// What has to be granted for chains, a text for each.
fn asked(chains: &[Chain]) -> Vec<String> {
    let text = |packets: &Packets| {
        let prefixes = packets.prefixes.iter().map(ToString::to_string);
        let known: Vec<String> = prefixes.chain(packets.links.iter().cloned()).collect();
        let place = format!(
            "{} {}",
            packets.chain.as_deref().unwrap_or_default(),
            packets.rule.unwrap_or_default()
        );
        if known.is_empty() {
            format!("{place}: any")
        } else {
            format!("{place}: {}", known.join(" and "))
        }
    };
    decided_packets(&sets(), chains).iter().map(text).collect()
}

#[track_caller]
fn check_rule(matches: &[Match], actions: &[Action], expected: &[&str]) {
    assert_eq!(
        asked(&[base(vec![rule(matches, actions)])]),
        expected,
        "{matches:?} {actions:?}"
    );
}

#[test]
fn what_others_do_not_feel_needs_no_bound() {
    for action in [
        Action::Count,
        Action::Verdict(Verdict::Accept),
        Action::Verdict(Verdict::Return),
    ] {
        check_rule(&[], &[action], &[]);
    }
}

#[test]
fn a_rule_that_decides_on_whatever_comes_is_for_any_packet() {
    let others = [
        DROP,
        Action::Masquerade,
        Action::SetMark { mask: 1, value: 1 },
        verdict_map(&[Field::Mark], "by-mark"),
        verdict_map(SERVICE, "by-port"),
        published(SERVICE),
        jump("undeclared"),
        Action::Verdict(Verdict::Goto("undeclared".to_owned())),
    ];
    for action in others {
        check_rule(&[], &[Action::Count, action], &["base 1: any"]);
    }
}

#[test]
fn a_set_of_addresses_or_links_keeps_a_rule_to_attachments() {
    for matching in [
        in_set(SOURCE, "addresses"),
        in_set(&[Field::IpDestination], "addresses"),
        in_set(&[Field::Ip6Source], "addresses6"),
        in_set(&[Field::InputInterface], "links"),
        in_set(&[Field::OutputInterface], "links"),
        in_set(
            &[Field::IpDestination, Field::Protocol, Field::DestinationPort],
            "services",
        ),
    ] {
        check_rule(std::slice::from_ref(&matching), &[DROP], &[]);
        check_rule(&[negated(matching)], &[DROP], &["base 1: any"]);
    }
    check_rule(&[], &[verdict_map(SOURCE, "by-address")], &[]);
    let translated = Action::DestinationNatMap {
        fields: vec![Field::IpDestination],
        map: "translated".to_owned(),
    };
    check_rule(&[], &[translated], &[]);
}

#[test]
fn what_tells_nothing_of_whose_a_packet_is_bounds_nothing() {
    for matching in [
        in_set(&[Field::Mark], "marks"),
        in_set(SERVICE, "ports"),
        in_set(&[Field::Protocol, Field::SourcePort], "ports"),
        // Not as the set is declared, or not declared.
        in_set(&[Field::EtherSource], "addresses"),
        in_set(&[Field::IpSource, Field::IpDestination], "addresses"),
        in_set(SOURCE, "elsewhere"),
        LOCAL,
        Match::SourceType(AddressType::Local),
        Match::DestinationType(AddressType::Unicast),
        Match::DestinationTranslated,
        Match::MarkBits {
            mask: 1,
            value: 1,
            negate: false,
        },
        Match::ConnectionState(ConnectionStates {
            new: true,
            ..ConnectionStates::default()
        }),
        Match::Value {
            field: Field::DestinationPort,
            value: Value::Port(80),
            negate: false,
        },
        Match::Value {
            field: Field::EtherSource,
            value: Value::Ether(MacAddress([2, 0, 0, 0, 0, 1])),
            negate: false,
        },
    ] {
        check_rule(&[matching], &[DROP], &["base 1: any"]);
    }
}

#[test]
fn a_prefix_or_link_in_a_rule_has_to_be_granted() {
    check_rule(&[prefix("10.22.0.0/16")], &[DROP], &["base 1: 10.22.0.0/16"]);
    check_rule(&[link("up0")], &[DROP], &["base 1: up0"]);
    check_rule(
        &[prefix("10.22.0.0/16"), link("up0")],
        &[DROP],
        &["base 1: 10.22.0.0/16 and up0"],
    );
    check_rule(&[prefix("0.0.0.0/0")], &[DROP], &["base 1: 0.0.0.0/0"]);
    check_rule(&[negated(prefix("10.22.0.0/16"))], &[DROP], &["base 1: any"]);
    check_rule(&[negated(link("up0"))], &[DROP], &["base 1: any"]);
    check_rule(&[prefix("10.22.0.0/16"), in_set(SOURCE, "addresses")], &[DROP], &[]);
}

/// CVE-2025-67499: a port was taken from whatever passed the node.
#[test]
fn a_published_port_is_for_the_node_or_for_an_attachment_only() {
    check_rule(&[LOCAL], &[published(SERVICE)], &[]);
    check_rule(&[in_set(SERVICE, "ports"), LOCAL], &[DROP], &[]);
    let by_source = published(&[Field::Protocol, Field::SourcePort]);
    check_rule(&[LOCAL], &[by_source], &["base 1: any"]);
    check_rule(
        &[Match::SourceType(AddressType::Local)],
        &[published(SERVICE)],
        &["base 1: any"],
    );
    let chains = [
        base(vec![rule(&[LOCAL], &[jump("ports")])]),
        chain("ports", vec![rule(&[], &[published(SERVICE)])]),
    ];
    assert_eq!(asked(&chains), [""; 0]);
}

#[test]
fn a_fixed_destination_has_to_be_granted_as_well() {
    let action = Action::DestinationNat {
        address: "10.9.9.9".parse().unwrap(),
        port: None,
    };
    let mine = in_set(SOURCE, "addresses");
    check_rule(&[mine], std::slice::from_ref(&action), &["base 1: 10.9.9.9/32"]);
    check_rule(
        &[],
        std::slice::from_ref(&action),
        &["base 1: any", "base 1: 10.9.9.9/32"],
    );
    assert_eq!(
        asked(&[chain("later", vec![rule(&[], &[action])])]),
        ["later 1: 10.9.9.9/32"]
    );
}

/// The lookup that comes last does not hold back what comes before it.
#[test]
fn an_action_before_a_lookup_is_not_bounded_by_it() {
    let mark = Action::SetMark { mask: 1, value: 1 };
    check_rule(&[], &[mark, verdict_map(SOURCE, "by-address")], &["base 1: any"]);
}

#[test]
fn dropping_by_default_is_for_any_packet() {
    let mut dropping = base_chain("base", true);
    dropping.rules = vec![rule(&[in_set(SOURCE, "addresses")], &[DROP])];
    assert_eq!(asked(&[dropping]), ["base 0: any"]);
}

#[test]
fn a_chain_is_as_wide_as_all_ways_that_lead_to_it() {
    let mine = || in_set(SOURCE, "addresses");
    let inner = || chain("inner", vec![rule(&[], &[DROP])]);
    for (expected, rules) in [
        (&[][..], vec![rule(&[mine()], &[jump("inner")])]),
        (&["inner 1: any"], vec![rule(&[], &[jump("inner")])]),
        (
            &["inner 1: any"],
            vec![rule(&[mine()], &[jump("inner")]), rule(&[], &[jump("inner")])],
        ),
        (
            &["inner 1: 10.1.0.0/16", "inner 1: 10.2.0.0/16"],
            vec![
                rule(&[prefix("10.1.0.0/16")], &[jump("inner")]),
                rule(&[prefix("10.2.0.0/16")], &[jump("inner")]),
            ],
        ),
        // No way leads there but elements and chains that are added later.
        (&[], Vec::new()),
    ] {
        assert_eq!(asked(&[base(rules.clone()), inner()]), expected, "{rules:?}");
        assert_eq!(asked(&[inner(), base(rules)]), expected);
    }
}

#[test]
fn a_bound_holds_in_the_chains_after_it() {
    let through = |first: &[Match], second: &[Match], third: &[Match]| {
        asked(&[
            base(vec![rule(first, &[jump("one")])]),
            chain(
                "one",
                vec![rule(second, &[Action::Verdict(Verdict::Goto("two".to_owned()))])],
            ),
            chain("two", vec![rule(third, &[DROP])]),
        ])
    };
    let mine = [in_set(SOURCE, "addresses")];
    assert_eq!(through(&mine, &[], &[]), [""; 0]);
    assert_eq!(through(&[], &mine, &[]), [""; 0]);
    assert_eq!(through(&[], &[], &mine), [""; 0]);
    assert_eq!(through(&[], &[], &[]), ["two 1: any"]);
    let (prefix, link) = ([prefix("10.1.0.0/16")], [link("up0")]);
    assert_eq!(through(&prefix, &link, &[]), ["two 1: 10.1.0.0/16 and up0"]);
}

#[test]
fn chains_in_a_circle_are_looked_through_to_an_end() {
    let circle = |name: &str, next: &str| chain(name, vec![rule(&[], &[jump(next)]), rule(&[], &[DROP])]);
    let chains = [
        base(vec![rule(&[link("up0")], &[jump("a")])]),
        circle("a", "b"),
        circle("b", "a"),
        circle("self", "self"),
    ];
    assert_eq!(asked(&chains), ["a 2: up0"]);
}

/// A component chooses the ruleset: the time it takes has to stay bounded.
#[test]
fn a_tangle_of_chains_is_for_any_packet() {
    let wide = 12;
    let layers = 40;
    let mut chains = vec![base(vec![rule(&[], &[jump("0-0")])])];
    for layer in 0..layers {
        for column in 0..wide {
            let rules = (0..wide).map(|next| {
                let name = format!("{}-{next}", layer + 1);
                rule(&[link(&format!("l{layer}-{column}"))], &[jump(&name)])
            });
            chains.push(chain(&format!("{layer}-{column}"), rules.collect()));
        }
    }
    for column in 0..wide {
        chains.push(chain(&format!("{layers}-{column}"), vec![rule(&[], &[DROP])]));
    }
    assert!(asked(&chains).iter().any(|asked| asked.ends_with(": any")));
}

#[test]
fn an_element_is_taken_apart_with_what_its_map_gives() {
    let address = |text: &str| Value::Address(text.parse().unwrap());
    let parts = parts_of(&Element {
        key: vec![address("10.0.0.1"), Value::Protocol(6), Value::Port(80)],
        data: Some(Data::Values(vec![address("10.0.0.2"), Value::Port(8080)])),
    });
    let addresses: Vec<String> = parts.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["10.0.0.1", "10.0.0.2"]);
    assert!(parts.ports.iter().eq(&[80]));
    assert!(parts.links.is_empty());
    let parts = parts_of(&Element {
        key: vec![Value::InterfaceName("up0".to_owned()), Value::Mark(1)],
        data: Some(Data::Verdict(Verdict::Drop)),
    });
    assert!(parts.links.iter().eq(["up0"]));
    assert!(parts.addresses.is_empty() && parts.ports.is_empty());
}
