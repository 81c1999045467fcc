//! Which component may act under a policy, and what of it is audited.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use cofferdam_policy::{Audit, NO_KEYS, Pin, PluginPolicy, PolicyError, Recording};
use support::{
    ground::{Ground, set_mode},
    policy,
};

const KEY: &str = "# The vendor's.\ned25519:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
const SIGNED: &str = "[plugin.bridge]\nsigned-by = \"vendor\"\n";

fn files(texts: &[&str]) -> Vec<(PathBuf, String)> {
    let named = |(index, text): (usize, &&str)| (format!("test.{index}.toml").into(), format!("[plugin.test]\n{text}"));
    texts.iter().enumerate().map(named).collect()
}

fn problem(texts: &[&str]) -> String {
    PluginPolicy::parse("test", &files(texts), NO_KEYS)
        .unwrap_err()
        .to_string()
}

#[test]
fn without_a_pin_any_component_will_do() {
    assert_eq!(policy("[plugin.test]").unwrap().pin(), &Pin::Any);
}

#[test]
fn a_pin_holds_for_all_files() {
    let (a, b) = ("a".repeat(64), "b".repeat(64));
    let component = |digest: &str| format!("component = \"sha256:{digest}\"");
    for texts in [
        [component(&a), String::new()],
        [String::new(), component(&a)],
        [component(&a), component(&a)],
    ] {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let policy = PluginPolicy::parse("test", &files(&texts), NO_KEYS).unwrap();
        assert_eq!(policy.pin(), &Pin::Digest(a.clone()));
    }
    assert_eq!(
        problem(&[&component(&a), &component(&b)]),
        format!(
            "the policy has errors, so nothing is granted: test.1.toml:2: plugin.test.component: test.0.toml:2 has \
             component = \"sha256:{a}\" (write it in one file only; it holds for all of them)"
        )
    );
    assert!(problem(&[&component(&a), "signed-by = \"vendor\""]).contains("test.1.toml:2: plugin.test.signed-by:"));
    assert!(problem(&["signed-by = \"a\"", "signed-by = \"b\""]).contains("test.0.toml:2 has signed-by = \"a\""));
}

#[test]
fn one_file_has_one_pin() {
    let both = format!("signed-by = \"vendor\"\ncomponent = \"sha256:{}\"", "a".repeat(64));
    assert_eq!(
        problem(&[&both]),
        "the policy has errors, so nothing is granted: test.0.toml:2: plugin.test.signed-by: component in line 3 says \
         already which component it is (a digest allows one component, a key every one that its owner signs: keep one \
         of the two)"
    );
}

#[test]
fn a_key_is_read_from_the_directory_of_keys() {
    let ground = Ground::new();
    ground.write("bridge.toml", SIGNED);
    ground.write("keys/vendor.pub", KEY);
    let key: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).unwrap());
    let name = "vendor".to_owned();
    assert_eq!(ground.read().unwrap().pin(), &Pin::SignedBy { name, key });
}

#[test]
fn a_key_that_is_missing_is_told_with_its_place() {
    let ground = Ground::new();
    ground.write("bridge.toml", SIGNED);
    let expected = "the policy has errors, so nothing is granted: DIR/bridge.toml:2: plugin.bridge.signed-by: there is \
                    no key \"vendor\" (its public half belongs into DIR/keys/vendor.pub)";
    assert_eq!(ground.refusal(), expected);
    ground.write("keys/other.pub", KEY);
    assert_eq!(ground.refusal(), expected);
}

#[test]
fn a_key_is_trusted_like_a_policy() {
    let ground = || {
        let ground = Ground::new();
        ground.write("bridge.toml", SIGNED);
        let key = ground.write("keys/vendor.pub", KEY);
        (ground, key)
    };
    let untrusted = |ground: &Ground, what: &str| {
        assert!(matches!(ground.read(), Err(PolicyError::Untrusted { .. })), "{what}");
        assert!(
            ground
                .refusal()
                .starts_with(&format!("policy DIR/{what} is not trusted")),
            "{what}"
        );
    };

    let (open, key) = ground();
    set_mode(&key, 0o664);
    untrusted(&open, "keys/vendor.pub");

    let (open, key) = ground();
    set_mode(key.parent().unwrap(), 0o777);
    untrusted(&open, "keys");

    let (linked, key) = ground();
    fs::rename(&key, linked.path.join("elsewhere")).unwrap();
    symlink("../elsewhere", &key).unwrap();
    untrusted(&linked, "keys/vendor.pub");

    let (linked, key) = ground();
    fs::rename(key.parent().unwrap(), linked.path.join("elsewhere")).unwrap();
    symlink("elsewhere", key.parent().unwrap()).unwrap();
    untrusted(&linked, "keys");
}

#[test]
fn a_file_that_holds_no_key_is_told_with_its_line() {
    let ground = Ground::new();
    ground.write("bridge.toml", SIGNED);
    ground.write("keys/vendor.pub", "# nothing\nssh-ed25519 AAAA\n");
    assert!(
        ground
            .refusal()
            .contains("DIR/keys/vendor.pub:2: it is not a public key"),
        "{}",
        ground.refusal()
    );
    ground.write("keys/vendor.pub", b"\xff");
    assert!(
        ground
            .refusal()
            .ends_with("DIR/keys/vendor.pub:1: the text is not UTF-8")
    );
}

#[test]
fn a_key_that_no_policy_names_concerns_nobody() {
    let ground = Ground::new();
    ground.write("bridge.toml", "[plugin.bridge]");
    set_mode(&ground.write("keys/vendor.pub", "nonsense"), 0o666);
    assert_eq!(ground.read().unwrap().pin(), &Pin::Any);
}

#[test]
fn nothing_is_recorded_unless_one_file_wants_it() {
    let (never, failures, always) = ("record = \"never\"", "record = \"failures\"", "record = \"always\"");
    for (texts, expected) in [
        (&[""][..], Recording::Never),
        (&[never], Recording::Never),
        (&[never, failures], Recording::Failures),
        (&[always, failures], Recording::Always),
        (&["", always], Recording::Always),
    ] {
        let policy = PluginPolicy::parse("test", &files(texts), NO_KEYS).unwrap();
        assert_eq!(policy.recording(), expected, "{texts:?}");
    }
}

#[test]
fn denials_are_audited_unless_one_file_wants_all() {
    let (denied, all) = ("audit = \"denied\"", "audit = \"all\"");
    for (texts, expected) in [
        (&[""][..], Audit::Denied),
        (&[denied], Audit::Denied),
        (&[all], Audit::All),
        (&[all, denied], Audit::All),
        (&["", all], Audit::All),
        (&[denied, ""], Audit::Denied),
    ] {
        let policy = PluginPolicy::parse("test", &files(texts), NO_KEYS).unwrap();
        assert_eq!(policy.audit(), expected, "{texts:?}");
    }
}

#[test]
fn keys_are_listed_with_their_names() {
    let ground = Ground::new();
    assert_eq!(ground.directory().keys().unwrap(), []);
    ground.write("keys/vendor.pub", KEY);
    ground.write("keys/another.pub", KEY);
    ground.write("keys/broken.pub", "nonsense");
    ground.write("keys/by its name.pub", KEY);
    let key: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).unwrap());
    let expected = [("another".to_owned(), key), ("vendor".to_owned(), key)];
    assert_eq!(ground.directory().keys().unwrap(), expected);
}
