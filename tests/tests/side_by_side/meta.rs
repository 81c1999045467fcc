use cofferdam_tests::{bridge_network, with};
use serde_json::{Value, json};

use crate::{bridge::VETH_ON_BRIDGE, network::Network};

/// Chains of a bridge and this.
fn after_bridge(what: &'static str, member: Value) -> Network {
    let member = with(json!({ "cniVersion": "1.0.0", "name": "mynet" }), member);
    Network::chain(what, vec![bridge_network("1.0.0"), member])
}

pub(crate) fn portmap() -> Vec<Network> {
    let mapping = |protocol: &str| json!({ "hostPort": 8080, "containerPort": 80, "protocol": protocol });
    let published = |changes: Value| {
        let runtime = json!({ "portMappings": [mapping("tcp"), mapping("udp")] });
        with(json!({ "type": "portmap", "runtimeConfig": runtime }), changes)
    };
    let networks = vec![
        after_bridge("published ports", published(json!({}))),
        after_bridge("published ports without snat", published(json!({ "snat": false }))),
        after_bridge("no ports", json!({ "type": "portmap" })),
    ];
    networks
        .into_iter()
        .map(|network| network.differs(VETH_ON_BRIDGE))
        .collect()
}

pub(crate) fn bandwidth() -> Vec<Network> {
    let limited = |changes: Value| with(json!({ "type": "bandwidth" }), changes);
    let ingress = json!({ "ingressRate": 8_000_000, "ingressBurst": 800_000 });
    let networks = vec![
        after_bridge("what the container gets is limited", limited(ingress.clone())),
        after_bridge(
            "both ways are limited",
            limited(with(ingress, json!({ "egressRate": 80_000, "egressBurst": 80_000 }))),
        ),
        after_bridge("nothing is limited", limited(json!({ "ingressRate": 0 }))),
    ];
    networks
        .into_iter()
        .map(|network| network.differs(VETH_ON_BRIDGE))
        .collect()
}
