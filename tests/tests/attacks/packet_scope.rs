//! Rules and elements about the packets of others.

use std::fs;

use cofferdam_tests::{Container, EchoServer, answers, bridge_network, needs_kernel};
use serde_json::{Value, json};

use crate::arena::{Arena, CONFLICT, INVALID, config, own_pair};

/// Hooks, sets and ports to be tried, without a word on whose packets.
pub(crate) const GRANTS: &str = r#"
[[plugin.hostile.grant]]
allow = "nftables.table"
in = "host"
family = "inet"
tables = ["hostile"]
hooks = ["prerouting", "input", "forward", "postrouting"]
priorities = [-100, 0, 100]
marks = ["0x1/0x1"]

[[plugin.hostile.grant]]
allow = "nftables.element"
in = "host"
family = "inet"
tables = ["hostile"]
sets = ["sources", "links", "ports", "published", "source-verdicts"]
ports = [8080, [30000, 32767]]
"#;

const SETS: [&str; 5] = ["sources", "links", "ports", "published", "source-verdicts"];

pub(crate) fn table(chains: &Value) -> Value {
    json!({
        "do": "ensure-table", "in": "host",
        "table": { "family": "inet", "name": "hostile", "sets": SETS, "chains": chains }
    })
}

/// A table whose only base chain has these rules.
pub(crate) fn forward(rules: &[&str]) -> Value {
    table(&json!([{ "name": "a", "base": ["filter", "forward", 0], "rules": rules }]))
}

pub(crate) fn element(set: &str, what: &Value) -> Value {
    let mut call = json!({ "do": "add-elements", "in": "host", "family": "inet", "table": "hostile", "set": set });
    for (key, value) in what.as_object().unwrap() {
        call[key] = value.clone();
    }
    call
}

/// An attachment with `10.22.0.9`, and an empty table.
pub(crate) fn attached() -> Vec<Value> {
    vec![
        own_pair(),
        json!({ "do": "add-address", "link": 1, "address": "10.22.0.9/16" }),
        table(&json!([])),
    ]
}

pub(crate) fn then(mut calls: Vec<Value>, more: impl IntoIterator<Item = Value>) -> Value {
    calls.extend(more);
    Value::from(calls)
}

const ANY: &str = "rule 1 of chain \"a\" decides on any packet";

#[test]
fn a_rule_for_packets_of_others_is_not_made() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    for rule in [
        "drop",
        "drop if port 80",
        "drop if port @ports",
        "drop if local",
        "drop if local and port 80",
        "drop if not from @sources",
        "drop if not in @links",
        "drop if not from 10.22.0.0/16",
        "drop if not in up0",
        "drop if marked",
        "mark",
        "jump elsewhere",
        "goto elsewhere",
    ] {
        arena.denied(
            rule,
            &json!([forward(&[rule])]),
            "nftables.table",
            ANY,
            "scope = \"all\"",
        );
    }
    for (rule, packets, grant) in [
        (
            "drop if from 192.0.2.0/24",
            "packets from or to 192.0.2.0/24",
            "prefixes = [\"192.0.2.0/24\"]",
        ),
        (
            "drop if to 0.0.0.0/0",
            "packets from or to 0.0.0.0/0",
            "prefixes = [\"0.0.0.0/0\"]",
        ),
        ("drop if in up0", "packets through link \"up0\"", "names = [\"up0\"]"),
        (
            "mark if out vethtenant",
            "packets through link \"vethtenant\"",
            "names = [\"vethtenant\"]",
        ),
    ] {
        arena.denied(rule, &json!([forward(&[rule])]), "nftables.table", packets, grant);
    }
}

#[test]
fn a_base_chain_drops_nothing_by_default() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    let rules = ["accept if from @sources"];
    let chain = json!([{ "name": "a", "base": ["filter", "forward", 0], "drop": true, "rules": rules }]);
    let object = "where chain \"a\" decides on any packet";
    arena.denied(
        "by default",
        &json!([table(&chain)]),
        "nftables.table",
        object,
        "scope = \"all\"",
    );
}

#[test]
fn addresses_of_others_are_not_translated() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    for (hook, priority, rule) in [
        ("postrouting", 100, "masquerade"),
        ("postrouting", 100, "masquerade if not to 10.22.0.0/16"),
        ("prerouting", -100, "dnat 10.22.0.9"),
        ("prerouting", -100, "dnat 10.22.0.9 if port 80"),
        // CVE-2025-67499: whatever passed the node on its way to that port.
        ("prerouting", -100, "publish published"),
        ("prerouting", -100, "publish published if not from 10.22.0.0/16"),
    ] {
        let chains = json!([{ "name": "a", "base": ["nat", hook, priority], "rules": [rule] }]);
        arena.denied(rule, &json!([table(&chains)]), "nftables.table", ANY, "scope = \"all\"");
    }
    let fixed = json!([
        { "name": "a", "base": ["nat", "prerouting", -100], "rules": ["dnat 192.0.2.77 if from @sources"] }
    ]);
    let grant = "prefixes = [\"192.0.2.77/32\"]";
    arena.denied(
        "elsewhere",
        &json!([table(&fixed)]),
        "nftables.table",
        "192.0.2.77/32",
        grant,
    );
}

#[test]
fn a_chain_is_no_way_around_a_bound() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    let denied = "rule 1 of chain \"b\" decides on any packet";
    for ways in [
        json!([["jump b"], ["drop"]]),
        json!([["goto b"], ["drop"]]),
        // A bound on one way of two.
        json!([["jump b if from @sources", "jump b"], ["drop"]]),
        json!([["jump c"], ["drop"], ["jump b"]]),
        json!([["jump b if from @sources", "jump c if marked"], ["drop"], ["goto b"]]),
    ] {
        let names = ["a", "b", "c"];
        let chains: Vec<Value> = ways
            .as_array()
            .unwrap()
            .iter()
            .zip(names)
            .map(|(rules, name)| json!({ "name": name, "rules": rules }))
            .collect();
        let mut chains = Value::from(chains);
        chains[0]["base"] = json!(["filter", "forward", 0]);
        let attack = ways.to_string();
        arena.denied(
            &attack,
            &json!([table(&chains)]),
            "nftables.table",
            denied,
            "scope = \"all\"",
        );
    }
}

#[test]
fn an_element_holds_no_address_of_others() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    for address in [
        // A neighbour's, the node's, its gateway's.
        "10.22.0.77",
        "192.0.2.2",
        "192.0.2.1",
        // Everybody's.
        "0.0.0.0",
        "127.0.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
    ] {
        let grant = format!("prefixes = [\"{address}/32\"]");
        let object = format!("address {address}");
        for (set, what) in [
            ("sources", json!({ "address": address })),
            ("source-verdicts", json!({ "address": address, "verdict": "drop" })),
            ("published", json!({ "port": 8080, "to": format!("{address}:80") })),
        ] {
            let calls = then(attached(), [element(set, &what)]);
            arena.denied(&format!("{set} {what}"), &calls, "nftables.element", &object, &grant);
        }
    }
    // One of two.
    let two = element("sources", &json!({ "address": "10.22.0.9", "count": 2 }));
    let grant = "prefixes = [\"10.22.0.10/32\"]";
    arena.denied(
        "two",
        &then(attached(), [two]),
        "nftables.element",
        "address 10.22.0.10",
        grant,
    );
}

#[test]
fn an_address_is_not_the_attachments_by_a_claim_or_by_being_the_nodes_too() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    let claimed = [
        json!({ "do": "open-records" }),
        json!({ "do": "claim", "name": "10.22.0.10" }),
        element("sources", &json!({ "address": "10.22.0.10" })),
    ];
    let grant = "prefixes = [\"10.22.0.10/32\"]";
    arena.denied(
        "claimed",
        &then(attached(), claimed),
        "nftables.element",
        "address 10.22.0.10",
        grant,
    );
    let of_both = [
        json!({ "do": "bridge", "in": "host", "name": "cni0" }),
        json!({ "do": "add-address", "link": 2, "address": "10.22.0.1/16" }),
        json!({ "do": "add-address", "link": 1, "address": "10.22.0.1/16" }),
        element("sources", &json!({ "address": "10.22.0.1" })),
    ];
    let words = "address 10.22.0.1 belongs to a link of the node";
    arena.refused("of both", &then(attached(), of_both), CONFLICT, words);
}

#[test]
fn an_element_holds_no_link_of_others() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    // The last is the attachment's, but in the container.
    for link in ["up0", "vethtenant", "cni0", "lo", "eth0"] {
        let calls = then(attached(), [element("links", &json!({ "link": link }))]);
        let grant = format!("names = [\"{link}\"]");
        arena.denied(link, &calls, "nftables.element", &format!("link \"{link}\""), &grant);
    }
}

#[test]
fn an_element_holds_no_port_that_is_not_granted() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    for port in [0, 22, 8079, 29_999, 32_768, 65_535] {
        for (set, what) in [
            ("ports", json!({ "port": port })),
            ("published", json!({ "port": port, "to": "10.22.0.9:80" })),
        ] {
            let calls = then(attached(), [element(set, &what)]);
            let grant = format!("ports = [{port}]");
            arena.denied(
                &format!("{set} {port}"),
                &calls,
                "nftables.element",
                &format!("port {port}"),
                &grant,
            );
        }
    }
}

/// What a rule is bounded by holds while sets are what they were, and while
/// no rule is there that the declaration does not show.
#[test]
fn a_second_declaration_is_no_way_around_a_bound() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    let declared = |sets: &[&str], chains: &Value| {
        json!({ "do": "ensure-table", "in": "host",
                "table": { "family": "inet", "name": "hostile", "sets": sets, "chains": chains } })
    };
    let none = json!([]);
    let to_b = json!({ "name": "a", "base": ["filter", "forward", 0], "rules": ["jump b"] });
    let first = declared(&["sources:ports"], &json!([to_b, { "name": "b" }]));
    for calls in [
        json!([first, declared(&["sources"], &none)]),
        // Not declared in between.
        json!([first, declared(&[], &none), declared(&["sources"], &none)]),
    ] {
        arena.refused("another type", &calls, INVALID, "give it another name");
    }
    for calls in [
        json!([first, declared(&[], &json!([{ "name": "b", "rules": ["drop"] }]))]),
        json!([
            first,
            declared(&[], &none),
            declared(&[], &json!([{ "name": "b", "rules": ["drop"] }]))
        ]),
    ] {
        assert_eq!(arena.run(&calls).code, 0, "{calls}");
        let ruleset = arena.site.node().ruleset();
        assert!(
            ruleset.contains("drop") && !ruleset.contains("jump b"),
            "{calls}: {ruleset}"
        );
        arena.site.del(&arena.container, &config(&none));
        arena.assert_untouched("a second declaration");
    }
}

#[test]
fn what_is_the_attachments_own_needs_no_more_than_hooks_and_sets() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    let calls = json!([
        own_pair(),
        { "do": "add-address", "link": 1, "address": "10.22.0.9/16" },
        table(&json!([
            { "name": "a", "base": ["filter", "forward", 0], "rules": [
                "accept", "accept if port 80", "drop if from @sources", "mark if out @links", "jump b if to @sources",
                "decide source-verdicts",
            ] },
            { "name": "b", "rules": ["drop"] },
            { "name": "p", "base": ["nat", "prerouting", -100], "rules": ["publish published if local"] },
            { "name": "m", "base": ["nat", "postrouting", 100], "rules": ["masquerade if from @sources"] },
        ])),
        { "do": "ensure-chain", "in": "host", "table": { "family": "inet", "name": "hostile" },
          "chain": { "name": "later", "rules": ["drop"] } },
        element("sources", &json!({ "address": "10.22.0.9" })),
        element("links", &json!({ "link": "vethown" })),
        element("ports", &json!({ "port": 31_000 })),
        element("published", &json!({ "port": 8080, "to": "10.22.0.9:22" })),
        element("source-verdicts", &json!({ "address": "10.22.0.9", "verdict": "goto later" })),
        { "do": "tell" },
    ]);
    // It got to its end, where it fails.
    assert_eq!(arena.fails("its own", &calls).code, 999);
}

#[test]
fn packets_of_others_may_be_decided_on_where_that_is_granted() {
    needs_kernel!();
    let more = "scope = \"attachment\"\nprefixes = [\"192.0.2.0/24\"]\nnames = [\"up*\"]\n";
    let (table_grant, element_grant) = GRANTS.trim_end().rsplit_once("\n\n").unwrap();
    let of_elements = "prefixes = [\"192.0.2.0/24\"]\nnames = [\"up*\"]\n";
    let arena = Arena::with_grants(&format!("{table_grant}\n{more}\n{element_grant}\n{of_elements}"));
    let calls = then(
        attached(),
        [
            forward(&["drop if from 192.0.2.77/32", "mark if in up0 and port 80"]),
            element("sources", &json!({ "address": "192.0.2.77" })),
            element("links", &json!({ "link": "up0" })),
            json!({ "do": "tell" }),
        ],
    );
    assert_eq!(arena.fails("granted", &calls).code, 999);
    for (rule, grant) in [
        ("drop if from 192.0.0.0/16", "prefixes = [\"192.0.0.0/16\"]"),
        ("drop", "scope = \"all\""),
    ] {
        arena.denied(
            rule,
            &json!([forward(&[rule])]),
            "nftables.table",
            "rule 1 of chain",
            grant,
        );
    }
    let all = Arena::with_grants(&format!("{table_grant}\nscope = \"all\"\n"));
    let calls = json!([forward(&["drop if port 80", "mark"]), { "do": "tell" }]);
    assert_eq!(all.fails("all", &calls).code, 999);
}

/// It may be another's by the time that the packets come.
#[test]
fn an_address_that_was_taken_away_is_not_the_attachments_own() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    let verdict = json!({ "address": "10.22.0.9", "verdict": "drop" });
    for gone in [
        json!({ "do": "delete-address", "link": 1, "address": "10.22.0.9/16" }),
        json!({ "do": "delete", "link": 1 }),
        json!({ "do": "delete", "link": 0 }),
    ] {
        let attack = gone.to_string();
        let own = element("sources", &json!({ "address": "10.22.0.9" }));
        let calls = then(attached(), [own, gone, element("source-verdicts", &verdict)]);
        let grant = "prefixes = [\"10.22.0.9/32\"]";
        arena.denied(&attack, &calls, "nftables.element", "address 10.22.0.9", grant);
    }
}

#[test]
fn an_attempt_on_packets_of_others_is_on_record() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    arena.run(&json!([forward(&["drop"])])).error();
    let log = arena.site.installation().root().join("var/log/cofferdam/audit.jsonl");
    let log = fs::read_to_string(log).unwrap();
    let record: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert_eq!(record["event"], "denied", "{record}");
    assert_eq!(record["operation"], "nftables.table", "{record}");
    assert!(record["target"].as_str().unwrap().contains(ANY), "{record}");
    assert!(
        record["missing"].as_str().unwrap().contains("scope = \"all\""),
        "{record}"
    );
}

#[test]
fn another_containers_packets_pass_whatever_is_tried_on_them() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    let other = Container::new("other");
    arena.site.add(&other, &bridge_network("1.0.0"));
    let server = EchoServer::start(arena.site.node());
    let passes = |after: &str| assert!(answers(&other.namespace, "10.22.0.1", &server), "{after}");
    passes("nothing");
    let input = |rules: &[&str]| table(&json!([{ "name": "a", "base": ["filter", "input", 0], "rules": rules }]));
    for rule in ["drop", "drop if not from @sources", "drop if in cni0"] {
        arena.run(&json!([input(&[rule])])).error();
        passes(rule);
    }
    let others = then(
        vec![input(&["drop if from @sources"])],
        [element("sources", &json!({ "address": "10.22.0.2" }))],
    );
    arena.run(&others).error();
    passes("an element");
    // What is let in is about the attachment's own packets.
    let own = json!([
        { "do": "bridge", "in": "host", "name": "cni0" },
        own_pair(),
        { "do": "add-address", "link": 2, "address": "10.22.0.9/16" },
        input(&["drop if from @sources", "decide source-verdicts"]),
        element("sources", &json!({ "address": "10.22.0.9" })),
        element("source-verdicts", &json!({ "address": "10.22.0.9", "verdict": "drop" })),
    ]);
    assert_eq!(arena.run(&own).code, 0);
    assert!(arena.site.node().ruleset().contains("10.22.0.9"));
    passes("its own");
}
