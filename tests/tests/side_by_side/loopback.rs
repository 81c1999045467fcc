use cofferdam_tests::{loopback_network, with};
use serde_json::json;

use crate::network::Network;

pub(crate) fn networks() -> Vec<Network> {
    // Under an older version the reference prints a shape of another one.
    vec![Network::of(
        "loopback",
        with(loopback_network(), json!({ "cniVersion": "1.0.0" })),
    )]
}
