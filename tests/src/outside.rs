use crate::Namespace;

/// A namespace behind the node, with `192.0.2.2` and `2001:db8::2`, that knows the way back to the containers, so
/// that packets return whether or not their source was changed.
#[must_use]
pub fn outside(node: &Namespace) -> Namespace {
    let outside = Namespace::node();
    let peer = outside.path();
    node.ip(&[
        "link", "add", "uplink", "type", "veth", "peer", "name", "eth0", "netns", &peer,
    ]);
    for (namespace, link, addresses) in [
        (node, "uplink", ["192.0.2.1/24", "2001:db8::1/64"]),
        (&outside, "eth0", ["192.0.2.2/24", "2001:db8::2/64"]),
    ] {
        for address in addresses {
            let mut add = vec!["address", "add", address, "dev", link];
            if address.contains(':') {
                add.push("nodad");
            }
            namespace.ip(&add);
        }
        namespace.ip(&["link", "set", link, "up"]);
    }
    outside.ip(&["route", "add", "10.22.0.0/16", "via", "192.0.2.1"]);
    outside.ip(&["route", "add", "fd00:22::/64", "via", "2001:db8::1"]);
    outside
}
