//! What components say of their configurations: held against those before
//! anything is done, and shown to those who write them.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;

use cofferdam_tests::{Container, Site, Workshop, bridge_network, hostile_with_schema, needs_kernel, with};
use serde_json::{Value, json};

/// The specification's "invalid network config".
const INVALID_CONFIG: u64 = 7;
/// The host's: a component can't be used.
const COMPONENT: u64 = 110;

#[test]
fn a_configuration_that_does_not_fit_is_refused_with_the_place_and_the_way_out() {
    needs_kernel!();
    let site = Site::new();
    for (changes, place, way_out) in [
        (
            json!({ "mtu": "1500" }),
            "mtu: expected an integer, found \"1500\"",
            "write 1500 without quotation marks",
        ),
        (
            json!({ "ISGATEWAY": "yes" }),
            "isGateway: expected a boolean, found \"yes\"",
            "write a boolean",
        ),
        (
            json!({ "ipam": { "ranges": [[{ "subnet": "10.1.0.0/24" }, { "subnet": "10.1.0.0/33" }]] } }),
            "ipam.ranges[0][1].subnet: \"10.1.0.0/33\" is not a network in CIDR notation",
            "write a network in CIDR notation, as 10.22.0.0/16 or fd00::/64",
        ),
        (
            json!({ "ipam": { "routes": [{ "gw": "10.22.0.1" }] } }),
            "ipam.routes[0]: the key \"dst\" is missing",
            "add it",
        ),
        (
            json!({ "runtimeConfig": { "mac": 1 } }),
            "runtimeConfig.mac: expected a string, found 1",
            "write \"1\" in quotation marks",
        ),
        (
            json!({ "args": { "cni": { "mac": [] } } }),
            "args.cni.mac: expected a string, found an array",
            "write a string",
        ),
    ] {
        let error = site.failed_add(&with(bridge_network("1.0.0"), changes.clone()));
        assert_eq!(error.code, INVALID_CONFIG, "{changes}: {error:?}");
        assert!(error.message.ends_with(place), "{changes}: {error:?}");
        assert!(error.details.contains(way_out), "{changes}: {error:?}");
        assert!(
            error.details.contains("cofferctl component inspect "),
            "{changes}: {error:?}"
        );
    }
}

#[test]
fn no_member_of_a_chain_runs_where_the_configuration_of_another_does_not_fit() {
    needs_kernel!();
    let site = Site::new();
    let bridge = json!({ "type": "bridge", "ipam": { "type": "host-local", "subnet": "10.22.0.0/16" } });
    let chain = json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam",
        "chain": [bridge, { "type": "tuning", "mtu": true }] });
    let error = site.failed_add(&chain);
    assert_eq!(error.code, INVALID_CONFIG, "{error:?}");
    assert!(
        error.message.contains("plugin type=\"tuning\" failed (add)")
            && error.message.contains("mtu: expected an integer"),
        "{error:?}"
    );
    assert!(!error.details.contains("rolled back"), "{error:?}");
}

#[test]
fn what_is_secret_is_not_told() {
    needs_kernel!();
    let site = Site::new();
    let schema = r#"{"properties":{"password":{"type":"integer"}}}"#;
    let added = site
        .installation()
        .add_component("hostile", &hostile_with_schema(schema));
    assert_eq!(added.code, Some(0), "{added:?}");
    site.installation().policy("hostile.toml", "[plugin.hostile]\n");
    let config = json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam", "plugin": "hostile",
        "password": "swordfish" });
    let error = site.failed_add(&config);
    assert_eq!(error.code, INVALID_CONFIG, "{error:?}");
    assert!(
        error
            .message
            .contains("password: expected an integer, found \"[hidden]\""),
        "{error:?}"
    );
    assert!(!error.details.contains("swordfish"), "{error:?}");
}

#[test]
fn check_is_refused_and_del_never() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let before = site.snapshot();
    let config = bridge_network("1.0.0");
    let result = site.add(&container, &config);
    let broken = with(
        config,
        json!({ "promiscMode": "no", "ipam": { "routes": [{ "dst": 1 }] } }),
    );

    let error = site.check(&container, &broken, &result).error();
    assert_eq!(error.code, INVALID_CONFIG, "{error:?}");
    assert!(
        error.message.contains("promiscMode: expected a boolean, found \"no\""),
        "{error:?}"
    );

    site.del(&container, &broken);
    before.assert_same(&site.snapshot());
}

#[test]
fn a_schema_that_is_damaged_keeps_from_attaching_and_not_from_detaching() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let before = site.snapshot();
    let config = bridge_network("1.0.0");
    site.add(&container, &config);
    let file = site.installation().stored("bridge", "component.schema");
    for altered in [Some("{}"), None] {
        fs::remove_file(&file).unwrap();
        if let Some(text) = altered {
            fs::write(&file, text).unwrap();
        }
        let error = site.try_add(&Container::new("c2"), &config).error();
        assert_eq!(error.code, COMPONENT, "{error:?}");
        assert!(
            error.message.contains("component.schema") && error.message.contains("cofferctl component compile"),
            "{error:?}"
        );
    }
    site.del(&container, &config);
    before.assert_same(&site.snapshot());
    assert_eq!(site.cofferctl(&["component", "compile"]).code, Some(0));
    site.add(&container, &config);
}

#[test]
fn a_component_whose_schema_is_not_understood_is_not_installed() {
    needs_kernel!();
    let site = Site::new();
    for (schema, told) in [
        (
            r#"{"properties":{"a":{"pattern":"(a+)+"}}}"#,
            "properties.a.pattern: this keyword is not understood; there are $schema, ",
        ),
        ("nonsense", "expected"),
        (
            r##"{"properties":{"a":{"$ref":"#"}}}"##,
            "properties.a.$ref: this keyword is not understood",
        ),
        (
            &format!("{}1{}", r#"{"items":"#.repeat(30), "}".repeat(30)),
            "more than 16 schemas within one another",
        ),
    ] {
        let added = site
            .installation()
            .add_component("hostile", &hostile_with_schema(schema));
        assert_eq!(added.code, Some(1), "{added:?}");
        assert!(
            added.stderr.contains("the schema of its configuration") && added.stderr.contains(told),
            "{added:?}"
        );
    }
}

#[test]
fn inspect_shows_the_fields_and_what_the_component_could_ask_for() {
    needs_kernel!();
    let workshop = Workshop::new();
    let of_name = workshop.succeeds(&["inspect", "host-local"]);
    assert_eq!(
        of_name,
        workshop.succeeds(&["component", "inspect", &workshop.path("host-local.wasm")])
    );
    for line in [
        "host-local 0.1.0: ",
        "built for cofferdam:cni 0.1.1",
        "  cofferdam:cni/store@0.1.1: can read and write its own records",
        "    to read the node's file on name resolution",
        "  ipam.ranges[][].subnet ",
        "Where the records are. [without: \"/var/lib/cni/networks\"]",
        "[not empty, cidr] [has to be there]",
        "not signed",
    ] {
        assert!(of_name.contains(line), "{line}: {of_name}");
    }
    let document: Value = serde_json::from_str(&workshop.succeeds(&["inspect", "--json", "host-local"])).unwrap();
    assert_eq!(document["wit_version"], "0.1.1");
    assert_eq!(
        document["config_schema"]["properties"]["ipam"]["properties"]["dataDir"]["type"],
        "string"
    );
    assert!(
        document["abilities"]
            .as_array()
            .unwrap()
            .contains(&json!("can read and write its own records"))
    );
}

#[test]
fn a_newer_version_is_held_against_the_older() {
    needs_kernel!();
    let workshop = Workshop::new();
    let component = |name: &str, schema: &str| {
        let path = workshop.path(name);
        fs::write(&path, hostile_with_schema(schema)).unwrap();
        path
    };
    let old = component("old.wasm", r#"{"properties":{"mtu":{"type":"integer"}}}"#);
    let same = component(
        "same.wasm",
        r#"{"properties":{"mtu":{"type":"integer"},"more":{"type":"string"}}}"#,
    );
    let narrower = component(
        "narrower.wasm",
        r#"{"properties":{"mtu":{"type":"integer","minimum":68}}}"#,
    );

    let told = workshop.cofferctl(&["diff", &old, &same]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(
        told.stdout
            .contains("  configuration: more is new\nthe newer one asks for nothing that the older did not"),
        "{told:?}"
    );
    let told = workshop.cofferctl(&["diff", &old, &narrower]);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(
        told.stdout
            .contains("+ configuration: mtu: the least value is 68, and there was none\nthe newer one asks for more"),
        "{told:?}"
    );

    let told = workshop.cofferctl(&["diff", "--json", "loopback", "bridge"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    let document: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(document["asks_for_more"], true);
    assert!(
        document["new_imports"]
            .as_array()
            .unwrap()
            .contains(&json!("cofferdam:cni/nftables"))
    );
    let needs = document["new_needs"].as_array().unwrap();
    let of_host = |need: &&Value| {
        need["need"]
            .as_str()
            .unwrap()
            .starts_with("link.create in the host namespace")
    };
    assert_eq!(needs.iter().find(of_host).unwrap()["beyond"], "new");

    let missing = workshop.cofferctl(&["diff", "loopback", "nothing"]);
    assert_eq!((missing.code, missing.stdout.as_str()), (Some(2), ""), "{missing:?}");
    assert!(
        missing
            .stderr
            .contains("nothing is neither a file nor the name of an installed component"),
        "{missing:?}"
    );
}

#[test]
fn a_network_is_checked_with_what_the_installed_components_say() {
    needs_kernel!();
    let site = Site::new();
    let file = site.installation().root().join("10-mynet.conflist");
    let list = json!({ "cniVersion": "1.0.0", "name": "mynet", "plugins": [
        { "type": "bridge", "isGateway": "true", "hairpinMod": true,
            "ipam": { "type": "host-local", "ranges": [[{ "subnet": "10.22.0.0/16", "gatway": "10.22.0.1" }]] } },
        { "type": "tuning", "sysctl": { "net.core.somaxconn": 500 } },
    ] });
    fs::write(&file, list.to_string()).unwrap();
    let told = site.cofferctl(&["conflist", "check", file.to_str().unwrap()]);
    assert_eq!(told.code, Some(1), "{told:?}");
    for line in [
        "error: plugins[0].isGateway: expected a boolean, found \"true\"; write true without quotation marks\n",
        "warning: plugins[0].hairpinMod: plugin \"bridge\" has no key \"hairpinMod\"; did you mean \"hairpinMode\"?\n",
        "warning: plugins[0].ipam.ranges[0][0].gatway: plugin \"host-local\" has no key \"gatway\"; did you mean \"gateway\"?\n",
        "error: plugins[1].sysctl.net.core.somaxconn: expected a string, found 500; write \"500\" in quotation marks\n",
    ] {
        assert!(told.stdout.contains(line), "{line}: {}", told.stdout);
    }
}
