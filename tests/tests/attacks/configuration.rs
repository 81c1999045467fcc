//! What a network's configuration, which a tenant may have written, can try.

use cofferdam_tests::{CniError, Container, Output, needs_kernel};
use serde_json::{Value, json};

use crate::arena::{Arena, DENIED, config};

/// ADD with this configuration, which has to fail without a trace.
#[track_caller]
fn fails(arena: &Arena, attack: &str, config: &Value) -> CniError {
    let output = arena.site.cni().command("ADD").container_id(&arena.container.id);
    let output = output.netns(&arena.container.namespace).config(config).run();
    assert_eq!(output.code, 1, "{attack}: {output}");
    arena.assert_untouched(attack);
    output.error()
}

/// Names that are paths: CVE-2021-20206.
const PATHS: [&str; 14] = [
    "../../../../bin/sh",
    "/bin/sh",
    "./hostile",
    "hostile/",
    "hostile/../hostile",
    "..",
    ".",
    "",
    "hostile\0",
    "hostile\n",
    "hostile ",
    "HOSTILE",
    "host\u{131}le",
    "\u{202e}elitsoh",
];

#[test]
fn a_type_is_a_name_and_no_path() {
    needs_kernel!();
    let arena = Arena::new();
    for name in PATHS {
        let main = json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam", "plugin": name });
        fails(&arena, &format!("plugin {name:?}"), &main);
        let chain = json!({
            "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam",
            "chain": [{ "type": "hostile" }, { "type": name }]
        });
        fails(&arena, &format!("chain with {name:?}"), &chain);
        let mut ipam = config(&json!([{ "do": "delegate" }]));
        ipam["ipam"]["type"] = json!(name);
        fails(&arena, &format!("ipam.type {name:?}"), &ipam);
    }
}

#[test]
fn a_path_is_no_name_even_where_every_plugin_may_be_called() {
    needs_kernel!();
    let arena = Arena::with_grants("[[plugin.hostile.grant]]\nallow = \"ipam.delegate\"\nplugins = [\"*\"]\n");
    for name in PATHS {
        let mut ipam = config(&json!([{ "do": "delegate" }]));
        ipam["ipam"]["type"] = json!(name);
        fails(&arena, &format!("ipam.type {name:?}"), &ipam);
    }
}

#[test]
fn a_network_has_no_path_for_a_name() {
    needs_kernel!();
    let arena = Arena::new();
    for name in [
        "../othernet",
        "othernet/..",
        "/etc",
        ".",
        "..",
        "",
        "mynet/",
        "my net",
        "mynet\0",
        "mynet\n",
        "-x",
    ] {
        let mut config = config(&json!([{ "do": "open-records" }]));
        config["name"] = json!(name);
        fails(&arena, &format!("name {name:?}"), &config);
    }
}

#[test]
fn ids_of_container_and_interface_are_no_paths() {
    needs_kernel!();
    let arena = Arena::new();
    for id in ["../attacker", "/", "a/b", ".", "..", "", "a b", "a\n", "\u{e9}", "-a"] {
        let call = arena.site.call("ADD", &arena.container, &config(&json!([])));
        let output = call.container_id(id).run();
        assert_eq!(output.error().code, 4, "{id:?}: {output}");
        arena.assert_untouched(id);
    }
    for name in ["../eth0", "a/b", ".", "..", "", "a b", "a:b", "sixteen-letters!", "a\n"] {
        let call = arena.site.call("ADD", &arena.container, &config(&json!([])));
        let output = call.ifname(name).run();
        assert_eq!(output.error().code, 4, "{name:?}: {output}");
        arena.assert_untouched(name);
    }
}

#[test]
fn a_configuration_that_looks_like_policy_grants_nothing() {
    needs_kernel!();
    let arena = Arena::new();
    let grant = json!([{ "allow": "link.see", "in": "host", "names": ["up0"] }]);
    for (key, value) in [
        ("grant", grant.clone()),
        ("grants", grant.clone()),
        ("policy", json!({ "plugin": { "hostile": { "grant": grant } } })),
        ("policyDirectory", json!("/tmp")),
        ("capabilities", json!({ "link.see": true, "hostile": true })),
        ("runtimeConfig", json!({ "grant": grant, "policy": "/tmp/policy.toml" })),
        ("args", json!({ "cni": { "grant": grant } })),
        ("component", json!("/tmp/other.wasm")),
        ("digest", json!("sha256:0000")),
        ("root", json!("/tmp")),
        ("tenants", json!(["*"])),
    ] {
        let mut config = config(&json!([{ "do": "find", "in": "host", "name": "up0" }]));
        config[key] = value;
        let error = fails(&arena, key, &config);
        assert_eq!(error.code, DENIED, "{key}: {error:?}");
        assert!(error.message.starts_with("link.see"), "{key}: {error:?}");
    }
}

#[test]
fn the_environment_moves_no_policy_and_makes_no_tenant() {
    needs_kernel!();
    let arena = Arena::with_policy(
        "[plugin.hostile]\ntenants = [\"trusted\"]\n[[plugin.hostile.grant]]\nallow = \"link.see\"\nin = \
         \"host\"\nnames = [\"up0\"]\n",
    );
    let attack = config(&json!([{ "do": "find", "in": "host", "name": "up0" }]));
    for arguments in [
        "",
        "K8S_POD_NAMESPACE=other",
        "K8S_POD_NAMESPACE=trusted2",
        "K8S_POD_NAMESPACE=Trusted",
        "K8S_POD_NAMESPACE=",
        "k8s_pod_namespace=trusted",
        "K8S_POD_NAME=trusted",
        "X=K8S_POD_NAMESPACE=trusted",
        "K8S_POD_NAMESPACE=other;X=trusted",
    ] {
        let call = arena.site.call("ADD", &arena.container, &attack).args(arguments);
        let output = call.variable("COFFERDAM_POLICY", "/tmp").variable("HOME", "/tmp").run();
        assert_eq!(output.error().code, DENIED, "{arguments}: {output}");
        arena.assert_untouched(arguments);
    }
}

#[test]
fn json_without_measure_is_an_error_and_no_crash() {
    needs_kernel!();
    let arena = Arena::new();
    let head = r#"{"cniVersion":"1.0.0","name":"mynet","type":"cofferdam","plugin":"hostile","#;
    for (attack, text) in [
        ("deep lists", format!("{head}\"x\":{}", "[".repeat(200_000))),
        (
            "deep lists that end",
            format!("{head}\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)),
        ),
        ("deep objects", format!("{head}\"x\":{}", "{\"a\":".repeat(200_000))),
        ("an exponent", format!("{head}\"cniVersion\":1e999999999}}")),
        ("a lone surrogate", format!("{head}\"attack\":\"\\ud800\"}}")),
        ("two documents", format!("{head}\"attack\":\"\"}}{{}}")),
        ("no document", String::new()),
        ("a list", "[]".to_owned()),
        ("half of one", head.to_owned()),
    ] {
        let output = send(&arena, text.as_bytes());
        assert_eq!(output.code, 1, "{attack}: {output}");
        assert!(output.stdout_json.is_some(), "{attack}: {output}");
        arena.assert_untouched(attack);
    }
    for (attack, bytes) in [("not UTF-8", &b"{\"name\":\"\xff\"}"[..]), ("zeros", &[0; 4096])] {
        let output = send(&arena, bytes);
        assert_eq!(output.code, 1, "{attack}: {output}");
        assert!(output.stdout_json.is_some(), "{attack}: {output}");
    }
}

fn send(arena: &Arena, bytes: &[u8]) -> Output {
    let call = arena.site.cni().command("ADD").container_id(&arena.container.id);
    call.netns(&arena.container.namespace).stdin(bytes).run()
}

#[test]
fn the_nodes_own_namespace_is_no_container() {
    needs_kernel!();
    let arena = Arena::new();
    let node = Container {
        id: "attacker".to_owned(),
        namespace: cofferdam_tests::Namespace::container(),
    };
    for path in [arena.site.node().path(), "/proc/self/ns/net".to_owned()] {
        let call = arena
            .site
            .call("ADD", &node, &config(&json!([crate::arena::own_pair()])));
        let error = call.netns_path(&path).run().error();
        assert_eq!(error.code, 8, "{path}: {error:?}");
        arena.assert_untouched(&path);
    }
    for path in [
        "/etc/passwd",
        "/proc/self/ns/mnt",
        "/dev/null",
        "/",
        "/nonexistent",
        "relative",
        "/proc/self/fd/0",
    ] {
        let call = arena
            .site
            .call("ADD", &node, &config(&json!([crate::arena::own_pair()])));
        let error = call.netns_path(path).run().error();
        assert!(error.message.contains("netns"), "{path}: {error:?}");
        arena.assert_untouched(path);
    }
}
