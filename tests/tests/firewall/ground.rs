//! Networks with the plugin after `bridge`.

use cofferdam_tests::{Container, Site, bridge_network, with};
use serde_json::{Value, json};

const BOTH: &str = r#"{ "subnet": null, "ranges": [[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]],
    "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }] }"#;

pub(crate) fn bridge() -> Value {
    with(
        bridge_network("1.0.0"),
        json!({ "ipam": serde_json::from_str::<Value>(BOTH).unwrap() }),
    )
}

/// A network of its own on another bridge.
pub(crate) fn other_bridge() -> Value {
    with(
        bridge(),
        json!({ "name": "other", "bridge": "cni1", "ipam": { "ranges": [[{ "subnet": "10.23.0.0/16" }], [{ "subnet": "fd00:23::/64" }]] } }),
    )
}

pub(crate) fn firewall(network: &Value, result: &Value, keys: Value) -> Value {
    let config = json!({ "cniVersion": "1.0.0", "name": network["name"], "type": "firewall", "prevResult": result });
    with(config, keys)
}

/// Attaches as a runtime does that walks the list, and returns the
/// configuration of the second plugin.
pub(crate) fn attach(site: &Site, container: &Container, network: &Value, keys: Value) -> Value {
    let result = site.add(container, network);
    let config = firewall(network, &result, keys);
    assert_eq!(site.add(container, &config), result, "the result is passed on");
    config
}

pub(crate) fn detach(site: &Site, container: &Container, network: &Value, config: &Value) {
    site.del(container, config);
    site.del(container, network);
}
