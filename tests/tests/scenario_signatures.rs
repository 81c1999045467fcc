//! Scenarios with policies that want components to be signed.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;

use cofferdam_tests::{Ended, Products, Workshop, finish, needs_kernel};

/// Of `loopback.wasm` in a workshop, whose policy is in `policy.d`, as it is on a
/// node.
const SCENARIO: &str = r#"
[given]
policy = ["policy.d"]
config = '{ "cniVersion": "1.1.0", "name": "lo", "type": "loopback" }'

[[scenario]]
name = "the loopback goes up"

[[scenario.step]]
do = "ADD"
container.there = ["link lo up"]
"#;

/// A workshop with a scenario, and with a policy that wants `vendor`'s signature.
fn workshop() -> Workshop {
    let workshop = Workshop::new();
    let default = Products::workspace().join("host/policy/default/loopback.toml");
    let section = "[plugin.loopback]\n";
    let text = fs::read_to_string(default).unwrap();
    let pinned = text.replacen(section, &format!("{section}signed-by = \"vendor\"\n"), 1);
    assert_ne!(pinned, text);
    fs::create_dir_all(workshop.path("policy.d/keys")).unwrap();
    fs::write(workshop.path("policy.d/loopback.toml"), pinned).unwrap();
    fs::copy(workshop.path("vendor.pub"), workshop.path("policy.d/keys/vendor.pub")).unwrap();
    fs::write(workshop.path("a.toml"), SCENARIO).unwrap();
    workshop
}

/// `cofferctl test` of the component.
fn test(workshop: &Workshop) -> Ended {
    let products = Products::locate();
    let mut command = std::process::Command::new(products.cofferctl());
    command.arg("test").arg("--cache").arg(products.target());
    command.args(["--directory", &workshop.path("")]);
    command.args(["--component", &workshop.path("loopback.wasm"), &workshop.path("a.toml")]);
    finish(&mut command, b"")
}

/// What is said of a component that is not signed as the policy wants.
#[track_caller]
fn assert_refused(ended: &Ended, why: &str) {
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for words in ["signed with key \"vendor\"", why, "cofferctl sign --key"] {
        assert!(ended.stdout.contains(words), "{words}: {ended:?}");
    }
    for words in ["component add", "/etc/cofferdam"] {
        assert!(!ended.stdout.contains(words), "{words} is a node's: {ended:?}");
    }
}

#[test]
fn a_component_has_to_be_signed_as_on_a_node() {
    needs_kernel!();
    let workshop = workshop();
    assert_refused(&test(&workshop), "it has no signature");
    workshop.sign("other", "loopback");
    assert_refused(&test(&workshop), "it is signed with ed25519:");
    workshop.sign("vendor", "loopback");
    let signed = test(&workshop);
    assert_eq!(signed.code, Some(0), "{signed:?}");
}

#[test]
fn what_was_signed_before_it_was_built_anew_is_not_signed() {
    needs_kernel!();
    let workshop = workshop();
    workshop.sign("vendor", "loopback");
    workshop.rebuild("loopback");
    assert_refused(&test(&workshop), "is not valid");
}

#[test]
fn a_signature_that_was_taken_away_counts_no_more() {
    needs_kernel!();
    let workshop = workshop();
    workshop.sign("vendor", "loopback");
    assert_eq!(test(&workshop).code, Some(0));
    fs::remove_file(workshop.path("loopback.wasm.sig")).unwrap();
    assert_refused(&test(&workshop), "it has no signature");
}

#[test]
fn a_key_that_is_missing_belongs_beside_the_policies() {
    needs_kernel!();
    let workshop = workshop();
    workshop.sign("vendor", "loopback");
    fs::remove_file(workshop.path("policy.d/keys/vendor.pub")).unwrap();
    let ended = test(&workshop);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let place = workshop.path("policy.d/keys/vendor.pub");
    for words in ["there is no key \"vendor\"", "loopback.toml", &place] {
        assert!(ended.stdout.contains(words), "{words}: {ended:?}");
    }
}

#[test]
fn two_keys_of_one_name_are_one_too_many() {
    needs_kernel!();
    let workshop = workshop();
    fs::create_dir_all(workshop.path("more/keys")).unwrap();
    fs::copy(workshop.path("other.pub"), workshop.path("more/keys/vendor.pub")).unwrap();
    let both = SCENARIO.replace("[\"policy.d\"]", "[\"policy.d\", \"more\"]");
    fs::write(workshop.path("a.toml"), both).unwrap();
    let ended = test(&workshop);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("two keys of one name"), "{ended:?}");
}
