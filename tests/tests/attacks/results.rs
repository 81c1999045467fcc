//! Results that tell of what is not so, or is not the plugin's to tell of.

use cofferdam_tests::needs_kernel;
use serde_json::{Value, json};

use crate::arena::{Arena, config, own_pair};

const UNTRUE: u64 = 112;

/// An attachment that is in order, and a result.
fn reports(result: Value) -> Value {
    let mut config = config(&json!([
        own_pair(),
        { "do": "add-address", "link": 1, "address": "10.22.0.5/16" },
        { "do": "up", "link": 1 },
    ]));
    config["result"] = result;
    config
}

#[track_caller]
fn untrue(arena: &Arena, attack: &str, result: Value, words: &str) {
    let error = arena.site.try_add(&arena.container, &reports(result)).error();
    arena.assert_untouched(attack);
    assert_eq!(error.code, UNTRUE, "{attack}: {error:?}");
    assert!(error.message.contains(words), "{attack}: no {words:?} in {error:?}");
}

#[test]
fn a_result_claims_no_link_of_the_nodes_that_is_not_the_attachments() {
    needs_kernel!();
    let arena = Arena::new();
    for name in [
        "up0",
        "lo",
        "br-ex",
        "vethtenant",
        "veth-uplink",
        "nothing0",
        "",
        "up0\n",
    ] {
        let words = format!("interface {name:?} of the host namespace was neither made nor joined");
        untrue(&arena, name, json!({ "interfaces": [[name, "host"]] }), &words);
        let with_address = json!({ "interfaces": [[name, "host"]], "addresses": [["192.0.2.2/24", 0]] });
        untrue(&arena, name, with_address, &words);
    }
}

#[test]
fn a_result_claims_no_interface_elsewhere() {
    needs_kernel!();
    let arena = Arena::new();
    for place in ["/proc/1/ns/net", "/var/run/netns/tenant", "container", "\u{1b}[2J"] {
        untrue(
            &arena,
            place,
            json!({ "interfaces": [["eth0", place]] }),
            "a namespace that is not this request's",
        );
    }
    for name in ["eth1", "ETH0", "eth0 ", "eth0\n", "../eth0", ""] {
        let output = arena
            .site
            .try_add(&arena.container, &reports(json!({ "interfaces": [[name, null]] })));
        arena.assert_untouched(name);
        assert_eq!(output.code, 1, "{name:?}: {output}");
    }
}

#[test]
fn a_result_claims_no_address_or_route_that_is_not_there() {
    needs_kernel!();
    let arena = Arena::new();
    let eth0 = json!([["eth0", null]]);
    for address in ["10.22.0.77/16", "10.22.0.5/24", "10.22.0.1/16", "192.0.2.2/24", "::/0"] {
        let on_it = json!({ "interfaces": eth0, "addresses": [[address, 0]] });
        untrue(&arena, address, on_it, "is not on interface \"eth0\"");
        let on_none = json!({ "interfaces": eth0, "addresses": [[address, null]] });
        untrue(&arena, address, on_none, "was not claimed for this attachment");
        let on_another = json!({ "interfaces": eth0, "addresses": [[address, u32::MAX]] });
        untrue(&arena, address, on_another, "which is not in it");
    }
    for route in ["0.0.0.0/0", "10.22.0.0/24", "192.0.2.0/24"] {
        untrue(
            &arena,
            route,
            json!({ "interfaces": eth0, "routes": [route] }),
            "is not in table 254",
        );
    }
}

/// A runtime writes them into the container's `resolv.conf`.
#[test]
fn what_goes_into_a_resolver_configuration_is_one_word_each() {
    needs_kernel!();
    let arena = Arena::new();
    let long = "x".repeat(1000);
    for word in [
        "192.0.2.1\nnameserver 203.0.113.6",
        "a b",
        "a\tb",
        "a\0",
        "\u{1b}[2J",
        "a\u{2028}b",
        &long,
    ] {
        for field in ["nameservers", "search", "options"] {
            untrue(&arena, field, json!({ field: [word] }), "is not one word");
        }
        untrue(&arena, "domain", json!({ "domain": word }), "is not one word");
    }
    for field in ["nameservers", "search", "options"] {
        let words = "more than the 4096 that it may have";
        untrue(&arena, field, json!({ field: vec!["x"; 5000] }), words);
    }
}

/// What another attachment put into the same container.
#[test]
fn a_result_claims_nothing_of_another_attachments() {
    needs_kernel!();
    let arena = Arena::new();
    let inside = &arena.container.namespace;
    inside.ip(&["link", "add", "net0", "type", "veth", "peer", "name", "net1"]);
    inside.ip(&["address", "add", "10.22.0.66/16", "dev", "net0"]);
    let told = |result: Value| arena.site.try_add(&arena.container, &reports(result)).error();
    let of_net0 = json!({ "interfaces": [["net0", null]], "addresses": [["10.22.0.66/16", 0]] });
    let error = told(of_net0);
    assert_eq!(error.code, UNTRUE, "{error:?}");
    assert!(error.message.contains("neither made nor joined"), "{error:?}");
    // It may see the link, which makes the address no more its own.
    let mut config = reports(json!({ "interfaces": [["net0", null]], "addresses": [["10.22.0.66/16", 0]] }));
    config["calls"] = json!([{ "do": "find", "in": "container", "name": "net0" }]);
    let error = arena.site.try_add(&arena.container, &config).error();
    assert_eq!(error.code, UNTRUE, "{error:?}");
    assert!(error.message.contains("was not added by this attachment"), "{error:?}");
}

#[test]
fn what_a_result_says_of_an_interface_or_address_is_so() {
    needs_kernel!();
    let arena = Arena::new();
    let eth0 = json!([["eth0", null]]);
    let own = json!([["10.22.0.5/16", 0]]);
    untrue(
        &arena,
        "an MTU",
        json!({ "interfaces": eth0, "mtu": 9000 }),
        "MTU of 9000",
    );
    untrue(
        &arena,
        "twice the same",
        json!({ "interfaces": [["eth0", null], ["eth0", null]] }),
        "twice",
    );
    let twice = json!({ "interfaces": eth0, "addresses": [["10.22.0.5/16", 0], ["10.22.0.5/16", 0]] });
    untrue(&arena, "an address twice", twice, "twice");
    for gateway in [
        "192.0.2.1",
        "10.23.0.1",
        "0.0.0.0",
        "127.0.0.1",
        "255.255.255.255",
        "fe80::1",
    ] {
        let unsaid = gateway.replace('.', "{.}");
        let result = json!({ "interfaces": eth0, "addresses": own, "gateway": unsaid });
        untrue(&arena, gateway, result, "the gateway");
    }
    let mut honest = reports(json!({
        "interfaces": eth0, "addresses": own, "gateway": "10.22.0.1", "mtu": 1500, "nameservers": ["10.22.0.1"]
    }));
    honest["cniVersion"] = json!("1.1.0");
    let result = arena.site.add(&arena.container, &honest);
    assert_eq!(result["interfaces"][0]["mtu"], 1500, "{result}");
    arena.site.del(&arena.container, &honest);
    arena.assert_untouched("an honest result");
}

/// CVE-2025-8283: names that are looked up somewhere else.
#[test]
fn a_plugin_chooses_no_nameserver_and_no_search_domain() {
    needs_kernel!();
    let arena = Arena::new();
    for (field, value) in [
        ("nameservers", json!(["203{.}0{.}113{.}6"])),
        ("search", json!(["attacker{.}example"])),
        ("domain", json!("attacker{.}example")),
        ("options", json!(["ndots:15{.}"])),
    ] {
        untrue(&arena, field, json!({ field: value }), "its dns has");
    }
    let mut config = reports(json!({ "nameservers": ["192.0.2.53"], "search": ["a.example"] }));
    config["dns"] = json!({ "nameservers": ["192.0.2.53"], "search": ["a.example"] });
    let result = arena.site.add(&arena.container, &config);
    assert_eq!(result["dns"]["search"], json!(["a.example"]), "{result}");
}
