use cofferdam_tests::{bridge_network, mynet, with};
use serde_json::{Value, json};

use crate::network::{Difference, Network};

/// What differs for whatever has a veth pair on a bridge.
pub(crate) const VETH_ON_BRIDGE: &[Difference] = &[
    Difference {
        line: "txqlen of link veth…",
        told: "the host's end of a veth pair has no transmit queue",
    },
    Difference {
        line: "accept_redirects",
        told: "links of the node that the plugin makes take ICMP redirects",
    },
];

pub(crate) fn networks() -> Vec<Network> {
    let networks = differing_in_nothing_else();
    networks
        .into_iter()
        .map(|network| network.differs(VETH_ON_BRIDGE))
        .collect()
}

fn differing_in_nothing_else() -> Vec<Network> {
    let plain = || bridge_network("1.0.0");
    let with_ipam = |ipam: Value| with(plain(), json!({ "ipam": ipam }));
    let dual = json!([[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]]);
    vec![
        Network::of("the README's network", mynet()),
        Network::of("gateway", plain()),
        Network::of("no gateway", with(plain(), json!({ "isGateway": false }))),
        Network::of(
            "default gateway",
            with(plain(), json!({ "isDefaultGateway": true, "ipam": { "routes": null } })),
        ),
        Network::of("MTU", with(plain(), json!({ "mtu": 1400 }))),
        Network::of("hairpin", with(plain(), json!({ "hairpinMode": true }))),
        Network::of("promiscuous", with(plain(), json!({ "promiscMode": true }))),
        Network::of("port isolation", with(plain(), json!({ "portIsolation": true }))),
        Network::of(
            "dual stack",
            with(
                plain(),
                json!({ "isDefaultGateway": true, "ipam": { "subnet": null, "routes": null, "ranges": dual } }),
            ),
        ),
        Network::of("layer 2 only", with(plain(), json!({ "ipam": null }))),
        Network::of(
            "routes",
            with_ipam(json!({ "routes": [
                { "dst": "192.0.2.0/24" }, { "dst": "198.51.100.0/24", "gw": "10.22.0.9", "priority": 50 }
            ] })),
        ),
    ]
}
