//! Which attachments are interrupted: a new plugin joins by a line.

use cofferdam_tests::{
    Namespace, Site, bridge_network, device_network,
    dhcp::{Server, segment, wire::lend},
    furnish_device, loopback_network, with,
};
use serde_json::{Value, json};

/// An attachment that is to be interrupted.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) config: Value,
    /// Whether it is looked at beside another attachment, too: what attachments
    /// have in common is there in one scenario or the other.
    pub(crate) beside_another: bool,
    /// What has to be there besides; it goes with the value.
    pub(crate) surroundings: fn(&Site) -> Option<Surroundings>,
}

/// A DHCP server, and where it is.
pub(crate) struct Surroundings {
    _server: Server,
    _namespace: Namespace,
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let scenario = |name, config| Scenario {
        name,
        config,
        beside_another: true,
        surroundings: |_| None,
    };
    vec![
        scenario("loopback", with(loopback_network(), json!({ "cniVersion": "1.1.0" }))),
        scenario("bridge", bridge_network("1.1.0")),
        scenario(
            "bridge with everything",
            with(bridge_network("1.1.0"), everything_of_bridge()),
        ),
        scenario("chain", chain()),
        Scenario {
            beside_another: false,
            surroundings: |site| {
                let table = "table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop; } }";
                site.node().tool("nft", &[table]);
                None
            },
            ..scenario("portmap and bandwidth", published())
        },
        Scenario {
            beside_another: false,
            ..scenario("tap", tap())
        },
        scenario("ptp", ptp()),
        scenario("bridge with tuning, sbr and firewall", tuned()),
        Scenario {
            beside_another: false,
            surroundings: |site| Some(dhcp_server(site)),
            ..scenario("bridge with dhcp", leased())
        },
        Scenario {
            beside_another: false,
            surroundings: |site| {
                furnish_device(site);
                None
            },
            ..scenario("host-device", with(device_network(), json!({ "cniVersion": "1.1.0" })))
        },
    ]
}

fn everything_of_bridge() -> Value {
    json!({
        "ipMasq": true, "ipMasqBackend": "nftables", "hairpinMode": true, "mtu": 1400,
        "ipam": { "subnet": null,
                  "ranges": [[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]],
                  "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }] },
    })
}

fn ptp() -> Value {
    json!({
        "cniVersion": "1.1.0", "name": "mynet", "type": "ptp", "ipMasq": true,
        "ipam": { "type": "host-local", "subnet": "10.30.0.0/24", "routes": [{ "dst": "0.0.0.0/0" }] },
    })
}

fn tuned() -> Value {
    let bridge = with(bridge_network("1.1.0"), json!({ "cniVersion": null, "name": null }));
    json!({
        "cniVersion": "1.1.0", "name": "mynet", "type": "cofferdam",
        "chain": [
            bridge,
            { "type": "tuning", "mtu": 1400, "txQLen": 500, "allmulti": true, "sysctl": { "net.core.somaxconn": "500" } },
            { "type": "sbr" },
            { "type": "firewall", "ingressPolicy": "isolated" },
        ],
    })
}

fn chain() -> Value {
    let member = |config: Value| with(config, json!({ "cniVersion": null, "name": null }));
    json!({
        "cniVersion": "1.1.0", "name": "mynet", "type": "cofferdam",
        "chain": [member(bridge_network("1.1.0")), member(loopback_network())],
    })
}

/// One port of the node is one container's.
fn published() -> Value {
    let member = |config: Value| with(config, json!({ "cniVersion": null, "name": null }));
    let mapping = |protocol, host: u16| json!({ "hostPort": host, "containerPort": 80, "protocol": protocol });
    json!({
        "cniVersion": "1.1.0", "name": "mynet", "type": "cofferdam",
        "chain": [
            member(bridge_network("1.1.0")),
            { "type": "portmap", "runtimeConfig": { "portMappings": [mapping("tcp", 8080), mapping("udp", 5353)] } },
            { "type": "bandwidth", "ingressRate": 8000000, "ingressBurst": 800000,
              "egressRate": 8000000, "egressBurst": 800000 },
        ],
    })
}

/// With all that a device is given in steps of its own.
fn tap() -> Value {
    json!({
        "cniVersion": "1.1.0", "name": "mynet", "type": "tap", "owner": 1000, "group": 1000, "mtu": 1400,
        "ipam": { "type": "host-local", "subnet": "10.22.0.0/16" },
    })
}

fn leased() -> Value {
    json!({ "cniVersion": "1.1.0", "name": "mynet", "type": "bridge", "bridge": "cni0", "ipam": { "type": "dhcp" } })
}

/// Lends everybody the same address: there is one container.
fn dhcp_server(site: &Site) -> Surroundings {
    let namespace = segment(site);
    let mask = (1, &[255, 255, 255, 0][..]);
    let server = Server::start(&namespace, move |message| lend(message, [10, 77, 0, 50], &[mask]));
    Surroundings {
        _server: server,
        _namespace: namespace,
    }
}
