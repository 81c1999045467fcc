//! Other links' traffic, and flows that others' packets belong to.

use cofferdam_tests::needs_kernel;
use serde_json::{Value, json};

use crate::arena::{Arena, CONFLICT, INVALID, NOT_FOUND, on_own_pair, own_pair};

/// May do whatever there is to links of this name.
fn granted(names: &str) -> Arena {
    Arena::with_grants(&format!(
        "[[plugin.hostile.grant]]\nallow = [\"link.see\", \"qdisc.set\", \"qdisc.see\"]\nin = \"host\"\nnames = [\"{names}\"]\n"
    ))
}

fn find(name: &str) -> Value {
    json!({ "do": "find", "in": "host", "name": name })
}

#[test]
fn the_traffic_of_others_is_neither_limited_nor_redirected_nor_told_of() {
    needs_kernel!();
    let arena = Arena::new();
    for (operation, call) in [
        ("qdisc.set", json!({ "do": "limit", "link": 0, "rate": 1000 })),
        ("qdisc.see", json!({ "do": "is-limited", "link": 0, "rate": 1000 })),
        ("qdisc.set", json!({ "do": "redirect", "link": 0, "to": 1 })),
        ("qdisc.see", json!({ "do": "is-redirected", "link": 0, "to": 1 })),
    ] {
        let calls = json!([find("vethtenant"), own_pair(), call]);
        arena.denied(
            "a tenant's link",
            &calls,
            operation,
            "\"vethtenant\"",
            "names = [\"vethtenant\"]",
        );
    }
}

/// What comes in on one's own link would be sent as if it came from them.
#[test]
fn nothing_is_sent_by_a_link_that_is_not_granted() {
    needs_kernel!();
    let arena = Arena::new();
    let calls = json!([find("vethtenant"), own_pair(), { "do": "redirect", "link": 1, "to": 0 }]);
    arena.denied(
        "a tenant as the target",
        &calls,
        "qdisc.set",
        "\"vethtenant\"",
        "names = [\"vethtenant\"]",
    );
}

#[test]
fn another_attachments_link_is_not_there_whatever_is_granted() {
    needs_kernel!();
    let policy = format!(
        "{}\n[[plugin.hostile.grant]]\nallow = [\"link.see\", \"qdisc.set\"]\nin = \"host\"\nnames = [\"*\"]\n",
        crate::arena::NARROW
    );
    let (arena, _other) = Arena::beside(&policy, "other", |site, other| {
        let calls = json!([own_pair()]);
        site.add(other, &crate::arena::config(&calls));
    });
    let calls = json!([find("vethown"), { "do": "limit", "link": 0, "rate": 1000 }]);
    arena.refused("another's pair", &calls, NOT_FOUND, "vethown");
}

#[test]
fn a_limit_that_the_operator_set_stays() {
    needs_kernel!();
    let site = granted("up0");
    site.site
        .node()
        .tool("tc", &["qdisc", "add", "dev", "up0", "root", "handle", "7:", "pfifo"]);
    let error = site
        .run(&json!([find("up0"), { "do": "limit", "link": 0, "rate": 1000 }]))
        .error();
    assert!(error.code == CONFLICT && error.message.contains("up0"), "{error:?}");
    let shown = site.site.node().tool("tc", &["qdisc", "show", "dev", "up0", "root"]);
    assert!(shown.contains("pfifo 7:"), "{shown}");
}

#[test]
fn what_was_done_to_a_link_that_is_granted_goes_when_the_request_fails() {
    needs_kernel!();
    let arena = granted("up0");
    let calls = json!([
        find("up0"), own_pair(),
        { "do": "limit", "link": 0, "rate": 1000 },
        { "do": "redirect", "link": 0, "to": 1 },
        { "do": "trap" },
    ]);
    let _ = arena.fails("a limit and a trap", &calls);
    let shown = arena.site.node().tool("tc", &["qdisc", "show", "dev", "up0"]);
    assert!(!shown.contains("tbf") && !shown.contains("ingress"), "{shown}");
}

#[test]
fn numbers_that_the_kernel_can_not_count_are_refused() {
    needs_kernel!();
    let arena = Arena::new();
    for rate in [0, u64::MAX] {
        let calls = on_own_pair(json!({ "do": "limit", "link": 0, "rate": rate }));
        arena.refused("a rate", &calls, INVALID, "bytes");
    }
    let circle = on_own_pair(json!({ "do": "redirect", "link": 0, "to": 0 }));
    arena.refused("a circle", &circle, INVALID, "another one");
    let apart = on_own_pair(json!({ "do": "redirect", "link": 0, "to": 1 }));
    arena.refused("two namespaces", &apart, INVALID, "same namespace");
}

#[test]
fn flows_to_ports_that_are_not_granted_are_not_forgotten() {
    needs_kernel!();
    let arena =
        Arena::with_grants("[[plugin.hostile.grant]]\nallow = \"conntrack.forget\"\nin = \"host\"\nports = [5353]\n");
    let calls = json!([{ "do": "forget", "in": "host", "ports": [5353, 53] }]);
    arena.denied(
        "another's port",
        &calls,
        "conntrack.forget",
        "port 53",
        "ports = [53, 5353]",
    );
    let many: Vec<u16> = vec![5353; 257];
    let calls = json!([{ "do": "forget", "in": "host", "ports": many }]);
    arena.refused("many", &calls, INVALID, "256");
}
