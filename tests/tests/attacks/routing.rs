//! Sending the node's or a neighbour's traffic elsewhere.

use cofferdam_tests::{needs_kernel, with};
use serde_json::{Value, json};

use crate::arena::{Arena, CONFLICT, INVALID, config, on_own_pair, own_pair};

const SEE_UPLINK: &str = "[[plugin.hostile.grant]]\nallow = \"link.see\"\nin = \"host\"\nnames = [\"up0\", \"lo\"]\n";

#[test]
fn the_node_gets_no_route_outside_the_grants() {
    needs_kernel!();
    let arena = Arena::new();
    for (attack, to, table) in [
        ("the default route", "0.0.0.0/0", None),
        ("half of it", "0.0.0.0/1", None),
        ("the other half", "128.0.0.0/1", None),
        ("the default route of IPv6", "::/0", None),
        ("the node's resolver", "192.0.2.53/32", None),
        ("more than was granted", "10.0.0.0/8", None),
        ("the local table", "10.22.0.1/32", Some(255)),
        ("another table", "10.22.0.1/32", Some(100)),
        ("the default table", "10.22.0.1/32", Some(253)),
    ] {
        let route = on_own_pair(json!({ "do": "add-route", "link": 0, "to": to, "table": table }));
        arena.denied(
            attack,
            &route,
            "route.add",
            &format!("the route to {to}"),
            "in = \"host\"",
        );
    }
    for table in [Some(254), Some(0), None] {
        let add = json!({ "do": "add-route", "link": 0, "to": "0.0.0.0/0", "table": table, "priority": 0 });
        let error = arena.fails("the main table by number", &on_own_pair(add));
        assert!(
            error.message.contains("0.0.0.0/0") || error.code == INVALID,
            "{error:?}"
        );
    }
}

#[test]
fn no_route_leads_through_others_links() {
    needs_kernel!();
    let arena = Arena::with_grants(SEE_UPLINK);
    for link in ["up0", "lo"] {
        for (operation, call) in [
            (
                "route.add",
                json!({ "do": "add-route", "link": 0, "to": "10.22.0.0/24" }),
            ),
            (
                "route.delete",
                json!({ "do": "delete-route", "link": 0, "to": "0.0.0.0/0" }),
            ),
            ("route.see", json!({ "do": "routes", "link": 0 })),
        ] {
            let calls = json!([{ "do": "find", "in": "host", "name": link }, call]);
            arena.denied(
                operation,
                &calls,
                operation,
                &format!("{link:?}"),
                &format!("names = [{link:?}]"),
            );
        }
    }
}

#[test]
fn a_route_of_the_tenants_is_not_deleted_with_a_vague_description() {
    needs_kernel!();
    let arena = Arena::with_grants(&format!(
        "{SEE_UPLINK}\n[[plugin.hostile.grant]]\nallow = \"route.delete\"\nin = \"host\"\nnames = \
         [\"up0\"]\ndestinations = [\"198.51.100.0/25\"]\ntables = [100]\n"
    ));
    for (to, table) in [
        ("198.51.100.0/24", Some(100)),
        ("198.51.100.0/0", Some(100)),
        ("0.0.0.0/0", None),
        ("198.51.100.0/25", None),
    ] {
        let calls = json!([
            { "do": "find", "in": "host", "name": "up0" },
            { "do": "delete-route", "link": 0, "to": to, "table": table },
        ]);
        let error = arena.fails(to, &calls);
        assert_eq!(error.code, crate::arena::DENIED, "{to}: {error:?}");
    }
}

#[test]
fn rules_keep_to_their_table_and_priorities() {
    needs_kernel!();
    let arena = Arena::new();
    let rule = |action: &str, table: u32, priority: Option<u32>| json!([{ "do": action, "in": "host", "from": "10.22.0.0/16", "table": table, "priority": priority }]);
    for (table, priority) in [
        (100, Some(0)),
        (100, Some(1)),
        (100, Some(999)),
        (100, Some(2000)),
        (100, Some(32_767)),
        (100, Some(u32::MAX)),
        (100, None),
        (254, Some(1000)),
        (255, Some(1000)),
        (101, Some(1000)),
        (u32::MAX, Some(1000)),
    ] {
        for (action, operation) in [("add-rule", "rule.add"), ("delete-rule", "rule.delete")] {
            let attack = format!("{action} {table} {priority:?}");
            arena.denied(
                &attack,
                &rule(action, table, priority),
                operation,
                "routing rule",
                "in = \"host\"",
            );
        }
    }
    arena.denied(
        "looking",
        &json!([{ "do": "rules", "in": "host" }]),
        "rule.see",
        "rules",
        "in = \"host\"",
    );
    let inside = json!([{ "do": "add-rule", "in": "container", "table": 100, "priority": 1000 }]);
    arena.denied(
        "inside",
        &inside,
        "rule.add",
        "container namespace",
        "in = \"container\"",
    );
}

#[test]
fn a_rule_of_the_node_takes_no_packets_of_others() {
    needs_kernel!();
    let arena = Arena::new();
    let with_rule = |rule: Value| {
        let rule = with(
            json!({ "do": "add-rule", "in": "host", "table": 100, "priority": 1000 }),
            rule,
        );
        json!([own_pair(), { "do": "add-address", "link": 1, "address": "10.22.0.5/16" }, rule])
    };
    for (attack, rule) in [
        ("everybody's", json!({})),
        ("a network's", json!({ "from": "10.22.0.0/16" })),
        ("another container's", json!({ "from": "10.22.0.77/32" })),
        ("the node's", json!({ "from": "192.0.2.2/32" })),
        ("all with a mark", json!({ "mark": 1 })),
        ("all to an address", json!({ "to": "10.22.0.5/32" })),
        ("all by the uplink", json!({ "input": "up0" })),
        (
            "all by the uplink with a source",
            json!({ "input": "up0", "from": "10.22.0.0/16" }),
        ),
        ("what leaves by its link", json!({ "output": "vethown" })),
        ("what comes by no link of the node", json!({ "input": "eth0" })),
    ] {
        arena.refused(attack, &with_rule(rule), INVALID, "a rule of the node needs");
    }
    for rule in [json!({ "from": "10.22.0.5/32" }), json!({ "input": "vethown" })] {
        let calls = config(&with_rule(rule));
        arena.site.add(&arena.container, &calls);
        arena.site.del(&arena.container, &calls);
        arena.assert_untouched("its own");
    }
}

/// Whoever looks into the table, rules of the operator say.
#[test]
fn the_default_route_of_another_table_covers_addresses_too() {
    needs_kernel!();
    let (arena, _victim) = Arena::beside(crate::ownership::WIDE, "victim", |site, victim| {
        site.add(
            victim,
            &config(&on_own_pair(
                json!({ "do": "add-address", "link": 1, "address": "10.22.0.5/16" }),
            )),
        );
    });
    let route = |table: u32| {
        json!([
            { "do": "veth", "first": { "in": "host" }, "second": { "in": "container", "name": "eth0" } },
            { "do": "up", "link": 0 },
            { "do": "add-route", "link": 0, "to": "0.0.0.0/0", "table": table, "priority": 7 },
        ])
    };
    arena.refused("a table", &route(100), CONFLICT, "would cover address 10.22.0.5");
    arena.site.add(&arena.container, &config(&route(254)));
}

#[test]
fn numbers_at_the_edge_are_answered() {
    needs_kernel!();
    let arena = Arena::with_grants(
        "[[plugin.hostile.grant]]\nallow = \"rule.add\"\nin = \"container\"\ntables = [[1, 4294967295]]\n",
    );
    let last = u32::MAX;
    for (attack, call) in [
        (
            "a length of 33",
            json!({ "do": "add-address", "link": 1, "address": "10.22.0.5/33" }),
        ),
        (
            "a length of 255",
            json!({ "do": "add-address", "link": 1, "address": "10.22.0.5/255" }),
        ),
        (
            "a length of 129",
            json!({ "do": "add-address", "link": 1, "address": "fd00::1/129" }),
        ),
        (
            "a route of length 255",
            json!({ "do": "add-route", "link": 1, "to": "10.22.0.0/255" }),
        ),
        ("an MTU of 0", json!({ "do": "mtu", "link": 1, "mtu": 0 })),
        ("an MTU of 67", json!({ "do": "mtu", "link": 1, "mtu": 67 })),
        ("the largest MTU", json!({ "do": "mtu", "link": 1, "mtu": last })),
        (
            "an MTU that is negative",
            json!({ "do": "mtu", "link": 1, "mtu": 0x8000_0000_u32 }),
        ),
        (
            "a MAC of zeros",
            json!({ "do": "mac", "link": 1, "mac": [0, 0, 0, 0, 0, 0] }),
        ),
        (
            "a group MAC",
            json!({ "do": "mac", "link": 1, "mac": [1, 0, 94, 0, 0, 1] }),
        ),
        (
            "the broadcast MAC",
            json!({ "do": "mac", "link": 1, "mac": [255, 255, 255, 255, 255, 255] }),
        ),
        (
            "a gateway of the other family",
            json!({ "do": "add-route", "link": 1, "to": "10.22.0.0/24", "via": "fd00::1" }),
        ),
        (
            "a source of the other family",
            json!({ "do": "add-route", "link": 1, "to": "10.22.0.0/24", "source": "fd00::1" }),
        ),
        (
            "prefixes of two families",
            json!({ "do": "add-rule", "in": "container", "table": 7, "from": "10.0.0.0/8", "to": "fd00::/8" }),
        ),
        (
            "no table",
            json!({ "do": "add-rule", "in": "container", "table": 0, "from": "10.0.0.0/8" }),
        ),
        (
            "an interface with a path for a name",
            json!({ "do": "add-rule", "in": "container", "table": 7, "input": "../eth0" }),
        ),
        (
            "an interface with a long name",
            json!({ "do": "add-rule", "in": "container", "table": 7, "output": "sixteen-letters!" }),
        ),
    ] {
        let error = arena.fails(attack, &on_own_pair(call));
        assert!([INVALID, 999, 100].contains(&error.code), "{attack}: {error:?}");
        assert!(!error.message.is_empty(), "{attack}: {error:?}");
    }
    let big = |mtu: u32| -> Value {
        json!([{
            "do": "veth",
            "first": { "in": "host", "name": "veth0", "mtu": mtu },
            "second": { "in": "container", "name": "eth0", "mtu": mtu },
        }])
    };
    for mtu in [0, 1, 67, 65_536, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
        let error = arena.fails("a pair of that MTU", &big(mtu));
        assert!(!error.message.is_empty(), "{mtu}: {error:?}");
    }
}
