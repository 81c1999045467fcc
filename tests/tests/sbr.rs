//! The plugin `sbr`: tables, rules and the ways that packets take.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{Container, Site, Snapshot, bridge_network, needs_kernel, with};
use serde_json::{Value, json};

const BOTH: &str = r#"{ "subnet": null, "ranges": [[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]],
    "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }, { "dst": "192.0.2.0/24" }] }"#;

fn bridge() -> Value {
    with(
        bridge_network("1.1.0"),
        json!({ "ipam": serde_json::from_str::<Value>(BOTH).unwrap() }),
    )
}

/// A list of bridge and sbr, the second with these keys.
fn network(version: &str, keys: Value) -> Value {
    let member = |config: Value| with(config, json!({ "cniVersion": null, "name": null }));
    let sbr = with(json!({ "type": "sbr" }), keys);
    json!({ "cniVersion": version, "name": "mynet", "type": "cofferdam", "chain": [member(bridge()), sbr] })
}

/// Routes of a table through `eth0`, as text.
fn routes(container: &Container, family: &str, table: &str) -> Vec<String> {
    let shown = container
        .namespace
        .ip(&[family, "route", "show", "dev", "eth0", "table", table]);
    shown.lines().map(|line| line.trim().to_owned()).collect()
}

/// Tables that rules of the plugin look into, by source address.
fn rules(container: &Container) -> Vec<(String, String)> {
    let mut rules = Vec::new();
    for family in ["-4", "-6"] {
        for rule in container.namespace.ip_json(&[family, "rule", "show"]) {
            if rule["src"] != "all" {
                let text = |key: &str| rule[key].as_str().unwrap_or_default().to_owned();
                rules.push((text("src"), text("table")));
            }
        }
    }
    rules
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(one, other)| ((*one).to_owned(), (*other).to_owned()))
        .collect()
}

#[test]
fn each_address_has_a_table_of_its_own_and_the_main_one_is_empty() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let container = Container::new("c1");
    let inside = Snapshot::of(&container.namespace);
    let config = network("1.1.0", json!({}));
    let result = site.add(&container, &config);
    assert_eq!(rules(&container), pairs(&[("10.22.0.2", "100"), ("fd00:22::2", "101")]));
    assert_eq!(routes(&container, "-4", "main"), [""; 0]);
    let main6 = routes(&container, "-6", "main");
    assert!(main6.iter().all(|route| route.starts_with("fe80::/64")), "{main6:?}");
    let ipv4 = routes(&container, "-4", "100");
    for route in [
        "default via 10.22.0.1",
        "10.22.0.0/16 scope link src 10.22.0.2",
        "192.0.2.0/24 via 10.22.0.1",
    ] {
        assert!(ipv4.iter().any(|line| line.starts_with(route)), "{route}: {ipv4:?}");
    }
    let ipv6 = routes(&container, "-6", "101");
    assert!(
        ipv6.iter().any(|line| line.starts_with("default via fd00:22::1")),
        "{ipv6:?}"
    );
    assert!(ipv6.iter().any(|line| line.starts_with("fd00:22::/64")), "{ipv6:?}");
    // What the result tells of routes is where they are.
    let tables: Vec<_> = result["routes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|route| &route["table"])
        .collect();
    assert_eq!(tables, [&json!(100), &json!(101), &json!(100)]);
    site.check(&container, &config, &result).silent_success();
    site.del(&container, &config);
    inside.assert_same(&Snapshot::of(&container.namespace));
    before.assert_same(&site.snapshot());
    site.del(&container, &config);
}

#[test]
fn del_puts_the_routes_back_where_the_interface_stays() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let made = site.add(&container, &bridge());
    let attached = Snapshot::of(&container.namespace);
    // The runtime walks the list itself.
    let config = json!({ "cniVersion": "1.1.0", "name": "mynet", "type": "sbr", "prevResult": made });
    let result = site.add(&container, &config);
    assert_eq!(rules(&container).len(), 2);
    let config = with(config, json!({ "prevResult": result }));
    site.call("CHECK", &container, &config).run().silent_success();
    site.del(&container, &config);
    // By whom a route was made is the kernel's to tell, and not compared.
    let now = Snapshot::of(&container.namespace).difference(&attached);
    assert!(!now.contains("rule"), "{now}");
    let main = routes(&container, "-4", "main").join("\n");
    assert!(
        main.contains("default via 10.22.0.1") && main.contains("10.22.0.0/16"),
        "{main}"
    );
    site.del(&container, &config);
}

#[test]
fn a_table_that_is_named_gets_rules_and_nothing_else() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let config = network("1.0.0", json!({ "table": 1000 }));
    let result = site.add(&container, &config);
    assert_eq!(
        rules(&container),
        pairs(&[("10.22.0.2", "1000"), ("fd00:22::2", "1000")])
    );
    assert!(
        routes(&container, "-4", "main")
            .join("\n")
            .contains("default via 10.22.0.1")
    );
    let all = container.namespace.ip_json(&["-4", "route", "show", "table", "all"]);
    assert!(all.iter().all(|route| route["table"] != "1000"), "{all:?}");
    site.check(&container, &config, &result).silent_success();
    site.del(&container, &config);
}

#[test]
fn gateways_stand_in_the_place_of_those_of_the_addresses() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let ipam = json!({ "chain": null });
    let config = with(
        network("1.1.0", json!({ "gateways": ["10.22.0.9", "fd00:22::9"] })),
        ipam,
    );
    let without_routes = with(
        bridge(),
        json!({ "ipam": { "routes": null }, "cniVersion": null, "name": null }),
    );
    let sbr = json!({ "type": "sbr", "gateways": ["10.22.0.9", "fd00:22::9"] });
    let config = with(config, json!({ "chain": [without_routes, sbr] }));
    site.add(&container, &config);
    let ipv4 = routes(&container, "-4", "100");
    assert!(
        ipv4.iter().any(|line| line.starts_with("default via 10.22.0.9")),
        "{ipv4:?}"
    );
    let ipv6 = routes(&container, "-6", "101");
    assert!(
        ipv6.iter().any(|line| line.starts_with("default via fd00:22::9")),
        "{ipv6:?}"
    );
}

#[test]
fn source_hints_leave_the_networks_of_the_link_in_the_main_table() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let inside = Snapshot::of(&container.namespace);
    let config = network("1.1.0", json!({ "addSourceHints": true }));
    let result = site.add(&container, &config);
    let main = routes(&container, "-4", "main");
    assert_eq!(main.len(), 1, "{main:?}");
    assert!(
        main[0].starts_with("10.22.0.0/16") && main[0].contains("src 10.22.0.2"),
        "{main:?}"
    );
    let main = routes(&container, "-6", "main");
    assert!(
        main.iter()
            .any(|route| route.starts_with("fd00:22::/64") && route.contains("src fd00:22::2")),
        "{main:?}"
    );
    assert!(main.iter().all(|route| !route.starts_with("default")), "{main:?}");
    site.check(&container, &config, &result).silent_success();
    site.del(&container, &config);
    inside.assert_same(&Snapshot::of(&container.namespace));
}

#[test]
fn two_interfaces_use_different_tables() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    site.add(&container, &network("1.1.0", json!({})));
    let other = with(
        bridge(),
        json!({ "cniVersion": null, "name": null, "bridge": "cni1",
        "ipam": { "ranges": [[{ "subnet": "10.23.0.0/16" }]], "routes": [{ "dst": "0.0.0.0/0" }] } }),
    );
    let config =
        json!({ "cniVersion": "1.1.0", "name": "other", "type": "cofferdam", "chain": [other, { "type": "sbr" }] });
    let output = site.call("ADD", &container, &config).ifname("net1").run();
    output.result();
    assert_eq!(
        rules(&container)
            .into_iter()
            .filter(|(source, _)| !source.contains(':'))
            .collect::<Vec<_>>(),
        pairs(&[("10.23.0.2", "102"), ("10.22.0.2", "100")])
    );
    // Each source goes its own way.
    for (source, device, gateway) in [("10.22.0.2", "eth0", "10.22.0.1"), ("10.23.0.2", "net1", "10.23.0.1")] {
        let way = container
            .namespace
            .ip(&["route", "get", "198.51.100.9", "from", source]);
        assert!(way.contains(&format!("via {gateway} dev {device}")), "{way}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_and_nothing_stays() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    for (keys, words) in [
        (
            json!({ "gateways": ["10.0.0.1", "10.0.0.2"] }),
            "multiple IPv4 addresses",
        ),
        (json!({ "gateways": ["x"] }), "invalid static gateway IP address: x"),
        (json!({ "table": "x" }), "table"),
        (json!({ "addSourceHints": 1 }), "addSourceHints"),
    ] {
        let container = Container::new("c1");
        let text = site.try_add(&container, &network("1.0.0", keys)).error().text();
        assert!(text.contains(words), "{text}");
        before.assert_same(&site.snapshot());
    }
    let container = Container::new("c1");
    let alone = json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "sbr" });
    let text = site.try_add(&container, &alone).error().text();
    assert!(text.contains("must be called as chained plugin"), "{text}");
    let result =
        json!({ "cniVersion": "1.0.0", "interfaces": [{ "name": "eth0", "sandbox": container.namespace.path() }] });
    let text = site
        .try_add(&container, &with(alone, json!({ "prevResult": result })))
        .error()
        .text();
    assert!(text.contains("No IP addresses supplied on interface: eth0"), "{text}");
}

#[test]
fn check_misses_a_rule_and_del_works_without_the_container() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let config = network("1.1.0", json!({}));
    let result = site.add(&container, &config);
    container.namespace.ip(&["rule", "del", "from", "10.22.0.2"]);
    let text = site.check(&container, &config, &result).error().text();
    assert!(text.contains("the rule from 10.22.0.2/32 is gone"), "{text}");
    site.call("DEL", &container, &config)
        .netns_path("/run/no/such/namespace")
        .run()
        .silent_success();
    site.call("DEL", &container, &config)
        .netns_path("")
        .run()
        .silent_success();
}
