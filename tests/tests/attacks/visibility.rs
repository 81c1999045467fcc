//! What a component learns of what it may not see: from errors about its own,
//! from numbers, and from what it can count.

use cofferdam_tests::needs_kernel;
use serde_json::{Value, json};

use crate::arena::{Arena, own_pair};

/// A number of a link tells how many links the node ever had.
fn tells_a_number(text: &str) -> bool {
    let rest = text.split("link ").skip(1);
    rest.into_iter()
        .any(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

#[test]
fn no_answer_has_a_number_of_a_link_in_it() {
    needs_kernel!();
    let arena = Arena::new();
    let told = arena.told(&[own_pair(), json!({ "do": "info", "link": 0 })]);
    assert!(told.contains("vethown") && !told.contains("index"), "{told}");
    for (attack, calls) in [
        (
            "an address twice",
            json!([
                { "do": "add-address", "link": 1, "address": "10.22.0.5/16" },
                { "do": "add-address", "link": 1, "address": "10.22.0.5/16" },
            ]),
        ),
        (
            "an address that is not there",
            json!([{ "do": "delete-address", "link": 1, "address": "10.22.0.5/16" }]),
        ),
        (
            "a route that goes nowhere",
            json!([{ "do": "add-route", "link": 1, "to": "10.22.0.0/24", "via": "10.99.0.1" }]),
        ),
        (
            "a route that is not there",
            json!([{ "do": "delete-route", "link": 1, "to": "10.22.0.0/24" }]),
        ),
        (
            "a route of others that is not there",
            json!([{ "do": "delete-route", "link": 0, "to": "10.22.0.0/24" }]),
        ),
        (
            "a neighbour that is not there",
            json!([{ "do": "delete-neighbor", "link": 1, "address": "10.22.0.9" }]),
        ),
        (
            "a setting of a port",
            json!([{ "do": "hairpin", "link": 0, "on": true }]),
        ),
        ("an MTU", json!([{ "do": "mtu", "link": 1, "mtu": 7 }])),
        (
            "a master that is none",
            json!([{ "do": "master", "link": 0, "master": 0 }]),
        ),
        ("a wait", json!([{ "do": "wait", "link": 1, "milliseconds": 1 }])),
        (
            "a link that is gone",
            json!([{ "do": "delete", "link": 1 }, { "do": "info", "link": 0 }]),
        ),
    ] {
        let calls: Value = std::iter::once(own_pair())
            .chain(calls.as_array().unwrap().clone())
            .collect();
        let error = arena.fails(attack, &calls);
        assert!(!tells_a_number(&error.message), "{attack}: {error:?}");
    }
}

#[test]
fn what_is_in_the_way_of_a_bridge_is_not_told() {
    needs_kernel!();
    let arena = Arena::with_grants(
        "[[plugin.hostile.grant]]\nallow = \"link.create\"\nin = \"host\"\nkinds = [\"bridge\"]\nnames = [\"*\"]\n",
    );
    let told: Vec<String> = ["up0", "vethtenant", "lo", "veth-uplink", "cni-ex"]
        .iter()
        .map(|name| {
            let error = arena.fails(name, &json!([{ "do": "bridge", "in": "host", "name": name }]));
            error.text().replace(name, "NAME")
        })
        .collect();
    assert!(told.iter().all(|text| *text == told[0]), "{told:#?}");
}

/// A policy that lets it see all there is of one kind.
#[test]
fn a_denied_look_leaves_no_handle_and_no_trace_in_the_journal() {
    needs_kernel!();
    let arena = Arena::new();
    let look = json!({ "do": "repeat", "times": 900, "calls": [
        { "do": "find", "in": "host", "name": "up0" }, { "do": "find", "in": "host", "name": "nothing0" },
    ] });
    let mut config = crate::arena::config(&json!([look, own_pair()]));
    config["undaunted"] = json!(true);
    arena.site.add(&arena.container, &config);
    let journals = arena.site.installation().state();
    let text = text_below(&journals);
    assert!(text.contains("vethown"), "{text}");
    for name in ["up0", "nothing0"] {
        assert!(!text.contains(name), "{name}: {text}");
    }
}

fn text_below(directory: &std::path::Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if let Ok(owner) = std::fs::read_link(&path) {
            text.push_str(&format!("{} {}\n", path.display(), owner.display()));
        } else if path.is_dir() {
            text.push_str(&text_below(&path));
        } else {
            text.push_str(&String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        }
    }
    text
}
