//! Devices of the node that are not the plugin's to take.

use cofferdam_tests::{Container, needs_kernel, with};
use serde_json::{Value, json};

use crate::arena::{ALREADY_EXISTS, Arena, CONFLICT, DENIED, INVALID, NARROW, NOT_FOUND, config};

/// Grants every link of the node, as an operator who does not think does.
const ALL: &str = r#"
[[plugin.hostile.grant]]
allow = "device.take"
in = "host"
kinds = ["none", "veth", "bridge"]
names = ["*"]
"#;

/// Pairs that are there for containers.
const SPARE: &str = r#"
[[plugin.hostile.grant]]
allow = "device.take"
in = "host"
kinds = ["veth"]
names = ["spare*"]
"#;

fn take(device: &str) -> Value {
    json!([{ "do": "take", "name": "net1", "device": device }])
}

fn arena_with_spare(grants: &str) -> Arena {
    let (arena, _) = Arena::beside(&format!("{NARROW}{grants}"), "c2", |site, _| {
        let pair = "link add spare0 address 02:00:00:00:aa:01 type veth peer name spare1 address 02:00:00:00:aa:02";
        site.node().ip(&pair.split(' ').collect::<Vec<_>>());
    });
    arena
}

#[test]
fn nothing_is_taken_that_is_not_granted() {
    needs_kernel!();
    let arena = arena_with_spare("");
    for device in ["up0", "spare0", "br-ex", "lo", "missing"] {
        arena.denied(
            device,
            &take(device),
            "device.take",
            &format!("{device:?}"),
            &format!("names = [{device:?}]"),
        );
    }
    let granted = arena_with_spare(SPARE);
    granted.denied(
        "the uplink",
        &take("up0"),
        "device.take",
        "\"up0\"",
        "names = [\"up0\"]",
    );
}

/// Whoever may not take a link learns nothing of it by other words for it.
#[test]
fn a_link_that_is_not_granted_is_as_good_as_none() {
    needs_kernel!();
    let arena = arena_with_spare(SPARE);
    let mac = |device: &str| {
        let link = arena.site.node().link(device).unwrap();
        let bytes: Vec<u8> = link["address"]
            .as_str()
            .unwrap()
            .split(':')
            .map(|byte| u8::from_str_radix(byte, 16).unwrap())
            .collect();
        json!(bytes)
    };
    let sys = arena
        .site
        .installation()
        .root()
        .join("sys/bus/pci/devices/0000:03:00.0/net/up0");
    std::fs::create_dir_all(sys).unwrap();
    let ask = |call: Value| arena.fails("another word for it", &json!([call]));
    for (there, missing) in [
        (
            json!({ "do": "take", "name": "net1", "mac": mac("up0") }),
            json!({ "do": "take", "name": "net1", "mac": [2, 0, 0, 0, 0x99, 0x99] }),
        ),
        (
            json!({ "do": "take", "name": "net1", "pci": "0000:03:00.0" }),
            json!({ "do": "take", "name": "net1", "pci": "0000:03:00.1" }),
        ),
    ] {
        let (there, missing) = (ask(there), ask(missing));
        assert_eq!(
            (there.code, missing.code),
            (NOT_FOUND, NOT_FOUND),
            "{there:?} {missing:?}"
        );
        assert!(!there.message.contains("up0"), "{there:?}");
    }
    for path in ["/sys/devices/../class/net", "/etc/passwd", "/sys/class/net"] {
        let call = json!([{ "do": "take", "name": "net1", "path": path }]);
        arena.refused(path, &call, INVALID, "/sys/devices");
    }
    let call = json!([{ "do": "take", "name": "net1", "pci": "../../../devices" }]);
    arena.refused("a way out of the bus", &call, INVALID, "../../../devices");
}

#[test]
fn what_others_use_is_not_taken_though_it_is_granted() {
    needs_kernel!();
    let arena = arena_with_spare(ALL);
    let error = arena.fails("the uplink", &take("up0"));
    assert_eq!(error.code, DENIED, "{error:?}");
    assert!(error.message.contains("which the node itself uses"), "{error:?}");
    for (device, words) in [
        ("lo", "loopback"),
        ("vethtenant", "it is a port of another link"),
        ("br-ex", "other links are ports of it"),
    ] {
        arena.refused(device, &take(device), CONFLICT, words);
    }
    // An alternative name is none that a policy knows.
    arena.refused("another name", &take("veth-uplink"), NOT_FOUND, "veth-uplink");
}

#[test]
fn links_that_others_are_upon_are_not_taken() {
    needs_kernel!();
    let upon = "[[plugin.hostile.grant]]\nallow = \"link.see\"\nin = \"host\"\nnames = [\"up1\"]\n\
                [[plugin.hostile.grant]]\nallow = \"link.create\"\nin = \"container\"\nkinds = [\"macvlan\"]\nparents = [\"up1\"]\n";
    let (arena, _other) = Arena::beside(&format!("{NARROW}{ALL}{upon}"), "c2", |site, container| {
        site.node()
            .ip(&["link", "add", "up1", "type", "veth", "peer", "name", "far1"]);
        site.node()
            .ip(&["link", "add", "up2", "type", "veth", "peer", "name", "far2"]);
        site.node()
            .ip(&["link", "add", "link", "up2", "name", "mac2", "type", "macvlan"]);
        let calls = json!([{ "do": "find", "in": "host", "name": "up1" },
            { "do": "create", "in": "container", "name": "eth0", "kind": "macvlan", "parent": 0 }]);
        let output = site.try_add(container, &config(&calls));
        assert_eq!(output.code, 0, "{output}");
    });
    arena.refused("another's parent", &take("up1"), CONFLICT, "attachments share");
    arena.refused(
        "a parent on the node",
        &take("up2"),
        CONFLICT,
        "other links are upon it",
    );
}

#[test]
fn links_of_other_attachments_are_nobodys_devices() {
    needs_kernel!();
    let (arena, other) = Arena::beside(&format!("{NARROW}{ALL}"), "c2", |site, container| {
        site.node()
            .ip(&["link", "add", "vethdev7", "type", "veth", "peer", "name", "vethfar7"]);
        let calls = json!([{
            "do": "veth", "first": { "in": "host", "name": "vethother" },
            "second": { "in": "container", "name": "eth0" }
        }, { "do": "take", "name": "net1", "device": "vethdev7" }]);
        let output = site.try_add(container, &config(&calls));
        assert_eq!(output.code, 0, "{output}");
    });
    arena.refused("another's end", &take("vethother"), NOT_FOUND, "vethother");
    arena.refused("another's device", &take("vethdev7"), NOT_FOUND, "vethdev7");
    assert!(other.namespace.link("net1").is_some());
    // Nor is its name, while it is away.
    let pair = json!([{ "do": "veth", "first": { "in": "host", "name": "vethdev7" }, "second": { "in": "container", "name": "eth0" } }]);
    arena.refused("another's name", &pair, CONFLICT, "belongs to");
}

#[test]
fn a_device_is_not_deleted_and_goes_back_when_the_plugin_fails() {
    needs_kernel!();
    let arena = arena_with_spare(SPARE);
    let taken = json!({ "do": "take", "name": "net1", "device": "spare0" });
    arena.refused(
        "deleting it",
        &json!([taken, { "do": "delete", "link": 0 }]),
        INVALID,
        "it goes back with the attachment",
    );
    let set = json!([taken, { "do": "mtu", "link": 0, "mtu": 1300 }, { "do": "mac", "link": 0, "mac": [2, 0, 0, 0, 6, 6] },
        { "do": "promiscuous", "link": 0, "on": true }, { "do": "up", "link": 0 }, { "do": "trap" }]);
    arena.fails("setting it, and a trap", &set);
    let twice = json!([taken, { "do": "take", "name": "net2", "device": "spare0" }]);
    arena.refused("twice", &twice, NOT_FOUND, "spare0");
    let over = json!([taken, { "do": "take", "name": "net1", "device": "spare1" }]);
    arena.refused("one name for two", &over, ALREADY_EXISTS, "net1");
}

/// Giving back is for what another plugin took, and as far as it is granted.
#[test]
fn a_link_of_the_container_does_not_become_the_nodes() {
    needs_kernel!();
    let arena = arena_with_spare(SPARE);
    let give = json!([{ "do": "give-back", "name": "x0" }]);
    arena.refused("in an ADD", &give, INVALID, "the host gives back");
    let in_del = with(config(&give), json!({ "attack": "calls-in-del" }));
    for (alias, in_host) in [
        ("spare7", true),
        ("eth0", false),
        ("up0", false),
        ("../x", false),
        ("", false),
    ] {
        let container = Container::new("c3");
        let node = arena.site.node();
        let before = node.link_names();
        container
            .namespace
            .ip(&["link", "add", "x0", "type", "veth", "peer", "name", "x1"]);
        if !alias.is_empty() {
            container.namespace.ip(&["link", "set", "x0", "alias", alias]);
        }
        let del = arena.site.call("DEL", &container, &in_del).run();
        let is_done = del.code == 0 && del.stderr.is_empty();
        assert_eq!(is_done, in_host, "{alias:?}: {del}");
        // What an earlier container had of the node's goes some time after it.
        let mut arrived = node.link_names();
        arrived.retain(|name| !before.contains(name));
        let expected: &[&str] = if in_host { &[alias] } else { &[] };
        assert_eq!(arrived, expected, "{alias:?}");
    }
}
