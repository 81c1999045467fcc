//! The plugin `bridge`: each key of its configuration, seen in the kernel.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{Container, EchoServer, Namespace, Site, Snapshot, answers, bridge_network, needs_kernel, with};
use serde_json::{Value, json};

fn plain() -> Value {
    bridge_network("1.0.0")
}

/// The host's end of the only attachment.
fn port(node: &Namespace) -> Value {
    let links = node.ip_json(&["-d", "link", "show"]);
    links
        .into_iter()
        .find(|link| link["master"] == "cni0")
        .expect("the bridge has a port")
}

fn flag(link: &Value, flag: &str) -> bool {
    link["flags"].as_array().unwrap().iter().any(|found| found == flag)
}

#[test]
fn a_container_gets_an_interface_an_address_and_a_route() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let container = Container::new("c1");
    let result = site.add(&container, &plain());

    let eth0 = container.namespace.link("eth0").expect("eth0 is there");
    assert!(flag(&eth0, "UP"), "{eth0}");
    assert_eq!(eth0["linkinfo"]["info_kind"], "veth");
    assert_eq!(container.namespace.addresses("eth0"), ["10.22.0.2/16"]);
    let routes = container.namespace.ip_json(&["-4", "route", "show"]);
    assert!(
        routes
            .iter()
            .any(|route| route["dst"] == "default" && route["gateway"] == "10.22.0.1"),
        "{routes:?}"
    );
    assert_eq!(site.node().addresses("cni0"), ["10.22.0.1/16"]);
    assert_eq!(site.node().sysctl("net/ipv4/ip_forward"), "1");
    assert_eq!(site.leased("mynet"), ["10.22.0.2"]);

    let bridge = site.node().link("cni0").unwrap();
    assert_eq!(result["interfaces"][0]["mac"], bridge["address"]);
    assert_eq!(result["interfaces"][1]["name"], port(site.node())["ifname"]);
    assert_eq!(result["interfaces"][1]["mac"], port(site.node())["address"]);
    assert_eq!(result["interfaces"][2]["mac"], eth0["address"]);

    site.del(&container, &plain());
    before.assert_same(&site.snapshot());
    assert_eq!(container.namespace.link_names(), ["lo"]);
}

#[test]
fn containers_of_one_network_reach_each_other_and_the_gateway() {
    needs_kernel!();
    let site = Site::new();
    let (one, two) = (Container::new("c1"), Container::new("c2"));
    site.add(&one, &plain());
    site.add(&two, &plain());
    let server = EchoServer::start(&two.namespace);
    assert!(answers(&one.namespace, "10.22.0.3", &server), "the other container");
    let server = EchoServer::start(site.node());
    assert!(answers(&one.namespace, "10.22.0.1", &server), "the gateway");
    assert!(answers(&two.namespace, "10.22.0.1", &server), "the gateway");
}

#[test]
fn the_bridge_goes_with_the_last_attachment() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let (one, two) = (Container::new("c1"), Container::new("c2"));
    site.add(&one, &plain());
    let alone = site.snapshot();
    site.add(&two, &plain());
    site.del(&two, &plain());
    alone.assert_same(&site.snapshot());
    let server = EchoServer::start(site.node());
    assert!(
        answers(&one.namespace, "10.22.0.1", &server),
        "the other's DEL took the gateway away"
    );
    site.del(&one, &plain());
    before.assert_same(&site.snapshot());
}

#[test]
fn a_bridge_that_was_there_stays_as_it_was() {
    needs_kernel!();
    let site = Site::new();
    site.node()
        .ip(&["link", "add", "cni0", "address", "02:00:5e:00:00:07", "type", "bridge"]);
    // Set afterwards, or the kernel would adapt it to the ports.
    site.node().ip(&["link", "set", "cni0", "mtu", "1300"]);
    site.node().ip(&["address", "add", "10.22.0.1/16", "dev", "cni0"]);
    site.node().ip(&["link", "set", "cni0", "up"]);
    site.node().set_sysctl("net/ipv4/ip_forward", "1");
    let container = Container::new("c1");
    site.add(&container, &plain());
    assert_eq!(site.node().link("cni0").unwrap()["mtu"], 1300);
    site.del(&container, &plain());
    assert_eq!(site.node().addresses("cni0"), ["10.22.0.1/16"]);
    assert_eq!(site.node().link_names(), ["cni0", "lo"]);
    assert_eq!(site.node().sysctl("net/ipv4/ip_forward"), "1");
}

#[test]
fn the_mtu_is_that_of_both_ends_and_of_a_new_bridge() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    site.add(&container, &with(plain(), json!({ "mtu": 1400 })));
    assert_eq!(container.namespace.link("eth0").unwrap()["mtu"], 1400);
    assert_eq!(port(site.node())["mtu"], 1400);
    assert_eq!(site.node().link("cni0").unwrap()["mtu"], 1400);
}

#[test]
fn port_settings_are_set() {
    needs_kernel!();
    for (key, attribute) in [("hairpinMode", "hairpin"), ("portIsolation", "isolated")] {
        for on in [true, false] {
            let site = Site::new();
            let container = Container::new("c1");
            site.add(&container, &with(plain(), json!({ key: on })));
            assert_eq!(
                port(site.node())["linkinfo"]["info_slave_data"][attribute],
                on,
                "{key}: {on}"
            );
        }
    }
}

#[test]
fn a_promiscuous_bridge_takes_all_frames() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let container = Container::new("c1");
    let config = with(plain(), json!({ "promiscMode": true }));
    site.add(&container, &config);
    assert!(flag(&site.node().link("cni0").unwrap(), "PROMISC"));
    site.del(&container, &config);
    before.assert_same(&site.snapshot());
}

#[test]
fn a_setting_of_a_bridge_that_was_there_goes_back_with_the_last_who_needs_it() {
    needs_kernel!();
    let site = Site::new();
    // Without IPv6, whose own addresses would come and go.
    site.node()
        .ip(&["link", "add", "cni0", "address", "02:00:5e:00:00:07", "type", "bridge"]);
    site.node().set_sysctl("net/ipv6/conf/cni0/disable_ipv6", "1");
    site.node().ip(&["link", "set", "cni0", "up"]);
    let promiscuous = || flag(&site.node().link("cni0").unwrap(), "PROMISC");
    let config = with(plain(), json!({ "promiscMode": true }));
    let (one, two) = (Container::new("c1"), Container::new("c2"));
    site.add(&one, &config);
    site.add(&two, &config);
    site.del(&one, &config);
    assert!(promiscuous(), "the other container needs it");
    site.del(&two, &config);
    assert!(!promiscuous());
    assert!(site.node().link("cni0").is_some());
}

#[test]
fn a_mac_address_may_be_asked_for_in_three_ways() {
    needs_kernel!();
    let by_args = |mac: &str| json!({ "args": { "cni": { "mac": mac } } });
    let by_capability = |mac: &str| json!({ "capabilities": { "mac": true }, "runtimeConfig": { "mac": mac } });
    let (first, second, third) = ("c2:11:22:33:44:01", "c2:11:22:33:44:02", "c2:11:22:33:44:03");
    let in_environment = format!("IgnoreUnknown=1;MAC={third}");
    for (changes, args, expected) in [
        (json!({}), in_environment.as_str(), third),
        (by_args(second), in_environment.as_str(), second),
        (
            with(by_args(second), by_capability(first)),
            in_environment.as_str(),
            first,
        ),
    ] {
        let site = Site::new();
        let container = Container::new("c1");
        let result = site
            .call("ADD", &container, &with(plain(), changes))
            .args(args)
            .run()
            .result();
        assert_eq!(result["interfaces"][2]["mac"], expected);
        assert_eq!(container.namespace.link("eth0").unwrap()["address"], expected);
    }
}

#[test]
fn a_default_gateway_makes_default_routes_of_both_families() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let container = Container::new("c1");
    let config = with(
        plain(),
        json!({ "isDefaultGateway": true, "ipam": {
        "subnet": null, "routes": null, "ranges": [[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]]
    } }),
    );
    site.add(&container, &config);
    assert_eq!(container.namespace.addresses("eth0"), ["10.22.0.2/16", "fd00:22::2/64"]);
    for (family, gateway) in [("-4", "10.22.0.1"), ("-6", "fd00:22::1")] {
        let routes = container.namespace.ip_json(&[family, "route", "show", "default"]);
        assert!(routes.iter().any(|route| route["gateway"] == gateway), "{routes:?}");
    }
    assert_eq!(site.node().sysctl("net/ipv6/conf/all/forwarding"), "1");
    let server = EchoServer::start(site.node());
    assert!(answers(&container.namespace, "10.22.0.1", &server));
    assert!(answers(&container.namespace, "fd00:22::1", &server));
    site.del(&container, &config);
    before.assert_same(&site.snapshot());
}

#[test]
fn two_networks_of_one_family_have_a_gateway_each() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let ranges = json!([[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "10.23.0.0/16" }]]);
    let routes = json!([{ "dst": "192.0.2.0/24" }, { "dst": "192.0.2.0/24" }]);
    let config = with(
        plain(),
        json!({ "isGateway": true, "ipam": { "subnet": null, "ranges": ranges, "routes": routes } }),
    );
    let server = EchoServer::start(site.node());
    let containers = [Container::new("c1"), Container::new("c2")];
    for container in &containers {
        let result = site.add(container, &config);
        let gateways: Vec<&Value> = result["ips"]
            .as_array()
            .unwrap()
            .iter()
            .map(|ip| &ip["gateway"])
            .collect();
        assert_eq!(gateways, [&json!("10.22.0.1"), &json!("10.23.0.1")]);
        for gateway in ["10.22.0.1", "10.23.0.1"] {
            assert!(answers(&container.namespace, gateway, &server), "{gateway}");
        }
    }
    for container in &containers {
        site.del(container, &config);
    }
    before.assert_same(&site.snapshot());
}

#[test]
fn without_address_management_there_is_a_link_and_nothing_else() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let container = Container::new("c1");
    let config = with(plain(), json!({ "ipam": null }));
    let result = site.add(&container, &config);
    assert!(
        result.get("ips").is_none() && result.get("routes").is_none(),
        "{result}"
    );
    assert!(flag(&container.namespace.link("eth0").unwrap(), "UP"));
    assert_eq!(container.namespace.addresses("eth0"), Vec::<String>::new());
    site.del(&container, &config);
    before.assert_same(&site.snapshot());
}

#[test]
fn layer_2_only_can_not_be_told_in_the_oldest_versions_and_leaves_nothing() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let container = Container::new("c1");
    let config = with(bridge_network("0.2.0"), json!({ "ipam": null }));
    let text = site.try_add(&container, &config).error().text();
    assert!(text.contains("no valid IP addresses"), "{text}");
    before.assert_same(&site.snapshot());
    assert_eq!(container.namespace.link_names(), ["lo"]);
}

#[test]
fn a_link_of_another_kind_in_the_bridges_place_is_left_alone() {
    needs_kernel!();
    let site = Site::new();
    site.node().ip(&["link", "add", "cni0", "type", "ifb"]);
    let before = site.snapshot();
    let container = Container::new("c1");
    let text = site.try_add(&container, &plain()).error().text();
    assert!(text.contains("cni0"), "{text}");
    before.assert_same(&site.snapshot());
    assert_eq!(container.namespace.link_names(), ["lo"]);
}

#[test]
fn another_address_on_the_bridge_is_a_conflict_unless_forced() {
    needs_kernel!();
    let site = Site::new();
    // With an address of its own, or the kernel would take a port's.
    site.node()
        .ip(&["link", "add", "cni0", "address", "02:00:5e:00:00:07", "type", "bridge"]);
    site.node().ip(&["address", "add", "10.99.0.1/24", "dev", "cni0"]);
    // Up from the start, so that the kernel's own addresses are there.
    site.node().set_sysctl("net/ipv6/conf/cni0/disable_ipv6", "1");
    site.node().ip(&["link", "set", "cni0", "up"]);
    let before = site.snapshot();
    let container = Container::new("c1");
    let text = site.try_add(&container, &plain()).error().text();
    assert!(text.contains("already has an IP address different from"), "{text}");
    before.assert_same(&site.snapshot());

    site.add(&container, &with(plain(), json!({ "forceAddress": true })));
    assert_eq!(site.node().addresses("cni0"), ["10.22.0.1/16"]);
}

#[test]
fn an_interface_name_that_is_taken_is_an_error_that_changes_nothing() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let container = Container::new("c1");
    container.namespace.ip(&["link", "add", "eth0", "type", "ifb"]);
    let inside = Snapshot::of(&container.namespace);
    let text = site.try_add(&container, &plain()).error().text();
    assert!(text.contains("eth0"), "{text}");
    before.assert_same(&site.snapshot());
    inside.assert_same(&Snapshot::of(&container.namespace));
}

#[test]
fn a_second_add_is_refused_and_the_first_attachment_stays() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    site.add(&container, &plain());
    let (node, inside) = (site.snapshot(), Snapshot::of(&container.namespace));
    let text = site.try_add(&container, &plain()).error().text();
    assert!(text.contains("c1"), "{text}");
    node.assert_same(&site.snapshot());
    inside.assert_same(&Snapshot::of(&container.namespace));
}

#[test]
fn what_address_management_refuses_is_passed_on_and_nothing_stays() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let container = Container::new("c1");
    for (changes, code, words) in [
        (json!({ "ipam": { "type": "no-such-plugin" } }), None, "no-such-plugin"),
        (json!({ "ipam": { "subnet": "10.22.0.0/31" } }), Some(999), "too small"),
        (
            json!({ "ipam": { "subnet": null } }),
            Some(999),
            "no IP ranges specified",
        ),
    ] {
        let found = site.try_add(&container, &with(plain(), changes)).error();
        assert!(found.text().contains(words), "{found:?}");
        assert!(code.is_none_or(|code| code == found.code), "{found:?}");
        before.assert_same(&site.snapshot());
        assert_eq!(container.namespace.link_names(), ["lo"]);
    }
}

#[test]
fn a_container_may_be_on_two_networks() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let container = Container::new("c1");
    let other = with(
        plain(),
        json!({ "name": "other", "bridge": "cni1", "ipam": { "subnet": "10.23.0.0/16", "routes": null } }),
    );
    site.add(&container, &plain());
    let result = site.call("ADD", &container, &other).ifname("eth1").run().result();
    assert_eq!(result["ips"][0]["address"], "10.23.0.2/16");
    assert_eq!(container.namespace.link_names(), ["eth0", "eth1", "lo"]);
    site.del(&container, &plain());
    assert_eq!(container.namespace.link_names(), ["eth1", "lo"]);
    assert_eq!(container.namespace.addresses("eth1"), ["10.23.0.2/16"]);
    site.call("DEL", &container, &other)
        .ifname("eth1")
        .run()
        .silent_success();
    before.assert_same(&site.snapshot());
}

#[test]
fn check_tells_what_is_not_as_it_was() {
    needs_kernel!();
    type Damage = (&'static str, fn(&Site, &Container));
    let damages: [Damage; 5] = [
        ("eth0 is gone", |_, container| {
            drop(container.namespace.ip(&["link", "del", "eth0"]))
        }),
        ("the address is gone", |_, container| {
            container.namespace.ip(&["address", "flush", "dev", "eth0"]);
        }),
        ("the default route is gone", |_, container| {
            container.namespace.ip(&["route", "del", "default"]);
        }),
        ("another MAC address", |_, container| {
            container
                .namespace
                .ip(&["link", "set", "eth0", "address", "c2:00:00:00:00:09"]);
        }),
        ("the lease is gone", |site, _| {
            std::fs::remove_file(site.leases().join("mynet/10.22.0.2")).unwrap()
        }),
    ];
    for (what, damage) in damages {
        let site = Site::new();
        let container = Container::new("c1");
        let result = site.add(&container, &plain());
        site.check(&container, &plain(), &result).silent_success();
        damage(&site, &container);
        let output = site.check(&container, &plain(), &result);
        assert_eq!(output.code, 1, "{what}: {output}");
        assert!(!output.error().message.is_empty(), "{what}");
    }
}

#[test]
fn del_works_with_component_and_policies_gone() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let (one, two) = (Container::new("c1"), Container::new("c2"));
    site.add(&one, &plain());
    site.add(&two, &plain());
    site.installation().remove_component("bridge");
    site.installation().remove_component("host-local");
    site.del(&one, &plain());
    site.installation().remove_policies();
    site.del(&two, &plain());
    before.assert_same(&site.snapshot());
    assert_eq!(one.namespace.link_names(), ["lo"]);
}

#[test]
fn del_works_when_the_namespace_went_first() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let config = with(plain(), json!({ "ipMasq": true }));
    let container = Container::new("c1");
    site.add(&container, &config);
    let id = container.id.clone();
    drop(container);
    let gone = site
        .cni()
        .plugin("bridge")
        .command("DEL")
        .container_id(&id)
        .netns_path("/nonexistent")
        .config(&config);
    gone.run().silent_success();
    before.assert_same(&site.snapshot());
}

#[test]
fn many_containers_at_once_get_an_address_each() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let containers: Vec<Container> = (0..16).map(|number| Container::new(&format!("c{number}"))).collect();
    let in_parallel = |verb: &str| {
        std::thread::scope(|scope| {
            let calls: Vec<_> = containers
                .iter()
                .map(|container| scope.spawn(|| site.call(verb, container, &plain()).run()))
                .collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect::<Vec<_>>()
        })
    };
    let mut addresses: Vec<String> = in_parallel("ADD")
        .iter()
        .map(|output| output.result()["ips"][0]["address"].to_string())
        .collect();
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), containers.len(), "{addresses:?}");
    for output in in_parallel("DEL") {
        output.silent_success();
    }
    before.assert_same(&site.snapshot());
}
