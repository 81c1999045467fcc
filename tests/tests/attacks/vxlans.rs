//! VXLANs: which networks a component gets a bridge of the node into, and which
//! nodes it sends to.

use cofferdam_tests::{has_kind, needs_kernel};
use serde_json::{Value, json};

use crate::arena::{Arena, CONFLICT, INVALID, NARROW, config};

/// One network for one bridge, with one link that packets leave by.
const GRANTS: &str = r#"
[[plugin.hostile.grant]]
allow = "vxlan.join"
in = "host"
names = ["cni0"]
vnis = [42, [100, 199]]
peers = ["203.0.113.0/24"]

[[plugin.hostile.grant]]
allow = "link.see"
in = "host"
names = ["up0", "br-ex"]

[[plugin.hostile.grant]]
allow = "link.create"
in = "host"
kinds = ["vxlan"]
names = ["vx*"]
parents = ["up0"]
"#;

/// The bridge that it may join, link 0, and then these calls.
fn with_bridge(calls: &[Value]) -> Value {
    let mut all = vec![json!({ "do": "bridge", "in": "host", "name": "cni0" })];
    all.extend_from_slice(calls);
    Value::from(all)
}

fn vxlan(keys: &Value) -> Value {
    cofferdam_tests::with(
        json!({ "do": "vxlan", "link": 0, "name": "vx42", "id": 42 }),
        keys.clone(),
    )
}

fn joined(keys: Value) -> Value {
    with_bridge(&[vxlan(&keys)])
}

#[test]
fn a_network_a_node_or_a_link_that_is_not_granted_is_out_of_reach() {
    needs_kernel!();
    if !has_kind("vxlan") {
        return;
    }
    let arena = Arena::with_grants(GRANTS);
    for (attack, keys, told, missing) in [
        ("another network", json!({ "id": 43 }), "VXLAN 43", "vnis = [43]"),
        (
            "a group",
            json!({ "group": "239.1.1.1", "parent": 1 }),
            "peer 239.1.1.1",
            "peers = [\"239.1.1.1/32\"]",
        ),
    ] {
        let calls = with_bridge(&[json!({ "do": "find", "in": "host", "name": "up0" }), vxlan(&keys)]);
        arena.denied(attack, &calls, "vxlan.join", told, missing);
    }
    let peer = with_bridge(&[
        vxlan(&json!({})),
        json!({ "do": "add-peer", "link": 1, "peer": "198.51.100.7" }),
    ]);
    arena.denied(
        "another node",
        &peer,
        "vxlan.join",
        "peer 198.51.100.7",
        "peers = [\"198.51.100.7/32\"]",
    );
    let name = joined(json!({ "name": "up42" }));
    arena.denied("another name", &name, "link.create", "\"up42\"", "names = [\"up42\"]");
    let calls = json!([
        { "do": "find", "in": "host", "name": "br-ex" },
        { "do": "bridge", "in": "host", "name": "cni0" },
        { "do": "vxlan", "link": 1, "name": "vx42", "id": 42, "parent": 0 },
    ]);
    arena.denied("another link", &calls, "link.create", "br-ex", "parents = [\"br-ex\"]");
    let calls = json!([
        { "do": "find", "in": "host", "name": "br-ex" },
        { "do": "vxlan", "link": 0, "name": "vx42", "id": 42 },
    ]);
    arena.denied("another bridge", &calls, "vxlan.join", "br-ex", "names = [\"br-ex\"]");
}

#[test]
fn what_makes_no_sense_is_refused_before_the_kernel_is_asked() {
    needs_kernel!();
    let arena = Arena::with_grants(&GRANTS.replace("vnis = [42, [100, 199]]", "vnis = [[1, 16777215]]"));
    for (attack, keys, words) in [
        ("no network", json!({ "id": 0 }), "1 to 16777215"),
        ("no such network", json!({ "id": 16_777_216 }), "1 to 16777215"),
        ("no port", json!({ "port": 0 }), "other than 0"),
        (
            "a foreign source",
            json!({ "local": "203.0.113.9" }),
            "does not have the local address",
        ),
        (
            "no source",
            json!({ "local": "127.0.0.1" }),
            "can't be the local address",
        ),
        (
            "a node as a group",
            json!({ "group": "203.0.113.7" }),
            "not a multicast group",
        ),
        ("a group nowhere", json!({ "group": "239.1.1.1" }), "needs a link"),
        ("no name", json!({ "name": "a/b" }), "can't be the name"),
    ] {
        arena.refused(attack, &joined(keys), INVALID, words);
    }
    let inside = json!([
        { "do": "bridge", "in": "container", "name": "br0" },
        { "do": "vxlan", "link": 0, "name": "vx42", "id": 42 },
    ]);
    let arena = Arena::with_grants(&format!(
        "{GRANTS}\n[[plugin.hostile.grant]]\nallow = \"link.create\"\nin = \"container\"\nkinds = [\"bridge\"]\n"
    ));
    arena.refused(
        "a bridge of the container",
        &inside,
        INVALID,
        "not a bridge of the node",
    );
}

#[test]
fn peers_are_nodes_of_a_vxlan_that_it_made_sure_of() {
    needs_kernel!();
    if !has_kind("vxlan") {
        return;
    }
    let arena = Arena::with_grants(GRANTS);
    for (peer, words) in [
        ("239.1.1.1", "can't be a peer"),
        ("127.0.0.1", "can't be a peer"),
        ("0.0.0.0", "can't be a peer"),
        ("169.254.0.7", "can't be a peer"),
        ("2001:db8::7", "of a VXLAN of IPv4"),
    ] {
        let calls = with_bridge(&[vxlan(&json!({})), json!({ "do": "add-peer", "link": 1, "peer": peer })]);
        arena.refused(peer, &calls, INVALID, words);
    }
    let calls = with_bridge(&[json!({ "do": "add-peer", "link": 0, "peer": "203.0.113.7" })]);
    arena.refused("of a bridge", &calls, INVALID, "which link \"cni0\" is not");
    // One of the node's, which it may see, and whose network it is granted.
    let node = |node: &cofferdam_tests::Namespace| {
        node.ip(&["link", "add", "vx100", "type", "vxlan", "id", "100", "dstport", "4789"]);
    };
    let arena = Arena::on(node, &GRANTS.replace("\"br-ex\"", "\"vx100\""));
    let calls = json!([
        { "do": "find", "in": "host", "name": "vx100" },
        { "do": "add-peer", "link": 0, "peer": "203.0.113.7" },
    ]);
    arena.refused("of the node", &calls, INVALID, "which link \"vx100\" is not");
    arena.refused(
        "its network",
        &joined(json!({ "id": 100 })),
        CONFLICT,
        "another link, of the node",
    );
    let calls = joined(json!({ "name": "vx100", "id": 100 }));
    arena.refused("its name", &calls, CONFLICT, "not a port of the bridge");
    let calls = joined(json!({ "name": "vx100", "id": 101 }));
    arena.refused(
        "its name for another",
        &calls,
        CONFLICT,
        "not a VXLAN of that name with these settings",
    );
}

#[test]
fn a_network_that_another_attachment_has_under_another_name_is_told_with_its_owner() {
    needs_kernel!();
    if !has_kind("vxlan") {
        return;
    }
    let (arena, _victim) = Arena::beside(&format!("{NARROW}{GRANTS}"), "victim", |site, victim| {
        let peer = json!({ "do": "add-peer", "link": 1, "peer": "203.0.113.7" });
        site.add(victim, &config(&with_bridge(&[vxlan(&json!({})), peer])));
    });
    let words = "VXLAN 42 at port 4789 is in use by another link, of attachment mynet/victim/eth0";
    arena.refused("another name", &joined(json!({ "name": "vx1" })), CONFLICT, words);
    // The same under the same name is shared, and stays when this one fails.
    let told = arena.told(&[
        json!({ "do": "bridge", "in": "host", "name": "cni0" }),
        vxlan(&json!({})),
        json!({ "do": "add-peer", "link": 1, "peer": "203.0.113.8" }),
        json!({ "do": "peers", "link": 1 }),
    ]);
    assert!(
        told.contains("203, 0, 113, 7") && told.contains("203, 0, 113, 8"),
        "{told}"
    );
}
