//! A node on which calls are recorded.

use std::{fs, path::PathBuf};

use cofferdam_tests::{Site, bridge_network, with};
use serde_json::{Value, json};

/// What a component needs that asks for something it was not granted.
pub(crate) const SOME_GRANTS: &str = r#"
[plugin.hostile]

[[plugin.hostile.grant]]
allow = "link.create"
in = "host"
kinds = ["veth"]
names = ["veth*"]

[[plugin.hostile.grant]]
allow = ["link.see", "link.create", "link.set"]
in = "container"
kinds = ["veth"]
"#;

/// A node on which the calls of these plugins are recorded.
pub(crate) fn site(record: &str, plugins: &[&str]) -> Site {
    let site = Site::new();
    for plugin in plugins {
        let text = format!("[plugin.{plugin}]\nrecord = \"{record}\"\n");
        site.installation().policy(&format!("{plugin}.record.toml"), &text);
    }
    site
}

pub(crate) fn directory(site: &Site) -> PathBuf {
    site.installation().root().join("var/log/cofferdam/recordings")
}

/// The recordings, oldest first.
pub(crate) fn recordings(site: &Site) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory(site)) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[track_caller]
pub(crate) fn last(site: &Site) -> PathBuf {
    recordings(site).pop().expect("a call was recorded")
}

pub(crate) fn host_local() -> Value {
    json!({ "type": "host-local", "subnet": "10.22.0.0/16", "routes": [{ "dst": "0.0.0.0/0" }] })
}

pub(crate) fn masquerading() -> Value {
    with(bridge_network("1.0.0"), json!({ "ipMasq": true }))
}

/// The same with `tuning` after it, in one process.
pub(crate) fn fused() -> Value {
    let tuning = json!({ "type": "tuning", "sysctl": { "net.ipv4.conf.IFNAME.arp_filter": "1" }, "mtu": 1400 });
    json!({
        "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam",
        "chain": [with(masquerading(), json!({ "name": null, "cniVersion": null })), tuning],
    })
}

/// All that a node has for a pod, in one process, with a port of the node.
pub(crate) fn whole_chain(port: u16) -> Value {
    let mappings = json!([{ "hostPort": port, "containerPort": 80, "protocol": "tcp" }]);
    json!({
        "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam",
        "runtimeConfig": { "portMappings": mappings },
        "chain": [
            with(masquerading(), json!({ "name": null, "cniVersion": null })),
            { "type": "portmap", "snat": true, "capabilities": { "portMappings": true } },
            { "type": "firewall" },
            { "type": "bandwidth", "ingressRate": 8_000_000, "ingressBurst": 800_000,
                "egressRate": 8_000_000, "egressBurst": 800_000 },
            { "type": "tuning", "sysctl": { "net.ipv4.conf.IFNAME.arp_filter": "1" }, "mtu": 1400 },
        ],
    })
}

pub(crate) fn both_families() -> Value {
    let ranges = json!([[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]]);
    with(
        bridge_network("1.0.0"),
        json!({ "ipMasq": true, "ipam": { "subnet": null, "routes": null, "ranges": ranges } }),
    )
}

pub(crate) fn network(plugin: &str, more: Value) -> Value {
    with(json!({ "cniVersion": "1.0.0", "name": "mynet", "type": plugin }), more)
}
