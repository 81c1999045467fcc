//! Interfaces that are upon another link, and those by themselves.

use cofferdam_tests::{Namespace, furnish_eth1, has_kind, network_upon, with};
use serde_json::{Value, json};

use crate::network::Network;

fn prepare(node: &Namespace, container: &Namespace) {
    furnish_eth1(node);
    furnish_eth1(container);
    node.ip(&["address", "add", "10.0.0.1/24", "dev", "eth1"]);
    node.ip(&["route", "add", "default", "via", "10.0.0.2"]);
}

fn dual() -> Value {
    let ranges = json!([[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]]);
    json!({ "ipam": { "subnet": null, "ranges": ranges } })
}

fn each<const N: usize>(plain: Value, changes: [(&'static str, Value); N]) -> Vec<Network> {
    changes
        .into_iter()
        .map(|(what, change)| Network::of(what, with(plain.clone(), change)).on(prepare))
        .collect()
}

pub(crate) fn macvlans() -> Vec<Network> {
    each(
        network_upon("macvlan"),
        [
            ("macvlan", json!({})),
            ("macvlan by the default route", json!({ "master": null })),
            ("macvlan in private mode", json!({ "mode": "private" })),
            ("macvlan with an MTU", json!({ "mtu": 1400 })),
            ("macvlan with a queue", json!({ "bcqueuelen": 17 })),
            ("macvlan with an address", json!({ "mac": "c2:11:22:33:44:01" })),
            ("macvlan of layer 2", json!({ "ipam": null })),
            ("macvlan of both families", dual()),
            ("macvlan in the container", json!({ "linkInContainer": true })),
        ],
    )
}

pub(crate) fn taps() -> Vec<Network> {
    each(
        with(network_upon("tap"), json!({ "master": null })),
        [
            ("tap", json!({})),
            ("tap with an owner", json!({ "owner": 1000 })),
            (
                "tap with a group and queues",
                json!({ "group": 1000, "multiQueue": true }),
            ),
            ("tap with an MTU", json!({ "mtu": 1400 })),
            ("tap with an address", json!({ "mac": "c2:11:22:33:44:01" })),
            ("tap of layer 2", json!({ "ipam": null })),
        ],
    )
}

/// Where the kernel has their kinds.
pub(crate) fn others() -> Vec<Network> {
    let mut networks = Vec::new();
    if has_kind("ipvlan") {
        networks.extend(each(
            network_upon("ipvlan"),
            [
                ("ipvlan", json!({})),
                ("ipvlan in mode l3", json!({ "mode": "l3", "ipam": { "routes": null } })),
                ("ipvlan in the container", json!({ "linkInContainer": true })),
            ],
        ));
    }
    if has_kind("vlan") {
        networks.extend(each(
            with(network_upon("vlan"), json!({ "vlanId": 5 })),
            [
                ("vlan", json!({})),
                ("vlan with an MTU", json!({ "mtu": 1400 })),
                ("vlan in the container", json!({ "linkInContainer": true })),
            ],
        ));
    }
    if has_kind("dummy") {
        let plain = with(network_upon("dummy"), json!({ "master": null }));
        networks.extend(each(plain, [("dummy", json!({})), ("dummy of both families", dual())]));
    }
    networks
}
