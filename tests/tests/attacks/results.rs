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
