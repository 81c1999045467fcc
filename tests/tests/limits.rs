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

fn site() -> Site {
    let site = Site::new();
    site.installation().policy("hostile.toml", GRANTS);
    site
}

fn config(attack: &str) -> Value {
    json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam", "plugin": "hostile", "attack": attack })
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
    ] {
        let error = ended(&site, attack);
        assert_eq!(error.code, FAULT, "{attack}: {error:?}");
        assert!(error.message.contains(words), "{attack}: {error:?}");
        assert!(error.details.contains("backtrace"), "{attack}: {error:?}");
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
