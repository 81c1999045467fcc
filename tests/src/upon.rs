//! Containers whose interface is upon a link of the node.

use std::process::Command;

use serde_json::{Value, json};

use crate::{Container, Namespace, Site, skip_for_kernel};

/// A network of a plugin whose interfaces are upon `eth1` of the node.
#[must_use]
pub fn network_upon(plugin: &str) -> Value {
    json!({
        "cniVersion": "1.0.0",
        "name": "mynet",
        "type": plugin,
        "master": "eth1",
        "ipam": {
            "type": "host-local",
            "subnet": "10.22.0.0/16",
            "routes": [{ "dst": "192.0.2.0/24", "gw": "10.22.0.9" }]
        }
    })
}

/// A node with `eth1`, which is up and leads to `far1`; both without addresses.
#[must_use]
pub fn site_with_eth1() -> Site {
    let site = Site::new();
    furnish_eth1(site.node());
    site
}

/// Gives a namespace such an `eth1`.
pub fn furnish_eth1(namespace: &Namespace) {
    namespace.keep_links_bare();
    namespace.ip(&["link", "add", "eth1", "type", "veth", "peer", "name", "far1"]);
    for link in ["eth1", "far1"] {
        namespace.ip(&["link", "set", link, "up"]);
    }
}

/// Whether the kernel has links of a kind; says so when it has not.
#[must_use]
pub fn has_kind(kind: &str) -> bool {
    let namespace = Namespace::container();
    furnish_eth1(&namespace);
    let mut arguments = vec!["link", "add", "link", "eth1", "name", "probe", "type", kind];
    match kind {
        "vlan" => arguments.extend(["id", "5"]),
        "dummy" => {
            arguments.drain(2..4);
        }
        "vxlan" => {
            arguments.drain(2..4);
            arguments.extend(["id", "5", "dstport", "4789"]);
        }
        "vrf" => {
            arguments.drain(2..4);
            arguments.extend(["table", "5"]);
        }
        _ => {}
    }
    let made = namespace.run(|| Command::new("ip").args(&arguments).output());
    let has = made.expect("ip is there for the tests").status.success();
    if !has {
        skip_for_kernel(&format!("this kernel has no links of kind {kind}"));
    }
    has
}

/// Gives a namespace the routing rules that come with its first VRF, which the
/// kernel leaves there when that is gone.
pub fn had_a_vrf(namespace: &Namespace) {
    namespace.ip(&["link", "add", "probe", "type", "vrf", "table", "5"]);
    namespace.ip(&["link", "del", "probe"]);
}

/// Whether the kernel has bridges that filter by VLAN; says so when it has not.
#[must_use]
pub fn has_vlan_filtering() -> bool {
    let namespace = Namespace::container();
    let arguments = ["link", "add", "probe", "type", "bridge", "vlan_filtering", "1"];
    let made = namespace.run(|| Command::new("ip").args(arguments).output());
    made.expect("ip is there for the tests");
    let bridge = namespace.ip_json(&["-d", "link", "show", "type", "bridge"]).pop();
    // One that lacks the feature may take the attribute and do nothing.
    let has = bridge.is_some_and(|bridge| bridge["linkinfo"]["info_data"]["vlan_filtering"] == 1);
    if !has {
        skip_for_kernel("this kernel has no bridges that filter by VLAN");
    }
    has
}

/// The interface of a container, with its details.
#[must_use]
pub fn interface(container: &Container) -> Value {
    let mut links = container.namespace.ip_json(&["-d", "link", "show", "dev", "eth0"]);
    links.remove(0)
}

/// Whether a link has a flag, such as `UP`.
#[must_use]
pub fn has_flag(link: &Value, flag: &str) -> bool {
    link["flags"]
        .as_array()
        .is_some_and(|flags| flags.iter().any(|found| found == flag))
}
