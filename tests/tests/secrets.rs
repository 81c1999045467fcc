//! What a network's configuration keeps secret is in no output, log or file
//! that Cofferdam writes, whatever becomes of the call.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{Container, Output, Site, needs_kernel};
use serde_json::{Value, json};

const SECRET: &str = "swordfish-5f2b";

/// A configuration with the secret wherever there is room for one.
fn config(attack: &str) -> Value {
    json!({
        "cniVersion": "1.1.0", "name": "mynet", "type": "cofferdam", "plugin": "hostile", "attack": attack,
        "token": SECRET,
        "kubernetes": { "kubeconfig": { "users": [{ "token": SECRET, "password": SECRET }] } },
        "args": { "cni": { "labels": [{ "key": "secret", "value": SECRET }] } },
        "runtimeConfig": { "credentials": SECRET },
        "ipam": { "type": "host-local", "subnet": "10.22.0.0/16", "apiKey": SECRET },
    })
}

const GRANTS: &str = r#"
[plugin.hostile]
audit = "all"

[[plugin.hostile.grant]]
allow = ["link.see", "link.create"]
in = "host"
kinds = ["veth"]
names = ["veth*"]

[[plugin.hostile.grant]]
allow = ["link.see", "link.create", "link.set"]
in = "container"
kinds = ["veth"]

[[plugin.hostile.grant]]
allow = "address.add"
in = "container"
prefixes = ["10.22.0.0/16"]

[[plugin.hostile.grant]]
allow = "ipam.delegate"
plugins = ["host-local"]
"#;

fn run(site: &Site, verb: &str, container: &Container, config: &Value) -> Output {
    let arguments = format!("IgnoreUnknown=1;SECRET={SECRET};K8S_POD_INFRA_CONTAINER_ID={SECRET}");
    let call = site.call(verb, container, config).args(&arguments);
    call.variable("TOKEN", SECRET)
        .argument("--budget")
        .argument("3000")
        .run()
}

#[track_caller]
fn assert_kept(site: &Site, what: &str, output: &Output) {
    assert!(!output.stdout.contains(SECRET), "{what}: {output}");
    assert!(!output.stderr.contains(SECRET), "{what}: {output}");
    let files = site.installation().assert_nowhere_written(SECRET, what, &[]);
    assert!(files > 0);
}

#[test]
fn a_secret_of_the_configuration_is_written_nowhere() {
    needs_kernel!();
    let site = Site::new();
    site.installation().policy("hostile.toml", GRANTS);
    let container = Container::new("c1");
    for (attack, succeeds) in [
        ("", true),
        ("host-bridge", false),
        ("gateway-theft", false),
        ("result-address", false),
        ("trap-after-work", false),
        ("loop", false),
        ("panic", false),
        ("ipam", true),
        ("log-token", true),
        ("fail-with-token", false),
        ("panic-with-token", false),
    ] {
        let config = config(attack);
        let added = run(&site, "ADD", &container, &config);
        assert_eq!(added.code == 0, succeeds, "{attack}: {added}");
        assert_kept(&site, attack, &added);
        let mut with_result = config.clone();
        with_result["prevResult"] = added.stdout_json.clone().filter(|_| succeeds).unwrap_or_default();
        for verb in ["CHECK", "DEL", "DEL"] {
            let output = run(&site, verb, &container, &with_result);
            assert_kept(&site, &format!("{verb} after {attack}"), &output);
        }
        let mut network = config.clone();
        network["cni.dev/valid-attachments"] = json!([]);
        for verb in ["GC", "STATUS"] {
            let output = run(&site, verb, &container, &network);
            assert_kept(&site, &format!("{verb} after {attack}"), &output);
        }
    }
}

#[test]
fn a_configuration_that_can_not_be_read_is_not_shown() {
    needs_kernel!();
    let site = Site::new();
    site.installation().policy("hostile.toml", GRANTS);
    let container = Container::new("c1");
    let whole = config("").to_string();
    for (attack, text) in [
        ("half of it", whole[..whole.len() / 2].to_owned()),
        ("one comma too many", whole.replacen("\"token\"", ",\"token\"", 1)),
        ("another type", whole.replacen("\"attack\":\"\"", "\"attack\":{}", 1)),
        ("a list for a name", whole.replacen("\"mynet\"", "[]", 1)),
        (
            "a wrong capability",
            whole.replacen("\"runtimeConfig\":{", "\"runtimeConfig\":[{", 1),
        ),
    ] {
        for verb in ["ADD", "DEL", "CHECK", "GC", "STATUS"] {
            let call = site.call(verb, &container, &json!({ "type": "cofferdam" }));
            let output = call.stdin(text.as_bytes()).run();
            assert_kept(&site, &format!("{verb} of {attack}"), &output);
        }
    }
}
