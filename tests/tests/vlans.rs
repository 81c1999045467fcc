//! The keys `vlan`, `vlanTrunk` and `preserveDefaultVlan` of the plugin
//! `bridge`: who reaches whom, where the kernel has bridges that filter by VLAN.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{
    Container, EchoServer, Namespace, Site, answers, bridge_network, has_flag, has_kind, has_vlan_filtering, is_silent,
    needs_kernel, with,
};
use serde_json::{Value, json};

/// A network on a bridge of which the node has no address.
fn network(keys: Value) -> Value {
    let plain = json!({ "isGateway": false, "ipam": { "routes": null } });
    with(with(bridge_network("1.1.0"), plain), keys)
}

/// VLANs of a port as `bridge vlan show` has them, shortened: `10pu 20-29`.
fn vlans(namespace: &Namespace, port: &str) -> String {
    let shown = namespace.run(|| {
        std::process::Command::new("bridge")
            .args(["-j", "-compressvlans", "vlan", "show", "dev", port])
            .output()
            .expect("iproute2 is there for the tests")
    });
    let ports: Vec<Value> = serde_json::from_slice(&shown.stdout).unwrap();
    let all = ports.first().and_then(|port| port["vlans"].as_array().cloned());
    let texts = all.unwrap_or_default().into_iter().map(|vlan| {
        let has = |flag: &str| {
            let flags = vlan["flags"].as_array();
            flags.is_some_and(|flags| flags.iter().any(|found| found == flag))
        };
        let last = match &vlan["vlanEnd"] {
            Value::Null => String::new(),
            last => format!("-{last}"),
        };
        let pvid = if has("PVID") { "p" } else { "" };
        let untagged = if has("Egress Untagged") { "u" } else { "" };
        format!("{}{last}{pvid}{untagged}", vlan["vlan"])
    });
    texts.collect::<Vec<String>>().join(" ")
}

/// VLANs of the host's end of an attachment.
fn vlans_of(site: &Site, result: &Value) -> String {
    vlans(site.node(), result["interfaces"][1]["name"].as_str().unwrap())
}

/// An interface upon `eth0` for the tagged frames of a VLAN.
fn tagged(container: &Container, vlan: &str, address: &str) {
    let name = format!("tag{vlan}");
    let namespace = &container.namespace;
    namespace.ip(&["link", "add", "link", "eth0", "name", &name, "type", "vlan", "id", vlan]);
    namespace.ip(&["address", "add", address, "dev", &name]);
    namespace.ip(&["link", "set", &name, "up"]);
}

#[test]
fn containers_of_one_vlan_reach_each_other_and_nobody_else() {
    needs_kernel!();
    if !has_vlan_filtering() {
        return;
    }
    let site = Site::new();
    let before = site.snapshot();
    let all: Vec<(Container, Value)> = [("c1", 10), ("c2", 10), ("c3", 20)]
        .map(|(name, vlan)| (Container::new(name), network(json!({ "vlan": vlan }))))
        .into();
    let results: Vec<Value> = all
        .iter()
        .map(|(container, config)| site.add(container, config))
        .collect();
    let ports: Vec<String> = results.iter().map(|result| vlans_of(&site, result)).collect();
    assert_eq!(ports, ["10pu", "10pu", "20pu"]);
    let server = EchoServer::start(&all[0].0.namespace);
    assert!(answers(&all[1].0.namespace, "10.22.0.2", &server), "of the same VLAN");
    assert!(is_silent(&all[2].0.namespace, "10.22.0.2", &server), "of another VLAN");
    for ((container, config), result) in all.iter().zip(&results) {
        site.check(container, config, result).silent_success();
    }
    for (container, config) in &all {
        site.del(container, config);
    }
    before.assert_same(&site.snapshot());
}

#[test]
fn a_trunk_gets_the_tagged_frames_of_its_vlans_only() {
    needs_kernel!();
    if !has_vlan_filtering() || !has_kind("vlan") {
        return;
    }
    let site = Site::new();
    let trunk = Container::new("c1");
    let keys = json!({ "vlanTrunk": [{ "minID": 20, "maxID": 22 }, { "id": 40 }], "ipam": null });
    let result = site.add(&trunk, &network(keys));
    assert_eq!(vlans_of(&site, &result), "1pu 20-22 40");
    let mut servers = Vec::new();
    for (name, vlan, address) in [("c2", 20, "10.22.1.9/24"), ("c3", 30, "10.22.2.9/24")] {
        let container = Container::new(name);
        site.add(&container, &network(json!({ "vlan": vlan, "ipam": null })));
        container.namespace.ip(&["address", "add", address, "dev", "eth0"]);
        servers.push((EchoServer::start(&container.namespace), container));
    }
    tagged(&trunk, "20", "10.22.1.1/24");
    tagged(&trunk, "30", "10.22.2.1/24");
    assert!(answers(&trunk.namespace, "10.22.1.9", &servers[0].0), "VLAN 20");
    assert!(is_silent(&trunk.namespace, "10.22.2.9", &servers[1].0), "VLAN 30");
}

#[test]
fn a_port_is_in_the_vlans_of_its_keys() {
    needs_kernel!();
    if !has_vlan_filtering() {
        return;
    }
    let site = Site::new();
    for (index, (keys, expected)) in [
        (json!({ "vlan": 10, "preserveDefaultVlan": true }), "1u 10pu"),
        (
            json!({ "vlan": 10, "vlanTrunk": [{ "minID": 9, "maxID": 11 }] }),
            "9 10pu 11",
        ),
        (json!({ "vlanTrunk": [] }), "1pu"),
        (json!({ "vlan": 4094 }), "4094pu"),
        // The bridge filters by now.
        (json!({}), "1pu"),
    ]
    .into_iter()
    .enumerate()
    {
        let container = Container::new(&format!("c{index}"));
        let result = site.add(&container, &network(keys.clone()));
        assert_eq!(vlans_of(&site, &result), expected, "{keys}");
    }
}

#[test]
fn the_node_has_its_address_in_the_vlan_and_leaves_with_the_last_container() {
    needs_kernel!();
    if !has_vlan_filtering() {
        return;
    }
    let site = Site::new();
    let before = site.snapshot();
    let config = with(
        bridge_network("1.1.0"),
        json!({ "vlan": 10, "preserveDefaultVlan": true, "mtu": 1400 }),
    );
    let (one, two) = (Container::new("c1"), Container::new("c2"));
    let first = site.add(&one, &config);
    let gateway = site.node().link("cni0.10").unwrap();
    assert!(has_flag(&gateway, "UP"), "{gateway}");
    assert_eq!(gateway["mtu"], 1400);
    assert_eq!(site.node().addresses("cni0.10"), ["10.22.0.1/16"]);
    assert_eq!(site.node().addresses("cni0"), [""; 0]);
    assert_eq!(first["interfaces"][3]["name"], "cni0.10");
    assert_eq!(first["interfaces"][3]["mac"], gateway["address"]);
    let port = gateway["link"].as_str().unwrap();
    assert_eq!(vlans(site.node(), port), "1u 10pu");
    let alone = site.snapshot();
    let second = site.add(&two, &config);
    assert_eq!(second["interfaces"][3], first["interfaces"][3]);
    site.del(&two, &config);
    alone.assert_same(&site.snapshot());
    let server = EchoServer::start(site.node());
    assert!(answers(&one.namespace, "10.22.0.1", &server), "the gateway");
    site.check(&one, &config, &first).silent_success();
    site.node().ip(&["address", "flush", "dev", "cni0.10"]);
    let text = site.check(&one, &config, &first).error().text();
    assert!(
        text.contains("\"cni0.10\" does not have the gateway's address"),
        "{text}"
    );
    site.del(&one, &config);
    before.assert_same(&site.snapshot());
    site.del(&one, &config);
}

#[test]
fn check_tells_of_a_port_that_left_its_vlan() {
    needs_kernel!();
    if !has_vlan_filtering() {
        return;
    }
    let site = Site::new();
    let container = Container::new("c1");
    let config = network(json!({ "vlan": 10 }));
    let result = site.add(&container, &config);
    let port = result["interfaces"][1]["name"].as_str().unwrap();
    site.node().run(|| {
        let arguments = ["vlan", "add", "dev", port, "vid", "20"];
        let added = std::process::Command::new("bridge").args(arguments).status().unwrap();
        assert!(added.success());
    });
    let error = site.check(&container, &config, &result).error();
    assert!(
        error.text().contains("is not in the VLANs any more"),
        "{}",
        error.text()
    );
    assert!(
        error
            .text()
            .contains("10 PVID untagged, 20 instead of 10 PVID untagged"),
        "{}",
        error.text()
    );
    let mended = site.cofferctl(&["repair", "--all"]);
    assert!(mended.stdout.contains("mended: the VLANs of link"), "{mended:?}");
    assert_eq!(vlans(site.node(), port), "10pu");
    site.check(&container, &config, &result).silent_success();
    site.del(&container, &config);
}

#[test]
fn a_bridge_that_keeps_nothing_apart_is_refused() {
    needs_kernel!();
    let site = Site::new();
    site.node().ip(&["link", "add", "cni0", "type", "bridge"]);
    let before = site.snapshot();
    let container = Container::new("c1");
    for keys in [json!({ "vlan": 10 }), json!({ "vlanTrunk": [] })] {
        let text = site.try_add(&container, &network(keys)).error().text();
        assert!(text.contains("bridge \"cni0\" does not filter by VLAN"), "{text}");
        assert!(text.contains("ip link set cni0 type bridge vlan_filtering 1"), "{text}");
    }
    before.assert_same(&site.snapshot());
}

#[test]
fn a_link_in_the_way_of_the_nodes_is_told_by_its_name() {
    needs_kernel!();
    if !has_vlan_filtering() {
        return;
    }
    let site = Site::new();
    site.node()
        .ip(&["link", "add", "cni0.10", "type", "veth", "peer", "name", "other"]);
    let before = site.snapshot();
    for (keys, words) in [
        (
            json!({ "vlan": 10 }),
            "\"cni0.10\" exists, but is not the node's way into VLAN 10",
        ),
        (
            json!({ "vlan": 4094, "bridge": "cni0123456789" }),
            "\"cni0123456789.4094\"",
        ),
    ] {
        let config = with(bridge_network("1.1.0"), keys);
        let text = site.try_add(&Container::new("c1"), &config).error().text();
        assert!(text.contains(words), "{text}");
        before.assert_same(&site.snapshot());
    }
}

#[test]
fn a_number_that_is_none_of_a_vlan_is_told_by_its_key() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    for (keys, words) in [
        (json!({ "vlan": 4095 }), "invalid VLAN ID 4095"),
        (json!({ "vlan": -1 }), "invalid VLAN ID -1"),
        (json!({ "vlanTrunk": [{ "id": 0 }] }), "incorrect trunk id parameter 0"),
        (json!({ "vlanTrunk": [{ "minID": 5 }] }), "maxID is missing"),
        (
            json!({ "vlanTrunk": [{ "minID": 6, "maxID": 5 }] }),
            "minID is greater than maxID",
        ),
        (json!({ "vlanTrunk": 5 }), "vlanTrunk"),
    ] {
        let text = site
            .try_add(&Container::new("c1"), &network(keys.clone()))
            .error()
            .text();
        assert!(text.contains(words), "{keys}: {text}");
    }
    before.assert_same(&site.snapshot());
}
