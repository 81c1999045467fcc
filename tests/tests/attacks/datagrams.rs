//! Datagrams that are none of the plugin's business, and what is kept.

use cofferdam_tests::needs_kernel;
use serde_json::{Value, json};

use crate::arena::{Arena, CONFLICT, INVALID, own_pair};

const QUOTA: u64 = 106;

const GRANTS: &str = r#"
[[plugin.hostile.grant]]
allow = "packet.exchange"
in = "container"
names = ["eth0"]
ports = [67, 68]

[[plugin.hostile.grant]]
allow = "upkeep.keep"
"#;

fn exchange(link: usize, local: u16, remote: u16) -> Value {
    json!({ "do": "exchange", "link": link, "local": local, "remote": remote })
}

/// On the container's end of a pair that is up.
fn on_eth0(calls: &[Value]) -> Value {
    let up = [json!({ "do": "up", "link": 0 }), json!({ "do": "up", "link": 1 })];
    Value::from([&[own_pair()], &up[..], calls].concat())
}

#[test]
fn other_ports_other_links_and_the_node_are_denied() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    let operation = "packet.exchange";
    for (attack, call, object, grant) in [
        (
            "a name server",
            exchange(1, 68, 53),
            "port 68 and port 53",
            "ports = [53, 68]",
        ),
        (
            "a port of its own",
            exchange(1, 1068, 67),
            "port 1068 and port 67",
            "ports = [67, 1068]",
        ),
        ("the node's end", exchange(0, 68, 67), "\"vethown\"", "in = \"host\""),
    ] {
        arena.denied(attack, &on_eth0(&[call]), operation, object, grant);
    }
    let nothing = Arena::new();
    nothing.denied(
        "nothing granted",
        &on_eth0(&[exchange(1, 68, 67)]),
        operation,
        "eth0",
        "ports = [67, 68]",
    );
    let keep = json!({ "do": "keep", "bytes": 1 });
    nothing.denied(
        "keeping something",
        &on_eth0(&[keep]),
        "upkeep.keep",
        "a record",
        "upkeep.keep",
    );
}

#[test]
fn addresses_of_others_and_what_is_too_long_are_not_sent() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    let send = |source: &str, bytes: usize| {
        on_eth0(&[
            exchange(1, 68, 67),
            json!({ "do": "send", "exchange": 0, "source": source, "bytes": bytes }),
        ])
    };
    arena.refused(
        "a spoofed source",
        &send("192.0.2.2", 8),
        CONFLICT,
        "192.0.2.2 is no address of the link",
    );
    arena.refused("loopback", &send("127.0.0.1", 8), CONFLICT, "no address of the link");
    arena.refused("a long one", &send("0.0.0.0", 1473), INVALID, "at most 1472 bytes");
    let farewell = |source: &str| {
        on_eth0(&[
            exchange(1, 68, 67),
            json!({ "do": "keep", "bytes": 1, "farewell": source }),
        ])
    };
    arena.refused(
        "a farewell of another",
        &farewell("192.0.2.2"),
        CONFLICT,
        "no address of the link",
    );
}

#[test]
fn an_address_that_nobody_lent_is_not_kept() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    for address in ["10.22.0.9", "0.0.0.0", "127.0.0.1"] {
        let keep = on_eth0(&[json!({ "do": "keep", "address": address, "bytes": 1 })]);
        arena.refused(address, &keep, INVALID, "was not in a datagram that came");
    }
    let large = on_eth0(&[json!({ "do": "keep", "bytes": 4097 })]);
    arena.refused("a large state", &large, INVALID, "at most 4096 bytes");
}

#[test]
fn datagrams_and_exchanges_are_counted() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    let send = json!({ "do": "send", "exchange": 0, "source": "0.0.0.0", "bytes": 1400 });
    let flood = on_eth0(&[
        exchange(1, 68, 67),
        json!({ "do": "repeat", "times": 300, "calls": [send] }),
    ]);
    arena.refused("a flood", &flood, QUOTA, "256 datagrams");
    let many = on_eth0(&[exchange(1, 68, 67), exchange(1, 67, 68)]);
    arena.refused("many exchanges", &many, QUOTA, "exchanges datagrams already");
}

#[test]
fn what_was_kept_goes_with_the_attachment() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    let calls = on_eth0(&[
        exchange(1, 68, 67),
        json!({ "do": "keep", "bytes": 4096, "farewell": "0.0.0.0" }),
        json!({ "do": "kept" }),
        json!({ "do": "trap" }),
    ]);
    arena.fails("a trap", &calls);
    let kept = arena.site.installation().state().join("upkeep");
    assert_eq!(std::fs::read_dir(kept).unwrap().count(), 0);
}
