use cofferdam_tests::{device_network, furnish_device, with};
use serde_json::{Value, json};

use crate::network::Network;

pub(crate) fn networks() -> Vec<Network> {
    let device = |what, change: Value| Network::of(what, with(device_network(), change)).at(furnish_device);
    let ranges = json!([[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]]);
    let dual = json!({ "ipam": { "subnet": null, "ranges": ranges } });
    vec![
        device("device", json!({})),
        device(
            "device by its address",
            json!({ "device": null, "hwaddr": "02:00:00:00:05:05" }),
        ),
        device("device of both families", dual),
        device("device of layer 2", json!({ "ipam": null })),
        device("name resolution", json!({ "dns": { "nameservers": ["192.0.2.53"] } })),
    ]
}
