//! A policy of two files, as operators would write it.

use std::path::PathBuf;

use cofferdam_policy::{NO_KEYS, PluginPolicy};

const ALL_NETWORKS: &str = r#"[plugin.bridge]
component = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
audit = "all"
record = "failures"

[[plugin.bridge.grant]]
allow = ["link.create", "link.see"]
in = "host"
kinds = ["bridge"]
names = ["cni*"]

[[plugin.bridge.grant]]
allow = "route.add"
in = "container"
"#;

const ONE_TEAM: &str = r#"[plugin.bridge]
networks = ["team-*"]

[[plugin.bridge.grant]]
allow = "link.create"
in = "host"
kinds = ["veth", "none"]
names = ["veth*"]
max-per-tenant = 64
tenants = ["team-a"]
"#;

pub(crate) fn policy() -> PluginPolicy {
    let files: Vec<(PathBuf, String)> = vec![
        ("/p/bridge.toml".into(), ALL_NETWORKS.to_owned()),
        ("/p/bridge.team.toml".into(), ONE_TEAM.to_owned()),
    ];
    PluginPolicy::parse("bridge", &files, NO_KEYS).unwrap()
}
