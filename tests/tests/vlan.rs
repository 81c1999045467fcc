//! The plugin `vlan`: each key of its configuration, seen in the kernel, where
//! that has VLAN interfaces.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{
    Container, EchoServer, answers, furnish_eth1, has_flag, has_kind, interface, needs_kernel, network_upon,
    site_with_eth1, with,
};
use serde_json::{Value, json};

fn plain() -> Value {
    with(network_upon("vlan"), json!({ "vlanId": 100 }))
}

#[test]
fn a_container_is_in_one_vlan_of_the_master() {
    needs_kernel!();
    if !has_kind("vlan") {
        return;
    }
    let site = site_with_eth1();
    site.node().ip(&[
        "link", "add", "link", "far1", "name", "far1.100", "type", "vlan", "id", "100",
    ]);
    site.node().ip(&["address", "add", "10.22.0.9/16", "dev", "far1.100"]);
    site.node().ip(&["link", "set", "far1.100", "up"]);
    let before = site.snapshot();
    let container = Container::new("c1");
    let config = with(plain(), json!({ "mtu": 1400 }));
    let result = site.add(&container, &config);
    let eth0 = interface(&container);
    assert!(has_flag(&eth0, "UP"), "{eth0}");
    assert_eq!(eth0["linkinfo"]["info_data"]["id"], 100);
    assert_eq!(eth0["mtu"], 1400);
    assert_eq!(eth0["address"], site.node().link("eth1").unwrap()["address"]);
    assert_eq!(result["interfaces"][0]["mac"], eth0["address"]);
    let server = EchoServer::start(site.node());
    assert!(answers(&container.namespace, "10.22.0.9", &server));
    site.check(&container, &config, &result).silent_success();
    container.namespace.ip(&["link", "set", "eth0", "mtu", "1300"]);
    assert_eq!(site.check(&container, &config, &result).error().code, 107);
    let taken = Container::new("c2");
    let text = site.try_add(&taken, &config).error().text();
    assert!(text.contains("VLAN 100"), "{text}");
    site.del(&container, &config);
    before.assert_same(&site.snapshot());
    site.del(&container, &config);
}

#[test]
fn the_master_may_be_the_containers() {
    needs_kernel!();
    if !has_kind("vlan") {
        return;
    }
    let site = site_with_eth1();
    let container = Container::new("c1");
    furnish_eth1(&container.namespace);
    let config = with(plain(), json!({ "linkInContainer": true, "vlanId": 0 }));
    let result = site.add(&container, &config);
    assert_eq!(interface(&container)["link"], "eth1");
    site.check(&container, &config, &result).silent_success();
}

#[test]
fn what_makes_no_sense_is_told_by_its_name() {
    needs_kernel!();
    let site = site_with_eth1();
    let before = site.snapshot();
    for (changes, words) in [
        (json!({ "master": null }), "\"master\" field is required"),
        (json!({ "master": "eth7" }), "failed to lookup master"),
        (json!({ "vlanId": 4095 }), "invalid VLAN ID 4095"),
        (json!({ "vlanId": -1 }), "invalid VLAN ID -1"),
        (json!({ "mtu": 1501 }), "invalid MTU 1501"),
        (json!({ "ipam": null }), "IPAM"),
    ] {
        let container = Container::new("c1");
        let text = site.try_add(&container, &with(plain(), changes.clone())).error().text();
        assert!(text.contains(words), "{changes}: {text}");
    }
    before.assert_same(&site.snapshot());
}
