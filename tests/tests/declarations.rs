//! What a component declares to need: refused before anything is done where it
//! is not granted, and the most that it gets where it is.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;

use cofferdam_tests::{
    CniError, Container, Products, Site, bridge_network, finish, hostile_declaring, mynet, needs_kernel, with,
};
use serde_json::{Value, json};

/// Codes of the host, as `docs/errors.md` lists them.
const DENIED: u64 = 100;
const COMPONENT: u64 = 110;
/// The specification's "not available".
const NOT_AVAILABLE: u64 = 50;

fn default_policy(plugin: &str) -> String {
    let path = Products::workspace().join(format!("host/policy/default/{plugin}.toml"));
    fs::read_to_string(path).unwrap()
}

/// The default policy of a plugin, without the grants in which this stands.
fn without(plugin: &str, words: &str) -> String {
    let text = default_policy(plugin);
    let header = format!("[[plugin.{plugin}.grant]]");
    let parts: Vec<&str> = text.split(&header).collect();
    let kept: Vec<&str> = parts.iter().copied().filter(|part| !part.contains(words)).collect();
    assert!(kept.len() < parts.len(), "no grant of {plugin} has {words:?}");
    kept.join(&header)
}

/// A site whose policy of a plugin lacks the grants in which this stands.
fn lacking(plugin: &str, words: &str) -> Site {
    let site = Site::new();
    site.installation()
        .policy(&format!("{plugin}.toml"), &without(plugin, words));
    site
}

/// Nothing was done, so there was nothing to roll back.
#[track_caller]
fn refused_before_anything_was_done(site: &Site, config: &Value) -> CniError {
    let error = site.failed_add(config);
    assert_eq!(error.code, DENIED, "{error:?}");
    assert!(!error.details.contains("rolled back"), "{error:?}");
    error
}

fn audit(site: &Site) -> Vec<Value> {
    let path = site.installation().root().join("var/log/cofferdam/audit.jsonl");
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_add_whose_plugin_lacks_what_it_always_needs_is_refused_before_anything_is_done() {
    needs_kernel!();
    // The pair would come after the bridge.
    let site = lacking("bridge", "kinds = [\"veth\"]\nnames");
    let policy =
        without("bridge", "kinds = [\"veth\"]\nnames").replace("[\"link.see\", \"link.create\", ", "[\"link.see\", ");
    site.installation().policy("bridge.toml", &policy);
    site.installation()
        .policy("bridge.audit.toml", "[plugin.bridge]\naudit = \"all\"\n");
    let error = refused_before_anything_was_done(&site, &bridge_network("1.0.0"));
    assert_eq!(
        (error.message.as_str(), error.details.as_str()),
        (
            "plugin \"bridge\" needs for every attachment what is not granted: link.create in the host namespace, \
             kinds = [\"veth\"]; link.create in the container namespace, kinds = [\"veth\"]",
            "missing grant: { allow = \"link.create\", in = \"host\", kinds = [\"veth\"], names = … }; \
             { allow = \"link.create\", in = \"container\", kinds = [\"veth\"] }",
        )
    );
    let records = audit(&site);
    let [record] = &records[..] else { panic!("{records:?}") };
    assert_eq!(
        (&record["event"], &record["plugin"]),
        (&json!("refused"), &json!("bridge"))
    );
    assert_eq!(record["reason"], error.message);
}

#[test]
fn what_only_some_attachments_need_matters_only_to_them() {
    needs_kernel!();
    let site = lacking("bridge", "nftables");
    let container = Container::new("c1");
    site.add(&container, &bridge_network("1.0.0"));
    site.del(&container, &bridge_network("1.0.0"));
    let error = site.failed_add(&mynet());
    assert_eq!(error.code, DENIED, "{error:?}");
    assert!(
        error.message.starts_with("nftables.table is not granted") && error.details.contains("rolled back"),
        "{error:?}"
    );
}

#[test]
fn an_add_whose_ipam_plugin_lacks_what_it_always_needs_is_refused_before_anything_is_done() {
    needs_kernel!();
    let site = lacking("host-local", "store.open");
    let error = refused_before_anything_was_done(&site, &bridge_network("1.0.0"));
    assert!(
        error
            .message
            .contains("plugin \"host-local\" needs for every attachment")
            && error.details.contains("{ allow = \"store.open\" }"),
        "{error:?}"
    );
}

#[test]
fn an_add_whose_ipam_plugin_is_not_there_is_refused_before_anything_is_done() {
    needs_kernel!();
    let site = Site::new();
    site.installation()
        .policy("bridge.audit.toml", "[plugin.bridge]\naudit = \"all\"\n");
    site.installation().remove_component("static");
    let config = with(bridge_network("1.0.0"), json!({ "ipam": { "type": "static" } }));
    let error = site.failed_add(&config);
    assert_eq!(error.code, COMPONENT, "{error:?}");
    assert!(
        error.message.contains("static") && !error.details.contains("rolled back"),
        "{error:?}"
    );
    let records = audit(&site);
    let [record] = &records[..] else { panic!("{records:?}") };
    assert_eq!(
        (&record["event"], &record["plugin"]),
        (&json!("refused"), &json!("static"))
    );
}

#[test]
fn no_member_of_a_chain_runs_where_one_lacks_what_it_always_needs() {
    needs_kernel!();
    let site = lacking("loopback", "link.set");
    let bridge = with(bridge_network("1.0.0"), json!({ "cniVersion": null, "name": null }));
    let chain = json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam",
        "chain": [bridge, { "type": "loopback" }] });
    let error = refused_before_anything_was_done(&site, &chain);
    assert!(
        error.message.contains("type=\"loopback\"") && error.message.contains("link.set in the container namespace"),
        "{error:?}"
    );
}

#[test]
fn what_is_attached_is_detached_and_checked_whatever_is_granted_by_now() {
    needs_kernel!();
    let site = Site::new();
    let config = with(bridge_network("1.1.0"), json!({ "isGateway": false }));
    let container = Container::new("c1");
    let before = site.snapshot();
    let result = site.add(&container, &config);
    site.installation()
        .policy("bridge.toml", &without("bridge", "kinds = [\"veth\"]\nnames"));
    site.check(&container, &config, &result).silent_success();
    site.call(
        "GC",
        &container,
        &with(config.clone(), json!({ "cni.dev/valid-attachments": [] })),
    )
    .run()
    .silent_success();
    site.del(&container, &config);
    before.assert_same(&site.snapshot());
}

#[test]
fn status_tells_of_an_add_that_would_be_refused() {
    needs_kernel!();
    let config = bridge_network("1.1.0");
    let container = Container::new("c1");
    let site = lacking("bridge", "kinds = [\"veth\"]\nnames");
    let error = site.call("STATUS", &container, &config).run().error();
    assert_eq!(error.code, NOT_AVAILABLE, "{error:?}");
    assert!(error.message.contains("link.create in the host namespace"), "{error:?}");

    // Of a network that only some tenants have, it is not said that it is down.
    let site = Site::new();
    let head = "[plugin.bridge]\n";
    let policy = default_policy("bridge").replace(head, &format!("{head}tenants = [\"team-a\"]\n"));
    site.installation().policy("bridge.toml", &policy);
    let config = with(config, json!({ "isGateway": false, "ipam": null }));
    site.call("STATUS", &container, &config).run().silent_success();
}

/// Grants more than the component below declares.
const WIDE_GRANTS: &str = r#"
[plugin.hostile]

[[plugin.hostile.grant]]
allow = "link.*"
in = "host"
kinds = ["bridge", "veth"]
names = ["*"]

[[plugin.hostile.grant]]
allow = "link.*"
in = "container"
"#;

fn a_pair() -> Value {
    json!([
        { "allow": "link.create", "in": "host", "kinds": ["veth"] },
        { "allow": "link.create", "in": "container", "kinds": ["veth"] },
    ])
}

fn calls(calls: Value) -> Value {
    json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam", "plugin": "hostile", "calls": calls })
}

/// A site with the component that attacks, declared like this.
fn declaring(needs: &Value) -> Site {
    let site = Site::new();
    let added = site.installation().add_component("hostile", &hostile_declaring(needs));
    assert_eq!(added.code, Some(0), "{}", added.stderr);
    site.installation().policy("hostile.toml", WIDE_GRANTS);
    site
}

#[test]
fn what_a_component_does_not_declare_is_denied_even_where_it_is_granted() {
    needs_kernel!();
    let site = declaring(&a_pair());
    let pair = json!({ "do": "veth", "first": { "in": "host", "name": "vethown" },
        "second": { "in": "container", "name": "eth0" } });
    for (call, operation) in [
        (json!({ "do": "bridge", "in": "host", "name": "cni0" }), "link.create"),
        (json!({ "do": "find", "in": "container", "name": "lo" }), "link.see"),
    ] {
        let error = site.failed_add(&calls(json!([pair, call])));
        assert_eq!(error.code, DENIED, "{error:?}");
        assert!(
            error.message.starts_with(&format!("{operation} is not granted")),
            "{error:?}"
        );
        assert!(
            error.message.ends_with("which the component does not declare to need"),
            "{error:?}"
        );
        let way_out = format!(
            "the component does not declare to need this, and no grant makes up for that; its author adds it to what the component declares: Need::always(\"{operation}\").in_"
        );
        assert!(error.details.contains(&way_out), "{error:?}");
        let records = audit(&site);
        let last = records.last().unwrap();
        assert_eq!(
            (&last["event"], &last["operation"]),
            (&json!("denied"), &json!(operation))
        );
        assert!(last["missing"].as_str().unwrap().contains("does not declare"), "{last}");
    }
    // What it made is its own: to that a declaration says nothing.
    let container = Container::new("c1");
    let all =
        json!([pair, { "do": "up", "link": 0 }, { "do": "mtu", "link": 1, "mtu": 1400 }, { "do": "info", "link": 1 }]);
    site.add(&container, &calls(all));
    assert!(site.node().link("vethown").is_some());
}

#[test]
fn a_component_without_a_declaration_is_limited_by_grants_alone_and_that_is_told() {
    needs_kernel!();
    let site = Site::new();
    site.installation().policy("hostile.toml", WIDE_GRANTS);
    let added = site
        .installation()
        .add_component("hostile", &hostile_declaring(&Value::Null));
    assert_eq!(added.code, Some(0), "{}", added.stderr);
    assert!(
        added.stderr.contains("hostile does not declare what it needs"),
        "{}",
        added.stderr
    );
    let inspected = finish(
        site.installation()
            .cofferctl()
            .args(["component", "inspect", "hostile"]),
        b"",
    );
    assert!(
        inspected.stdout.contains("does not declare what it needs"),
        "{}",
        inspected.stdout
    );
    let container = Container::new("c1");
    site.add(
        &container,
        &calls(json!([{ "do": "bridge", "in": "host", "name": "cni0" }])),
    );
}

#[test]
fn a_declaration_that_makes_no_sense_is_not_added() {
    needs_kernel!();
    let site = Site::new();
    for (needs, words) in [
        (json!(["link.create host bridge"]), "needs[0]: it has to be a table"),
        (
            json!([{ "allow": "link.craete", "in": "host" }]),
            "there is no operation \"link.craete\" (did you mean \"link.create\"?)",
        ),
        (json!([{ "allow": "link.create" }]), "needs[0]: in is missing"),
        (json!("all"), "needs: it has to be a list"),
    ] {
        let added = site.installation().add_component("other", &hostile_declaring(&needs));
        assert_eq!(added.code, Some(1), "{needs}");
        assert!(added.stderr.contains(words), "{needs}: {}", added.stderr);
    }
    let mut two = hostile_declaring(&json!([]));
    let section = b"\x10cofferdam:plugin{}";
    two.extend([0, u8::try_from(section.len()).unwrap()]);
    two.extend(section);
    let added = site.installation().add_component("other", &two);
    assert!(added.stderr.contains("twice"), "{}", added.stderr);
    let listed = finish(site.installation().cofferctl().args(["component", "list"]), b"");
    assert!(!listed.stdout.contains("other"), "{}", listed.stdout);
}

#[test]
fn a_declaration_that_was_altered_or_is_gone_is_not_taken_for_none() {
    needs_kernel!();
    let site = declaring(&a_pair());
    let config = calls(json!([{ "do": "bridge", "in": "host", "name": "cni0" }]));
    assert_eq!(site.failed_add(&config).code, DENIED);
    let file = site.installation().stored("hostile", "component.needs.json");
    for altered in [Some("null"), None] {
        fs::remove_file(&file).unwrap();
        if let Some(text) = altered {
            fs::write(&file, text).unwrap();
        }
        let error = site.failed_add(&config);
        assert_eq!(error.code, COMPONENT, "{error:?}");
        assert!(
            error.message.contains("component.needs.json") && error.message.contains("cofferctl component compile"),
            "{error:?}"
        );
    }
    let compiled = finish(site.installation().cofferctl().args(["component", "compile"]), b"");
    assert_eq!(compiled.code, Some(0), "{}", compiled.stderr);
    assert_eq!(site.failed_add(&config).code, DENIED);
}

#[test]
fn inspect_tells_what_is_always_needed_and_what_only_for_some() {
    needs_kernel!();
    let site = Site::new();
    let inspect = |arguments: &[&str]| {
        let ended = finish(
            site.installation()
                .cofferctl()
                .args(["component", "inspect"])
                .args(arguments),
            b"",
        );
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.stdout
    };
    let told = inspect(&["host-local"]);
    assert!(
        told.contains(
            "needs for every attachment\n  store.open\n    to read and write its own records\n\
             needs for some\n  resolver.read: ipam.resolvConf\n    to read the node's file on name resolution\n"
        ),
        "{told}"
    );
    let told = inspect(&["loopback"]);
    assert!(
        told.contains("  link.set in the container namespace, names = [\"lo\"], settings = [\"up\"]\n"),
        "{told}"
    );
    assert!(told.contains("needs for some\n  nothing\n"), "{told}");
    let document: Value = serde_json::from_str(&inspect(&["--json", "host-local"])).unwrap();
    assert_eq!(
        document["metadata"]["needs"],
        json!([{ "allow": "store.open" }, { "allow": "resolver.read", "when": "ipam.resolvConf" }])
    );
}
