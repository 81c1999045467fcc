//! Links that are made by themselves: what of the node they are upon, and what
//! comes with it.

use cofferdam_tests::{Container, needs_kernel, with};
use serde_json::{Value, json};

use crate::arena::{Arena, CONFLICT, INVALID, NARROW, NOT_FOUND, QUOTA, config};

/// Grants every kind in the container, and the uplink to be seen.
const KINDS: &str = r#"
[[plugin.hostile.grant]]
allow = "link.see"
in = "host"
names = ["up0", "br-ex"]

[[plugin.hostile.grant]]
allow = "link.create"
in = "container"
kinds = ["macvlan", "ipvlan", "vlan", "vrf", "tun", "ifb"]
"#;

/// Upon the uplink as well, and one VLAN of it.
const UPON: &str = r#"
[[plugin.hostile.grant]]
allow = "link.see"
in = "host"
names = ["up0"]

[[plugin.hostile.grant]]
allow = "link.create"
in = "container"
kinds = ["macvlan", "ipvlan", "vlan"]
parents = ["up0"]
vlans = [5]

[[plugin.hostile.grant]]
allow = "address.add"
in = "container"
"#;

fn create(parent: &str, link: &Value) -> Value {
    let mut made = json!({ "do": "create", "in": "container", "name": "eth0", "parent": 0 });
    for (key, value) in link.as_object().unwrap() {
        made[key] = value.clone();
    }
    json!([{ "do": "find", "in": "host", "name": parent }, made])
}

#[test]
fn a_link_is_not_upon_one_of_the_node_that_is_not_granted() {
    needs_kernel!();
    let arena = Arena::with_grants(KINDS);
    for parent in ["up0", "br-ex"] {
        for kind in ["macvlan", "ipvlan", "vlan"] {
            let calls = create(parent, &json!({ "kind": kind, "vlan": 5 }));
            let object = format!("upon link {parent:?} of the node");
            arena.denied(kind, &calls, "link.create", &object, &format!("parents = [{parent:?}]"));
        }
    }
}

#[test]
fn a_link_of_the_node_is_not_taken_as_a_whole() {
    needs_kernel!();
    let arena = Arena::with_grants(UPON);
    let calls = create("up0", &json!({ "kind": "macvlan", "mode": "passthru" }));
    arena.denied(
        "passthru",
        &calls,
        "link.create",
        "mode passthru",
        "modes = [\"passthru\"]",
    );
}

#[test]
fn a_vlan_that_is_not_granted_is_out_of_reach() {
    needs_kernel!();
    let arena = Arena::with_grants(UPON);
    for vlan in [0, 4, 6, 4094] {
        let calls = create("up0", &json!({ "kind": "vlan", "vlan": vlan }));
        let grant = format!("vlans = [{vlan}]");
        arena.denied("another VLAN", &calls, "link.create", &format!("VLAN {vlan}"), &grant);
    }
    let none = create("up0", &json!({ "kind": "vlan", "vlan": 4095 }));
    arena.refused("no VLAN", &none, INVALID, "VLAN 4095");
}

#[test]
fn kinds_and_names_of_the_node_are_granted_one_by_one() {
    needs_kernel!();
    let arena = Arena::with_grants(KINDS);
    for kind in ["macvlan", "dummy", "ifb", "vrf"] {
        let mut call = json!({ "do": "create", "in": "host", "name": "veth7", "kind": kind, "table": 100 });
        let mut calls = Vec::new();
        if kind == "macvlan" {
            calls.push(json!({ "do": "find", "in": "host", "name": "up0" }));
            call["parent"] = json!(0);
        }
        calls.push(call);
        let grant = format!("kinds = [{kind:?}], names = [\"veth7\"]");
        arena.denied(kind, &Value::from(calls), "link.create", "veth7", &grant);
    }
    let dummy = json!([{ "do": "create", "in": "container", "name": "eth0", "kind": "dummy" }]);
    arena.denied("inside", &dummy, "link.create", "dummy \"eth0\"", "kinds = [\"dummy\"]");
}

#[test]
fn a_vrf_of_the_node_has_a_table_that_is_granted_and_nobody_elses() {
    needs_kernel!();
    let vrf = |table: u32| json!([{ "do": "create", "in": "host", "name": "blue", "kind": "vrf", "table": table }]);
    let grants =
        "[[plugin.hostile.grant]]\nallow = \"link.create\"\nin = \"host\"\nkinds = [\"vrf\"]\nnames = [\"blue\"]\n";
    let arena = Arena::with_grants(&format!("{grants}tables = [[1, 99]]\n"));
    arena.denied(
        "another's table",
        &vrf(100),
        "link.create",
        "table 100",
        "tables = [100]",
    );
    let arena = Arena::with_grants(&format!("{grants}tables = [[1, 4294967295]]\n"));
    for table in [0, 253, 254, 255] {
        arena.refused("a table of the node", &vrf(table), INVALID, "table");
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_the_kernel_is_asked() {
    needs_kernel!();
    let arena = Arena::with_grants(&format!(
        "{KINDS}\n[[plugin.hostile.grant]]\nallow = \"link.create\"\nin = \"host\"\nkinds = [\"tun\", \"macvlan\"]\n\
         names = [\"veth*\"]\n"
    ));
    let pair = json!({
        "do": "veth", "first": { "in": "host", "name": "vethown" }, "second": { "in": "container", "name": "eth1" }
    });
    for (attack, calls, words) in [
        (
            "a TAP device of the node",
            json!([{ "do": "create", "in": "host", "name": "veth7", "kind": "tun" }]),
            "container's namespace",
        ),
        (
            "the node upon the container",
            json!([pair, { "do": "create", "in": "host", "name": "veth7", "kind": "macvlan", "parent": 1 }]),
            "not upon one of a container",
        ),
        (
            "no parent",
            json!([{ "do": "create", "in": "container", "name": "eth0", "kind": "macvlan" }]),
            "needs a parent",
        ),
        (
            "a parent of no use",
            json!([pair, { "do": "create", "in": "container", "name": "eth0", "kind": "ifb", "parent": 1 }]),
            "has no parent",
        ),
        (
            "a name that is a path",
            json!([{ "do": "create", "in": "container", "name": "../eth0", "kind": "ifb" }]),
            "can't be the name",
        ),
        (
            "a group address",
            json!([{ "do": "create", "in": "container", "name": "eth0", "kind": "ifb", "mac": [1, 0, 0, 0, 0, 1] }]),
            "group address",
        ),
    ] {
        arena.refused(attack, &calls, INVALID, words);
    }
}

#[test]
fn a_link_beside_the_node_takes_neither_its_addresses() {
    needs_kernel!();
    let arena = Arena::with_grants(UPON);
    let uplink = arena.site.node().link("up0").unwrap()["address"]
        .as_str()
        .unwrap()
        .to_owned();
    let mac: Vec<u8> = uplink
        .split(':')
        .map(|part| u8::from_str_radix(part, 16).unwrap())
        .collect();
    let calls = create("up0", &json!({ "kind": "macvlan", "mac": mac }));
    arena.refused("the uplink's own", &calls, CONFLICT, "belongs to a link of the node");
    arena.site.node().ip(&["address", "add", "203.0.113.9/32", "dev", "lo"]);
    for address in ["192.0.2.2/24", "192.0.2.2/32", "203.0.113.9/32"] {
        let mut calls = create("up0", &json!({ "kind": "macvlan" }));
        let calls = calls.as_array_mut().unwrap();
        calls.push(json!({ "do": "add-address", "link": 1, "address": address }));
        let output = arena.run(&Value::from(calls.clone()));
        let error = output.error();
        assert_eq!(error.code, CONFLICT, "{address}: {error:?}");
        assert!(error.message.contains("belongs to the node"), "{address}: {error:?}");
    }
}

#[test]
fn an_address_is_one_containers_upon_one_link_whatever_its_network_is_called() {
    needs_kernel!();
    let address = json!({ "do": "add-address", "link": 1, "address": "10.22.0.50/16" });
    let mut calls = create("up0", &json!({ "kind": "macvlan" })).as_array().unwrap().clone();
    calls.push(address);
    let calls = Value::from(calls);
    let other_network = |calls: &Value| with(config(calls), json!({ "name": "othernet" }));
    let (arena, victim) = Arena::beside(&format!("{NARROW}{UPON}"), "victim", |site, victim| {
        site.add(victim, &other_network(&calls));
    });
    arena.refused(
        "another's address",
        &calls,
        CONFLICT,
        "belongs to attachment othernet/victim/eth0",
    );
    arena.site.del(&victim, &other_network(&calls));
    let output = arena.run(&calls);
    assert_eq!(output.code, 0, "{output}");
}

#[test]
fn links_of_other_attachments_are_nobodys_parents() {
    needs_kernel!();
    let (arena, _other) = Arena::beside(&format!("{NARROW}{KINDS}"), "c2", |site, container| {
        let pair = json!([{
            "do": "veth", "first": { "in": "host", "name": "vethother" },
            "second": { "in": "container", "name": "eth0" }
        }]);
        let output = site.try_add(container, &config(&pair));
        assert_eq!(output.code, 0, "{output}");
    });
    let calls = create("vethother", &json!({ "kind": "macvlan" }));
    arena.refused("another's end", &calls, NOT_FOUND, "vethother");
}

#[test]
fn the_nodes_way_out_is_not_told_to_those_who_may_not_see_it() {
    needs_kernel!();
    let seen = "[[plugin.hostile.grant]]\nallow = \"link.see\"\nin = \"host\"\nnames = [\"up0\"]\n";
    let calls = json!([{ "do": "default-link", "in": "host" }]);
    let mut texts = Vec::new();
    for (grants, without_route) in [("", false), (seen, false), ("", true)] {
        let arena = Arena::with_grants(grants);
        if without_route {
            arena.site.node().ip(&["route", "del", "default"]);
        }
        let output = arena.run(&calls);
        let error = output.error();
        assert_eq!(error.code, NOT_FOUND, "{error:?}");
        assert!(!error.message.contains("up0"), "{error:?}");
        texts.push(error.message);
    }
    assert!(texts.windows(2).all(|pair| pair[0] == pair[1]), "{texts:?}");
    let routes = "[[plugin.hostile.grant]]\nallow = \"route.see\"\nin = \"host\"\nnames = [\"up0\"]\n";
    let arena = Arena::with_grants(&format!("{seen}{routes}"));
    let told = arena.told(&[calls[0].clone(), json!({ "do": "info", "link": 0 })]);
    assert!(told.contains("\"up0\""), "{told}");
}

#[test]
fn the_parent_of_a_link_is_not_told_to_those_who_may_not_see_it() {
    needs_kernel!();
    let arena = Arena::with_grants(UPON);
    let parent = create("up0", &json!({ "kind": "macvlan" }));
    let mut calls: Vec<Value> = parent.as_array().unwrap().clone();
    calls.extend([json!({ "do": "parent", "link": 1 }), json!({ "do": "info", "link": 2 })]);
    let told = arena.told(&calls);
    assert!(told.contains("\"up0\""), "{told}");

    let arena = Arena::with_grants(
        "[[plugin.hostile.grant]]\nallow = \"link.see\"\nin = \"container\"\nkinds = [\"macvlan\"]\n",
    );
    let container = Container::new("c2");
    let inside = container.namespace.path();
    arena.site.node().ip(&[
        "link", "add", "link", "up0", "name", "eth0", "netns", &inside, "type", "macvlan",
    ]);
    let look = json!([{ "do": "find", "in": "container", "name": "eth0" }, { "do": "parent", "link": 0 }]);
    let error = arena.site.try_add(&container, &config(&look)).error();
    assert_eq!(error.code, NOT_FOUND, "{error:?}");
    assert!(!error.message.contains("up0"), "{error:?}");
}

#[test]
fn links_are_counted_by_what_is_granted() {
    needs_kernel!();
    let arena = Arena::with_grants(
        "[[plugin.hostile.grant]]\nallow = \"link.create\"\nin = \"container\"\nkinds = [\"ifb\", \"tun\"]\nmax = 3\n",
    );
    let mut calls: Vec<Value> = ["ifb", "tun", "ifb", "tun"]
        .iter()
        .zip(0..)
        .map(|(kind, number)| json!({ "do": "create", "in": "container", "name": format!("x{number}"), "kind": kind }))
        .collect();
    let error = arena.fails("one too many", &Value::from(calls.clone()));
    assert_eq!(error.code, QUOTA, "{error:?}");
    assert!(error.message.contains('3'), "{error:?}");
    calls.truncate(3);
    let output = arena.run(&Value::from(calls));
    assert_eq!(output.code, 0, "{output}");
}
