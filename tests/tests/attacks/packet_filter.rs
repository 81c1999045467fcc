//! Tables, hooks and sets of others.

use cofferdam_tests::needs_kernel;
use serde_json::{Value, json};

use crate::arena::{Arena, INVALID};

fn table(family: &str, name: &str, chains: Value) -> Value {
    let table = json!({ "family": family, "name": name, "sets": ["sources", "other", "published"], "chains": chains });
    json!([{ "do": "ensure-table", "in": "host", "table": table }])
}

#[test]
fn a_table_of_another_name_or_family_is_not_made() {
    needs_kernel!();
    let arena = Arena::new();
    for (family, name) in [
        ("inet", "firewall"),
        ("inet", "Hostile"),
        ("inet", "hostile "),
        ("inet", "hostile2"),
        ("inet", "hostil"),
        ("inet", "cofferdam_masquerade"),
        ("ip", "hostile"),
        ("ip", "nat"),
        ("ip", "filter"),
        ("ip6", "hostile"),
        ("bridge", "hostile"),
    ] {
        let attack = format!("{family} {name:?}");
        let grant = format!("family = \"{family}\", tables = [{name:?}]");
        arena.denied(
            &attack,
            &table(family, name, json!([])),
            "nftables.table",
            &attack,
            &grant,
        );
    }
    let inside = json!([{ "do": "ensure-table", "in": "container", "table": { "family": "inet", "name": "hostile" } }]);
    arena.denied(
        "inside",
        &inside,
        "nftables.table",
        "container namespace",
        "in = \"container\"",
    );
    for name in ["hostile\0", "hostile\n", "hostile\0firewall", ""] {
        let error = arena.fails(name, &table("inet", name, json!([])));
        assert!(
            [INVALID, crate::arena::DENIED].contains(&error.code),
            "{name:?}: {error:?}"
        );
    }
}

#[test]
fn a_base_chain_stays_at_its_hook_and_priority() {
    needs_kernel!();
    let arena = Arena::new();
    for (kind, hook, priority) in [
        ("filter", "input", 0),
        ("filter", "output", 0),
        ("filter", "prerouting", 0),
        ("filter", "postrouting", 0),
        ("nat", "prerouting", 0),
        ("route", "output", 0),
        ("filter", "forward", -1),
        ("filter", "forward", 1),
        // CVE-2019-9946: before everybody else.
        ("filter", "forward", -2_147_483_648),
        ("filter", "forward", 2_147_483_647),
        ("filter", "forward", -400),
    ] {
        let attack = format!("{kind} at {hook} {priority}");
        let chains = json!([{ "name": "a", "base": [kind, hook, priority], "drop": true, "rules": ["drop"] }]);
        let object = format!("{hook} {priority}");
        let grant = format!("priorities = [{priority}]");
        arena.denied(
            &attack,
            &table("inet", "hostile", chains),
            "nftables.table",
            &object,
            &grant,
        );
    }
    let one_of_two = json!([
        { "name": "a", "base": ["filter", "forward", 0] },
        { "name": "b", "base": ["filter", "input", 0] },
    ]);
    let calls = table("inet", "hostile", one_of_two);
    arena.denied(
        "one of two",
        &calls,
        "nftables.table",
        "input 0",
        "hooks = [\"forward\", \"input\"]",
    );
}

#[test]
fn a_base_chain_is_not_smuggled_in_later() {
    needs_kernel!();
    let arena = Arena::new();
    let calls = json!([
        { "do": "ensure-table", "in": "host", "table": { "family": "inet", "name": "hostile" } },
        { "do": "ensure-chain", "in": "host", "table": { "family": "inet", "name": "hostile" },
          "chain": { "name": "a", "base": ["filter", "input", 0], "drop": true } },
    ]);
    arena.refused(
        "a base chain later",
        &calls,
        INVALID,
        "base chains belong into the table's declaration",
    );
}

#[test]
fn a_rule_leads_to_no_chain_of_another_table() {
    needs_kernel!();
    let arena = Arena::new();
    for chain in ["input", "firewall input", "../firewall/input", "", "input\0"] {
        let chains = json!([{ "name": "a", "base": ["filter", "forward", 0], "rules": [format!("jump {chain}")] }]);
        let error = arena.fails(chain, &table("inet", "hostile", chains));
        assert!(!error.message.is_empty(), "{chain}: {error:?}");
    }
}

#[test]
fn a_translation_needs_a_chain_of_its_kind_which_is_not_granted() {
    needs_kernel!();
    let arena = Arena::new();
    for rule in ["masquerade if from @sources", "publish published if local"] {
        let chains = json!([{ "name": "a", "base": ["filter", "forward", 0], "rules": [rule] }]);
        let error = arena.fails(rule, &table("inet", "hostile", chains));
        assert!(error.message.contains("hostile"), "{rule}: {error:?}");
    }
}

#[test]
fn elements_stay_in_the_sets_that_were_granted() {
    needs_kernel!();
    let arena = Arena::new();
    for (family, name, set) in [
        ("inet", "hostile", "other"),
        ("inet", "hostile", "Sources"),
        ("inet", "hostile", "sources "),
        ("inet", "hostile-2", "sources"),
        ("inet", "cofferdam_masquerade", "sources"),
        ("ip", "hostile", "sources"),
    ] {
        for action in ["add-elements", "delete-elements", "has-elements"] {
            let mut calls = table("inet", "hostile", json!([]));
            calls.as_array_mut().unwrap().push(json!({
                "do": action, "in": "host",
                "family": family, "table": name, "set": set, "address": "10.22.0.9"
            }));
            let attack = format!("{action} {family} {name} {set:?}");
            let grant = format!("tables = [{name:?}], sets = [{set:?}]");
            arena.denied(&attack, &calls, "nftables.element", &format!("{set:?}"), &grant);
        }
    }
}

#[test]
fn names_and_comments_in_a_ruleset_are_plain() {
    needs_kernel!();
    let arena = Arena::new();
    let long = "x".repeat(1 << 16);
    for (attack, chain) in [
        ("a long name", json!({ "name": long })),
        ("a name with NUL", json!({ "name": "a\0b" })),
        ("an empty name", json!({ "name": "" })),
        (
            "a comment with NUL",
            json!({ "name": "a", "rules": ["accept"], "comment": "a\0b" }),
        ),
        (
            "twice the same chain",
            json!({ "name": "a", "base": ["filter", "forward", 0] }),
        ),
    ] {
        let chains = if attack.starts_with("twice") {
            json!([chain, chain])
        } else {
            json!([chain])
        };
        let error = arena.fails(attack, &table("inet", "hostile", chains));
        assert!([INVALID, 999].contains(&error.code), "{attack}: {error:?}");
    }
}
