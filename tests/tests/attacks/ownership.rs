//! What another attachment has, inside everything that can be granted.

use cofferdam_tests::{Container, Site, bridge_network, needs_kernel, with};
use serde_json::{Value, json};

use crate::arena::{Arena, CONFLICT, NOT_FOUND, config, on_own_pair, own_pair};

/// Everything, as far as a policy can say it.
pub(crate) const WIDE: &str = r#"
[plugin.hostile]

[[plugin.hostile.grant]]
allow = ["link.see", "link.set", "link.delete", "address.see", "neighbor.see"]
in = "host"
names = ["*"]

[[plugin.hostile.grant]]
allow = "link.create"
in = "host"
kinds = ["veth", "bridge"]
names = ["*"]

[[plugin.hostile.grant]]
allow = ["address.add", "address.delete", "neighbor.add", "neighbor.delete"]
in = "host"
names = ["*"]
prefixes = ["0.0.0.0/0"]

[[plugin.hostile.grant]]
allow = "route.see"
in = "host"
names = ["*"]
tables = [[1, 4294967295]]

[[plugin.hostile.grant]]
allow = ["route.add", "route.delete"]
in = "host"
names = ["*"]
destinations = ["0.0.0.0/0"]
tables = [[1, 4294967295]]

[[plugin.hostile.grant]]
allow = "rule.see"
in = "host"

[[plugin.hostile.grant]]
allow = ["rule.add", "rule.delete"]
in = "host"
tables = [[1, 4294967295]]
priorities = [[0, 4294967295]]

[[plugin.hostile.grant]]
allow = ["sysctl.read", "sysctl.write"]
in = "host"
keys = ["net/ipv4/ip_forward", "net/ipv4/conf/*/proxy_arp"]

[[plugin.hostile.grant]]
allow = "nftables.table"
in = "host"
family = "inet"
tables = ["*"]

[[plugin.hostile.grant]]
allow = "nftables.element"
in = "host"
family = "inet"
tables = ["*"]
sets = ["*"]
prefixes = ["0.0.0.0/0"]

[[plugin.hostile.grant]]
allow = ["link.see", "link.create", "link.set", "link.delete", "address.see", "address.add", "address.delete"]
in = "container"

[[plugin.hostile.grant]]
allow = "store.open"
locations = ["/var/lib/cni/networks"]
"#;

const OWNER: &str = "belongs to attachment mynet/victim/eth0";

/// A node on which a container is attached that made these calls.
pub(crate) fn beside(calls: &[Value]) -> (Arena, Container) {
    Arena::beside(WIDE, "victim", |site, victim| {
        site.add(victim, &config(&Value::from(calls)));
    })
}

/// A pair `vethvictim` and `eth0`, up, with an address.
fn pair() -> Vec<Value> {
    let mut calls = vec![json!({
        "do": "veth",
        "first": { "in": "host", "name": "vethvictim" },
        "second": { "in": "container", "name": "eth0", "mac": [2, 0, 0, 0, 9, 9] },
    })];
    calls.extend([
        json!({ "do": "up", "link": 0 }),
        json!({ "do": "up", "link": 1 }),
        json!({ "do": "add-address", "link": 1, "address": "10.22.0.2/16" }),
    ]);
    calls
}

/// The pair, the uplink as link 2, and this.
fn pair_and(calls: &[Value]) -> Vec<Value> {
    let uplink = json!({ "do": "find", "in": "host", "name": "up0" });
    pair()
        .into_iter()
        .chain([uplink])
        .chain(calls.iter().cloned())
        .collect()
}

/// The uplink, and this.
fn on_uplink(call: Value) -> Value {
    json!([{ "do": "find", "in": "host", "name": "up0" }, call])
}

/// The answers to two calls differ in the name only.
#[track_caller]
fn assert_alike(arena: &Arena, theirs: &Value, missing: &Value, names: (&str, &str)) {
    let errors = [theirs, missing].map(|calls| arena.fails("a look", calls));
    assert_eq!(errors[0].code, NOT_FOUND, "{:?}", errors[0]);
    assert_eq!(errors[0].text().replace(names.0, names.1), errors[1].text());
    assert_eq!(errors[0].code, errors[1].code);
}

#[test]
fn its_link_looks_like_none() {
    needs_kernel!();
    let (arena, _victim) = beside(&pair());
    let find = |name: &str| json!([{ "do": "find", "in": "host", "name": name }]);
    assert_alike(
        &arena,
        &find("vethvictim"),
        &find("vethnobody"),
        ("vethvictim", "vethnobody"),
    );
    let setting = |name: &str, call: Value| {
        let key = ["net", "ipv4", "conf", name, "proxy_arp"];
        json!([with(call, json!({ "in": "host", "key": key }))])
    };
    for call in [
        json!({ "do": "read-setting" }),
        json!({ "do": "write-setting", "value": "1" }),
    ] {
        assert_alike(
            &arena,
            &setting("vethvictim", call.clone()),
            &setting("vethnobody", call),
            ("vethvictim", "vethnobody"),
        );
    }
}

#[test]
fn its_names_are_not_taken() {
    needs_kernel!();
    let (arena, _victim) = beside(&pair());
    let calls = json!([{
        "do": "veth",
        "first": { "in": "host", "name": "vethvictim" },
        "second": { "in": "container", "name": "eth0" },
    }]);
    arena.refused("the node's end", &calls, CONFLICT, OWNER);
}

#[test]
fn its_address_is_not_taken() {
    needs_kernel!();
    let (arena, _victim) = beside(&pair());
    for address in ["10.22.0.2/16", "10.22.0.2/32", "10.22.0.2/8"] {
        let inside = on_own_pair(json!({ "do": "add-address", "link": 1, "address": address }));
        arena.refused(address, &inside, CONFLICT, OWNER);
        let own_end = on_own_pair(json!({ "do": "add-address", "link": 0, "address": address }));
        arena.refused("by the node", &own_end, CONFLICT, OWNER);
        let shared = json!([
            { "do": "bridge", "in": "host", "name": "cni0" },
            { "do": "add-address", "link": 0, "address": address },
        ]);
        arena.refused("by a bridge", &shared, CONFLICT, OWNER);
        let uplink = on_uplink(json!({ "do": "add-address", "link": 0, "address": address }));
        arena.refused("by the uplink", &uplink, CONFLICT, OWNER);
    }
}

/// The other attachment has no interface yet, or one that somebody else made.
#[test]
fn an_address_that_is_on_record_for_it_is_not_taken() {
    needs_kernel!();
    let arena = Arena::with_policy(WIDE);
    for data_dir in [None, Some("/var/lib/cni/networks"), Some("/var/lib/elsewhere")] {
        for address in ["10.22.0.77/16", "10.22.0.77/32"] {
            let calls = on_own_pair(json!({ "do": "add-address", "link": 1, "address": address }));
            let config = with(config(&calls), json!({ "ipam": { "dataDir": data_dir } }));
            let error = arena.site.try_add(&arena.container, &config).error();
            assert_eq!(error.code, CONFLICT, "{data_dir:?} {error:?}");
            let words = "address 10.22.0.77 of network mynet is on record for container tenant interface eth0";
            assert!(error.message.contains(words), "{error:?}");
            arena.assert_untouched(address);
        }
    }
}

/// What was claimed in other records says nothing about these.
#[test]
fn a_claim_elsewhere_opens_no_address_that_is_on_record() {
    needs_kernel!();
    let arena = Arena::with_policy(&format!(
        "{WIDE}\n[[plugin.hostile.grant]]\nallow = \"store.open\"\nlocations = [\"/var/lib/elsewhere\"]\n"
    ));
    let calls = json!([
        { "do": "open-records" },
        { "do": "claim", "name": "10.22.0.77" },
        own_pair(),
        { "do": "add-address", "link": 1, "address": "10.22.0.77/16" },
    ]);
    let config = with(
        config(&calls),
        json!({ "ipam": { "type": "host-local", "dataDir": "/var/lib/elsewhere" } }),
    );
    let error = arena.site.try_add(&arena.container, &config).error();
    assert_eq!(error.code, CONFLICT, "{error:?}");
    assert!(error.message.contains("is on record for container tenant"), "{error:?}");
}

#[test]
fn the_gateways_address_is_not_taken() {
    needs_kernel!();
    let (arena, _victim) = Arena::beside(WIDE, "victim", |site, victim| {
        site.add(victim, &bridge_network("1.0.0"));
    });
    let pair = json!({
        "do": "veth",
        "first": { "in": "host", "name": "vethown", "master": 0 },
        "second": { "in": "container", "name": "eth0" },
    });
    let bridge = json!({ "do": "bridge", "in": "host", "name": "cni0" });
    let words = "address 10.22.0.1 belongs to a link of the node";
    let elsewhere = "10.22.0.1/32 lies in the network of address 10.22.0.1/16 of link \"cni0\"";
    for address in ["10.22.0.1/16", "10.22.0.1/32"] {
        let take = |link: usize| json!({ "do": "add-address", "link": link, "address": address });
        let claim = [
            json!({ "do": "open-records" }),
            json!({ "do": "claim", "name": "10.22.0.1" }),
        ];
        for (attack, words, calls) in [
            ("at once", words, vec![bridge.clone(), pair.clone(), take(2)]),
            (
                "with a claim",
                words,
                [&claim[..], &[bridge.clone(), pair.clone(), take(2)]].concat(),
            ),
            (
                "before it is connected",
                elsewhere,
                vec![own_pair(), take(1), bridge.clone()],
            ),
            (
                "by a bridge that was found",
                elsewhere,
                vec![
                    own_pair(),
                    take(1),
                    json!({ "do": "find", "in": "host", "name": "cni0" }),
                    json!({ "do": "master", "link": 0, "master": 2 }),
                ],
            ),
        ] {
            arena.refused(attack, &Value::from(calls), CONFLICT, words);
        }
    }
}

#[test]
fn no_ethernet_address_is_taken() {
    needs_kernel!();
    let (arena, _victim) = beside(&pair());
    let uplink = arena.site.node().link("up0").unwrap();
    let uplink: Vec<u8> = uplink["address"]
        .as_str()
        .unwrap()
        .split(':')
        .map(|part| u8::from_str_radix(part, 16).unwrap())
        .collect();
    for (whose, mac, words) in [
        ("the attachment's", json!([2, 0, 0, 0, 9, 9]), OWNER),
        ("the uplink's", json!(uplink), "belongs to a link of the node"),
    ] {
        for (host, container) in [(mac.clone(), Value::Null), (Value::Null, mac.clone())] {
            let calls = json!([{
                "do": "veth",
                "first": { "in": "host", "name": "vethown", "mac": host },
                "second": { "in": "container", "name": "eth0", "mac": container },
            }]);
            arena.refused(whose, &calls, CONFLICT, words);
        }
        for link in [0, 1] {
            let calls = on_own_pair(json!({ "do": "mac", "link": link, "mac": mac }));
            arena.refused(whose, &calls, CONFLICT, words);
        }
    }
}

#[test]
fn its_traffic_is_not_led_away() {
    needs_kernel!();
    let (arena, _victim) = beside(&pair_and(&[
        json!({ "do": "add-route", "link": 2, "to": "203.0.113.0/24", "priority": 50 }),
        json!({ "do": "add-route", "link": 0, "to": "10.22.0.2/32" }),
    ]));
    for (attack, to, words) in [
        ("its route with a lower metric", "203.0.113.0/24", OWNER),
        ("its address", "10.22.0.2/32", OWNER),
        ("two addresses", "10.22.0.2/31", "would cover address 10.22.0.2"),
        ("half of the network", "10.22.0.0/17", "would cover address 10.22.0.2"),
    ] {
        for priority in [Value::Null, json!(1), json!(100)] {
            let calls = json!([
                own_pair(),
                { "do": "up", "link": 0 },
                { "do": "add-route", "link": 0, "to": to, "priority": priority },
            ]);
            arena.refused(attack, &calls, CONFLICT, words);
        }
    }
    let poison = json!({ "do": "add-neighbor", "link": 0, "address": "10.22.0.2", "mac": [2, 0, 0, 0, 0, 1] });
    arena.refused("its neighbour entry", &on_uplink(poison), CONFLICT, OWNER);
}

#[test]
fn a_route_does_not_wait_for_an_address() {
    needs_kernel!();
    let (arena, _first) = beside(&[
        own_pair(),
        json!({ "do": "up", "link": 0 }),
        json!({ "do": "add-route", "link": 0, "to": "10.22.0.9/32" }),
    ]);
    let calls = json!([
        { "do": "veth", "first": { "in": "host" }, "second": { "in": "container", "name": "eth0" } },
        { "do": "add-address", "link": 1, "address": "10.22.0.9/16" },
    ]);
    let words = "the route to 10.22.0.9/32 in table 254 belongs to attachment mynet/victim/eth0";
    arena.refused("an address that is routed elsewhere", &calls, CONFLICT, words);
}

#[test]
fn what_it_put_on_the_node_looks_like_nothing() {
    needs_kernel!();
    let (arena, _victim) = beside(&pair_and(&[
        json!({ "do": "add-route", "link": 2, "to": "203.0.115.0/24" }),
        json!({ "do": "add-address", "link": 2, "address": "198.18.0.1/32" }),
        json!({ "do": "add-neighbor", "link": 2, "address": "192.0.2.99", "mac": [2, 0, 0, 0, 0, 1] }),
        json!({ "do": "add-rule", "in": "host", "from": "10.22.0.2/32", "table": 100, "priority": 1200 }),
        json!({ "do": "add-rule", "in": "host", "from": "10.22.0.2/32", "table": 101 }),
    ]));
    let delete = |call: &str, key: &str, value: &str| on_uplink(json!({ "do": call, "link": 0, key: value }));
    for (call, key, theirs, missing) in [
        ("delete-route", "to", "203.0.115.0/24", "203.0.112.0/24"),
        ("delete-address", "address", "198.18.0.1/32", "198.18.0.2/32"),
        ("delete-neighbor", "address", "192.0.2.99", "192.0.2.98"),
    ] {
        assert_alike(
            &arena,
            &delete(call, key, theirs),
            &delete(call, key, missing),
            (theirs, missing),
        );
    }
    for rule in [
        json!({ "table": 100, "priority": 1200 }),
        json!({ "table": 100, "priority": 1200, "from": "10.22.0.2/32" }),
        json!({ "table": 101 }),
        json!({ "table": 101, "from": "10.22.0.2/32" }),
    ] {
        let calls = json!([with(json!({ "do": "delete-rule", "in": "host" }), rule)]);
        arena.refused("its rule", &calls, NOT_FOUND, "such a rule");
    }
    let told = arena.told(&[
        json!({ "do": "find", "in": "host", "name": "up0" }),
        json!({ "do": "routes", "link": 0, "table": 254 }),
        json!({ "do": "addresses", "link": 0 }),
        json!({ "do": "neighbors", "link": 0 }),
        json!({ "do": "rules", "in": "host" }),
    ]);
    // As the contract's types are printed.
    for (theirs, others) in [
        ("203, 0, 115, 0", "192, 0, 2, 0"),
        ("198, 18", "192, 0, 2, 2"),
        ("192, 0, 2, 99", "192, 0, 2, 77"),
        ("10, 22, 0, 2", "198, 51, 100, 0"),
        ("table: 101", "table: 100"),
    ] {
        assert!(!told.contains(theirs), "{theirs}: {told}");
        assert!(told.contains(others), "{others}: {told}");
    }
}

#[test]
fn the_interface_of_another_network_in_the_same_container_is_out_of_reach() {
    needs_kernel!();
    let site = Site::new();
    site.installation().policy("hostile.toml", WIDE);
    let container = Container::new("c1");
    site.add(&container, &bridge_network("1.0.0"));
    let other = |calls: Value| {
        let config = with(config(&calls), json!({ "name": "othernet" }));
        site.call("ADD", &container, &config).ifname("eth1").run().error()
    };
    let find = |name: &str| other(json!([{ "do": "find", "in": "container", "name": name }]));
    let (theirs, missing) = (find("eth0"), find("eth7"));
    assert_eq!(theirs.code, NOT_FOUND, "{theirs:?}");
    assert_eq!(theirs.text().replace("eth0", "eth7"), missing.text());
    let over = other(json!([{
        "do": "veth", "first": { "in": "host" }, "second": { "in": "container", "name": "eth0" },
    }]));
    assert_eq!(over.code, CONFLICT, "{over:?}");
    assert!(over.message.contains("belongs to attachment mynet/c1/eth0"), "{over:?}");
    // A DEL of another network, by another plugin that may delete what it
    // finds. (By the same one it is of a network that was renamed.)
    let config = with(bridge_network("1.0.0"), json!({ "name": "othernet", "type": "ptp" }));
    site.del(&container, &config);
    assert_eq!(container.namespace.addresses("eth0"), ["10.22.0.2/16"]);
    site.del(&container, &bridge_network("1.0.0"));
    assert_eq!(container.namespace.link_names(), ["lo"]);
}

/// The list of plugins that a runtime walks, each in a process of its own.
#[test]
fn another_plugin_of_the_attachment_reaches_its_interface() {
    needs_kernel!();
    let site = Site::new();
    site.installation().policy("hostile.toml", WIDE);
    let container = Container::new("c1");
    let result = site.add(&container, &bridge_network("1.0.0"));
    let calls = json!([
        { "do": "find", "in": "container", "name": "eth0" },
        { "do": "mtu", "link": 0, "mtu": 1400 },
        { "do": "add-address", "link": 0, "address": "10.22.9.9/16" },
    ]);
    let config = with(config(&calls), json!({ "prevResult": result }));
    site.add(&container, &config);
    assert_eq!(container.namespace.addresses("eth0"), ["10.22.0.2/16", "10.22.9.9/16"]);
    site.del(&container, &config);
    assert_eq!(container.namespace.addresses("eth0"), ["10.22.0.2/16"]);
}

/// Elements and rules may hold the name of a link that is gone.
#[test]
fn the_name_of_a_link_is_kept_until_the_attachment_goes() {
    needs_kernel!();
    let (arena, victim) = beside(&[own_pair(), json!({ "do": "delete", "link": 0 })]);
    let calls = json!([own_pair()]);
    arena.refused("its name", &calls, CONFLICT, OWNER);
    arena.site.del(&victim, &config(&json!([])));
    arena.site.add(&arena.container, &config(&calls));
}

#[test]
fn what_is_given_up_anybody_may_have() {
    needs_kernel!();
    let (arena, victim) = beside(&pair_and(&[json!({
        "do": "add-route", "link": 2, "to": "203.0.113.0/24"
    })]));
    let calls = config(&Value::from(pair()));
    assert_eq!(arena.site.try_add(&arena.container, &calls).error().code, CONFLICT);
    arena.site.del(&victim, &calls);
    arena.site.add(&arena.container, &calls);
    arena.site.del(&arena.container, &calls);
    let left = std::fs::read_dir(arena.site.installation().state().join("owned")).unwrap();
    assert_eq!(left.count(), 0);
}
