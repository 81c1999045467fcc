//! The plugin `ipvlan`: each key of its configuration, seen in the kernel,
//! where that has ipvlan.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{
    Container, EchoServer, Site, answers, furnish_eth1, has_flag, has_kind, interface, needs_kernel, network_upon,
    site_with_eth1, with,
};
use serde_json::{Value, json};

fn plain() -> Value {
    network_upon("ipvlan")
}

#[test]
fn containers_have_addresses_of_their_own_upon_the_master() {
    needs_kernel!();
    if !has_kind("ipvlan") {
        return;
    }
    for mode in ["l2", "l3", "l3s"] {
        let site = site_with_eth1();
        let before = site.snapshot();
        let config = with(
            plain(),
            json!({ "mode": mode, "mtu": 1400, "ipam": { "routes": null } }),
        );
        let (one, two) = (Container::new("c1"), Container::new("c2"));
        let result = site.add(&one, &config);
        site.add(&two, &config);
        let eth0 = interface(&one);
        assert!(has_flag(&eth0, "UP"), "{eth0}");
        assert_eq!(eth0["linkinfo"]["info_data"]["mode"], mode);
        assert_eq!(eth0["mtu"], 1400);
        assert_eq!(eth0["address"], site.node().link("eth1").unwrap()["address"]);
        assert_eq!(result["interfaces"][0]["mac"], eth0["address"]);
        let server = EchoServer::start(&two.namespace);
        assert!(answers(&one.namespace, "10.22.0.3", &server), "{mode}");
        site.check(&one, &config, &result).silent_success();
        for container in [&one, &two] {
            site.del(container, &config);
            assert_eq!(container.namespace.link_names(), ["lo"]);
        }
        before.assert_same(&site.snapshot());
    }
}

#[test]
fn behind_another_plugin_its_addresses_are_taken_over() {
    needs_kernel!();
    if !has_kind("ipvlan") {
        return;
    }
    let site = site_with_eth1();
    let container = Container::new("c1");
    let previous = json!({
        "cniVersion": "1.0.0",
        "interfaces": [{ "name": "eth1" }],
        "ips": [{ "address": "10.22.0.7/16", "interface": 0 }],
        "routes": [{ "dst": "192.0.2.0/24", "gw": "10.22.0.9" }],
    });
    let config = with(plain(), json!({ "master": null, "ipam": null, "prevResult": previous }));
    let result = site.add(&container, &config);
    assert_eq!(container.namespace.addresses("eth0"), ["10.22.0.7/16"]);
    assert_eq!(result["interfaces"].as_array().unwrap().len(), 1);
    assert_eq!(result["interfaces"][0]["name"], "eth0");
}

#[test]
fn the_master_may_be_that_of_the_default_route_or_the_containers() {
    needs_kernel!();
    if !has_kind("ipvlan") {
        return;
    }
    let site = site_with_eth1();
    site.node().ip(&["route", "add", "default", "dev", "eth1"]);
    let container = Container::new("c1");
    let result = site.add(&container, &with(plain(), json!({ "master": null })));
    site.check(&container, &with(plain(), json!({ "master": null })), &result)
        .silent_success();
    let inside = Container::new("c2");
    furnish_eth1(&inside.namespace);
    site.add(&inside, &with(plain(), json!({ "linkInContainer": true })));
    assert_eq!(interface(&inside)["link"], "eth1");
}

#[test]
fn what_makes_no_sense_is_told_by_its_name() {
    needs_kernel!();
    let site = Site::new();
    furnish_eth1(site.node());
    let before = site.snapshot();
    let two = json!({ "cniVersion": "1.0.0", "interfaces": [{ "name": "a" }, { "name": "b" }] });
    for (changes, words) in [
        (json!({ "mode": "l4" }), "unknown ipvlan mode: \"l4\""),
        (json!({ "mtu": -1 }), "mtu"),
        (json!({ "master": null }), "no default route interface found"),
        (json!({ "master": null, "prevResult": two }), "single named interface"),
        (json!({ "master": "eth7" }), "failed to lookup master"),
    ] {
        let container = Container::new("c1");
        let text = site.try_add(&container, &with(plain(), changes.clone())).error().text();
        assert!(text.contains(words), "{changes}: {text}");
    }
    before.assert_same(&site.snapshot());
}

#[test]
fn a_kernel_without_the_kind_is_told_and_nothing_is_left() {
    needs_kernel!();
    if has_kind("ipvlan") {
        return;
    }
    let site = site_with_eth1();
    let before = site.snapshot();
    let container = Container::new("c1");
    let error = site.try_add(&container, &plain()).error();
    assert_eq!(error.code, 104, "{error:?}");
    assert!(error.message.contains("ipvlan"), "{error:?}");
    before.assert_same(&site.snapshot());
}
