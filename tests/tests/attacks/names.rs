//! Names that look like one that is granted.

use cofferdam_tests::needs_kernel;
use serde_json::{Value, json};

use crate::arena::{ALREADY_EXISTS, Arena, INVALID, NOT_FOUND};

fn veth_named(name: &str) -> Value {
    json!([{
        "do": "veth",
        "first": { "in": "host", "name": name },
        "second": { "in": "container", "name": "eth0" },
    }])
}

#[test]
fn a_link_of_the_node_gets_no_name_outside_the_pattern() {
    needs_kernel!();
    let arena = Arena::new();
    for name in [
        "xveth0", "Veth0", "VETH0", "vet", "wg0", "docker0", "-veth", "_veth", "eth0", "v*", "*",
    ] {
        let grant = format!("names = [\"{}\"]", name.replace('*', "\\\\*"));
        arena.denied(name, &veth_named(name), "link.create", &format!("{name:?}"), &grant);
    }
}

#[test]
fn what_the_kernel_would_take_for_another_name_is_none() {
    needs_kernel!();
    let arena = Arena::new();
    for name in [
        " veth0",
        "veth0 ",
        "veth 0",
        "veth0\t",
        "veth0\n",
        "veth0\0",
        "veth0\0x",
        "\0veth0",
        "veth%d",
        "veth/../lo",
        "veth:0",
        "",
        ".",
        "..",
        "veth\u{e9}",
        "\u{432}eth0",
        "veth\u{202e}0",
        "veth\u{200b}",
        "\u{ff56}eth0",
        "veth0123456789ab",
    ] {
        arena.refused(name, &veth_named(name), INVALID, "can't be the name of a link");
    }
    arena.refused(
        "a name of 1 MB",
        &veth_named(&"v".repeat(1 << 20)),
        INVALID,
        "can't be the name",
    );
}

#[test]
fn a_name_has_up_to_fifteen_bytes() {
    needs_kernel!();
    let arena = Arena::new();
    let output = arena.run(&veth_named("veth0123456789a"));
    assert_eq!(output.code, 0, "{output}");
    assert!(arena.site.node().link("veth0123456789a").is_some());
    arena.site.del(&arena.container, &crate::arena::config(&json!([])));
    arena.assert_untouched("an ADD and its DEL");
}

#[test]
fn a_name_that_is_taken_stays_its_owners() {
    needs_kernel!();
    let arena = Arena::new();
    arena.refused(
        "a tenant's name",
        &veth_named("vethtenant"),
        ALREADY_EXISTS,
        "\"vethtenant\"",
    );
    arena.refused(
        "an alternative name",
        &veth_named("veth-uplink"),
        ALREADY_EXISTS,
        "\"veth-uplink\"",
    );
    let inside = json!([{
        "do": "veth",
        "first": { "in": "host", "name": "veth0" },
        "second": { "in": "container", "name": "lo" },
    }]);
    arena.refused("the container's lo", &inside, ALREADY_EXISTS, "\"lo\"");
}

#[test]
fn a_link_is_found_by_the_name_that_it_was_granted_by() {
    needs_kernel!();
    let arena = Arena::new();
    let find = |name: &str| json!([{ "do": "find", "in": "host", "name": name }]);
    for name in [
        "up0",
        "lo",
        "br-ex",
        "far0",
        "UP0",
        "cni1",
        "an-alternative-name-longer-than-fifteen-bytes",
        "lo ",
    ] {
        let grant = format!("names = [{name:?}]");
        arena.denied(name, &find(name), "link.see", &format!("{name:?}"), &grant);
    }
    // Of the pattern, and the uplink's other name; or of no link at all.
    for name in ["veth-uplink", "veth-nothing"] {
        arena.refused(
            name,
            &find(name),
            NOT_FOUND,
            &format!("link {name:?} in the host namespace"),
        );
    }
    for name in ["lo\0veth", "veth\0", "veth\0lo", ""] {
        arena.refused(name, &find(name), INVALID, "link name");
    }
}

#[test]
fn a_link_that_may_not_be_seen_looks_like_one_that_is_not_there() {
    needs_kernel!();
    // All names, but one kind: the uplink is a veth, too.
    let arena = Arena::with_policy(
        "[plugin.hostile]\n[[plugin.hostile.grant]]\nallow = \"link.see\"\nin = \"host\"\nkinds = [\"vlan\"]\nnames = \
         [\"*\"]\n",
    );
    let find = |name: &str| json!([{ "do": "find", "in": "host", "name": name }]);
    let answers: Vec<String> = ["up0", "br-ex", "lo", "veth-uplink", "nothing0"]
        .iter()
        .map(|name| {
            let error = arena.fails(name, &find(name));
            format!("{} {}", error.code, error.text().replace(name, "NAME"))
        })
        .collect();
    assert!(
        answers[0].contains("link \"NAME\" in the host namespace"),
        "{answers:#?}"
    );
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
}

#[test]
fn a_bridge_of_another_name_is_not_joined() {
    needs_kernel!();
    let arena = Arena::with_grants(
        "[[plugin.hostile.grant]]\nallow = \"link.create\"\nin = \"host\"\nkinds = [\"bridge\"]\nnames = [\"cni-*\", \
         \"vethtenant\"]\n",
    );
    let bridge = |name: &str| json!([{ "do": "bridge", "in": "host", "name": name }]);
    for name in ["br-ex", "cni", "cni00", "CNI0", "xcni0"] {
        let grant = format!("names = [{name:?}]");
        arena.denied(name, &bridge(name), "link.create", &format!("{name:?}"), &grant);
    }
    arena.refused(
        "another kind",
        &bridge("vethtenant"),
        crate::arena::CONFLICT,
        "not a bridge",
    );
    arena.refused(
        "an alternative name",
        &bridge("cni-ex"),
        crate::arena::CONFLICT,
        "\"cni-ex\"",
    );
}

#[test]
fn records_have_no_other_names_than_addresses() {
    needs_kernel!();
    let arena = Arena::new();
    for name in [
        "../othernet/10.33.0.6",
        "10.22.0.5/../../x",
        "10.22.0.5 ",
        " 10.22.0.5",
        "10.22.0.5\n",
        "10.22.0.5\0",
        "010.22.0.5",
        "10.22.5",
        "0x0a160005",
        "FD00::1",
        "fd00:0::1",
        "fe80::1%up0",
        "lock",
        "last_reserved_ip.0",
        "",
        "/etc/passwd",
        "..",
    ] {
        let claim = json!([{ "do": "open-records" }, { "do": "claim", "name": name }]);
        arena.refused(name, &claim, INVALID, "not an IP address");
    }
}
