//! Kernel settings outside the list, and keys and values with tricks in them.

use cofferdam_tests::needs_kernel;
use serde_json::{Value, json};

use crate::arena::{Arena, INVALID};

fn write(place: &str, key: &str, value: &str) -> Value {
    let key: Vec<&str> = key.split('/').collect();
    json!([{ "do": "write-setting", "in": place, "key": key, "value": value }])
}

#[test]
fn a_setting_outside_the_list_is_not_written() {
    needs_kernel!();
    let arena = Arena::new();
    for (place, key, value) in [
        // CVE-2020-8558: services on the node's loopback.
        ("host", "net/ipv4/conf/all/route_localnet", "1"),
        ("host", "net/ipv4/conf/vethtenant/route_localnet", "1"),
        // CVE-2020-10749: a container that routes for the node.
        ("host", "net/ipv6/conf/all/accept_ra", "2"),
        ("host", "net/ipv6/conf/up0/accept_ra", "2"),
        ("host", "net/ipv4/conf/all/accept_redirects", "1"),
        ("host", "net/ipv4/conf/all/rp_filter", "0"),
        ("host", "net/ipv4/conf/up0/proxy_arp", "1"),
        ("host", "net/ipv4/conf/all/arp_ignore", "1"),
        ("host", "net/ipv4/conf/up0/arp_notify", "1"),
        ("host", "net/ipv6/conf/all/forwarding", "1"),
        ("host", "net/ipv4/ip_forward", "0"),
        ("host", "net/ipv4/ip_forward", "2"),
        ("host", "net/ipv4/ip_forward", "01"),
        ("host", "net/ipv4/ip_forward", " 1"),
        ("host", "net/ipv4/ip_forward", "1 "),
        ("host", "net/ipv4/ip_forwarding", "1"),
        ("host", "net/ipv4/IP_forward", "1"),
        ("container", "net/ipv4/ip_forward", "1"),
        ("container", "net/ipv4/conf/lo/arp_notify", "0"),
        ("container", "net/ipv4/conf/arp_notify", "1"),
        ("container", "net/ipv4/conf/lo/lo/arp_notify", "1"),
        ("container", "net/ipv6/conf/lo/arp_notify", "1"),
    ] {
        let attack = format!("{key} = {value:?} in the {place} namespace");
        let grant = format!("keys = [\"{key}\"]");
        let object = format!("in the {place} namespace");
        arena.denied(&attack, &write(place, key, value), "sysctl.write", &object, &grant);
    }
    let read = json!([{ "do": "read-setting", "in": "host", "key": ["net", "ipv4", "tcp_fastopen_key"] }]);
    arena.denied(
        "a secret",
        &read,
        "sysctl.read",
        "tcp_fastopen_key",
        "keys = [\"net/ipv4/tcp_fastopen_key\"]",
    );
}

#[test]
fn a_key_is_no_path() {
    needs_kernel!();
    let arena = Arena::new();
    let core_pattern = std::fs::read("/proc/sys/kernel/core_pattern").unwrap();
    let long = "a".repeat(300);
    for key in [
        json!([]),
        json!([""]),
        json!(["net"]),
        json!(["net", ""]),
        json!(["net", "ipv4", ""]),
        json!(["net", "", "ipv4", "ip_forward"]),
        json!(["", "net", "ipv4", "ip_forward"]),
        json!(["net", "ipv4", ".", "ip_forward"]),
        json!(["net", "ipv4", "..", "ipv4", "ip_forward"]),
        json!(["net", "..", "kernel", "core_pattern"]),
        json!(["net/ipv4/ip_forward"]),
        json!(["net", "ipv4/ip_forward"]),
        json!(["net", "ipv4/../../kernel/core_pattern"]),
        json!(["net", "/proc/sys/kernel/core_pattern"]),
        json!(["/", "net", "ipv4", "ip_forward"]),
        json!(["kernel", "core_pattern"]),
        json!(["kernel", "net", "ipv4", "ip_forward"]),
        json!(["Net", "ipv4", "ip_forward"]),
        json!(["net.ipv4.ip_forward"]),
        json!(["net", "ipv4", "ip_forward\0"]),
        json!(["net", "ipv4", "ip_forward\0x"]),
        json!(["net", "ipv4", "ip_forward\n"]),
        json!(["net", "ipv4", long]),
        json!(vec!["net"; 100]),
    ] {
        let attack = key.to_string();
        let call = json!([{ "do": "write-setting", "in": "host", "key": key, "value": "1" }]);
        let error = arena.fails(&attack, &call);
        assert_eq!(error.code, INVALID, "{attack}: {error:?}");
    }
    assert_eq!(std::fs::read("/proc/sys/kernel/core_pattern").unwrap(), core_pattern);
}

/// CVE-2022-0811: one value that sets several things.
#[test]
fn a_value_is_one_plain_word() {
    needs_kernel!();
    let arena = Arena::new();
    for value in [
        "1\n0",
        "1\n",
        "1\0",
        "1\r",
        "\u{1b}[1m",
        "1\u{a0}",
        "\u{661}",
        &"1".repeat(257),
        &"1".repeat(100_000),
    ] {
        let attack = format!("{:.20?}", value);
        arena.refused(
            &attack,
            &write("host", "net/ipv4/ip_forward", value),
            INVALID,
            "plain text",
        );
    }
    for value in [
        "1+kernel.core_pattern=|/bin/sh",
        "1;kernel.core_pattern=x",
        "1,2",
        "1 1",
        "",
    ] {
        let attack = write("host", "net/ipv4/ip_forward", value);
        arena.denied(value, &attack, "sysctl.write", "net/ipv4/ip_forward", "values = [");
    }
}

/// CVE-2020-10749: whoever is in the container, what the node has of the
/// attachment takes no routes from it, from before it is up.
#[test]
fn the_nodes_ends_refuse_router_advertisements() {
    needs_kernel!();
    let arena = Arena::new();
    let node = arena.site.node();
    node.set_sysctl("net/ipv6/conf/default/accept_ra", "2");
    let calls = json!([
        { "do": "bridge", "in": "host", "name": "cni0" },
        { "do": "veth", "first": { "in": "host", "name": "vethown", "master": 0 },
          "second": { "in": "container", "name": "eth0" } },
    ]);
    arena.site.add(&arena.container, &crate::arena::config(&calls));
    for link in ["vethown", "cni0"] {
        assert_eq!(node.sysctl(&format!("net/ipv6/conf/{link}/accept_ra")), "0", "{link}");
    }
}
