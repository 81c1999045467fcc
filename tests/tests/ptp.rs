//! The plugin `ptp`: a link of its own for each container, and routes.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{
    Attached, Container, EchoServer, SPEC_VERSIONS, Site, answers, answers_as, needs_kernel, outside, with,
};
use serde_json::{Value, json};

fn network(version: &str) -> Value {
    json!({
        "cniVersion": version, "name": "mynet", "type": "ptp",
        "ipam": {
            "type": "host-local",
            "ranges": [[{ "subnet": "10.30.0.0/24" }], [{ "subnet": "fd00:30::/64" }]],
            "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }],
        },
    })
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).collect()
}

/// The name of the host's end.
fn host_end(result: &Value) -> &str {
    result["interfaces"][0]["name"].as_str().unwrap()
}

#[test]
fn container_and_node_route_to_each_other() {
    needs_kernel!();
    let attached = Attached::to(network("1.0.0"));
    let (inside, node) = (&attached.container.namespace, attached.site.node());
    let end = host_end(&attached.result).to_owned();
    assert_eq!(inside.addresses("eth0"), ["10.30.0.2/24", "fd00:30::2/64"]);
    assert_eq!(
        lines(&inside.ip(&["-4", "route", "show"])),
        [
            "default via 10.30.0.1 dev eth0",
            "10.30.0.0/24 via 10.30.0.1 dev eth0 src 10.30.0.2",
            "10.30.0.1 dev eth0 scope link src 10.30.0.2",
        ]
    );
    let ipv6 = inside.ip(&["-6", "route", "show"]);
    for route in [
        "default via fd00:30::1 dev eth0 metric 1024",
        "fd00:30::1 dev eth0 src fd00:30::2 metric 1024",
        "fd00:30::/64 via fd00:30::1 dev eth0 src fd00:30::2 metric 1024",
    ] {
        assert!(ipv6.contains(route), "{route}: {ipv6}");
    }
    assert_eq!(node.addresses(&end), ["10.30.0.1/32", "fd00:30::1/128"]);
    let ipv4 = node.ip(&["-4", "route", "show"]);
    assert!(ipv4.contains(&format!("10.30.0.2 dev {end} scope host")), "{ipv4}");
    let ipv6 = node.ip(&["-6", "route", "show"]);
    assert!(ipv6.contains(&format!("fd00:30::2 dev {end} metric 1024")), "{ipv6}");
    assert_eq!(node.sysctl("net/ipv4/ip_forward"), "1");
    assert_eq!(node.sysctl("net/ipv6/conf/all/forwarding"), "1");
}

#[test]
fn the_result_has_both_ends_and_the_addresses_on_the_second() {
    needs_kernel!();
    for version in SPEC_VERSIONS {
        let attached = Attached::to(network(version));
        if version < "0.3.0" {
            assert_eq!(attached.result["ip4"]["ip"], "10.30.0.2/24");
            continue;
        }
        let result = &attached.result;
        let node = attached.site.node().link(host_end(result)).unwrap();
        let eth0 = attached.container.namespace.link("eth0").unwrap();
        assert_eq!(result["interfaces"][0]["mac"], node["address"], "{version}");
        assert_eq!(result["interfaces"][1]["mac"], eth0["address"], "{version}");
        assert_eq!(result["interfaces"][1]["sandbox"], attached.container.namespace.path());
        assert_eq!(result["ips"][0]["interface"], 1);
        assert_eq!(result["ips"][0]["gateway"], "10.30.0.1");
        assert_eq!(result["routes"].as_array().unwrap().len(), 2);
        if version >= "0.4.0" {
            attached.check().silent_success();
        }
    }
}

#[test]
fn containers_reach_each_other_through_the_node() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let (one, two) = (Container::new("c1"), Container::new("c2"));
    site.add(&one, &network("1.1.0"));
    site.add(&two, &network("1.1.0"));
    let server = EchoServer::start(&two.namespace);
    for address in ["10.30.0.3", "fd00:30::3"] {
        assert!(answers(&one.namespace, address, &server), "{address}");
    }
    let server = EchoServer::start(site.node());
    for address in ["10.30.0.1", "fd00:30::1"] {
        assert!(answers(&two.namespace, address, &server), "{address}");
    }
    site.del(&one, &network("1.1.0"));
    site.del(&two, &network("1.1.0"));
    site.del(&two, &network("1.1.0"));
    assert_eq!(one.namespace.link_names(), ["lo"]);
    before.assert_same(&site.snapshot());
}

#[test]
fn masquerading_gives_packets_the_nodes_address() {
    needs_kernel!();
    let site = Site::new();
    let outside = outside(site.node());
    let server = EchoServer::start(&outside);
    let container = Container::new("c1");
    let config = with(network("1.0.0"), json!({ "ipMasq": true, "ipMasqBackend": "iptables" }));
    let result = site.add(&container, &config);
    for (to, source) in [("192.0.2.2", "192.0.2.1"), ("2001:db8::2", "2001:db8::1")] {
        let seen = answers_as(&container.namespace, to, &server).map(|address| address.to_string());
        assert_eq!(seen.as_deref(), Some(source));
    }
    site.check(&container, &config, &result).silent_success();
    site.node()
        .tool("nft", &["flush", "map", "inet", "cofferdam_ptp_masquerade", "sources4"]);
    let text = site.check(&container, &config, &result).error().text();
    assert!(text.contains("not masqueraded any more"), "{text}");
    site.del(&container, &config);
    assert_eq!(site.node().ruleset(), "");
    assert_eq!(site.node().link_names(), ["lo", "uplink"]);
}

#[test]
fn mtu_and_name_resolution_are_those_of_the_configuration() {
    needs_kernel!();
    let config = with(
        network("1.0.0"),
        json!({ "mtu": 1400, "dns": { "nameservers": ["192.0.2.53"], "domain": "example" } }),
    );
    let attached = Attached::to(config);
    assert_eq!(attached.container.namespace.link("eth0").unwrap()["mtu"], 1400);
    assert_eq!(
        attached.site.node().link(host_end(&attached.result)).unwrap()["mtu"],
        1400
    );
    assert_eq!(
        attached.result["dns"],
        json!({ "nameservers": ["192.0.2.53"], "domain": "example" })
    );
}

#[test]
fn what_makes_no_sense_is_refused_and_nothing_stays() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let by_static = |address: Value| json!({ "ipam": { "type": "static", "ranges": null, "routes": null, "addresses": [address] } });
    for (changes, words) in [
        (json!({ "ipam": null }), "no plugin name provided"),
        (json!({ "ipMasqBackend": "pf" }), "unknown ipmasq backend \"pf\""),
        (json!({ "mtu": -1 }), "mtu"),
        (json!({ "mtu": 60 }), "mtu"),
        (json!({ "ipMasq": "yes" }), "ipMasq"),
        (by_static(json!({ "address": "10.30.0.5/24" })), "no gateway"),
        (by_static(Value::Null), "address"),
    ] {
        let container = Container::new("c1");
        let text = site
            .try_add(&container, &with(network("1.0.0"), changes))
            .error()
            .text();
        assert!(text.to_lowercase().contains(&words.to_lowercase()), "{words}: {text}");
        assert_eq!(container.namespace.link_names(), ["lo"]);
        before.assert_same(&site.snapshot());
    }
}

#[test]
fn check_sees_what_is_missing() {
    needs_kernel!();
    for (on_node, act, words) in [
        (false, "address del 10.30.0.2/24 dev eth0", "10.30.0.2/24"),
        (false, "route del default", "Failed to find route 0.0.0.0/0"),
        (false, "link del eth0", "eth0"),
        (true, "link set END down", "is down"),
        (true, "route del 10.30.0.2 dev END", "10.30.0.2/32"),
        (true, "address del 10.30.0.1/32 dev END", "10.30.0.1/32"),
    ] {
        let attached = Attached::to(network("1.1.0"));
        let act = act.replace("END", host_end(&attached.result));
        let arguments: Vec<&str> = act.split(' ').collect();
        let where_at = if on_node {
            attached.site.node()
        } else {
            &attached.container.namespace
        };
        where_at.ip(&arguments);
        let text = attached.check().error().text();
        assert!(text.contains(words), "{act}: {text}");
        attached.del();
    }
}

#[test]
fn status_and_gc_reach_the_address_management_plugin() {
    needs_kernel!();
    let attached = Attached::to(network("1.1.0"));
    let site = &attached.site;
    site.call("STATUS", &attached.container, &attached.network)
        .run()
        .silent_success();
    let none = with(attached.network.clone(), json!({ "cni.dev/valid-attachments": [] }));
    site.call("GC", &attached.container, &none).run().silent_success();
    assert_eq!(site.leased("mynet"), Vec::<String>::new());
    assert_eq!(attached.container.namespace.link_names(), ["lo"]);
}

#[test]
fn del_works_without_the_container() {
    needs_kernel!();
    for path in ["", "/run/no/such/namespace"] {
        let attached = Attached::to(network("1.1.0"));
        let site = &attached.site;
        site.call("DEL", &attached.container, &attached.network)
            .netns_path(path)
            .run()
            .silent_success();
        assert_eq!(site.leased("mynet"), Vec::<String>::new());
    }
}
