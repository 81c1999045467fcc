//! Attachments by every plugin, alone and in chains: a new plugin joins by a
//! line, and is interrupted, compared and kept compatible with the others.

use std::{env, sync::LazyLock};

use crate::{
    Namespace, Site, bridge_network, device_network,
    dhcp::{Server, segment, wire::lend},
    furnish_device, furnish_eth1, had_a_vrf, has_kind, has_vlan_filtering, loopback_network, network_upon, with,
};
use serde_json::{Value, json};

/// An attachment, and what it takes.
pub struct Scenario {
    /// What it is called where it fails.
    pub name: &'static str,
    /// The version of the contract that its components need.
    pub contract: &'static str,
    /// The configuration of one plugin or of a chain.
    pub config: Value,
    /// Whether it is looked at beside another attachment, too: what attachments
    /// have in common is there in one scenario or the other.
    pub beside_another: bool,
    /// What has to be there besides; it goes with the value.
    pub surroundings: fn(&Site) -> Option<Surroundings>,
    /// What the container has before.
    pub furnish: fn(&Namespace),
}

/// A DHCP server, and where it is.
pub struct Surroundings {
    _server: Server,
    _namespace: Namespace,
}

/// Those that this kernel has what it takes for, and whose name has
/// `COFFERDAM_SCENARIO` in it. Where a kernel was chosen that
/// has all, those that need it: the others are walked on any.
#[must_use]
pub fn scenarios() -> Vec<Scenario> {
    static HAS_VLAN_FILTERING: LazyLock<bool> = LazyLock::new(|| has_vlan_filtering() && has_kind("vlan"));
    static KINDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
        let kinds = ["dummy", "vlan", "ipvlan", "vrf", "vxlan"].into_iter();
        kinds.filter(|kind| has_kind(kind)).collect()
    });
    let mut scenarios = if env::var_os("COFFERDAM_TESTS_FULL_KERNEL").is_some() {
        Vec::new()
    } else {
        everywhere()
    };
    let has = |kind: &str| KINDS.contains(&kind);
    scenarios.extend(
        of_kinds()
            .into_iter()
            .filter(|(kind, _)| has(kind))
            .map(|(_, scenario)| scenario),
    );
    if *HAS_VLAN_FILTERING {
        scenarios.push(alone("bridge with VLANs", bridge_with_vlans()));
    }
    let named = env::var("COFFERDAM_SCENARIO").unwrap_or_default();
    scenarios.retain(|scenario| scenario.name.contains(&named));
    scenarios
}

fn scenario(name: &'static str, config: Value) -> Scenario {
    Scenario {
        name,
        contract: "0.1.0",
        config,
        beside_another: true,
        surroundings: |_| None,
        furnish: |_| {},
    }
}

/// What attachments have in common is another scenario's to show.
fn alone(name: &'static str, config: Value) -> Scenario {
    Scenario {
        beside_another: false,
        ..scenario(name, config)
    }
}

/// With `eth1` on the node, and addresses that are told.
fn upon_eth1(name: &'static str, keys: Value) -> Scenario {
    let addresses = json!({ "type": "static", "subnet": null, "addresses": [{ "address": "10.22.0.5/16" }] });
    let network = with(network_upon(name), json!({ "cniVersion": "1.1.0", "ipam": addresses }));
    Scenario {
        surroundings: |site| {
            furnish_eth1(site.node());
            None
        },
        ..alone(name, with(network, keys))
    }
}

/// Links of kinds that not every kernel has.
fn of_kinds() -> Vec<(&'static str, Scenario)> {
    vec![
        (
            "dummy",
            alone(
                "dummy",
                with(network_upon("dummy"), json!({ "cniVersion": "1.1.0", "master": null })),
            ),
        ),
        ("vlan", upon_eth1("vlan", json!({ "vlanId": 100, "mtu": 1400 }))),
        ("ipvlan", upon_eth1("ipvlan", json!({ "mode": "l3", "mtu": 1400 }))),
        (
            "vxlan",
            Scenario {
                surroundings: |site| {
                    site.installation().policy("hostile.toml", VXLAN_POLICY);
                    None
                },
                contract: "0.1.1",
                ..scenario("bridge in a VXLAN", in_vxlan())
            },
        ),
        (
            "vrf",
            Scenario {
                furnish: had_a_vrf,
                ..alone("bridge with vrf", in_vrf())
            },
        ),
    ]
}

fn everywhere() -> Vec<Scenario> {
    vec![
        scenario("loopback", with(loopback_network(), json!({ "cniVersion": "1.1.0" }))),
        scenario("bridge", bridge_network("1.1.0")),
        scenario(
            "bridge with everything",
            with(bridge_network("1.1.0"), everything_of_bridge()),
        ),
        scenario("chain", chain()),
        Scenario {
            surroundings: |site| {
                let chain = "add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }";
                site.node().tool("nft", &["add table ip filter;", chain]);
                None
            },
            ..alone("portmap and bandwidth", published())
        },
        alone("tap", tap()),
        upon_eth1("macvlan", json!({ "mtu": 1400 })),
        scenario("ptp", ptp()),
        scenario("bridge with tuning, sbr and firewall", tuned()),
        Scenario {
            surroundings: |site| Some(dhcp_server(site)),
            ..alone("bridge with dhcp", leased())
        },
        Scenario {
            surroundings: |site| {
                furnish_device(site);
                None
            },
            ..alone("host-device", with(device_network(), json!({ "cniVersion": "1.1.0" })))
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

/// With the node's address in the VLAN.
fn bridge_with_vlans() -> Value {
    let keys = json!({ "vlan": 100, "vlanTrunk": [{ "minID": 20, "maxID": 22 }], "preserveDefaultVlan": false });
    with(bridge_network("1.1.0"), keys)
}

/// What joining the bridge to other nodes takes.
const VXLAN_POLICY: &str = r#"
[plugin.hostile]

[[plugin.hostile.grant]]
allow = "link.create"
in = "host"
kinds = ["bridge", "vxlan"]
names = ["cni0", "vx42"]

[[plugin.hostile.grant]]
allow = "vxlan.join"
in = "host"
names = ["cni0"]
vnis = [42]
peers = ["192.0.2.0/24"]
"#;

/// By the component that does as it is told.
fn in_vxlan() -> Value {
    let bridge = with(bridge_network("1.1.0"), json!({ "cniVersion": null, "name": null }));
    let calls = json!([
        { "do": "bridge", "in": "host", "name": "cni0" },
        { "do": "vxlan", "link": 0, "name": "vx42", "id": 42 },
        { "do": "add-peer", "link": 1, "peer": "192.0.2.7" },
    ]);
    json!({
        "cniVersion": "1.1.0", "name": "mynet", "type": "cofferdam",
        "chain": [{ "type": "hostile", "calls": calls }, bridge],
    })
}

fn in_vrf() -> Value {
    let bridge = with(bridge_network("1.1.0"), json!({ "cniVersion": null, "name": null }));
    json!({
        "cniVersion": "1.1.0", "name": "mynet", "type": "cofferdam",
        "chain": [bridge, { "type": "vrf", "vrfname": "blue", "table": 500 }],
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
