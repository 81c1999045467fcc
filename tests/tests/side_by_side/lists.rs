use cofferdam_tests::{bridge_network, with};
use serde_json::{Value, json};

use crate::{
    bridge::VETH_ON_BRIDGE,
    network::{Difference, Network},
};

/// What differs for a list with sbr, besides what does for bridge.
const SOURCE_ROUTED: &[Difference] = &[
    Difference {
        line: "txqlen of link veth…",
        told: "the host's end of a veth pair has no transmit queue",
    },
    Difference {
        line: "accept_redirects",
        told: "links of the node that the plugin makes take ICMP redirects",
    },
    Difference {
        line: "route -4 to 10.22.0.0/16",
        told: "the copy of a route keeps the protocol of who made it",
    },
    Difference {
        line: "result: /routes",
        told: "the result tells routes as they were",
    },
];

/// Bridge, and a plugin after it.
fn behind_bridge(what: &'static str, keys: Value) -> Network {
    let bridge = bridge_network("1.1.0");
    let next = with(json!({ "cniVersion": "1.1.0", "name": "mynet" }), keys);
    Network::chain(what, vec![bridge, next])
}

pub(crate) fn networks() -> Vec<Network> {
    let sysctl = json!({ "net.ipv4.conf.IFNAME.arp_filter": "1", "net.ipv4.conf.all.log_martians": "1" });
    vec![
        behind_bridge(
            "tuning",
            json!({ "type": "tuning", "sysctl": sysctl, "mac": "c2:11:22:33:44:55", "promisc": true, "mtu": 1400,
                    "allmulti": true, "txQLen": 500 }),
        )
        .differs(VETH_ON_BRIDGE),
        behind_bridge("rules alone", json!({ "type": "sbr", "table": 1000 })).differs(VETH_ON_BRIDGE),
        behind_bridge("source based routing", json!({ "type": "sbr" })).differs(SOURCE_ROUTED),
        behind_bridge("firewall", json!({ "type": "firewall" })).differs(VETH_ON_BRIDGE),
    ]
}
