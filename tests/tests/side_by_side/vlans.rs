use cofferdam_tests::{bridge_network, has_vlan_filtering, with};
use serde_json::json;

use crate::{
    bridge::VETH_ON_BRIDGE,
    network::{Difference, Network},
};

/// What differs where the node has a link in a VLAN, too.
const GATEWAY: &[Difference] = &[
    Difference {
        line: "txqlen of link veth…",
        told: "the host's end of a veth pair has no transmit queue",
    },
    Difference {
        line: "accept_redirects",
        told: "links of the node that the plugin makes take ICMP redirects",
    },
    Difference {
        line: "cni0.10/accept_ra",
        told: "the node's link in a VLAN takes router advertisements",
    },
];

/// What takes bridges that filter by VLAN.
pub(crate) fn networks() -> Vec<Network> {
    let mut networks = Vec::new();
    let bridge = || bridge_network("1.1.0");
    if has_vlan_filtering() {
        let keys = [
            ("a VLAN", json!({ "vlan": 10, "isGateway": false })),
            (
                "a VLAN and the default",
                json!({ "vlan": 10, "preserveDefaultVlan": true, "isGateway": false }),
            ),
            (
                "a trunk",
                json!({ "vlanTrunk": [{ "minID": 20, "maxID": 22 }, { "id": 40 }], "ipam": null }),
            ),
        ];
        networks.extend(keys.map(|(what, keys)| Network::of(what, with(bridge(), keys)).differs(VETH_ON_BRIDGE)));
        let gateway = Network::of("the gateway of a VLAN", with(bridge(), json!({ "vlan": 10 })));
        networks.push(gateway.differs(GATEWAY));
    }
    networks
}
