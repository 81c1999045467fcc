//! In place of the reference plugins: the same configuration, under the same
//! names, leads to the same results and the same kernel.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{
    Container, SPEC_VERSIONS, Site, bridge_network, loopback_network, mynet, needs_go_plugins, needs_kernel, with,
};
use serde_json::{Value, json};

/// A result without what is different for each attachment.
fn comparable(result: &Value) -> Value {
    let mut result = result.clone();
    for interface in result["interfaces"].as_array_mut().into_iter().flatten() {
        if interface["name"].as_str().is_some_and(|name| name.starts_with("veth")) {
            interface["name"] = json!("veth…");
        }
        // The loopback's is the same for all.
        if interface["mac"] != "00:00:00:00:00:00" {
            interface["mac"] = json!("…");
        }
        if interface.get("sandbox").is_some() {
            interface["sandbox"] = json!("…");
        }
    }
    result
}

/// What a workload sees of its attachment, and the node of its bridge.
fn facts(site: &Site, container: &Container) -> Value {
    let link = container.namespace.link("eth0");
    let bridge = site.node().link("cni0");
    let routes = |family: &str| {
        let mut routes = container.namespace.ip_json(&[family, "route", "show", "table", "all"]);
        // Its address is made of the random MAC.
        routes.retain(|route| !route["dst"].as_str().is_some_and(|dst| dst.starts_with("fe80:")));
        // Flags say whether the other end is up yet.
        routes.iter_mut().for_each(|route| route["flags"] = Value::Null);
        routes.sort_by_key(Value::to_string);
        routes
    };
    let port = site
        .node()
        .ip_json(&["-d", "link", "show"])
        .into_iter()
        .find(|link| link["master"] == "cni0");
    let port_data = port
        .as_ref()
        .map(|port| port["linkinfo"]["info_slave_data"].clone())
        .unwrap_or_default();
    json!({
        "link": link.map(|link| [link["mtu"].clone(), link["txqlen"].clone(), link["linkinfo"]["info_kind"].clone()]),
        "addresses": container.namespace.addresses("eth0"),
        "routes": [routes("-4"), routes("-6")],
        "arp_notify": container.namespace.sysctl("net/ipv4/conf/eth0/arp_notify"),
        "accept_dad": container.namespace.sysctl("net/ipv6/conf/eth0/accept_dad"),
        "keep_addr_on_down": container.namespace.sysctl("net/ipv6/conf/eth0/keep_addr_on_down"),
        "bridge": bridge.map(|bridge| [bridge["mtu"].clone(), bridge["promiscuity"].clone()]),
        "bridge addresses": site.node().addresses("cni0"),
        "bridge accept_ra": site.node().sysctl("net/ipv6/conf/cni0/accept_ra"),
        "port": [port.map(|port| port["mtu"].clone()), port_data.get("hairpin").cloned(), port_data.get("isolated").cloned()],
        "forwarding": [
            site.node().sysctl("net/ipv4/ip_forward"),
            site.node().sysctl("net/ipv6/conf/all/forwarding"),
        ],
    })
}

#[test]
fn the_kernel_looks_the_same_to_workload_and_node() {
    needs_kernel!();
    let plugins = needs_go_plugins!();
    let dual = json!([[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]]);
    let plain = || bridge_network("1.0.0");
    for (what, config) in [
        ("the README's network", mynet()),
        ("gateway", plain()),
        ("no gateway", with(plain(), json!({ "isGateway": false }))),
        (
            "default gateway",
            with(plain(), json!({ "isDefaultGateway": true, "ipam": { "routes": null } })),
        ),
        ("MTU", with(plain(), json!({ "mtu": 1400 }))),
        ("hairpin", with(plain(), json!({ "hairpinMode": true }))),
        ("promiscuous", with(plain(), json!({ "promiscMode": true }))),
        ("port isolation", with(plain(), json!({ "portIsolation": true }))),
        (
            "dual stack",
            with(
                plain(),
                json!({ "isDefaultGateway": true, "ipam": { "subnet": null, "routes": null, "ranges": dual } }),
            ),
        ),
        ("layer 2 only", with(plain(), json!({ "ipam": null }))),
        (
            "routes",
            with(
                plain(),
                json!({ "ipam": { "routes": [
            { "dst": "192.0.2.0/24" }, { "dst": "198.51.100.0/24", "gw": "10.22.0.9", "priority": 50 }
        ] } }),
            ),
        ),
    ] {
        let ours = Site::new();
        let theirs = Site::go(plugins.clone());
        let container = Container::new("c1");
        let twin = Container::new("c1");
        let result = ours.add(&container, &config);
        let expected = theirs.add(&twin, &config);
        assert_eq!(comparable(&result), comparable(&expected), "{what}");
        assert_eq!(facts(&ours, &container), facts(&theirs, &twin), "{what}");
        ours.del(&container, &config);
        theirs.del(&twin, &config);
        assert_eq!(container.namespace.link_names(), twin.namespace.link_names(), "{what}");
    }
}

#[test]
fn results_are_printed_the_same_in_every_version() {
    needs_kernel!();
    let plugins = needs_go_plugins!();
    let ours = Site::new();
    let theirs = Site::go(plugins);
    for version in SPEC_VERSIONS {
        let container = Container::new(&format!("c-{version}"));
        let twin = Container::new(&format!("c-{version}"));
        let config = with(
            bridge_network(version),
            json!({ "dns": { "nameservers": ["192.0.2.53"] } }),
        );
        let result = ours.try_add(&container, &config);
        let expected = theirs.try_add(&twin, &config);
        assert_eq!(
            comparable(&result.result()),
            comparable(&expected.result()),
            "{version}"
        );
        assert_eq!(
            keys(&result.stdout),
            keys(&expected.stdout),
            "{version}: the order of keys, and the white space"
        );
    }
}

/// The text without its values: what is left are keys and white space.
fn keys(text: &str) -> Vec<String> {
    text.split('\n')
        .map(|line| line.split_once(": ").map_or(line, |(key, _)| key).to_owned())
        .collect()
}

#[test]
fn refusals_are_the_same_in_code_and_message() {
    needs_kernel!();
    let plugins = needs_go_plugins!();
    let ours = Site::new();
    let theirs = Site::go(plugins);
    let plain = || bridge_network("1.0.0");
    for (what, plugin, config) in [
        ("no name", "bridge", with(plain(), json!({ "name": null }))),
        (
            "a name of other characters",
            "bridge",
            with(plain(), json!({ "name": "my net" })),
        ),
        (
            "an unknown version",
            "loopback",
            with(loopback_network(), json!({ "cniVersion": "9.0.0" })),
        ),
        (
            "hairpin and promiscuous",
            "bridge",
            with(plain(), json!({ "hairpinMode": true, "promiscMode": true })),
        ),
        (
            "no range",
            "bridge",
            with(plain(), json!({ "ipam": { "subnet": null } })),
        ),
        (
            "host bits",
            "bridge",
            with(plain(), json!({ "ipam": { "subnet": "10.22.0.1/16" } })),
        ),
        (
            "too small a subnet",
            "bridge",
            with(plain(), json!({ "ipam": { "subnet": "10.22.0.0/31" } })),
        ),
        (
            "a start outside",
            "bridge",
            with(plain(), json!({ "ipam": { "rangeStart": "10.23.0.1" } })),
        ),
    ] {
        let container = Container::new("c1");
        let twin = Container::new("c1");
        let found = ours.call("ADD", &container, &config).plugin(plugin).run().error();
        let expected = theirs.call("ADD", &twin, &config).plugin(plugin).run().error();
        assert_eq!((found.code, found.message), (expected.code, expected.message), "{what}");
    }
}
