//! VLANs of bridges, and VRFs: which a component gets into.

use cofferdam_tests::{has_kind, has_vlan_filtering, needs_kernel};
use serde_json::{Value, json};

use crate::arena::{Arena, CONFLICT, INVALID};

/// Ports of a bridge of the node's, and one VLAN of it.
const GRANTS: &str = r#"
[[plugin.hostile.grant]]
allow = "link.see"
in = "host"
kinds = ["bridge"]
names = ["br-vlan"]

[[plugin.hostile.grant]]
allow = "link.set"
in = "host"
kinds = ["bridge"]
names = ["br-vlan"]
settings = ["ports"]

[[plugin.hostile.grant]]
allow = "vlan.join"
in = "host"
names = ["br-vlan"]
vlans = [5]

[[plugin.hostile.grant]]
allow = "link.create"
in = "container"
kinds = ["vrf"]
"#;

/// A port of the bridge, and then a call with it, as link 1, or with the
/// bridge, as link 0.
fn with_port(call: &Value) -> Value {
    json!([
        { "do": "find", "in": "host", "name": "br-vlan" },
        { "do": "veth", "first": { "in": "host", "name": "vethown", "master": 0 },
          "second": { "in": "container", "name": "eth0" } },
        call,
    ])
}

#[test]
fn a_vlan_that_is_not_granted_is_out_of_reach() {
    needs_kernel!();
    if !has_vlan_filtering() {
        return;
    }
    let filtering = [
        "link",
        "add",
        "br-vlan",
        "address",
        "02:00:5e:00:00:07",
        "type",
        "bridge",
        "vlan_filtering",
        "1",
    ];
    let arena = Arena::on(|node| drop(node.ip(&filtering)), GRANTS);
    for (vlans, told, missing) in [
        (json!([[6, 6]]), "VLAN 6", "vlans = [6]"),
        (json!([[5, 5], [7, 9]]), "VLANs 7 to 9", "vlans = [5, [7, 9]]"),
        // The port is in the default VLAN already.
        (json!([[1, 1], [6, 6]]), "VLAN 6", "vlans = [6]"),
    ] {
        let calls = with_port(&json!({ "do": "vlans", "link": 1, "vlans": vlans }));
        arena.denied("another VLAN", &calls, "vlan.join", told, missing);
    }
    let gateway = with_port(&json!({ "do": "vlan-gateway", "link": 0, "vlan": 6 }));
    arena.denied("a way of the node's", &gateway, "vlan.join", "VLAN 6", "vlans = [6]");
    let granted = with_port(&json!({ "do": "vlan-gateway", "link": 0, "vlan": 5 }));
    arena.denied(
        "its name",
        &granted,
        "link.create",
        "br-vlan.5",
        "names = [\"br-vlan.5\"]",
    );
}

#[test]
fn vlans_are_set_of_ports_of_its_own_on_bridges_that_filter() {
    needs_kernel!();
    let plain = [
        "link",
        "add",
        "br-vlan",
        "address",
        "02:00:5e:00:00:07",
        "type",
        "bridge",
    ];
    let arena = Arena::on(|node| drop(node.ip(&plain)), GRANTS);
    for (attack, call, code, words) in [
        (
            "a bridge",
            json!({ "do": "vlans", "link": 0, "vlans": [[5, 5]] }),
            INVALID,
            "\"br-vlan\" is not",
        ),
        (
            "no port",
            json!({ "do": "vlans", "link": 2, "vlans": [[5, 5]] }),
            INVALID,
            "is not a port of a bridge",
        ),
        (
            "no VLANs",
            json!({ "do": "vlans", "link": 1, "vlans": [[5, 5]] }),
            CONFLICT,
            "does not filter by VLAN",
        ),
        (
            "no VLANs for the node",
            json!({ "do": "vlan-gateway", "link": 0, "vlan": 5 }),
            CONFLICT,
            "does not filter by VLAN",
        ),
        (
            "no number",
            json!({ "do": "vlans", "link": 1, "vlans": [[0, 0]] }),
            INVALID,
            "1 to 4094",
        ),
    ] {
        arena.refused(attack, &with_port(&call), code, words);
    }
}

#[test]
fn a_vrf_of_the_node_is_not_shared_and_one_of_the_container_has_a_table_to_itself() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    let vrf = |place: &str, table: u32| json!([{ "do": "vrf", "in": place, "name": "blue", "table": table }]);
    arena.refused("of the node", &vrf("host", 100), INVALID, "not of the node");
    for table in [0, 253, 254, 255] {
        arena.refused("a common table", &vrf("container", table), INVALID, "no table of a VRF");
    }
    if !has_kind("vrf") {
        return;
    }
    arena
        .container
        .namespace
        .ip(&["link", "add", "blue", "type", "vrf", "table", "7"]);
    let error = arena.run(&vrf("container", 8)).error();
    assert_eq!(error.code, CONFLICT, "{error:?}");
    assert!(
        error.message.contains("already exists with routing table 7"),
        "{error:?}"
    );
}
