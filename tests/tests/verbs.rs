//! The protocol of one execution: environment and standard input in, exit code
//! and one JSON document out, for every verb and every version of the
//! specification.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{
    CniError, Container, SPEC_VERSIONS, Site, Snapshot, bridge_network, host_local, loopback_network, needs_kernel,
    with,
};
use serde_json::{Value, json};

const NAMES: [&str; 4] = ["cofferdam", "bridge", "host-local", "loopback"];

fn error(code: u64, message: &str, details: &str) -> CniError {
    CniError {
        code,
        message: message.to_owned(),
        details: details.to_owned(),
    }
}

/// `1.10.0` is newer than `1.9.0`.
fn number(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap()).collect()
}

fn from(version: &str, first: &str) -> bool {
    number(version) >= number(first)
}

#[test]
fn version_is_answered_on_one_line_whatever_is_on_standard_input() {
    needs_kernel!();
    let site = Site::new();
    for name in NAMES {
        let output = site.cni().plugin(name).command("VERSION").stdin(b"no JSON").run();
        let expected = format!(
            "{{\"cniVersion\":\"1.1.0\",\"supportedVersions\":{}}}\n",
            serde_json::to_string(&SPEC_VERSIONS).unwrap()
        );
        assert_eq!(
            (output.code, output.stdout.as_str()),
            (0, expected.as_str()),
            "{name}: {output}"
        );
    }
}

#[test]
fn without_a_command_it_tells_a_person_what_it_is() {
    needs_kernel!();
    let site = Site::new();
    for name in NAMES {
        for call in [site.cni(), site.cni().command("")] {
            let output = call.plugin(name).run();
            assert_eq!((output.code, output.stdout.as_str()), (0, ""), "{output}");
            assert!(output.stderr.starts_with("CNI "), "{output}");
            assert!(
                SPEC_VERSIONS.iter().all(|version| output.stderr.contains(version)),
                "{output}"
            );
        }
    }
}

#[test]
fn missing_variables_are_all_named_in_order() {
    needs_kernel!();
    let site = Site::new();
    let all = ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS", "CNI_PATH"];
    let bare = || {
        all.iter()
            .fold(site.cni(), |call, name| call.without(name))
            .config(&bridge_network("1.1.0"))
    };
    for (verb, missing) in [
        ("ADD", "CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH"),
        ("CHECK", "CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH"),
        ("DEL", "CNI_CONTAINERID,CNI_IFNAME,CNI_PATH"),
        ("GC", "CNI_PATH"),
        ("STATUS", "CNI_PATH"),
    ] {
        let expected = error(4, &format!("required env variables [{missing}] missing"), "");
        assert_eq!(bare().command(verb).run().error(), expected, "{verb} without variables");
        let empty = all.iter().fold(site.cni(), |call, name| call.variable(name, ""));
        let output = empty.command(verb).config(&bridge_network("1.1.0")).run();
        assert_eq!(output.error(), expected, "{verb} with empty variables");
    }
}

#[test]
fn identifiers_have_a_grammar() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let add = || site.call("ADD", &container, &bridge_network("1.0.0"));
    for id in ["-x", ".x", "a/b", "a b", "ä"] {
        assert_eq!(
            add().container_id(id).run().error(),
            error(4, "invalid characters in containerID", id),
            "{id:?}"
        );
    }
    for (name, message) in [
        ("sixteen-bytes-xx", "interface name is too long"),
        (".", "interface name is . or .."),
        ("..", "interface name is . or .."),
        ("a/b", "interface name contains / or : or whitespace characters"),
        ("a:b", "interface name contains / or : or whitespace characters"),
        ("a\u{a0}b", "interface name contains / or : or whitespace characters"),
    ] {
        let found = add().ifname(name).run().error();
        assert_eq!((found.code, found.message.as_str()), (4, message), "{name:?}");
    }
}

#[test]
fn a_verb_that_does_not_need_a_variable_does_not_look_at_it() {
    needs_kernel!();
    let site = Site::new();
    let gc = with(bridge_network("1.1.0"), json!({ "cni.dev/valid-attachments": [] }));
    site.cni()
        .plugin("bridge")
        .command("GC")
        .container_id("/../")
        .ifname("a/b")
        .config(&gc)
        .run()
        .silent_success();
}

#[test]
fn standard_input_has_to_be_a_network_configuration() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let add = |stdin: &str| {
        site.call("ADD", &container, &Value::Null)
            .plugin("bridge")
            .stdin(stdin.as_bytes())
            .run()
    };
    for stdin in ["", "{", "no JSON", "[]", r#"{"name": 5}"#] {
        assert_eq!(add(stdin).error().code, 6, "{stdin:?}");
    }
    for stdin in ["{}", r#"{"name": ""}"#, r#"{"cniVersion": "1.0.0"}"#] {
        assert_eq!(add(stdin).error(), error(7, "missing network name", ""), "{stdin:?}");
    }
    for name in ["a/b", "-a", "../x", "a b"] {
        let stdin = json!({ "name": name }).to_string();
        assert_eq!(
            add(&stdin).error(),
            error(7, "invalid characters found in network name", name),
            "{stdin:?}"
        );
    }
}

#[test]
fn an_unknown_verb_is_refused_after_the_name_was_looked_at() {
    needs_kernel!();
    let site = Site::new();
    let call = |config: &Value| {
        site.cni()
            .plugin("bridge")
            .command("FROBNICATE")
            .config(config)
            .run()
            .error()
    };
    assert_eq!(call(&json!({})), error(7, "missing network name", ""));
    assert_eq!(
        call(&json!({ "name": "n" })),
        error(4, "unknown CNI_COMMAND: FROBNICATE", "")
    );
    assert_eq!(
        site.cni()
            .plugin("bridge")
            .command("add")
            .config(&json!({ "name": "n" }))
            .run()
            .error(),
        error(4, "unknown CNI_COMMAND: add", "")
    );
}

#[test]
fn only_the_versions_of_the_specification_are_taken() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let supported: Vec<String> = SPEC_VERSIONS.iter().map(|version| format!("{version:?}")).collect();
    for verb in ["ADD", "DEL"] {
        for version in ["1.0", "v1.0.0", "2.0.0", "0.0.1", "1.1.0.0"] {
            let found = site.call(verb, &container, &bridge_network(version)).run().error();
            let details = format!("config is {version:?}, plugin supports [{}]", supported.join(" "));
            assert_eq!(
                found,
                error(1, "incompatible CNI versions", &details),
                "{verb} {version}"
            );
        }
        let config = with(bridge_network("1.0.0"), json!({ "cniVersion": 1 }));
        assert_eq!(site.call(verb, &container, &config).run().error().code, 6, "{verb}");
    }
}

#[test]
fn later_verbs_are_refused_for_earlier_versions() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    for (verb, first) in [("CHECK", "0.4.0"), ("GC", "1.1.0"), ("STATUS", "1.1.0")] {
        for version in SPEC_VERSIONS.iter().filter(|version| !from(version, first)) {
            let found = site.call(verb, &container, &bridge_network(version)).run().error();
            assert_eq!(
                found,
                error(1, &format!("config version does not allow {verb}"), ""),
                "{verb} {version}"
            );
        }
    }
}

#[test]
fn the_nodes_own_namespace_is_refused_before_anything_is_done() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    for verb in ["ADD", "DEL"] {
        for (name, config) in [("bridge", bridge_network("1.0.0")), ("loopback", loopback_network())] {
            let output = site
                .cni()
                .plugin(name)
                .command(verb)
                .netns_path("/proc/self/ns/net")
                .config(&config)
                .run();
            let message = "plugin's netns and netns from CNI_NETNS should not be the same";
            assert_eq!(output.error(), error(8, message, ""), "{verb} {name}");
            before.assert_same(&site.snapshot());
        }
    }
}

#[test]
fn an_operator_may_override_that() {
    needs_kernel!();
    let site = Site::new();
    for yes in ["1", "true", "TRUE"] {
        let call = site
            .cni()
            .plugin("loopback")
            .command("ADD")
            .netns_path("/proc/self/ns/net")
            .ifname("lo");
        let output = call
            .variable("CNI_NETNS_OVERRIDE", yes)
            .container_id(yes)
            .config(&loopback_network())
            .run();
        assert_eq!(output.code, 0, "{output}");
    }
}

#[test]
fn a_namespace_that_is_none_is_an_error_for_add_and_check() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    for (verb, path) in [
        ("ADD", "/nonexistent"),
        ("ADD", "/etc/passwd"),
        ("CHECK", "/nonexistent"),
        ("DEL", "/etc/passwd"),
    ] {
        let found = site
            .cni()
            .plugin("bridge")
            .command(verb)
            .netns_path(path)
            .config(&bridge_network("1.0.0"))
            .run();
        let text = found.error().text();
        assert!(text.contains(path) && text.contains("netns"), "{verb}: {text}");
        before.assert_same(&site.snapshot());
    }
}

#[test]
fn del_is_content_when_the_namespace_is_gone() {
    needs_kernel!();
    let site = Site::new();
    for (name, config) in [
        ("bridge", bridge_network("1.0.0")),
        ("loopback", loopback_network()),
        ("host-local", host_local("1.0.0")),
    ] {
        let del = || site.cni().plugin(name).command("DEL").config(&config);
        del().netns_path("/nonexistent").run().silent_success();
        del().netns_path("").run().silent_success();
        del().without("CNI_NETNS").run().silent_success();
    }
}

/// How a plugin is named by the caller: by the name it is executed as, or by
/// the configuration.
fn ways(config: &Value) -> [(String, Value); 2] {
    let plugin = config["type"].as_str().unwrap().to_owned();
    let named = with(config.clone(), json!({ "type": "cofferdam", "plugin": plugin }));
    [(plugin, config.clone()), ("cofferdam".to_owned(), named)]
}

#[test]
fn every_verb_works_in_every_version_for_bridge() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    for version in SPEC_VERSIONS {
        for (name, config) in ways(&bridge_network(version)) {
            let container = Container::new(&format!("{name}-{version}"));
            let result = site.add(&container, &config);
            assert_eq!(result["cniVersion"], version);
            assert_shape(version, &result, &container);
            assert_eq!(container.namespace.addresses("eth0").len(), 1, "{name} {version}");
            later_verbs(&site, &container, version, &config, &result);
            let stdin = if from(version, "0.4.0") {
                with(config.clone(), json!({ "prevResult": result }))
            } else {
                config.clone()
            };
            site.del(&container, &stdin);
            assert_eq!(container.namespace.link_names(), ["lo"], "{name} {version}");
            site.del(&container, &stdin);
            before.assert_same(&site.snapshot());
        }
    }
}

fn later_verbs(site: &Site, container: &Container, version: &str, config: &Value, result: &Value) {
    if from(version, "0.4.0") {
        site.check(container, config, result).silent_success();
    }
    if from(version, "1.1.0") {
        site.call("STATUS", container, config).run().silent_success();
        let valid = json!({ "cni.dev/valid-attachments": [{ "containerID": container.id, "ifname": "eth0" }] });
        site.call("GC", container, &with(config.clone(), valid))
            .run()
            .silent_success();
        assert!(
            container.namespace.link("eth0").is_some(),
            "GC took a valid attachment away"
        );
    }
}

/// The shapes of the specification's versions.
fn assert_shape(version: &str, result: &Value, container: &Container) {
    if !from(version, "0.3.0") {
        assert_eq!(result["ip4"]["gateway"], "10.22.0.1", "{version}: {result}");
        assert!(
            result["ip4"]["ip"].as_str().unwrap().ends_with("/16"),
            "{version}: {result}"
        );
        assert_eq!(result["ip4"]["routes"][0]["dst"], "0.0.0.0/0", "{version}: {result}");
        assert_eq!(result["dns"], json!({}), "{version}: {result}");
        for key in ["interfaces", "ips", "routes"] {
            assert!(result.get(key).is_none(), "{version} has no {key}: {result}");
        }
        return;
    }
    let interfaces = result["interfaces"].as_array().unwrap();
    assert_eq!(interfaces.len(), 3, "{version}: {result}");
    assert_eq!(interfaces[0]["name"], "cni0");
    assert_eq!(interfaces[2]["name"], "eth0");
    assert_eq!(interfaces[2]["sandbox"], container.namespace.path().as_str());
    assert!(interfaces[0].get("sandbox").is_none(), "{version}: {result}");
    let address = &result["ips"][0];
    assert_eq!(
        (&address["interface"], &address["gateway"]),
        (&json!(2), &json!("10.22.0.1"))
    );
    assert_eq!(result["routes"], json!([{ "dst": "0.0.0.0/0" }]));
    if from(version, "1.0.0") {
        assert!(address.get("version").is_none(), "{version}: {result}");
        assert!(result.get("dns").is_none(), "{version}: {result}");
    } else {
        assert_eq!(address["version"], "4", "{version}: {result}");
        assert_eq!(result["dns"], json!({}), "{version}: {result}");
    }
}

#[test]
fn every_verb_works_in_every_version_for_loopback() {
    needs_kernel!();
    let site = Site::new();
    for version in SPEC_VERSIONS {
        for (name, config) in ways(&with(loopback_network(), json!({ "cniVersion": version }))) {
            let container = Container::new("c1");
            let call =
                |verb: &str, config: &Value| site.call(verb, &container, config).ifname("lo").plugin(&name).run();
            let result = call("ADD", &config).result();
            assert_eq!(result["cniVersion"], version);
            let address = if from(version, "0.3.0") {
                &result["ips"][0]["address"]
            } else {
                &result["ip4"]["ip"]
            };
            assert_eq!(address, "127.0.0.1/8", "{name} {version}: {result}");
            let with_result = with(config.clone(), json!({ "prevResult": result }));
            if from(version, "0.4.0") {
                call("CHECK", &with_result).silent_success();
            }
            if from(version, "1.1.0") {
                call("STATUS", &config).silent_success();
                call("GC", &with(config.clone(), json!({ "cni.dev/valid-attachments": [] }))).silent_success();
            }
            call("DEL", &config).silent_success();
            call("DEL", &config).silent_success();
        }
    }
}

#[test]
fn every_verb_works_in_every_version_for_host_local() {
    needs_kernel!();
    let site = Site::new();
    let untouched = Snapshot::of(site.node());
    for version in SPEC_VERSIONS {
        for name in ["host-local", "cofferdam"] {
            let mut config = host_local(version);
            if name == "cofferdam" {
                config = with(config, json!({ "type": "cofferdam", "plugin": "host-local" }));
            }
            let container = Container::new(&format!("{name}-{version}"));
            let call = |verb: &str, config: &Value| site.call(verb, &container, config).plugin(name).run();
            let result = call("ADD", &config).result();
            assert_eq!(result["cniVersion"], version);
            assert!(
                result.get("interfaces").is_none(),
                "an IPAM result has no interfaces: {result}"
            );
            let lease = site.leased("mynet");
            assert_eq!(lease.len(), 1, "{name} {version}");
            let expected = format!("{}/16", lease[0]);
            let address = if from(version, "0.3.0") {
                &result["ips"][0]["address"]
            } else {
                &result["ip4"]["ip"]
            };
            assert_eq!(address, expected.as_str(), "{name} {version}: {result}");
            if from(version, "0.4.0") {
                call("CHECK", &with(config.clone(), json!({ "prevResult": result }))).silent_success();
            }
            if from(version, "1.1.0") {
                call("STATUS", &config).silent_success();
            }
            call("DEL", &config).silent_success();
            assert_eq!(site.leased("mynet"), Vec::<String>::new(), "{name} {version}");
            call("DEL", &config).silent_success();
        }
    }
    untouched.assert_same(&Snapshot::of(site.node()));
}

#[test]
fn a_configuration_without_a_version_is_of_the_oldest() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let result = site.add(&container, &with(bridge_network(""), json!({ "cniVersion": null })));
    assert_shape("0.1.0", &result, &container);
    assert_eq!(result["cniVersion"], "0.1.0");
}

#[test]
fn keys_may_be_written_in_any_case() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let config = json!({
        "CNIVersion": "1.0.0", "NAME": "mynet", "type": "bridge", "Bridge": "cni0", "IsGateway": true,
        "IPAM": { "Type": "host-local", "SUBNET": "10.22.0.0/16" }
    });
    let result = site.add(&container, &config);
    assert_eq!(result["cniVersion"], "1.0.0");
    assert_eq!(result["ips"][0]["address"], "10.22.0.2/16");
    site.del(&container, &config);
}
