//! Other components than the recorded ones.

use std::{fs, path::Path};

use cofferdam_tests::{Container, Products, needs_kernel};
use serde_json::{Value, json};

use crate::{
    desk::{Desk, component},
    node::{last, masquerading, network, site},
};

#[test]
fn another_component_is_told_first_and_then_what_it_does_otherwise() {
    needs_kernel!();
    let site = site("always", &["bridge"]);
    site.add(&Container::new("c1"), &masquerading());
    let (file, desk) = (last(&site), Desk::new());

    // The same code, in another file.
    let renamed = [component("bridge"), custom_section("remark")].concat();
    let given = [("bridge", renamed), ("host-local", component("host-local"))];
    let same = desk.replay(&file, &given, &[]);
    assert_eq!(same.code, Some(0), "{same:?}");
    assert!(
        same.stdout.contains("plugin bridge: this component is another one"),
        "{same:?}"
    );
    assert!(same.stdout.contains("same calls, same outcome"), "{same:?}");

    // Another plugin altogether, which asks for other things.
    let given = [("bridge", component("ptp")), ("host-local", component("host-local"))];
    let other = desk.replay(&file, &given, &["--json"]);
    assert_eq!(other.code, Some(1), "{other:?}");
    let told: Value = serde_json::from_str(&other.stdout).unwrap();
    assert_eq!(told["components"][0]["plugin"], "bridge", "{told:#}");
    let difference = &told["difference"];
    assert_eq!(
        difference["number"].as_u64().unwrap(),
        1 + difference["before"].as_array().unwrap().len() as u64
    );
    assert_ne!(difference["recorded"], difference["now"], "{told:#}");
    assert!(told["outcome"]["now"].is_object(), "{told:#}");
    let words = desk.replay(&file, &given, &[]).stdout;
    for line in ["other calls", "another outcome", "  recorded  ", "  now       "] {
        assert!(words.contains(line), "{line}: {words}");
    }
}

/// A part of a component that says nothing of what it does.
fn custom_section(name: &str) -> Vec<u8> {
    let length = u8::try_from(name.len()).unwrap();
    [&[0, length + 1, length], name.as_bytes()].concat()
}

/// A component that fails, and one with which the call would not have.
#[test]
fn what_a_mended_component_would_do_is_seen() {
    needs_kernel!();
    let site = site("failures", &["hostile"]);
    let policy = fs::read_to_string(Products::workspace().join("host/policy/default/loopback.toml")).unwrap();
    let policy = policy.replace("plugin.loopback", "plugin.hostile");
    site.installation().policy("hostile.toml", &policy);
    let broken = network("cofferdam", json!({ "plugin": "hostile", "attack": "unreachable" }));
    site.try_add(&Container::new("c1"), &broken).error();
    let (file, desk) = (last(&site), Desk::new());
    let mended = desk.replay(&file, &[("hostile", component("loopback"))], &["--json"]);
    assert_eq!(mended.code, Some(1), "{mended:?}");
    let told: Value = serde_json::from_str(&mended.stdout).unwrap();
    let now = &told["outcome"]["now"];
    assert_eq!(now["exit"], 0, "{told:#}");
    let result: Value = serde_json::from_str(now["stdout"].as_str().unwrap()).unwrap();
    assert_eq!(result["ips"][0]["address"], "127.0.0.1/8", "{told:#}");
}

#[test]
fn the_recorded_component_is_taken_from_the_machines_own_store() {
    needs_kernel!();
    let site = site("always", &["bridge"]);
    site.add(&Container::new("c1"), &masquerading());
    let file = last(&site);
    let file = file.to_str().unwrap();
    let replayed = site.cofferctl(&["replay", file]);
    assert_eq!(replayed.code, Some(0), "{replayed:?}");
    let missing = Desk::new().replay(Path::new(file), &[], &[]);
    assert_eq!(missing.code, Some(1), "{missing:?}");
    assert!(missing.stderr.contains("give it: bridge=FILE.wasm"), "{missing:?}");
}
