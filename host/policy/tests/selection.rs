//! For which attachments a policy, a file of it, or a grant is.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::path::PathBuf;

use cofferdam_policy::{NO_KEYS, Pin, PluginPolicy, Question};
use cofferdam_protocol::Place::{Container, Host};
use support::policy;

fn see(name: &str) -> Question<'_> {
    Question::LinkSee {
        place: Container,
        kind: None,
        name,
    }
}

/// A grant to see a link; `keys` are further lines of it.
fn seeing(name: &str, keys: &str) -> String {
    format!("[[plugin.test.grant]]\nallow = \"link.see\"\nin = \"container\"\nnames = [\"{name}\"]\n{keys}\n")
}

/// The links that may be seen, in the order of their names.
fn visible<'n>(policy: &PluginPolicy, network: &str, tenant: Option<&str>, names: &[&'n str]) -> Vec<&'n str> {
    let grants = policy.for_attachment(network, tenant);
    let seen = names.iter().filter(|name| grants.decide(&see(name)).is_ok());
    seen.copied().collect()
}

#[test]
fn a_policy_is_for_its_networks_only() {
    let text = format!(
        "[plugin.test]\nnetworks = [\"mynet\", \"team-*\"]\n{}",
        seeing("one", "")
    );
    let policy = policy(&text).unwrap();
    for (network, expected) in [
        ("mynet", true),
        ("team-a", true),
        ("mynet2", false),
        ("Mynet", false),
        ("ateam-a", false),
        ("", false),
    ] {
        for tenant in [None, Some("mynet")] {
            let grants = policy.for_attachment(network, tenant);
            assert_eq!(grants.decide(&see("one")).is_ok(), expected, "{network:?}");
            assert_eq!(grants.is_empty(), !expected);
            assert_eq!(grants.reaches(Container), expected);
            assert!(!grants.reaches(Host));
        }
    }
}

#[test]
fn a_policy_with_tenants_is_for_no_attachment_without_one() {
    let text = format!(
        "[plugin.test]\ntenants = [\"team-a\", \"dev-*\"]\n{}",
        seeing("one", "")
    );
    let policy = policy(&text).unwrap();
    for (tenant, expected) in [
        (Some("team-a"), true),
        (Some("dev-"), true),
        (Some("dev-7"), true),
        (Some("team-b"), false),
        (Some("team-a2"), false),
        (Some("Team-a"), false),
        (Some(""), false),
        (None, false),
    ] {
        let grants = policy.for_attachment("mynet", tenant);
        assert_eq!(grants.decide(&see("one")).is_ok(), expected, "{tenant:?}");
        assert_eq!(grants.is_empty(), !expected, "{tenant:?}");
    }
}

#[test]
fn every_tenant_is_not_the_same_as_no_tenant() {
    let policy = policy(&format!("[plugin.test]\ntenants = [\"*\"]\n{}", seeing("one", ""))).unwrap();
    assert_eq!(visible(&policy, "mynet", Some("anybody"), &["one"]), ["one"]);
    assert!(visible(&policy, "mynet", None, &["one"]).is_empty());
}

#[test]
fn network_and_tenant_have_to_be_selected_both() {
    let head = "[plugin.test]\nnetworks = [\"a\"]\ntenants = [\"t\"]\n";
    let policy = policy(&format!("{head}{}", seeing("one", ""))).unwrap();
    for (network, tenant, expected) in [
        ("a", Some("t"), 1),
        ("b", Some("t"), 0),
        ("a", Some("u"), 0),
        ("t", Some("a"), 0),
        ("a", None, 0),
    ] {
        assert_eq!(
            visible(&policy, network, tenant, &["one"]).len(),
            expected,
            "{network} {tenant:?}"
        );
    }
}

#[test]
fn a_grant_narrows_what_its_file_selects_and_never_widens_it() {
    let text = format!(
        "[plugin.test]\nnetworks = [\"a\", \"b\"]\n{}{}{}{}",
        seeing("all", ""),
        seeing("of-a", "networks = [\"a\"]"),
        seeing("of-t", "tenants = [\"t\"]"),
        seeing("of-c", "networks = [\"c\"]"),
    );
    let policy = policy(&text).unwrap();
    let names = ["all", "of-a", "of-t", "of-c"];
    for (network, tenant, expected) in [
        ("a", None, &["all", "of-a"][..]),
        ("a", Some("t"), &["all", "of-a", "of-t"]),
        ("b", Some("t"), &["all", "of-t"]),
        ("b", Some("u"), &["all"]),
        ("c", Some("t"), &[]),
    ] {
        assert_eq!(
            visible(&policy, network, tenant, &names),
            expected,
            "{network} {tenant:?}"
        );
    }
}

#[test]
fn each_file_has_a_selection_of_its_own_and_shares_the_pin() {
    let digest = "a".repeat(64);
    let head = format!("[plugin.test]\ncomponent = \"sha256:{digest}\"\nnetworks = [\"a\"]\n");
    let files: Vec<(PathBuf, String)> = [
        ("test.toml", format!("{head}{}", seeing("one", ""))),
        (
            "test.b.toml",
            format!("[plugin.test]\nnetworks = [\"b\"]\n{}", seeing("two", "")),
        ),
        ("test.c.toml", format!("[plugin.test]\n{}", seeing("three", ""))),
        (
            "test.t.toml",
            format!("[plugin.test]\ntenants = [\"t\"]\n{}", seeing("four", "")),
        ),
    ]
    .into_iter()
    .map(|(name, text)| (name.into(), text))
    .collect();
    let policy = PluginPolicy::parse("test", &files, NO_KEYS).unwrap();
    assert_eq!(policy.pin(), &Pin::Digest(digest));
    let names = ["one", "two", "three", "four"];
    for (network, tenant, expected) in [
        ("a", None, &["one", "three"][..]),
        ("b", None, &["two", "three"]),
        ("b", Some("t"), &["two", "three", "four"]),
        ("c", Some("u"), &["three"]),
    ] {
        assert_eq!(
            visible(&policy, network, tenant, &names),
            expected,
            "{network} {tenant:?}"
        );
    }
}

#[test]
fn a_denial_names_network_and_tenant_and_not_which_of_them_is_not_selected() {
    for selection in [
        "networks = [\"other\"]",
        "tenants = [\"other\"]",
        "networks = [\"other\"]\ntenants = [\"other\"]",
    ] {
        let policy = policy(&format!("[plugin.test]\n{selection}\n{}", seeing("one", ""))).unwrap();
        for (tenant, expected) in [
            (
                Some("t\ny"),
                r#"a [plugin.test] for network "x\u000ay" and tenant "t\u000ay""#,
            ),
            (None, r#"a [plugin.test] for network "x\u000ay" without tenants"#),
        ] {
            let denial = policy.for_attachment("x\ny", tenant).decide(&see("one")).unwrap_err();
            assert_eq!(denial.missing, expected, "{selection}");
        }
    }
}
