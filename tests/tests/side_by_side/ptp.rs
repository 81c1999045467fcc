use cofferdam_tests::with;
use serde_json::{Value, json};

use crate::{bridge::VETH_ON_BRIDGE, network::Network};

fn plain() -> Value {
    json!({
        "cniVersion": "1.0.0", "name": "mynet", "type": "ptp",
        "ipam": { "type": "host-local", "subnet": "10.30.0.0/24", "routes": [{ "dst": "0.0.0.0/0" }] },
    })
}

pub(crate) fn networks() -> Vec<Network> {
    let dual = json!([[{ "subnet": "10.30.0.0/24" }], [{ "subnet": "fd00:30::/64" }]]);
    let by_static = json!({ "type": "static", "subnet": null, "routes": [{ "dst": "192.0.2.0/24" }],
        "addresses": [{ "address": "10.30.0.9/24", "gateway": "10.30.0.1" }], "dns": { "nameservers": ["192.0.2.53"] } });
    [
        Network::of("point to point", plain()),
        Network::of("MTU", with(plain(), json!({ "mtu": 1400 }))),
        Network::of(
            "dual stack",
            with(plain(), json!({ "ipam": { "subnet": null, "ranges": dual, "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }] } })),
        ),
        Network::of("name resolution", with(plain(), json!({ "dns": { "nameservers": ["192.0.2.53"] } }))),
        Network::of("static addresses", with(plain(), json!({ "ipam": by_static }))),
    ]
    .into_iter()
    .map(|network| network.differs(VETH_ON_BRIDGE))
    .collect()
}
