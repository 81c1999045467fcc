use cofferdam_tests::{bridge_network, with};
use serde_json::{Value, json};

use crate::{
    bridge::VETH_ON_BRIDGE,
    network::{Difference, Network},
};

/// What differs where the host's end of a pair has a queueing discipline, for
/// which the kernel gives it a transmit queue.
const LIMITED: &[Difference] = &[Difference {
    line: "accept_redirects",
    told: "links of the node that the plugin makes take ICMP redirects",
}];

/// What does where there is an ifb, besides.
const LIMITED_BOTH_WAYS: &[Difference] = &[
    Difference {
        line: "accept_redirects",
        told: "links of the node that the plugin makes take ICMP redirects",
    },
    Difference {
        line: "setting net/ipv6/conf/bwp…/accept_ra:",
        told: "the ifb takes router advertisements",
    },
];

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
    let egress = json!({ "egressRate": 80_000, "egressBurst": 80_000 });
    vec![
        after_bridge("what the container gets is limited", limited(ingress.clone())).differs(LIMITED),
        after_bridge("both ways are limited", limited(with(ingress, egress))).differs(LIMITED_BOTH_WAYS),
        after_bridge("nothing is limited", limited(json!({ "ingressRate": 0 }))).differs(VETH_ON_BRIDGE),
    ]
}
