//! Whatever a component calls in whatever order: outside its grants nothing
//! changes, and when it ends, or the attachment goes, everything is as before.

use std::time::{Duration, Instant};

use cofferdam_tests::{Output, Snapshot, needs_kernel};
use proptest::{
    prelude::*,
    sample::select,
    test_runner::{Config, TestCaseError, TestRunner},
};
use serde_json::{Value, json};

use crate::arena::{Arena, config};

/// How long cases are begun. What a slow machine leaves out, the next run may
/// try: cases are random.
const TIME: Duration = Duration::from_secs(40);

/// Granted ones, those of others, and such as look like either.
const NAMES: [&str; 11] = [
    "veth0",
    "veth1",
    "cni0",
    "eth0",
    "eth1",
    "up0",
    "lo",
    "br-ex",
    "vethtenant",
    "veth-uplink",
    "cni-ex",
];
const PREFIXES: [&str; 8] = [
    "10.22.0.5/16",
    "10.22.0.1/32",
    "10.22.9.0/24",
    "0.0.0.0/0",
    "192.0.2.2/24",
    "198.51.100.0/24",
    "fd00::1/64",
    "::/0",
];
const ADDRESSES: [&str; 6] = [
    "10.22.0.5",
    "10.22.0.77",
    "10.33.0.5",
    "192.0.2.77",
    "192.0.2.1",
    "fd00::5",
];
const KEYS: [&str; 6] = [
    "net/ipv4/ip_forward",
    "net/ipv4/conf/eth0/arp_notify",
    "net/ipv4/conf/up0/arp_notify",
    "net/ipv4/conf/all/route_localnet",
    "net/ipv6/conf/up0/accept_ra",
    "net/ipv4/conf/veth0/rp_filter",
];
const TABLES: [&str; 4] = ["hostile", "hostile-2", "firewall", "cofferdam_masquerade"];

/// One network of nodes for its bridge.
const VXLAN: &str = r#"
[[plugin.hostile.grant]]
allow = "link.create"
in = "host"
kinds = ["vxlan"]
names = ["vx0"]

[[plugin.hostile.grant]]
allow = "vxlan.join"
in = "host"
names = ["cni0"]
vnis = [42]
peers = ["10.22.0.0/16"]
"#;

fn place() -> impl Strategy<Value = &'static str> {
    select(vec!["host", "container"])
}

fn link() -> impl Strategy<Value = usize> {
    0..6_usize
}

fn one_of(list: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(list)
}

/// What gets links: without it the other calls have nothing to be about.
fn finding() -> impl Strategy<Value = Value> {
    let veth = (
        place(),
        one_of(&NAMES),
        place(),
        one_of(&NAMES),
        prop::option::of(link()),
    );
    prop_oneof![
        (place(), one_of(&NAMES)).prop_map(|(place, name)| json!({ "do": "find", "in": place, "name": name })),
        (place(), one_of(&NAMES)).prop_map(|(place, name)| json!({ "do": "bridge", "in": place, "name": name })),
        veth.prop_map(|(first, name, second, other, master)| json!({
            "do": "veth",
            "first": { "in": first, "name": name, "master": master },
            "second": { "in": second, "name": other },
        })),
        Just(crate::arena::own_pair()),
        link().prop_map(|link| json!({ "do": "peer", "link": link })),
        (link(), one_of(&["vx0", "vx0", "up0"]), select(vec![42, 42, 43]))
            .prop_map(|(link, name, id)| json!({ "do": "vxlan", "link": link, "name": name, "id": id })),
    ]
}

fn setting_of_a_link() -> impl Strategy<Value = Value> {
    prop_oneof![
        (link(), select(vec!["up", "down", "delete"])).prop_map(|(link, what)| json!({ "do": what, "link": link })),
        (
            link(),
            any::<bool>(),
            select(vec!["promiscuous", "all-multicast", "hairpin", "isolated"])
        )
            .prop_map(|(link, on, what)| json!({ "do": what, "link": link, "on": on })),
        (link(), select(vec![68, 576, 1400, 9000]))
            .prop_map(|(link, mtu)| json!({ "do": "mtu", "link": link, "mtu": mtu })),
        (link(), any::<[u8; 6]>()).prop_map(|(link, mac)| json!({ "do": "mac", "link": link, "mac": mac })),
        (link(), one_of(&ADDRESSES)).prop_map(|(link, peer)| json!({ "do": "add-peer", "link": link, "peer": peer })),
        (link(), link()).prop_map(|(link, master)| json!({ "do": "master", "link": link, "master": master })),
    ]
}

fn routing() -> impl Strategy<Value = Value> {
    let table = || select(vec![None, Some(100_u32), Some(254), Some(255)]);
    prop_oneof![
        (link(), one_of(&PREFIXES), select(vec!["add-address", "delete-address"]))
            .prop_map(|(link, address, what)| json!({ "do": what, "link": link, "address": address })),
        (
            link(),
            one_of(&PREFIXES),
            table(),
            select(vec!["add-route", "delete-route"])
        )
            .prop_map(|(link, to, table, what)| json!({ "do": what, "link": link, "to": to, "table": table })),
        (
            place(),
            table(),
            prop::option::of(select(vec![0_u32, 500, 1000, 1500, 2000])),
            one_of(&PREFIXES),
            any::<bool>()
        )
            .prop_map(|(place, table, priority, from, add)| json!({
                "do": if add { "add-rule" } else { "delete-rule" }, "in": place, "from": from,
                "ipv6": from.contains(':'), "table": table.unwrap_or(100), "priority": priority,
            })),
        (link(), one_of(&ADDRESSES)).prop_map(|(link, address)| json!({
            "do": "add-neighbor", "link": link, "address": address, "mac": [2, 0, 0, 0, 0, 1]
        })),
        (link(), one_of(&ADDRESSES))
            .prop_map(|(link, address)| json!({ "do": "delete-neighbor", "link": link, "address": address })),
    ]
}

fn other() -> impl Strategy<Value = Value> {
    let elements = (
        select(vec!["add-elements", "delete-elements"]),
        one_of(&TABLES),
        1..4_u32,
    );
    prop_oneof![
        (place(), one_of(&KEYS), select(vec!["0", "1", "2"])).prop_map(|(place, key, value)| json!({
            "do": "write-setting", "in": place, "key": key.split('/').collect::<Vec<_>>(), "value": value
        })),
        (place(), one_of(&TABLES), select(vec!["forward", "input"])).prop_map(|(place, name, hook)| json!({
            "do": "ensure-table", "in": place, "table": {
                "family": "inet", "name": name, "sets": ["sources"],
                "chains": [{ "name": "a", "base": ["filter", hook, 0], "rules": ["accept"] }],
            }
        })),
        (one_of(&TABLES), one_of(&["one", "two", "input"])).prop_map(|(table, chain)| json!({
            "do": "ensure-chain", "in": "host", "table": { "family": "inet", "name": table },
            "chain": { "name": chain, "rules": ["drop"] }
        })),
        elements.prop_map(|(what, table, count)| json!({
            "do": what, "in": "host", "family": "inet", "table": table, "set": "sources",
            "address": "10.22.0.5", "count": count
        })),
        select(vec!["open-records", "close-records"]).prop_map(|what| json!({ "do": what })),
        (select(vec!["claim", "release", "release-stale"]), one_of(&ADDRESSES))
            .prop_map(|(what, name)| json!({ "do": what, "name": name })),
    ]
}

/// A pair and a bridge of its own and a tenant's link come first: the calls
/// after that are about something.
fn sequence() -> impl Strategy<Value = Vec<Value>> {
    let call = prop_oneof![2 => finding(), 3 => setting_of_a_link(), 3 => routing(), 3 => other()];
    prop::collection::vec(call, 1..40).prop_map(|calls| {
        let first = [
            crate::arena::own_pair(),
            json!({ "do": "bridge", "in": "host", "name": "cni0" }),
            json!({ "do": "find", "in": "host", "name": "vethtenant" }),
        ];
        first.into_iter().chain(calls).collect()
    })
}

/// Differences of the node that no grant covers. What was there may not change
/// at all but for `ip_forward`, with what the kernel changes then, and a
/// rule of a table and priority that are granted.
fn not_granted(difference: &str) -> Vec<&str> {
    let own_links = ["veth0", "veth1", "vethown", "cni0", "eth0", "eth1", "vx0"];
    let granted = |line: &&str| {
        let of_own_link = |object: &str| {
            let mut words = object.split([' ', '/', ':']);
            words.any(|word| own_links.contains(&word))
        };
        let granted_rule =
            |object: &str| object.starts_with("rule") && object.contains(" table 100 ") && in_range(object);
        match line.split_at_checked(2) {
            Some(("+ ", object)) => {
                of_own_link(object)
                    || granted_rule(object)
                    || object.starts_with("packet filter") && object.contains("\"hostile\"")
                    || object.starts_with("lease mynet/") && object.contains("attacker")
            }
            Some(("- ", object)) => granted_rule(object),
            Some(("~ ", object)) => {
                let key = object.split(':').next().unwrap_or_default();
                key == "setting net/ipv4/ip_forward" || follows_forwarding(key)
            }
            _ => true,
        }
    };
    difference.lines().filter(|line| !granted(line)).collect()
}

/// Settings that the kernel changes with `ip_forward`, in `inet_forward_change`.
fn follows_forwarding(key: &str) -> bool {
    let below = key.strip_prefix("setting net/ipv4/conf/");
    below.is_some_and(|key| key == "all/accept_redirects" || key.ends_with("/forwarding"))
}

/// Whether the rule's priority is one from 1000 to 1999.
fn in_range(rule: &str) -> bool {
    (1000..2000).any(|priority| rule.contains(&format!(" priority {priority} ")))
}

fn attempt(arena: &Arena, calls: &[Value], end: &str) -> Output {
    let mut config = config(&Value::from(calls));
    config["undaunted"] = json!(true);
    config["attack"] = json!(end);
    arena.site.try_add(&arena.container, &config)
}

fn same(what: &str, before: &Snapshot, now: &Snapshot) -> Result<(), TestCaseError> {
    let difference = before.difference(now);
    prop_assert!(difference.is_empty(), "{what} is not as it was:\n{difference}");
    Ok(())
}

/// Ended, the calls leave nothing; attached, nothing outside the grants, and
/// nothing at all after DEL.
fn holds(calls: &[Value]) -> Result<(), TestCaseError> {
    let arena = Arena::with_grants(VXLAN);
    let (node, inside) = (arena.site.snapshot(), Snapshot::of(&arena.container.namespace));

    let ended = attempt(&arena, calls, "unreachable");
    prop_assert_eq!(ended.error().code, 111, "{}", ended);
    same("after a trap, the node", &node, &arena.site.snapshot())?;
    same(
        "after a trap, the container",
        &inside,
        &Snapshot::of(&arena.container.namespace),
    )?;

    let attached = attempt(&arena, calls, "");
    prop_assert_eq!(attached.code, 0, "{}", attached);
    let difference = node.difference(&arena.site.snapshot());
    let left = not_granted(&difference);
    prop_assert!(left.is_empty(), "not granted: {left:#?}");
    arena.site.del(&arena.container, &config(&json!([])));
    same("after DEL, the node", &node, &arena.site.snapshot())?;
    same(
        "after DEL, the container",
        &inside,
        &Snapshot::of(&arena.container.namespace),
    )
}

#[test]
fn no_sequence_of_calls_changes_anything_outside_the_grants() {
    needs_kernel!();
    let started = Instant::now();
    let mut runner = TestRunner::new(Config {
        cases: 60,
        failure_persistence: None,
        max_shrink_time: 60_000,
        ..Config::default()
    });
    let in_time = |calls: Vec<Value>| {
        if started.elapsed() < TIME {
            holds(&calls)
        } else {
            Ok(())
        }
    };
    if let Err(error) = runner.run(&sequence(), in_time) {
        panic!("{error}");
    }
}

#[test]
fn what_is_not_granted_is_told_from_what_is() {
    for line in [
        "+ link vethtenant2: {}",
        "~ link up0: {\"mtu\":1500}",
        "- link vethtenant: {}",
        "+ address 10.22.0.5 on up0: {}",
        "+ route -4 up0 RouteHeader { destination_prefix_length: 0 } []: ",
        "+ rule -4 priority 500 table 100 RuleHeader {} []: ",
        "- rule -4 priority 32766 table 254 RuleHeader {} []: ",
        "~ setting net/ipv6/conf/up0/accept_ra: 1",
        "~ setting net/ipv4/conf/up0/accept_redirects: 1",
        "~ lease mynet/10.22.0.77: tenant",
        "+ lease othernet/10.22.0.5: attacker",
        "+ packet filter 0009: {\"table\":{\"name\":\"firewall\"}}",
    ] {
        assert_eq!(not_granted(line), [line]);
    }
    for line in [
        "+ link veth0: {}",
        "+ setting net/ipv4/conf/veth0/rp_filter: 0",
        "+ rule -4 priority 1000 table 100 RuleHeader {} []: ",
        "+ route -4 vethown RouteHeader { destination_prefix_length: 24 } []: ",
        "~ setting net/ipv4/ip_forward: \"0\"",
        "~ setting net/ipv4/conf/up0/forwarding: \"0\"",
        "+ lease mynet/10.22.0.5: attacker",
    ] {
        assert!(not_granted(line).is_empty(), "{line}");
    }
}
