//! A component that tries what it was not granted: it is denied, the runtime
//! is told which operation, which object and which grant, and the kernel is as
//! it was.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{CniError, Container, Site, needs_kernel};
use serde_json::{Value, json};

/// Codes of the host, as `docs/errors.md` lists them.
const DENIED: u64 = 100;
const INVALID: u64 = 103;

/// Enough for an attachment of its own, and no more.
const SOME_GRANTS: &str = r#"
[plugin.hostile]

[[plugin.hostile.grant]]
allow = "link.create"
in = "host"
kinds = ["veth"]
names = ["veth*"]
max = 4

[[plugin.hostile.grant]]
allow = ["link.see", "link.create", "link.set"]
in = "container"
kinds = ["veth"]

[[plugin.hostile.grant]]
allow = "address.add"
in = "container"
prefixes = ["10.22.0.0/16"]

[[plugin.hostile.grant]]
allow = "route.add"
in = "container"
destinations = ["10.22.0.0/16"]
"#;

fn config(attack: &str) -> Value {
    json!({
        "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam", "plugin": "hostile", "attack": attack,
        "ipam": { "type": "host-local", "subnet": "10.22.0.0/16", "resolvConf": "/etc/shadow" }
    })
}

/// The attack fails, and node and container are as they were.
#[track_caller]
fn fails_without_a_trace(site: &Site, attack: &str) -> CniError {
    site.failed_add(&config(attack))
}

#[test]
fn what_is_not_granted_is_denied_by_operation_object_and_grant() {
    needs_kernel!();
    let site = Site::new();
    site.installation().policy("hostile.toml", SOME_GRANTS);
    for (attack, operation, object, grant) in [
        ("host-link", "link.see", "\"lo\"", "names = [\"lo\"]"),
        ("host-bridge", "link.create", "\"cni0\"", "kinds = [\"bridge\"]"),
        (
            "host-sysctl",
            "sysctl.write",
            "net/ipv4/ip_forward",
            "keys = [\"net/ipv4/ip_forward\"]",
        ),
        ("host-link-name", "link.create", "\"wg0\"", "names = [\"wg0\"]"),
        (
            "container-sysctl",
            "sysctl.write",
            "in the container namespace",
            "keys = [\"net/ipv4/ip_forward\"]",
        ),
        (
            "foreign-table",
            "nftables.table",
            "inet \"firewall\"",
            "tables = [\"firewall\"]",
        ),
        (
            "foreign-element",
            "nftables.element",
            "\"sources4\"",
            "tables = [\"cofferdam_masquerade\"]",
        ),
        (
            "host-address",
            "address.add",
            "in the host namespace",
            "prefixes = [\"10.22.0.0/16\"]",
        ),
        (
            "host-route",
            "route.add",
            "in the host namespace",
            "destinations = [\"0.0.0.0/0\"]",
        ),
        (
            "resolver",
            "resolver.read",
            "\"/etc/shadow\"",
            "files = [\"/etc/shadow\"]",
        ),
        ("store", "store.open", "/var/lib/cni/networks", "locations = "),
        ("ipam", "ipam.delegate", "\"host-local\"", "plugins = [\"host-local\"]"),
        (
            "gateway-theft",
            "address.add",
            "10.99.0.1/16",
            "prefixes = [\"10.99.0.0/16\"]",
        ),
        (
            "route-hijack",
            "route.add",
            "0.0.0.0/0",
            "destinations = [\"0.0.0.0/0\"]",
        ),
    ] {
        let error = fails_without_a_trace(&site, attack);
        assert_eq!(error.code, DENIED, "{attack}: {error:?}");
        assert!(error.message.starts_with(operation), "{attack}: {error:?}");
        assert!(
            error.message.contains("not granted") && error.message.contains(object),
            "{attack}: {error:?}"
        );
        let missing = format!("missing grant: {{ allow = \"{operation}\"");
        assert!(
            error.text().contains(&missing) && error.text().contains(grant),
            "{attack}: {error:?}"
        );
    }
}

#[test]
fn what_was_done_before_the_denial_is_undone_and_told() {
    needs_kernel!();
    let site = Site::new();
    site.installation().policy("hostile.toml", SOME_GRANTS);
    for attack in ["gateway-theft", "route-hijack", "host-address", "host-route"] {
        let error = fails_without_a_trace(&site, attack);
        assert!(error.details.contains("rolled back: "), "{attack}: {error:?}");
        assert!(error.details.contains("create veth pair"), "{attack}: {error:?}");
    }
}

#[test]
fn a_missing_grant_that_is_added_is_enough() {
    needs_kernel!();
    let site = Site::new();
    site.installation().policy("hostile.toml", SOME_GRANTS);
    let error = fails_without_a_trace(&site, "host-bridge");
    let grant = error
        .details
        .split("missing grant: ")
        .nth(1)
        .unwrap()
        .split(" }")
        .next()
        .unwrap();
    let fields = grant
        .trim_start_matches('{')
        .replace(", ", "\n")
        .replace("\n\"", ", \"");
    let policy = format!("{SOME_GRANTS}\n[[plugin.hostile.grant]]\n{}\n", fields.trim());
    site.installation().policy("hostile.toml", &policy);
    let container = Container::new("c1");
    site.add(&container, &config("host-bridge"));
    assert!(site.node().link("cni0").is_some());
    site.del(&container, &config("host-bridge"));
    assert!(site.node().link("cni0").is_none());
}

#[test]
fn without_a_policy_everything_is_denied() {
    needs_kernel!();
    let site = Site::new();
    for attack in [
        "host-link",
        "host-bridge",
        "host-sysctl",
        "store",
        "ipam",
        "gateway-theft",
        "",
    ] {
        let error = fails_without_a_trace(&site, attack);
        assert_eq!(error.code, DENIED, "{attack}: {error:?}");
        assert!(
            error.message.contains("\"hostile\" has no policy"),
            "{attack}: {error:?}"
        );
    }
}

#[test]
fn a_policy_that_can_not_be_read_or_trusted_grants_nothing() {
    needs_kernel!();
    use std::os::unix::fs::PermissionsExt as _;
    let site = Site::new();
    site.installation().policy(
        "hostile.toml",
        "[plugin.hostile]\n[[plugin.hostile.grant]]\nallow = \"link.create\"\nin = \"host\"\nkindz = [\"bridge\"]\n",
    );
    let error = fails_without_a_trace(&site, "host-bridge");
    assert_eq!(error.code, DENIED, "{error:?}");
    assert!(
        error.text().contains("hostile.toml") && error.text().contains("kindz"),
        "{error:?}"
    );

    let generous = format!(
        "{SOME_GRANTS}\n[[plugin.hostile.grant]]\nallow = \"link.create\"\nin = \"host\"\nkinds = [\"bridge\"]\n"
    );
    site.installation().policy("hostile.toml", &generous);
    let file = site.installation().root().join("etc/cofferdam/policy.d/hostile.toml");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    let error = fails_without_a_trace(&site, "host-bridge");
    assert_eq!(error.code, DENIED, "{error:?}");
    assert!(error.text().contains("hostile.toml"), "{error:?}");
}

#[test]
fn a_configuration_can_not_grant_anything() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let mut config = config("host-bridge");
    config["grant"] = json!([{ "allow": "link.create", "in": "host", "kinds": ["bridge"] }]);
    config["policy"] = json!({ "plugin": { "hostile": { "grant": config["grant"].clone() } } });
    let before = site.snapshot();
    assert_eq!(site.try_add(&container, &config).error().code, DENIED);
    before.assert_same(&site.snapshot());
}

#[test]
fn names_that_look_like_paths_are_no_names() {
    needs_kernel!();
    let site = Site::new();
    site.installation().policy("hostile.toml", SOME_GRANTS);
    let core_pattern = std::fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    for attack in ["sysctl-path", "sysctl-slash", "sysctl-outside", "sysctl-value"] {
        let error = fails_without_a_trace(&site, attack);
        assert_eq!(error.code, INVALID, "{attack}: {error:?}");
    }
    assert_eq!(
        std::fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap(),
        core_pattern
    );
}

#[test]
fn a_link_has_no_master_in_the_other_namespace() {
    needs_kernel!();
    let site = Site::new();
    site.installation().policy("hostile.toml", SOME_GRANTS);
    let error = fails_without_a_trace(&site, "foreign-master");
    assert_eq!(error.code, INVALID, "{error:?}");
}

#[test]
fn a_result_that_is_not_true_fails_the_add() {
    needs_kernel!();
    let site = Site::new();
    site.installation().policy("hostile.toml", SOME_GRANTS);
    for (attack, object, words) in [
        ("phantom", "\"phantom0\"", "does not exist"),
        ("result-address", "10.22.0.77/16", "is not on interface \"eth0\""),
        ("result-position", "10.22.0.77/16", "interface 7, which is not in it"),
        ("result-nowhere", "10.22.0.77/16", "was not claimed for this attachment"),
        ("result-socket", "\"eth0\"", "the host handed out none"),
        ("result-route", "192.0.2.0/24", "is not in table 254"),
        ("result-mac", "\"eth0\"", "is said to have address 02:00:00:00:00:01"),
    ] {
        let error = fails_without_a_trace(&site, attack);
        assert_eq!(error.code, 112, "{attack}: {error:?}");
        assert!(
            error.message.contains(object) && error.message.contains(words),
            "{attack}: {error:?}"
        );
    }
}

#[test]
fn log_lines_can_not_be_forged_and_are_bounded() {
    needs_kernel!();
    let site = Site::new();
    site.installation().policy("hostile.toml", SOME_GRANTS);
    let container = Container::new("c1");
    let output = site.try_add(&container, &config("log-flood"));
    assert_eq!(output.code, 0, "{output}");
    assert!(output.stdout_json.is_some(), "{output}");
    assert!(output.stderr.len() < 128 << 10, "{} bytes", output.stderr.len());
    assert!(!output.stderr.contains('\u{1b}'));
    for line in output.stderr.lines() {
        assert!(line.starts_with("cofferdam: "), "{line:?}");
    }
}
