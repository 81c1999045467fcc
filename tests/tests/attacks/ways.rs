//! Leading elsewhere what goes to another attachment's addresses, whatever the
//! networks are called and whoever was there first.

use cofferdam_tests::{Container, bridge_network, needs_kernel, with};
use serde_json::{Value, json};

use crate::{
    arena::{Arena, CONFLICT, config, own_pair},
    ownership::WIDE,
};

const OWNER: &str = "belongs to attachment mynet/victim/eth0";

/// A node on which a container is attached to the bridge `cni0`, as 10.22.0.2.
fn beside_bridge() -> (Arena, Container) {
    Arena::beside(WIDE, "victim", |site, victim| {
        site.add(victim, &bridge_network("1.0.0"));
    })
}

/// A node on which a container is attached that made these calls.
fn beside(calls: &Value) -> (Arena, Container) {
    Arena::beside(WIDE, "victim", |site, victim| {
        site.add(victim, &config(calls));
    })
}

/// The configuration of another network, whose addresses are not on record.
fn evil(calls: &Value) -> Value {
    with(config(calls), json!({ "name": "evil" }))
}

/// Refused as a conflict, in the own network's name and in another's.
#[track_caller]
fn refused(arena: &Arena, attack: &str, calls: &Value, words: &str) {
    arena.refused(attack, calls, CONFLICT, words);
    let error = arena.site.try_add(&arena.container, &evil(calls)).error();
    assert_eq!(error.code, CONFLICT, "{attack}: {error:?}");
    assert!(error.message.contains(words), "{attack}: no {words:?} in {error:?}");
    arena.assert_untouched(attack);
}

fn add_address(link: usize, address: &str) -> Value {
    json!({ "do": "add-address", "link": link, "address": address })
}

fn bridge(name: &str) -> Value {
    json!({ "do": "bridge", "in": "host", "name": name })
}

fn uplink() -> Value {
    json!({ "do": "find", "in": "host", "name": "up0" })
}

/// A pair with its end on the node in the bridge that is link 0.
fn port() -> Value {
    json!({
        "do": "veth",
        "first": { "in": "host", "name": "vethown", "master": 0 },
        "second": { "in": "container", "name": "eth0" },
    })
}

#[test]
fn the_network_of_an_address_covers_no_address_of_another_attachment() {
    needs_kernel!();
    let (arena, _victim) = beside_bridge();
    for address in ["10.22.0.9/24", "10.22.0.9/28"] {
        for (attack, link) in [
            ("a bridge", bridge("cni9")),
            ("a pair", own_pair()),
            ("the uplink", uplink()),
        ] {
            let calls = json!([link, add_address(0, address)]);
            refused(&arena, attack, &calls, "would cover address 10.22.0.2");
        }
    }
}

/// Whoever is attached next would get an address of it.
#[test]
fn an_address_is_no_part_of_the_network_of_anothers_bridge() {
    needs_kernel!();
    let (arena, _victim) = beside_bridge();
    for link in [bridge("cni9"), own_pair()] {
        let calls = json!([link, add_address(0, "10.22.9.1/24")]);
        let words = "10.22.9.0/24 lies in the network of address 10.22.0.1/16 of link \"cni0\"";
        refused(&arena, "a part of the network", &calls, words);
    }
}

#[test]
fn a_lost_gateway_address_is_put_back() {
    needs_kernel!();
    let (arena, _victim) = beside_bridge();
    arena.site.node().ip(&["address", "del", "10.22.0.1/16", "dev", "cni0"]);
    arena.site.add(&arena.container, &bridge_network("1.0.0"));
    assert!(arena.site.node().addresses("cni0").contains(&"10.22.0.1/16".to_owned()));
}

#[test]
fn an_address_is_not_taken_on_the_same_bridge_under_another_networks_name() {
    needs_kernel!();
    let (arena, _victim) = beside_bridge();
    for (attack, calls) in [
        (
            "connected",
            json!([bridge("cni0"), port(), add_address(2, "10.22.0.2/16")]),
        ),
        (
            "to be connected",
            json!([own_pair(), add_address(1, "10.22.0.2/16"), bridge("cni0")]),
        ),
    ] {
        let error = arena.site.try_add(&arena.container, &evil(&calls)).error();
        assert_eq!(error.code, CONFLICT, "{attack}: {error:?}");
        assert!(error.message.contains("10.22.0"), "{attack}: {error:?}");
        arena.assert_untouched(attack);
    }
}

#[test]
fn bridges_without_an_address_may_have_the_same_addresses_behind_them() {
    needs_kernel!();
    let (arena, _victim) = beside(&json!([
        bridge("cni0"),
        { "do": "veth", "first": { "in": "host", "master": 0 }, "second": { "in": "container", "name": "eth0" } },
        add_address(2, "10.22.0.2/16"),
    ]));
    let same = json!([bridge("cni0"), port(), add_address(2, "10.22.0.2/16")]);
    let error = arena.site.try_add(&arena.container, &evil(&same)).error();
    assert!(error.message.contains(OWNER), "{error:?}");
    let apart = json!([bridge("cni1"), port(), add_address(2, "10.22.0.2/16")]);
    arena.site.add(&arena.container, &evil(&apart));
}

#[test]
fn an_address_of_any_network_is_not_led_away() {
    needs_kernel!();
    let (arena, _victim) = beside_bridge();
    let words = "address 10.22.0.2 of network mynet belongs to attachment mynet/victim/eth0";
    for (attack, calls) in [
        (
            "a route",
            json!([own_pair(), { "do": "up", "link": 0 }, { "do": "add-route", "link": 0, "to": "10.22.0.2/32" }]),
        ),
        (
            "a neighbour",
            json!([uplink(), {
                "do": "add-neighbor", "link": 0, "address": "10.22.0.2", "mac": [2, 0, 0, 0, 0, 1]
            }]),
        ),
        ("the uplink", json!([uplink(), add_address(0, "10.22.0.2/32")])),
        ("a bridge", json!([bridge("cni9"), add_address(0, "10.22.0.2/32")])),
        ("an own link", json!([own_pair(), add_address(0, "10.22.0.2/32")])),
    ] {
        refused(&arena, attack, &calls, words);
    }
    let wide = json!([
        own_pair(),
        { "do": "up", "link": 0 },
        { "do": "add-route", "link": 0, "to": "10.22.0.0/17" },
    ]);
    refused(&arena, "half of the network", &wide, "would cover address 10.22.0.2");
}

#[test]
fn nothing_that_leads_elsewhere_waits_for_an_address() {
    needs_kernel!();
    for (attack, first, words) in [
        (
            "a wide route",
            json!([own_pair(), { "do": "up", "link": 0 }, { "do": "add-route", "link": 0, "to": "10.20.0.0/14" }]),
            "the route to 10.20.0.0/14 in table 254 belongs to attachment mynet/victim/eth0",
        ),
        (
            "a bridge's address",
            json!([bridge("cni9"), add_address(0, "10.22.0.1/24")]),
            "in the network of address 10.22.0.1/24 of link \"cni9\", which attachment mynet/victim/eth0 uses",
        ),
        (
            "an own link's address",
            json!([own_pair(), add_address(0, "10.22.0.1/24")]),
            "address 10.22.0.1/24 of link \"vethown\" belongs to attachment mynet/victim/eth0",
        ),
    ] {
        let (arena, _first) = beside(&first);
        let calls = json!([
            { "do": "veth", "first": { "in": "host" }, "second": { "in": "container", "name": "eth0" } },
            add_address(1, "10.22.0.9/16"),
        ]);
        refused(&arena, attack, &calls, words);
    }
}

#[test]
fn no_route_is_a_part_of_anothers() {
    needs_kernel!();
    let (arena, _victim) = beside(&json!([
        uplink(),
        { "do": "add-route", "link": 0, "to": "203.0.113.0/24" },
    ]));
    for to in ["203.0.113.128/25", "203.0.113.7/32"] {
        let calls = json!([
            own_pair(),
            { "do": "up", "link": 0 },
            { "do": "add-route", "link": 0, "to": to },
        ]);
        let words = "the route to 203.0.113.0/24 in table 254 belongs to attachment mynet/victim/eth0";
        refused(&arena, to, &calls, words);
    }
    let wider = json!([
        own_pair(),
        { "do": "up", "link": 0 },
        { "do": "add-route", "link": 0, "to": "203.0.112.0/23" },
    ]);
    arena.site.add(&arena.container, &config(&wider));
}

/// A route to each container and the same address on all of the node's ends.
#[test]
fn attachments_that_are_routed_one_by_one_do_not_disturb_each_other() {
    needs_kernel!();
    let routed = |last: u8| {
        config(&json!([
            { "do": "veth", "first": { "in": "host" }, "second": { "in": "container", "name": "eth0" } },
            { "do": "up", "link": 0 },
            add_address(0, "10.22.0.1/32"),
            add_address(1, &format!("10.22.0.{last}/32")),
            { "do": "add-route", "link": 0, "to": format!("10.22.0.{last}/32") },
        ]))
    };
    let (arena, victim) = Arena::beside(WIDE, "victim", |site, victim| {
        site.add(victim, &routed(5));
    });
    arena.site.add(&arena.container, &routed(6));
    arena.site.del(&victim, &routed(5));
    let again = Container::new("again");
    arena.site.add(&again, &routed(5));
}
