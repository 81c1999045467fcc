//! A policy as it is understood.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::path::PathBuf;

use cofferdam_policy::{NO_KEYS, PluginPolicy};
use support::two_files::policy;

#[test]
fn what_an_attachment_is_granted_is_shown_as_one_file() {
    assert_eq!(
        policy().show("team-x", Some("team-a")),
        r#"# What plugin "bridge" may do on network "team-x" for tenant "team-a".
[plugin.bridge]
component = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
audit = "all"
record = "failures"
networks = ["team-x"]
tenants = ["team-a"]

# /p/bridge.toml:6
[[plugin.bridge.grant]]
allow = ["link.see", "link.create"]
in = "host"
kinds = ["bridge"]
names = ["cni*"]

# /p/bridge.toml:12
[[plugin.bridge.grant]]
allow = "route.add"
in = "container"

# /p/bridge.team.toml:4
[[plugin.bridge.grant]]
allow = "link.create"
in = "host"
kinds = ["veth", "none"]
names = ["veth*"]
max-per-tenant = 64
"#
    );
}

#[test]
fn what_is_granted_to_others_only_is_not_shown() {
    let text = "[plugin.test]\nnetworks = [\"a\"]\n[[plugin.test.grant]]\nallow = \"store.open\"\n";
    assert_eq!(
        support::policy(text).unwrap().show("b*", None),
        r#"# What plugin "test" may do on network "b*" for attachments without a tenant.
# No file is for these, so it is nothing.
[plugin.test]
networks = ["b\\*"]
"#
    );
}

#[test]
fn a_files_name_can_not_put_a_line_into_what_is_shown() {
    let text = "[plugin.test]\n[[plugin.test.grant]]\nallow = \"store.open\"\n";
    let files = [(PathBuf::from("test.\n[[plugin.test.grant]]\r.toml"), text.to_owned())];
    let shown = PluginPolicy::parse("test", &files, NO_KEYS).unwrap().show("n", None);
    assert!(
        shown.contains("\n# test.\\n[[plugin.test.grant]]\\r.toml:2\n"),
        "{shown}"
    );
}

#[test]
fn each_file_is_shown_as_it_is_understood() {
    let policy = policy();
    let files = policy.show_files();
    assert_eq!(files.len(), 2);
    assert_eq!(
        (files[1].0.to_str().unwrap(), files[1].1.as_str()),
        (
            "/p/bridge.team.toml",
            r#"[plugin.bridge]
component = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
audit = "all"
record = "failures"
networks = ["team-*"]

# line 4
[[plugin.bridge.grant]]
allow = "link.create"
tenants = ["team-a"]
in = "host"
kinds = ["veth", "none"]
names = ["veth*"]
max-per-tenant = 64
"#
        )
    );
}
