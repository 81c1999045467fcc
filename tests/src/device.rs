//! A link of the node that a container gets for itself.

use serde_json::{Value, json};

use crate::Site;

/// The grant that the policy that ships has for virtual functions of network
/// cards, for the links that tests can make.
pub const DEVICE_GRANT: &str = "[plugin.host-device]\n\n[[plugin.host-device.grant]]\nallow = \"device.take\"\n\
                                in = \"host\"\nkinds = [\"veth\"]\nnames = [\"dev*\"]\n";

/// A network whose containers get `dev5` of the node.
#[must_use]
pub fn device_network() -> Value {
    json!({
        "cniVersion": "1.0.0",
        "name": "mynet",
        "type": "host-device",
        "device": "dev5",
        "ipam": {
            "type": "host-local",
            "subnet": "10.22.0.0/16",
            "routes": [{ "dst": "192.0.2.0/24", "gw": "10.22.0.9" }]
        }
    })
}

/// Gives a node `dev5`, which is up, has settings of its own, leads to `far5`,
/// and is granted.
pub fn furnish_device(site: &Site) {
    let node = site.node();
    node.keep_links_bare();
    node.ip(&[
        "link",
        "add",
        "dev5",
        "address",
        "02:00:00:00:05:05",
        "type",
        "veth",
        "peer",
        "name",
        "far5",
    ]);
    node.ip(&[
        "link",
        "set",
        "dev5",
        "mtu",
        "1450",
        "txqueuelen",
        "700",
        "alias",
        "port 5",
    ]);
    for link in ["dev5", "far5"] {
        node.ip(&["link", "set", link, "up"]);
    }
    // Some routes of the kernel's come only then.
    for link in ["dev5", "far5"] {
        while node.link(link).is_none_or(|link| link["operstate"] != "UP") {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
    site.installation().policy("host-device.more.toml", DEVICE_GRANT);
}
