//! Taking somebody else's address or Ethernet address, and listening in.

use cofferdam_tests::needs_kernel;
use serde_json::json;

use crate::arena::{Arena, on_own_pair};

#[test]
fn an_address_outside_the_prefixes_is_not_taken() {
    needs_kernel!();
    let arena = Arena::new();
    for address in [
        "10.23.0.1/16",
        "10.21.255.255/32",
        "10.22.0.5/15",
        "10.22.0.5/8",
        "10.22.0.5/0",
        "127.0.0.2/8",
        "169.254.169.254/32",
        "192.0.2.2/24",
        "224.0.0.1/4",
        "255.255.255.255/32",
        "0.0.0.0/0",
        "::ffff:10.22.0.5/128",
        "fe80::1/64",
        "fd00::1/64",
    ] {
        let inside = on_own_pair(json!({ "do": "add-address", "link": 1, "address": address }));
        arena.denied(address, &inside, "address.add", address, "in = \"container\"");
    }
}

#[test]
fn the_node_gets_no_address_on_a_link_that_is_not_granted() {
    needs_kernel!();
    let arena = Arena::with_grants(
        "[[plugin.hostile.grant]]\nallow = \"link.see\"\nin = \"host\"\nnames = [\"up0\", \"lo\", \"br-ex\"]\n",
    );
    for link in ["up0", "lo", "br-ex"] {
        for (operation, action, address) in [
            ("address.add", "add-address", "10.22.0.1/16"),
            ("address.add", "add-address", "10.22.0.1/32"),
            ("address.delete", "delete-address", "192.0.2.2/24"),
            ("address.delete", "delete-address", "127.0.0.1/8"),
        ] {
            let calls = json!([
                { "do": "find", "in": "host", "name": link },
                { "do": action, "link": 0, "address": address },
            ]);
            let grant = format!("names = [{link:?}]");
            arena.denied(
                &format!("{action} {link}"),
                &calls,
                operation,
                &format!("{link:?}"),
                &grant,
            );
        }
    }
}

#[test]
fn neighbours_are_not_told_apart_outside_the_grants() {
    needs_kernel!();
    let arena =
        Arena::with_grants("[[plugin.hostile.grant]]\nallow = \"link.see\"\nin = \"host\"\nnames = [\"up0\"]\n");
    let mac = [2, 0, 0, 0, 0, 1];
    for (attack, call) in [
        (
            "poisoning",
            json!({ "do": "add-neighbor", "link": 0, "address": "192.0.2.1", "mac": mac }),
        ),
        (
            "of the range",
            json!({ "do": "add-neighbor", "link": 0, "address": "10.22.0.1", "mac": mac }),
        ),
    ] {
        let calls = json!([{ "do": "find", "in": "host", "name": "up0" }, call]);
        arena.denied(attack, &calls, "neighbor.add", "\"up0\"", "names = [\"up0\"]");
    }
    let delete = json!([
        { "do": "find", "in": "host", "name": "up0" },
        { "do": "delete-neighbor", "link": 0, "address": "192.0.2.77" },
    ]);
    arena.denied("forgetting", &delete, "neighbor.delete", "\"up0\"", "names = [\"up0\"]");
    let inside = on_own_pair(json!({ "do": "add-neighbor", "link": 1, "address": "10.23.0.1", "mac": mac }));
    arena.denied("inside", &inside, "neighbor.add", "10.23.0.1", "in = \"container\"");
    let own_end = on_own_pair(json!({ "do": "add-neighbor", "link": 0, "address": "10.22.0.1", "mac": mac }));
    arena.denied(
        "the node's end",
        &own_end,
        "neighbor.add",
        "\"vethown\"",
        "in = \"host\"",
    );
}

#[test]
fn a_shared_bridge_keeps_its_address_and_does_not_listen() {
    needs_kernel!();
    let arena = Arena::new();
    for (setting, call) in [
        ("promiscuous", json!({ "do": "promiscuous", "link": 0, "on": true })),
        ("mac", json!({ "do": "mac", "link": 0, "mac": [2, 0, 0, 0, 0, 1] })),
        ("mtu", json!({ "do": "mtu", "link": 0, "mtu": 576 })),
    ] {
        let calls = json!([{ "do": "bridge", "in": "host", "name": "cni0" }, call]);
        let grant = format!("settings = [\"{setting}\"]");
        arena.denied(setting, &calls, "link.set", "\"cni0\"", &grant);
    }
    let delete = json!([
        { "do": "bridge", "in": "host", "name": "cni0" },
        { "do": "delete", "link": 0 },
    ]);
    arena.denied("deleting it", &delete, "link.delete", "\"cni0\"", "names = [\"cni0\"]");
}
