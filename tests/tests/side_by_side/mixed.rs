use cofferdam_tests::{bridge_network, loopback_network, with};
use serde_json::json;

use crate::{bridge::VETH_ON_BRIDGE, meta, network::Network};

/// Chains of which one part may be of either implementation.
pub(crate) fn networks() -> Vec<Network> {
    let version = json!({ "cniVersion": "1.0.0" });
    vec![
        Network::chain(
            "bridge and loopback",
            vec![bridge_network("1.0.0"), with(loopback_network(), version)],
        )
        .differs(VETH_ON_BRIDGE),
    ]
    .into_iter()
    .chain(meta::portmap())
    .chain(meta::bandwidth())
    .collect()
}
