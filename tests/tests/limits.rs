//! A component that does not behave ends inside its budget, with a clear error
//! and the kernel as it was.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::{Duration, Instant};

use cofferdam_tests::{CniError, Container, Output, Site, Snapshot, needs_kernel};
use serde_json::{Value, json};

/// Codes of the host and of the specification.
const FAULT: u64 = 111;
const TRY_AGAIN_LATER: u64 = 11;

const GRANTS: &str = r#"
[plugin.hostile]

[[plugin.hostile.grant]]
allow = "link.create"
in = "host"
kinds = ["veth"]
names = ["veth*"]

[[plugin.hostile.grant]]
allow = "link.create"
in = "container"
kinds = ["veth"]
"#;

const OWN_ADDRESS: &str = r#"
[[plugin.hostile.grant]]
allow = "link.set"
in = "container"
kinds = ["veth"]

[[plugin.hostile.grant]]
allow = "address.add"
in = "container"
prefixes = ["10.22.0.0/16"]
"#;

const ONE_OF_EVERYTHING: &str = r#"
[[plugin.hostile.grant]]
allow = "link.create"
in = "host"
kinds = ["bridge"]
names = ["cni0"]

[[plugin.hostile.grant]]
allow = "link.set"
in = "host"
kinds = ["bridge"]
names = ["cni0"]
settings = ["up"]

[[plugin.hostile.grant]]
allow = "address.add"
in = "host"
names = ["cni0"]
prefixes = ["10.22.0.0/16"]

[[plugin.hostile.grant]]
allow = "route.add"
in = "container"
destinations = ["10.22.0.0/16"]

[[plugin.hostile.grant]]
allow = "sysctl.write"
in = "host"
keys = ["net/ipv4/ip_forward"]
values = ["1"]

[[plugin.hostile.grant]]
allow = "sysctl.write"
in = "container"
keys = ["net/ipv4/conf/*/arp_notify"]
values = ["1"]

[[plugin.hostile.grant]]
allow = "nftables.table"
in = "host"
family = "inet"
tables = ["hostile"]

[[plugin.hostile.grant]]
allow = "nftables.element"
in = "host"
family = "inet"
tables = ["hostile"]
sets = ["sources"]

[[plugin.hostile.grant]]
allow = "ipam.delegate"
plugins = ["host-local"]
"#;

fn site() -> Site {
    let site = Site::new();
    site.installation().policy("hostile.toml", GRANTS);
    site
}

fn config(attack: &str) -> Value {
    json!({
        "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam", "plugin": "hostile", "attack": attack,
        "ipam": { "type": "host-local", "subnet": "10.22.0.0/16" }
    })
}

fn call(site: &Site, verb: &str, container: &Container, attack: &str) -> Output {
    let budget = ["--budget", "1500"];
    let call = site.call(verb, container, &config(attack));
    budget.iter().fold(call, |call, argument| call.argument(argument)).run()
}

#[track_caller]
fn ended(site: &Site, attack: &str) -> CniError {
    let container = Container::new("c1");
    let (node, inside) = (site.snapshot(), Snapshot::of(&container.namespace));
    let started = Instant::now();
    let error = call(site, "ADD", &container, attack).error();
    // Not a measurement: far above what it takes, far below for ever.
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "{attack}: {:?}",
        started.elapsed()
    );
    node.assert_same(&site.snapshot());
    inside.assert_same(&Snapshot::of(&container.namespace));
    assert!(
        error.message.contains("plugin \"hostile\" was ended"),
        "{attack}: {error:?}"
    );
    error
}

#[test]
fn a_loop_ends_with_the_time_of_the_call() {
    needs_kernel!();
    let error = ended(&site(), "loop");
    assert_eq!(error.code, TRY_AGAIN_LATER, "{error:?}");
    assert!(error.message.contains("did not return within the time"), "{error:?}");
    assert!(error.details.contains("backtrace"), "{error:?}");
}

#[test]
fn memory_recursion_handles_and_traps_end_it() {
    needs_kernel!();
    let site = site();
    for (attack, words) in [
        ("memory", "memory"),
        ("recursion", "trap"),
        ("handles", "resource table"),
        ("trap-after-work", "abort"),
        ("unreachable", "abort"),
        ("calls", "host calls"),
        ("huge-name", "too much data"),
        ("huge-key", "too much data"),
        ("huge-log", "too much data"),
    ] {
        let error = ended(&site, attack);
        assert_eq!(error.code, FAULT, "{attack}: {error:?}");
        assert!(error.message.contains(words), "{attack}: {error:?}");
        assert!(error.details.contains("backtrace"), "{attack}: {error:?}");
    }
}

#[test]
fn a_result_or_failure_without_measure_ends_it() {
    needs_kernel!();
    let site = site();
    site.installation()
        .policy("hostile.toml", &format!("{GRANTS}{OWN_ADDRESS}"));
    for attack in ["huge-message", "result-routes"] {
        let error = ended(&site, attack);
        assert_eq!(error.code, FAULT, "{attack}: {error:?}");
        assert!(error.message.contains("too much data"), "{attack}: {error:?}");
    }
}

#[test]
fn one_of_everything_is_undone_after_a_trap() {
    needs_kernel!();
    let site = site();
    site.installation()
        .policy("hostile.toml", &format!("{GRANTS}{OWN_ADDRESS}{ONE_OF_EVERYTHING}"));
    let error = ended(&site, "trap-after-all-work");
    assert_eq!(error.code, FAULT, "{error:?}");
    for made in [
        "create bridge cni0",
        "create veth pair",
        "add address 10.22.0.1/16",
        "set net/ipv4/ip_forward",
        "set net/ipv4/conf/eth0/arp_notify",
        "create nftables table inet hostile",
        "add 1 elements to sources",
    ] {
        assert!(error.details.contains(made), "{made}: {error:?}");
    }
}

#[test]
fn a_panic_is_told_in_the_plugins_own_words() {
    needs_kernel!();
    let error = ended(&site(), "panic");
    assert_eq!(error.code, FAULT, "{error:?}");
    assert!(error.text().contains("the plugin's own words"), "{error:?}");
}

#[test]
fn what_was_done_before_the_end_is_undone_and_told() {
    needs_kernel!();
    let error = ended(&site(), "trap-after-work");
    assert!(error.details.contains("rolled back: 1 of 1 operations"), "{error:?}");
}

#[test]
fn a_component_that_loops_in_del_does_not_keep_the_container() {
    needs_kernel!();
    let site = site();
    let before = site.snapshot();
    let container = Container::new("c1");
    let _ = call(&site, "ADD", &container, "").result();
    let output = call(&site, "DEL", &container, "loop-in-del");
    output.silent_success();
    assert!(output.stderr.contains("did not return within the time"), "{output}");
    before.assert_same(&site.snapshot());
}

#[test]
fn the_next_call_is_served_as_if_nothing_had_been() {
    needs_kernel!();
    let site = site();
    for attack in ["trap-after-work", "loop", "memory"] {
        let _ = ended(&site, attack);
    }
    let container = Container::new("c1");
    let output = call(&site, "ADD", &container, "");
    assert_eq!(output.code, 0, "{output}");
    assert_eq!(output.stderr, "", "nothing was left to be cleared");
}
