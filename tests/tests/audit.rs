//! The audit log: who was denied what, who was refused or ended, and, where
//! the policy says so, what was done.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::PathBuf,
};

use cofferdam_tests::{Container, Site, needs_kernel};
use serde_json::{Value, json};

const SOME_GRANTS: &str = r#"
[plugin.hostile]

[[plugin.hostile.grant]]
allow = ["link.see", "link.create", "link.set"]
in = "container"
kinds = ["veth"]
"#;

fn config(attack: &str) -> Value {
    json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam", "plugin": "hostile", "attack": attack })
}

fn site(policy: &str) -> Site {
    let site = Site::new();
    site.installation().policy("hostile.toml", policy);
    site
}

fn file(site: &Site) -> PathBuf {
    site.installation().root().join("var/log/cofferdam/audit.jsonl")
}

fn records(site: &Site) -> Vec<Value> {
    let text = fs::read_to_string(file(site)).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of_event(site: &Site, event: &str) -> Vec<Value> {
    let is = |record: &Value| record["event"] == event;
    records(site).into_iter().filter(is).collect()
}

#[test]
fn a_denial_is_recorded_with_who_and_what() {
    needs_kernel!();
    let site = site(SOME_GRANTS);
    let container = Container::new("c1");
    let called = site.call("ADD", &container, &config("host-bridge"));
    called.args("K8S_POD_NAMESPACE=team-a;SECRET=swordfish").run().error();
    let denied = of_event(&site, "denied");
    let [record] = &denied[..] else { panic!("{denied:?}") };
    for (field, value) in [
        ("verb", "ADD"),
        ("plugin", "hostile"),
        ("network", "mynet"),
        ("container", "c1"),
        ("interface", "eth0"),
        ("tenant", "team-a"),
        ("operation", "link.create"),
        ("target", "bridge \"cni0\" in the host namespace"),
    ] {
        assert_eq!(record[field], value, "{record}");
    }
    assert!(record["component"].as_str().unwrap().starts_with("sha256:"), "{record}");
    assert!(
        record["missing"].as_str().unwrap().contains("kinds = [\"bridge\"]"),
        "{record}"
    );
    assert!(!fs::read_to_string(file(&site)).unwrap().contains("swordfish"));
    assert_eq!(fs::metadata(file(&site)).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_plugin_without_policy_is_on_record_as_refused() {
    needs_kernel!();
    let site = Site::new();
    site.try_add(&Container::new("c1"), &config("")).error();
    let refused = of_event(&site, "refused");
    let [record] = &refused[..] else { panic!("{refused:?}") };
    assert_eq!(record["plugin"], "hostile");
    assert!(record["reason"].as_str().unwrap().contains("policy"), "{record}");
    assert!(record.get("component").is_none(), "{record}");
}

#[test]
fn a_component_that_traps_is_on_record_as_ended() {
    needs_kernel!();
    let site = site(SOME_GRANTS);
    site.try_add(&Container::new("c1"), &config("unreachable")).error();
    let ended = of_event(&site, "ended");
    let [record] = &ended[..] else { panic!("{ended:?}") };
    assert!(record["component"].is_string(), "{record}");
    assert!(!record["reason"].as_str().unwrap().is_empty(), "{record}");
}

#[test]
fn what_is_allowed_is_recorded_only_where_the_policy_asks() {
    needs_kernel!();
    let bridge = cofferdam_tests::bridge_network("1.0.0");
    let quiet = Site::new();
    quiet.add(&Container::new("c1"), &bridge);
    assert_eq!(records(&quiet), Vec::<Value>::new());

    let watched = Site::new();
    watched
        .installation()
        .policy("bridge.audit.toml", "[plugin.bridge]\naudit = \"all\"\n");
    watched.add(&Container::new("c1"), &bridge);
    let allowed = of_event(&watched, "allowed");
    let created: Vec<&str> = allowed
        .iter()
        .filter(|record| record["operation"] == "link.create")
        .map(|record| record["target"].as_str().unwrap())
        .collect();
    assert!(
        created.contains(&"bridge \"cni0\" in the host namespace"),
        "{created:?}"
    );
    assert_eq!(created.len(), 3, "{created:?}");
    assert!(allowed.iter().all(|record| record["plugin"] == "bridge"), "{allowed:?}");
    assert!(
        allowed.iter().all(|record| record["arguments"].is_string()),
        "{allowed:?}"
    );
}

#[test]
fn a_log_that_cannot_be_written_keeps_what_has_to_be_on_record_from_being_done() {
    needs_kernel!();
    let site = Site::new();
    site.installation()
        .policy("bridge.audit.toml", "[plugin.bridge]\naudit = \"all\"\n");
    fs::create_dir_all(file(&site).parent().unwrap()).unwrap();
    symlink("/dev/full", file(&site)).unwrap();
    let before = site.snapshot();
    let error = site
        .try_add(&Container::new("c1"), &cofferdam_tests::bridge_network("1.0.0"))
        .error();
    assert!(error.text().contains("audit log"), "{error:?}");
    before.assert_same(&site.snapshot());
}

#[test]
fn a_log_that_cannot_be_written_makes_no_denial_a_grant() {
    needs_kernel!();
    let site = site(SOME_GRANTS);
    fs::create_dir_all(file(&site).parent().unwrap()).unwrap();
    symlink("/dev/full", file(&site)).unwrap();
    let output = site.try_add(&Container::new("c1"), &config("host-bridge"));
    assert!(output.stderr.contains("audit log"), "{output:?}");
    assert!(output.error().message.contains("not granted"));
}
