use cofferdam_tests::{bridge_network, had_a_vrf, has_kind, with};
use serde_json::json;

use crate::{bridge::VETH_ON_BRIDGE, network::Network};

/// Where the kernel has them, in a container that had one before.
pub(crate) fn networks() -> Vec<Network> {
    if !has_kind("vrf") {
        return Vec::new();
    }
    let vrf = json!({ "cniVersion": "1.1.0", "name": "mynet", "type": "vrf", "vrfname": "blue" });
    [("a VRF", json!({})), ("a VRF with a table", json!({ "table": 500 }))]
        .into_iter()
        .map(|(what, keys)| {
            Network::chain(what, vec![bridge_network("1.1.0"), with(vrf.clone(), keys)])
                .on(|_, container| had_a_vrf(container))
                .differs(VETH_ON_BRIDGE)
        })
        .collect()
}
