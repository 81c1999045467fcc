//! The plugin `macvlan`: each key of its configuration, seen in the kernel.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{
    Container, EchoServer, SPEC_VERSIONS, Site, Snapshot, answers, furnish_eth1, has_flag, interface, needs_kernel,
    network_upon, site_with_eth1, with,
};
use serde_json::{Value, json};

fn plain() -> Value {
    network_upon("macvlan")
}

/// More than the policy that ships grants.
fn grant(site: &Site, grant: &str) {
    let text = format!("[plugin.macvlan]\n\n[[plugin.macvlan.grant]]\n{grant}\n");
    site.installation().policy("macvlan.more.toml", &text);
}

#[test]
fn a_container_gets_an_interface_of_its_own_upon_the_master() {
    needs_kernel!();
    let site = site_with_eth1();
    let before = site.snapshot();
    let container = Container::new("c1");
    let result = site.add(&container, &plain());
    let eth0 = interface(&container);
    assert!(has_flag(&eth0, "UP"), "{eth0}");
    assert_eq!(eth0["linkinfo"]["info_kind"], "macvlan");
    assert_eq!(eth0["linkinfo"]["info_data"]["mode"], "bridge");
    assert_eq!(container.namespace.addresses("eth0"), ["10.22.0.2/16"]);
    let routes = container.namespace.ip_json(&["-4", "route", "show", "192.0.2.0/24"]);
    assert_eq!(routes[0]["gateway"], "10.22.0.9", "{routes:?}");
    for (family, setting) in [("ipv4", "arp_notify"), ("ipv6", "ndisc_notify")] {
        let key = format!("net/{family}/conf/eth0/{setting}");
        assert_eq!(container.namespace.sysctl(&key), "1", "{key}");
    }
    assert_eq!(result["interfaces"].as_array().unwrap().len(), 1);
    assert_eq!(result["interfaces"][0]["name"], "eth0");
    assert_eq!(result["interfaces"][0]["mac"], eth0["address"]);
    assert_eq!(result["ips"][0]["interface"], 0);
    site.check(&container, &plain(), &result).silent_success();
    site.del(&container, &plain());
    before.assert_same(&site.snapshot());
    assert_eq!(container.namespace.link_names(), ["lo"]);
    site.del(&container, &plain());
}

#[test]
fn every_version_of_the_specification_is_answered_in_its_shape() {
    needs_kernel!();
    for version in SPEC_VERSIONS {
        let site = site_with_eth1();
        let container = Container::new("c1");
        let result = site.add(&container, &with(plain(), json!({ "cniVersion": version })));
        assert_eq!(result["cniVersion"], version);
    }
}

#[test]
fn containers_reach_each_other_as_far_as_the_mode_lets_them() {
    needs_kernel!();
    for (mode, reached) in [("bridge", true), ("private", false), ("vepa", false)] {
        let site = site_with_eth1();
        let config = with(plain(), json!({ "mode": mode }));
        let (one, two) = (Container::new("c1"), Container::new("c2"));
        site.add(&one, &config);
        site.add(&two, &config);
        assert_eq!(interface(&one)["linkinfo"]["info_data"]["mode"], mode);
        let server = EchoServer::start(&two.namespace);
        assert_eq!(answers(&one.namespace, "10.22.0.3", &server), reached, "{mode}");
        for container in [&one, &two] {
            site.del(container, &config);
        }
    }
}

#[test]
fn the_neighbours_of_the_master_are_reached() {
    needs_kernel!();
    let site = site_with_eth1();
    site.node().ip(&["address", "add", "10.22.0.9/16", "dev", "far1"]);
    let container = Container::new("c1");
    site.add(&container, &plain());
    let server = EchoServer::start(site.node());
    assert!(answers(&container.namespace, "10.22.0.9", &server));
}

#[test]
fn the_master_is_taken_as_a_whole_only_where_that_is_granted() {
    needs_kernel!();
    let site = site_with_eth1();
    let before = site.snapshot();
    let config = with(plain(), json!({ "mode": "passthru" }));
    let container = Container::new("c1");
    let text = site.try_add(&container, &config).error().text();
    assert!(
        text.contains("modes = [\\\"passthru\\\"]") || text.contains("modes = [\"passthru\"]"),
        "{text}"
    );
    before.assert_same(&site.snapshot());
    grant(
        &site,
        "allow = \"link.create\"\nin = \"container\"\nkinds = [\"macvlan\"]\nparents = [\"eth1\"]\n\
         modes = [\"passthru\"]",
    );
    let result = site.add(&container, &config);
    let eth0 = interface(&container);
    assert_eq!(eth0["linkinfo"]["info_data"]["mode"], "passthru");
    assert_eq!(eth0["address"], site.node().link("eth1").unwrap()["address"]);
    site.check(&container, &config, &result).silent_success();
    site.del(&container, &config);
    before.assert_same(&site.snapshot());
    let with_mac = with(config, json!({ "mac": "02:00:00:00:00:07" }));
    let text = site.try_add(&container, &with_mac).error().text();
    assert!(text.contains("passthru") && text.contains("address"), "{text}");
}

#[test]
fn a_master_that_is_not_granted_or_not_there_is_an_error() {
    needs_kernel!();
    let site = site_with_eth1();
    let before = site.snapshot();
    for (master, words) in [("lo", "not granted"), ("eth7", "failed to lookup master")] {
        let container = Container::new("c1");
        let text = site
            .try_add(&container, &with(plain(), json!({ "master": master })))
            .error()
            .text();
        assert!(text.contains(words) && text.contains(master), "{text}");
        before.assert_same(&site.snapshot());
    }
}

#[test]
fn without_a_master_it_is_the_link_of_the_default_route() {
    needs_kernel!();
    let config = with(plain(), json!({ "master": null }));
    let site = site_with_eth1();
    let container = Container::new("c1");
    let text = site.try_add(&container, &config).error().text();
    assert!(text.contains("no default route interface found"), "{text}");
    site.node().ip(&["address", "add", "10.0.0.1/24", "dev", "eth1"]);
    site.node().ip(&["route", "add", "default", "via", "10.0.0.2"]);
    let result = site.add(&container, &config);
    assert_eq!(
        interface(&container)["link_index"],
        site.node().link("eth1").unwrap()["ifindex"]
    );
    site.check(&container, &config, &result).silent_success();
}

#[test]
fn the_master_may_be_the_containers() {
    needs_kernel!();
    let site = Site::new();
    let config = with(plain(), json!({ "linkInContainer": true }));
    let container = Container::new("c1");
    furnish_eth1(&container.namespace);
    let before = Snapshot::of(&container.namespace);
    let result = site.add(&container, &config);
    assert_eq!(interface(&container)["link"], "eth1");
    site.check(&container, &config, &result).silent_success();
    site.del(&container, &config);
    before.assert_same(&Snapshot::of(&container.namespace));
    let without = with(config, json!({ "master": null }));
    container.namespace.ip(&["route", "add", "default", "dev", "eth1"]);
    site.add(&container, &without);
    assert_eq!(interface(&container)["link"], "eth1");
}

#[test]
fn the_mtu_is_at_most_the_masters() {
    needs_kernel!();
    for (mtu, expected) in [(1400, Some(1400)), (0, Some(1500)), (1501, None), (-1, None)] {
        let site = site_with_eth1();
        let container = Container::new("c1");
        let output = site.try_add(&container, &with(plain(), json!({ "mtu": mtu })));
        match expected {
            Some(expected) => {
                output.result();
                assert_eq!(interface(&container)["mtu"], expected);
            }
            None => {
                let text = output.error().text();
                assert!(
                    text.contains(&format!("invalid MTU {mtu}, must be [0, master MTU(1500)]")),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn the_broadcast_queue_has_the_length_that_is_asked_for() {
    needs_kernel!();
    let site = site_with_eth1();
    let container = Container::new("c1");
    site.add(&container, &with(plain(), json!({ "bcqueuelen": 5000 })));
    assert_eq!(interface(&container)["linkinfo"]["info_data"]["bcqueuelen"], 5000);
}

#[test]
fn a_mac_address_may_be_asked_for_in_three_ways() {
    needs_kernel!();
    let by_capability = json!({ "capabilities": { "mac": true }, "runtimeConfig": { "mac": "c2:11:22:33:44:01" } });
    let by_config = json!({ "mac": "c2:11:22:33:44:03" });
    let by_args = "IgnoreUnknown=1;MAC=c2:11:22:33:44:02";
    for (changes, args, expected) in [
        (by_config.clone(), "", "c2:11:22:33:44:03"),
        (by_config.clone(), by_args, "c2:11:22:33:44:02"),
        (with(by_config, by_capability), by_args, "c2:11:22:33:44:01"),
    ] {
        let site = site_with_eth1();
        let container = Container::new("c1");
        let config = with(plain(), changes);
        let result = site.call("ADD", &container, &config).args(args).run().result();
        assert_eq!(result["interfaces"][0]["mac"], expected);
        assert_eq!(interface(&container)["address"], expected);
    }
}

#[test]
fn without_address_management_there_is_a_link_and_nothing_else() {
    needs_kernel!();
    let site = site_with_eth1();
    let container = Container::new("c1");
    let config = with(plain(), json!({ "ipam": null }));
    let result = site.add(&container, &config);
    assert!(has_flag(&interface(&container), "UP"));
    assert!(result.get("ips").is_none(), "{result}");
    site.check(&container, &config, &result).silent_success();
}

#[test]
fn addresses_of_both_families_are_usable_at_once() {
    needs_kernel!();
    let site = site_with_eth1();
    let before = site.snapshot();
    let container = Container::new("c1");
    let ranges = json!([[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64", "gateway": "fd00:22::1" }]]);
    let routes = json!([{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }]);
    let config = with(
        plain(),
        json!({ "ipam": { "subnet": null, "ranges": ranges, "routes": routes } }),
    );
    let result = site.add(&container, &config);
    assert_eq!(container.namespace.addresses("eth0"), ["10.22.0.2/16", "fd00:22::2/64"]);
    let shown = container.namespace.ip(&["-6", "address", "show", "dev", "eth0"]);
    assert!(!shown.contains("tentative"), "{shown}");
    for (family, gateway) in [("-4", "10.22.0.1"), ("-6", "fd00:22::1")] {
        let routes = container.namespace.ip_json(&[family, "route", "show", "default"]);
        assert_eq!(routes[0]["gateway"], gateway);
    }
    site.check(&container, &config, &result).silent_success();
    site.del(&container, &config);
    before.assert_same(&site.snapshot());
}

#[test]
fn name_resolution_of_the_configuration_replaces_that_of_ipam() {
    needs_kernel!();
    let site = site_with_eth1();
    let container = Container::new("c1");
    let config = with(plain(), json!({ "dns": { "nameservers": ["192.0.2.53"] } }));
    assert_eq!(
        site.add(&container, &config)["dns"]["nameservers"],
        json!(["192.0.2.53"])
    );
}

#[test]
fn check_tells_what_was_changed() {
    needs_kernel!();
    type Tamper = fn(&Site, &Container);
    let table: [(&str, Tamper); 4] = [
        ("mode", |_, container| {
            container
                .namespace
                .ip(&["link", "set", "eth0", "type", "macvlan", "mode", "private"]);
        }),
        ("10.22.0.2/16", |_, container| {
            container
                .namespace
                .ip(&["address", "del", "10.22.0.2/16", "dev", "eth0"]);
        }),
        ("192.0.2.0/24", |_, container| {
            container.namespace.ip(&["route", "del", "192.0.2.0/24"]);
        }),
        ("gone", |_, container| {
            container.namespace.ip(&["link", "del", "eth0"]);
        }),
    ];
    for (words, tamper) in table {
        let site = site_with_eth1();
        let container = Container::new("c1");
        let result = site.add(&container, &plain());
        tamper(&site, &container);
        let error = site.check(&container, &plain(), &result).error();
        assert_eq!(error.code, 107, "{words}: {error:?}");
        assert!(error.message.contains(words), "{words}: {error:?}");
        site.del(&container, &plain());
    }
}

#[test]
fn the_journal_tells_of_another_mode_by_itself() {
    needs_kernel!();
    let site = site_with_eth1();
    let container = Container::new("c1");
    site.add(&container, &plain());
    container
        .namespace
        .ip(&["link", "set", "eth0", "type", "macvlan", "mode", "private"]);
    let told = site.cofferctl(&["repair", "--all", "--dry-run"]);
    assert!(
        told.stdout.contains("mode private instead of mode bridge"),
        "{}",
        told.stdout
    );
}

#[test]
fn a_second_add_is_refused_and_an_add_that_fails_leaves_nothing() {
    needs_kernel!();
    let site = site_with_eth1();
    let before = site.snapshot();
    let container = Container::new("c1");
    site.add(&container, &plain());
    assert_eq!(site.try_add(&container, &plain()).error().code, 114);
    site.del(&container, &plain());
    let no_room = with(
        plain(),
        json!({ "ipam": { "subnet": "10.22.0.0/30", "rangeStart": "10.22.0.2",
        "rangeEnd": "10.22.0.2", "routes": [{ "dst": "192.0.2.0/24", "gw": "203.0.113.9" }] } }),
    );
    site.try_add(&container, &no_room).error();
    before.assert_same(&site.snapshot());
    assert_eq!(container.namespace.link_names(), ["lo"]);
    site.add(&container, &plain());
}

#[test]
fn what_makes_no_sense_is_told_by_its_name() {
    needs_kernel!();
    let site = site_with_eth1();
    for (changes, words) in [
        (json!({ "mode": "source" }), "unknown macvlan mode: \"source\""),
        (json!({ "mac": "c2:11" }), "c2:11"),
        (json!({ "mtu": "large" }), "mtu"),
        (json!({ "bcqueuelen": -1 }), "bcqueuelen"),
        (json!({ "linkInContainer": 1 }), "linkInContainer"),
    ] {
        let container = Container::new("c1");
        let text = site.try_add(&container, &with(plain(), changes.clone())).error().text();
        assert!(text.contains(words), "{changes}: {text}");
    }
}
