//! `cofferctl sign`, `verify` and `key`, and how it shows who signed a component.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, path::Path};

use cofferdam_tests::{Workshop, needs_kernel};
use serde_json::json;

#[test]
fn signing_adds_to_what_others_signed_and_drops_what_fits_no_more() {
    needs_kernel!();
    let workshop = Workshop::new();
    let wasm = workshop.path("loopback.wasm");
    let keys = ["vendor.pub", "other.pub"].map(|name| workshop.path(name));
    workshop.sign("vendor", "loopback");
    workshop.sign("other", "loopback");
    workshop.sign("other", "loopback");
    for key in &keys {
        workshop.succeeds(&["verify", "--key", key, &wasm]);
    }
    let lines = || {
        fs::read_to_string(workshop.path("loopback.wasm.sig"))
            .unwrap()
            .lines()
            .count()
    };
    assert_eq!(lines(), 2);

    workshop.rebuild("loopback");
    let ended = workshop.cofferctl(&["sign", "--key", &workshop.path("other.key"), &wasm]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("is dropped"), "{}", ended.stderr);
    assert_eq!(lines(), 1);
    workshop.succeeds(&["verify", "--key", &keys[1], &wasm]);
    let told = workshop.fails(&["verify", "--key", &keys[0], &wasm]);
    assert!(told.contains("only"), "{told}");
}

#[test]
fn what_can_not_be_signed_or_signed_with_is_refused() {
    needs_kernel!();
    let workshop = Workshop::new();
    let (wasm, key) = (workshop.path("loopback.wasm"), workshop.path("vendor.key"));
    let public = workshop.path("vendor.pub");
    fs::write(workshop.path("text.wasm"), "text").unwrap();
    let text = workshop.path("text.wasm");
    for (arguments, expected) in [
        (["sign", "--key", &public, &wasm], "chmod 600"),
        (["sign", "--key", &key, &text], "not a WebAssembly component"),
        (["sign", "--key", "/nowhere", &wasm], "/nowhere"),
        (["verify", "--key", &key, &wasm], "it is not a public key"),
        (["verify", "--key", &public, &wasm], "it has no signature"),
    ] {
        let told = workshop.fails(&arguments);
        assert!(told.contains(expected), "{arguments:?}: {told}");
    }
    assert!(!Path::new(&workshop.path("loopback.wasm.sig")).exists());

    let directory = workshop.path("");
    let told = workshop.fails(&["key", "new", "vendor", "--directory", &directory]);
    assert!(told.contains("never overwritten"), "{told}");
}

#[test]
fn who_signed_a_component_can_be_seen() {
    needs_kernel!();
    let workshop = Workshop::new();
    let list = || workshop.succeeds(&["component", "list"]);
    assert!(list().lines().all(|line| line.ends_with("not signed")), "{}", list());
    workshop.sign("vendor", "loopback");
    workshop.sign("other", "loopback");
    workshop.add("loopback");
    workshop.trust(&fs::read_to_string(workshop.path("vendor.pub")).unwrap());
    let line = list()
        .lines()
        .find(|line| line.starts_with("loopback "))
        .unwrap()
        .to_owned();
    assert!(line.contains("vendor") && line.contains("an unknown key"), "{line}");

    let of_name = workshop.succeeds(&["component", "inspect", "loopback"]);
    let of_file = workshop.succeeds(&["component", "inspect", &workshop.path("loopback.wasm")]);
    for shown in [of_name, of_file] {
        let vendor = fs::read_to_string(workshop.path("vendor.pub")).unwrap();
        assert!(shown.contains(&format!("{} (vendor)", vendor.trim())), "{shown}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&workshop.succeeds(&["component", "inspect", "--json", "loopback"])).unwrap();
    let signatures = json["signatures"].as_array().unwrap();
    assert_eq!(signatures.len(), 2);
    assert!(
        signatures
            .iter()
            .any(|one| one["name"] == "vendor" && one["problem"].is_null())
    );

    let stale = workshop.signatures("loopback");
    workshop.sign("vendor", "host-local");
    fs::copy(workshop.path("host-local.wasm.sig"), stale).unwrap();
    assert!(list().contains("vendor (NOT VALID)"), "{}", list());
}

#[test]
fn a_component_that_its_policy_is_not_for_is_told_before_anything_is_attached() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("loopback");
    let network = workshop.path("10-mynet.conflist");
    let list = json!({ "cniVersion": "1.0.0", "name": "mynet", "plugins": [{ "type": "loopback" }] });
    fs::write(&network, list.to_string()).unwrap();
    let why = "the policy grants plugin \"loopback\" to components signed with key \"vendor\", and component ";

    let wasm = workshop.path("loopback.wasm");
    let added = workshop.cofferctl(&["component", "add", &wasm]);
    assert_eq!(added.code, Some(0), "{added:?}");
    let told = format!("loopback is installed, and does not run: {why}");
    assert!(added.stderr.contains(&told), "{added:?}");
    let warning = format!("loopback.toml: plugin.loopback: {why}");
    assert!(workshop.succeeds(&["policy", "check"]).contains(&warning));
    let checked = workshop.cofferctl(&["conflist", "check", &network]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    assert!(
        checked.stdout.contains(&format!("error: plugins[0].type: {why}")) && checked.stdout.contains("cofferctl sign"),
        "{checked:?}"
    );

    workshop.sign("vendor", "loopback");
    let added = workshop.cofferctl(&["component", "add", &wasm]);
    assert!(added.stderr.is_empty(), "{added:?}");
    assert!(!workshop.succeeds(&["policy", "check"]).contains(why));
    workshop.succeeds(&["conflist", "check", &network]);

    workshop.rebuild("loopback");
    let told = workshop.fails(&["component", "add", &wasm]);
    assert!(told.contains("sign again, as after each new build"), "{told}");
}
