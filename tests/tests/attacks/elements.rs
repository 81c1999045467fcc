//! Elements in the node's namespace, and whose the addresses in them are.

use std::fs;

use cofferdam_tests::{Container, bridge_network, needs_kernel, with};
use serde_json::{Value, json};

use crate::{
    arena::{Arena, CONFLICT, DENIED, INVALID, NARROW, NOT_FOUND, config, own_pair},
    packet_scope::{GRANTS, element, table},
};

/// A table, and an element of it about packets from an address.
fn filtering(address: &str) -> [Value; 2] {
    [table(&json!([])), element("sources", &json!({ "address": address }))]
}

/// A configuration of another network that has a policy of the same plugin.
fn of_network(name: &str, calls: &Value) -> Value {
    with(config(calls), json!({ "name": name }))
}

#[track_caller]
fn assert_denied(arena: &Arena, config: &Value, interface: &str, address: &str) {
    let error = arena
        .site
        .call("ADD", &arena.container, config)
        .ifname(interface)
        .run()
        .error();
    assert_eq!(error.code, DENIED, "{error:?}");
    assert!(error.message.contains(&format!("address {address}")), "{error:?}");
    assert!(!arena.site.node().ruleset().contains(address), "{address}");
}

/// It got to its end, where it fails.
#[track_caller]
fn assert_let_in(arena: &Arena, config: &Value) {
    let output = arena.site.try_add(&arena.container, config);
    assert_eq!(output.error().code, 999, "{output}");
}

#[test]
fn an_address_that_the_container_took_is_not_its_attachments() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    let inside = &arena.container.namespace;
    // A neighbour's that is leased, one that a neighbour has, and one of nobody.
    arena.site.add(&Container::new("other"), &bridge_network("1.0.0"));
    for address in ["10.22.0.77", "10.22.0.2", "10.22.0.200"] {
        inside.ip(&["address", "add", &format!("{address}/32"), "dev", "lo"]);
        let calls = Value::from(filtering(address).to_vec());
        assert_denied(&arena, &config(&calls), "eth0", address);
    }
}

#[test]
fn an_address_of_another_network_is_not_the_attachments_in_the_same_container() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    arena.site.add(&arena.container, &bridge_network("1.0.0"));
    assert_eq!(arena.container.namespace.addresses("eth0")[0], "10.22.0.2/16");
    let calls = Value::from(filtering("10.22.0.2").to_vec());
    assert_denied(&arena, &of_network("othernet", &calls), "eth1", "10.22.0.2");
    let given = with(of_network("othernet", &calls), given("10.22.0.2"));
    assert_denied(&arena, &given, "eth1", "10.22.0.2");
    // Nor is that of another interface.
    assert_denied(&arena, &config(&calls), "eth1", "10.22.0.2");
}

#[test]
fn an_address_that_others_have_in_another_network_stays_theirs() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    let taking = json!([own_pair(), { "do": "add-address", "link": 1, "address": "10.22.0.9/16" }]);
    let other = Container::new("other");
    let named = serde_json::from_str(&taking.to_string().replace("vethown", "vethother")).unwrap();
    let output = arena.site.try_add(&other, &of_network("othernet", &named));
    assert_eq!(output.code, 0, "{output}");
    let mut calls = taking.as_array().unwrap().clone();
    calls.extend(filtering("10.22.0.9"));
    calls.push(json!({ "do": "tell" }));
    let calls = Value::from(calls);
    assert_denied(&arena, &config(&calls), "eth0", "10.22.0.9");
    // It is the attachment's own once it is nobody else's.
    arena.site.del(&other, &of_network("othernet", &named));
    assert_let_in(&arena, &config(&calls));
}

/// The result of a plugin that another program ran.
fn given(address: &str) -> Value {
    json!({ "prevResult": {
        "cniVersion": "1.0.0",
        "interfaces": [{ "name": "eth0", "sandbox": "/var/run/netns/x" }],
        "ips": [{ "address": format!("{address}/16"), "interface": 0 }],
    } })
}

#[test]
fn an_address_of_a_plugin_that_came_before_in_the_chain_is_the_attachments() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    let inside = &arena.container.namespace;
    inside.ip(&["link", "add", "eth0", "type", "bridge"]);
    let calls = |address: &str| {
        let mut calls = filtering(address).to_vec();
        calls.push(json!({ "do": "tell" }));
        Value::from(calls)
    };
    for address in ["10.22.0.9", "10.22.0.77", "10.22.0.88"] {
        inside.ip(&["address", "add", &format!("{address}/16"), "dev", "eth0"]);
    }
    let lease = |address: &str, owner: &str| {
        fs::write(arena.site.leases().join("mynet").join(address), owner).unwrap();
    };
    lease("10.22.0.88", "attacker\r\neth0");
    for own in ["10.22.0.9", "10.22.0.88"] {
        assert_let_in(&arena, &with(config(&calls(own)), given(own)));
        // By a result that does not tell of it, it is not.
        assert_denied(&arena, &with(config(&calls(own)), given("10.22.0.5")), "eth0", own);
        assert_denied(&arena, &config(&calls(own)), "eth0", own);
    }
    // On record for another container, or on no link of this one.
    for foreign in ["10.22.0.77", "10.22.0.10"] {
        assert_denied(&arena, &with(config(&calls(foreign)), given(foreign)), "eth0", foreign);
    }
}

#[test]
fn two_grants_do_not_make_up_for_each_other_in_one_of_many_elements() {
    needs_kernel!();
    let (tables, _) = GRANTS.trim_end().rsplit_once("\n\n").unwrap();
    let grant = |bounds: &str| {
        let subject = "allow = \"nftables.element\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"hostile\"]\n";
        format!("\n\n[[plugin.hostile.grant]]\n{subject}sets = [\"published\"]\n{bounds}\n")
    };
    let there = grant("ports = [[8080, 8099]]\nprefixes = [\"192.0.2.0/24\"]");
    let arena = Arena::with_grants(&format!("{tables}{there}{}", grant("ports = [8100]")));
    let published = |port: u16, count: u32| {
        let what = json!({ "port": port, "count": count, "to": "192.0.2.77:80" });
        json!([table(&json!([])), element("published", &what), { "do": "tell" }])
    };
    assert_let_in(&arena, &config(&published(8080, 20)));
    for (port, count) in [(8100, 1), (8080, 21)] {
        let grant = "prefixes = [\"192.0.2.77/32\"], ports = [8100]";
        arena.denied(
            "one of many",
            &published(port, count),
            "nftables.element",
            "port 8100",
            grant,
        );
    }
}

/// At the place of the port other bytes would be read.
#[test]
fn a_port_of_a_protocol_that_has_none_is_refused() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    for protocol in [4, 47, 50] {
        for (set, what) in [
            ("ports", json!({ "port": 8080, "protocol": protocol })),
            (
                "published",
                json!({ "port": 8080, "protocol": protocol, "to": "10.22.0.9:80" }),
            ),
        ] {
            let calls = json!([
                own_pair(),
                { "do": "add-address", "link": 1, "address": "10.22.0.9/16" },
                table(&json!([])),
                element(set, &what),
            ]);
            let words = format!("the protocol {protocol} has none");
            arena.refused(set, &calls, INVALID, &words);
        }
    }
}

/// Beside another attachment that declared a table, and with this of the
/// node's.
fn beside_a_table(then: impl FnOnce(&cofferdam_tests::Site)) -> Arena {
    let declared = json!([{ "do": "ensure-table", "in": "host",
        "table": { "family": "inet", "name": "hostile", "sets": ["sources"], "chains": [] } }]);
    let (arena, _) = Arena::beside(&format!("{NARROW}{GRANTS}"), "victim", |site, victim| {
        assert_eq!(site.try_add(victim, &config(&declared)).code, 0);
        then(site);
    });
    arena
}

/// It may go at any time, and come back with sets of other types.
#[test]
fn a_table_that_the_attachment_did_not_declare_is_not_there() {
    needs_kernel!();
    let arena = beside_a_table(|_| ());
    for call in [
        element("sources", &json!({ "address": "10.22.0.9" })),
        json!({ "do": "ensure-chain", "in": "host", "table": { "family": "inet", "name": "hostile" },
                "chain": { "name": "later", "rules": ["drop"] } }),
    ] {
        let calls = json!([own_pair(), { "do": "add-address", "link": 1, "address": "10.22.0.9/16" }, call]);
        arena.refused("undeclared", &calls, NOT_FOUND, "declared by this attachment");
    }
}

#[test]
fn a_table_that_is_gone_comes_back_with_the_types_that_others_know() {
    needs_kernel!();
    let arena = beside_a_table(|site| {
        site.node().tool("nft", &["delete", "table", "inet", "hostile"]);
    });
    let with_sets = |sets: &[&str]| {
        json!([{ "do": "ensure-table", "in": "host",
            "table": { "family": "inet", "name": "hostile", "sets": sets, "chains": [] } }])
    };
    let words = "shared with other types by attachment mynet/victim/eth0";
    arena.refused("another type", &with_sets(&["sources:ports"]), CONFLICT, words);
    assert_eq!(arena.run(&with_sets(&["sources", "ports"])).code, 0);
}
