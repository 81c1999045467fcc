//! The policies of `docs/policy.md`.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::{fs, path::Path};

use cofferdam_policy::{Asked, Operation, schema};
use serde_json::Value;
use support::{findings::findings, ground::Ground};

const DIRECTORY: &str = "# /etc/cofferdam/policy.d/";

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policy.md")).unwrap()
}

/// File names and texts of the page's examples.
fn examples() -> Vec<(String, String)> {
    let page = page();
    let blocks = page
        .split("\n```toml\n")
        .skip(1)
        .map(|rest| rest.split("\n```").next().unwrap());
    let named = |text: &str| {
        let name = text.lines().next().unwrap().strip_prefix(DIRECTORY);
        (name.unwrap_or_else(|| panic!("{text}")).to_owned(), text.to_owned())
    };
    blocks.map(named).collect()
}

fn ground() -> Ground {
    let ground = Ground::new();
    for (name, text) in examples() {
        ground.write(&name, text);
    }
    let page = page();
    let key = page.lines().find(|line| line.starts_with("ed25519:")).unwrap();
    ground.write("keys/vendor.pub", key);
    ground
}

#[test]
fn every_example_is_in_order() {
    assert_eq!(examples().len(), 11);
    assert_eq!(findings(&ground()), [""; 0]);
}

#[test]
fn every_example_is_of_the_schema() {
    let validator = cofferdam_validator::draft7::new(&schema()).unwrap();
    for (name, text) in examples() {
        let document: Value = toml::from_str(&text).unwrap();
        assert!(validator.is_valid(&document), "{name}");
    }
}

#[test]
fn the_teams_are_kept_apart() {
    let bridge = ground().directory().plugin("bridge").unwrap();
    for (question, network, tenant, expected) in [
        (
            "link.create host kind=bridge name=cni-a",
            "team-a",
            Some("team-a"),
            true,
        ),
        (
            "link.create host kind=bridge name=cni-b",
            "team-a",
            Some("team-a"),
            false,
        ),
        (
            "link.create host kind=bridge name=cni-a",
            "team-a",
            Some("team-b"),
            false,
        ),
        (
            "link.create host kind=bridge name=cni-a",
            "team-b",
            Some("team-a"),
            false,
        ),
        ("link.create host kind=bridge name=cni-a", "team-a", None, false),
        ("link.create host kind=veth name=veth1", "team-b", Some("team-b"), true),
        ("link.create host kind=veth name=veth1", "team-c", Some("team-c"), false),
        (
            "address.add container name=eth0 address=10.22.0.5/16",
            "team-a",
            Some("team-a"),
            true,
        ),
        (
            "address.add container name=eth0 address=10.23.0.5/16",
            "team-a",
            Some("team-a"),
            false,
        ),
        (
            "address.add container name=eth0 address=10.22.0.5/16",
            "team-b",
            Some("team-b"),
            false,
        ),
        (
            "sysctl.write host key=net/ipv4/ip_forward value=1",
            "team-a",
            Some("team-a"),
            false,
        ),
    ] {
        let mut words = question.split(' ');
        let asked = Asked::read(words.next().unwrap(), words).unwrap();
        let grants = bridge.for_attachment(network, tenant);
        let allowed = asked.ask(|question| grants.decide(question).is_ok());
        assert_eq!(allowed, expected, "{question} {network} {tenant:?}");
    }
}

#[test]
fn every_operation_and_every_key_is_on_the_page() {
    let page = page();
    for operation in Operation::ALL {
        assert!(page.contains(&format!("`{operation}`")), "{operation}");
    }
    let schema = schema();
    for definition in ["plugin", "grant"] {
        for key in schema["definitions"][definition]["properties"]
            .as_object()
            .unwrap()
            .keys()
        {
            assert!(page.contains(&format!("`{key}`")), "{key}");
        }
    }
}
