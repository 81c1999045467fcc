//! The plugin `vrf`: what becomes of an interface's addresses and routes, and
//! of the VRF, where the kernel has them.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{
    Container, EchoServer, Site, Snapshot, answers, bridge_network, had_a_vrf, has_kind, interface, is_silent,
    needs_kernel, with,
};
use serde_json::{Value, json};

fn bridge() -> Value {
    let ranges = json!({
        "subnet": null,
        "ranges": [[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]],
        "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }, { "dst": "192.0.2.0/24", "gw": "10.22.0.9" }],
    });
    with(bridge_network("1.1.0"), json!({ "ipam": ranges }))
}

/// A list of bridge and vrf, the second with these keys.
fn network(keys: Value) -> Value {
    let member = with(bridge(), json!({ "cniVersion": null, "name": null }));
    let vrf = with(json!({ "type": "vrf", "vrfname": "blue" }), keys);
    json!({ "cniVersion": "1.1.0", "name": "mynet", "type": "cofferdam", "chain": [member, vrf] })
}

/// Routes of a table through `eth0`, as text.
fn routes(container: &Container, family: &str, table: &str) -> Vec<String> {
    let shown = container
        .namespace
        .ip(&[family, "route", "show", "dev", "eth0", "table", table]);
    shown.lines().map(|line| line.trim().to_owned()).collect()
}

/// The table of a VRF.
fn table(container: &Container, name: &str) -> Option<Value> {
    let links = container.namespace.ip_json(&["-d", "link", "show", "type", "vrf"]);
    let vrf = links.into_iter().find(|link| link["ifname"] == name)?;
    Some(vrf["linkinfo"]["info_data"]["table"].clone())
}

#[test]
fn the_interface_takes_its_addresses_and_routes_along() {
    needs_kernel!();
    if !has_kind("vrf") {
        return;
    }
    let site = Site::new();
    let before = site.snapshot();
    let container = Container::new("c1");
    had_a_vrf(&container.namespace);
    let inside = Snapshot::of(&container.namespace);
    let config = network(json!({ "table": 500 }));
    let result = site.add(&container, &config);
    assert_eq!(table(&container, "blue"), Some(json!(500)));
    assert_eq!(interface(&container)["master"], "blue");
    assert_eq!(container.namespace.addresses("eth0"), ["10.22.0.2/16", "fd00:22::2/64"]);
    assert_eq!(routes(&container, "-4", "main"), [""; 0]);
    let all = [routes(&container, "-4", "500"), routes(&container, "-6", "500")].concat();
    for route in [
        "default via 10.22.0.1",
        "10.22.0.0/16",
        "192.0.2.0/24 via 10.22.0.9",
        "default via fd00:22::1",
        "fd00:22::/64",
    ] {
        assert!(all.iter().any(|line| line.starts_with(route)), "{route}: {all:?}");
    }
    let names: Vec<_> = result["interfaces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| &link["name"])
        .collect();
    assert!(!names.contains(&&json!("blue")), "{names:?}");
    site.check(&container, &config, &result).silent_success();
    site.del(&container, &config);
    inside.assert_same(&Snapshot::of(&container.namespace));
    before.assert_same(&site.snapshot());
    site.del(&container, &config);
}

#[test]
fn packets_of_one_vrf_do_not_leave_by_another() {
    needs_kernel!();
    if !has_kind("vrf") {
        return;
    }
    let site = Site::new();
    let container = Container::new("c1");
    site.add(&container, &network(json!({})));
    let server = EchoServer::start(site.node());
    assert!(is_silent(&container.namespace, "10.22.0.1", &server), "from no VRF");
    // From now on they are of the VRF, and the answers may be anybody's.
    container.namespace.set_sysctl("net/ipv4/udp_l3mdev_accept", "1");
    let table = table(&container, "blue").unwrap().to_string();
    container
        .namespace
        .ip(&["rule", "add", "to", "10.22.0.1", "table", &table]);
    assert!(
        answers(&container.namespace, "10.22.0.1", &server),
        "by the VRF's table"
    );
}

#[test]
fn interfaces_of_a_container_share_a_vrf_that_goes_with_the_last() {
    needs_kernel!();
    if !has_kind("vrf") {
        return;
    }
    let site = Site::new();
    let container = Container::new("c1");
    had_a_vrf(&container.namespace);
    let inside = Snapshot::of(&container.namespace);
    let plain = |network: &str, subnet: &str| {
        let ipam = json!({ "subnet": subnet, "routes": null });
        let bridge = json!({ "type": "bridge", "bridge": "cni0", "ipam": with(json!({ "type": "host-local" }), ipam) });
        let vrf = json!({ "type": "vrf", "vrfname": "blue" });
        json!({ "cniVersion": "1.1.0", "name": network, "type": "cofferdam", "chain": [bridge, vrf] })
    };
    let call = |verb: &str, interface: &str, config: &Value| {
        let output = site.call(verb, &container, config).ifname(interface).run();
        if verb == "DEL" {
            output.silent_success();
        } else {
            output.result();
        }
    };
    let (one, two) = (plain("one", "10.31.0.0/24"), plain("two", "10.32.0.0/24"));
    let mut red = plain("three", "10.33.0.0/24");
    red["chain"][1]["vrfname"] = json!("red");
    call("ADD", "eth0", &one);
    call("ADD", "eth1", &two);
    assert_eq!(table(&container, "blue"), Some(json!(1)));
    // Another VRF has another table.
    call("ADD", "eth2", &red);
    assert_eq!(table(&container, "red"), Some(json!(2)));
    call("DEL", "eth0", &one);
    assert_eq!(table(&container, "blue"), Some(json!(1)));
    call("DEL", "eth1", &two);
    assert_eq!(table(&container, "blue"), None);
    call("DEL", "eth2", &red);
    inside.assert_same(&Snapshot::of(&container.namespace));
}

#[test]
fn check_tells_of_an_interface_that_left() {
    needs_kernel!();
    if !has_kind("vrf") {
        return;
    }
    let site = Site::new();
    let container = Container::new("c1");
    // Without routes, which the plugin before it would miss first.
    let mut config = network(json!({}));
    config["chain"][0]["ipam"]["routes"] = json!([]);
    let result = site.add(&container, &config);
    container.namespace.ip(&["link", "set", "eth0", "nomaster"]);
    let text = site.check(&container, &config, &result).error().text();
    assert!(text.contains("is no port instead of a port of blue"), "{text}");
    assert!(text.contains("failed to find eth0 associated to vrf blue"), "{text}");
    container.namespace.ip(&["link", "del", "blue"]);
    let text = site.check(&container, &config, &result).error().text();
    assert!(text.contains("VRF \"blue\" is gone"), "{text}");
    site.del(&container, &config);
}

#[test]
fn what_can_not_be_is_told_and_leaves_nothing() {
    needs_kernel!();
    if !has_kind("vrf") {
        return;
    }
    let site = Site::new();
    let container = Container::new("c1");
    let namespace = &container.namespace;
    had_a_vrf(namespace);
    namespace.ip(&["link", "add", "green", "type", "vrf", "table", "7"]);
    namespace.ip(&["link", "add", "br9", "type", "bridge"]);
    let inside = Snapshot::of(namespace);
    let before = site.snapshot();
    for (keys, words) in [
        (json!({ "vrfname": null }), "valid vrf name"),
        (
            json!({ "vrfname": "green", "table": 8 }),
            "already exists with routing table 7, not 8",
        ),
        (json!({ "vrfname": "br9" }), "is not a VRF"),
        (json!({ "table": 254 }), "table 254"),
        (json!({ "table": "x" }), "table"),
        (json!({ "vrfname": "sixteen-letters!" }), "sixteen-letters!"),
    ] {
        let text = site.try_add(&container, &network(keys.clone())).error().text();
        assert!(text.contains(words), "{keys}: {text}");
        inside.assert_same(&Snapshot::of(namespace));
        before.assert_same(&site.snapshot());
    }
    // One that is there is taken, and stays.
    let config = network(json!({ "vrfname": "green" }));
    let result = site.add(&container, &config);
    assert_eq!(interface(&container)["master"], "green");
    site.check(&container, &config, &result).silent_success();
    site.del(&container, &config);
    inside.assert_same(&Snapshot::of(namespace));
}

#[test]
fn a_vrf_needs_what_another_plugin_made() {
    needs_kernel!();
    let site = Site::new();
    let config = json!({ "cniVersion": "1.1.0", "name": "mynet", "type": "vrf", "vrfname": "blue" });
    let text = site.try_add(&Container::new("c1"), &config).error().text();
    assert!(text.contains("missing prevResult from earlier plugin"), "{text}");
}
