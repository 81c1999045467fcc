//! More of everything than a node can bear.

use std::time::{Duration, Instant};

use cofferdam_tests::{CniError, needs_kernel};
use serde_json::{Value, json};

use crate::arena::{Arena, QUOTA, config};

const FAULT: u64 = 111;
const TRY_AGAIN_LATER: u64 = 11;

/// ADD with three seconds' time, which has to fail without a trace.
#[track_caller]
fn fails_in_time(arena: &Arena, attack: &str, calls: &Value) -> CniError {
    let started = Instant::now();
    let call = arena.site.call("ADD", &arena.container, &config(calls));
    let output = call.argument("--budget").argument("3000").run();
    // Not a measurement: what it takes to undo thousands of operations beside other tests.
    assert!(
        started.elapsed() < Duration::from_secs(60),
        "{attack}: {:?}",
        started.elapsed()
    );
    assert_eq!(output.code, 1, "{attack}: {output}");
    arena.assert_untouched(attack);
    output.error()
}

fn repeat(calls: Value) -> Value {
    json!([{ "do": "repeat", "times": 10_000, "calls": calls }])
}

#[test]
fn ten_thousand_links_are_refused_and_undone() {
    needs_kernel!();
    let arena = Arena::new();
    let pair = json!({
        "do": "veth",
        "first": { "in": "host", "name": "veth{n}" },
        "second": { "in": "container", "name": "e{n}" },
    });
    for (attack, calls) in [
        ("held", json!([pair])),
        ("dropped", json!([pair, { "do": "drop", "keep": 0 }])),
        (
            "deleted",
            json!([pair, { "do": "delete", "link": 0 }, { "do": "drop", "keep": 0 }]),
        ),
    ] {
        let error = fails_in_time(&arena, attack, &repeat(calls));
        assert_eq!(error.code, QUOTA, "{attack}: {error:?}");
        assert!(error.message.contains("links"), "{attack}: {error:?}");
    }
    let bridges = Arena::with_grants(
        "[[plugin.hostile.grant]]\nallow = \"link.create\"\nin = \"host\"\nkinds = [\"bridge\"]\nnames = [\"b*\"]\n",
    );
    let bridge = json!({ "do": "bridge", "in": "host", "name": "b{n}" });
    let error = fails_in_time(&bridges, "bridges", &repeat(json!([bridge])));
    assert_eq!(error.code, QUOTA, "{error:?}");
}

#[test]
fn a_grant_counts_what_it_allows() {
    needs_kernel!();
    let arena = Arena::with_policy(
        "[plugin.hostile]\n[[plugin.hostile.grant]]\nallow = \"link.create\"\nin = \"host\"\nkinds = \
         [\"veth\"]\nnames = [\"veth*\"]\nmax = 3\n[[plugin.hostile.grant]]\nallow = \"link.create\"\nin = \
         \"container\"\nkinds = [\"veth\"]\n",
    );
    let pair = json!({
        "do": "veth",
        "first": { "in": "host", "name": "veth{n}" },
        "second": { "in": "container", "name": "e{n}" },
    });
    for calls in [
        repeat(json!([pair])),
        repeat(json!([pair, { "do": "delete", "link": 0 }, { "do": "drop", "keep": 0 }])),
    ] {
        let error = fails_in_time(&arena, "three are granted", &calls);
        assert_eq!(error.code, QUOTA, "{error:?}");
        assert!(error.message.contains('3'), "{error:?}");
    }
}

#[test]
fn ten_thousand_rules_routes_leases_and_elements_are_undone() {
    needs_kernel!();
    let arena = Arena::with_grants(
        "[[plugin.hostile.grant]]\nallow = \"nftables.element\"\nin = \"host\"\nfamily = \"inet\"\ntables = \
         [\"hostile\"]\nsets = [\"sources\"]\nprefixes = [\"10.22.0.0/16\"]\n",
    );
    let sources = json!({ "family": "inet", "name": "hostile", "sets": ["sources"] });
    for (attack, first, call) in [
        (
            "rules",
            crate::arena::own_pair(),
            json!({ "do": "add-rule", "in": "host", "input": "vethown", "table": 100, "priority": 1000 }),
        ),
        (
            "routes",
            json!({ "do": "repeat", "times": 1, "calls": [crate::arena::own_pair(), { "do": "up", "link": 1 }] }),
            json!({ "do": "add-route", "link": 1, "to": "10.22.0.0/16", "priority": 7 }),
        ),
        (
            "leases",
            json!({ "do": "open-records" }),
            json!({ "do": "claim", "name": "fd00::1:{n}" }),
        ),
        (
            "elements",
            json!({ "do": "ensure-table", "in": "host", "table": sources }),
            json!({ "do": "add-elements", "in": "host", "family": "inet", "table": "hostile", "set": "sources",
                    "address": "10.22.0.1", "count": 10_000 }),
        ),
        (
            "chains",
            json!({ "do": "ensure-table", "in": "host", "table": sources }),
            json!({ "do": "ensure-chain", "in": "host", "table": { "family": "inet", "name": "hostile" },
                    "chain": { "name": "c{n}", "rules": ["accept"] } }),
        ),
    ] {
        let calls = json!([first, { "do": "repeat", "times": 10_000, "calls": [call] }, { "do": "tell" }]);
        fails_in_time(&arena, attack, &calls);
    }
}

#[test]
fn waiting_ends_with_the_time_of_the_call() {
    needs_kernel!();
    let arena = Arena::new();
    for call in [
        json!({ "do": "wait", "link": 1, "milliseconds": u32::MAX }),
        json!({ "do": "repeat", "times": 10_000, "calls": [{ "do": "wait", "link": 1, "milliseconds": 1000 }] }),
    ] {
        let error = fails_in_time(&arena, "waiting", &crate::arena::on_own_pair(call));
        assert_eq!(error.code, TRY_AGAIN_LATER, "{error:?}");
    }
}

#[test]
fn calls_in_a_tight_loop_end() {
    needs_kernel!();
    let arena = Arena::new();
    for call in [
        json!({ "do": "read-setting", "in": "host", "key": ["net", "ipv4", "ip_forward"] }),
        json!({ "do": "find", "in": "host", "name": "vethtenant" }),
        json!({ "do": "find", "in": "host", "name": "up0" }),
    ] {
        let calls = json!([{ "do": "repeat", "times": 1_000_000, "calls": [call, { "do": "drop", "keep": 0 }] }]);
        let mut config = config(&calls);
        config["undaunted"] = json!(true);
        let call = arena.site.call("ADD", &arena.container, &config);
        let error = call.argument("--budget").argument("5000").run().error();
        arena.assert_untouched("a tight loop");
        assert!([FAULT, TRY_AGAIN_LATER].contains(&error.code), "{error:?}");
    }
}
