//! What a runtime does with networks, by hand: `cofferctl net`, a link called
//! `cnitool`, and configurations before a node uses them.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use cofferdam_tests::{
    Container, Ended, Products, Site, bridge_network, finish, mount_memory, needs_kernel, with, with_own_mounts,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A node with a directory of networks, and none of executables.
struct Bench {
    site: Site,
    directory: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self {
            site: Site::new(),
            directory: TempDir::with_prefix("cofferdam-test-").unwrap(),
        }
    }

    fn configure(&self, file: &str, network: &Value) -> PathBuf {
        let path = self.directory.path().join(file);
        fs::write(&path, network.to_string()).unwrap();
        path
    }

    /// `cofferctl WORDS` with the options that lead to this directory.
    fn cofferctl(&self, words: &[&str]) -> Ended {
        let place = self.directory.path().to_str().unwrap();
        let options = ["--conf-dir", place, "--plugin-dir", "/no/such/directory"];
        self.site.cofferctl(&[words, &options].concat())
    }

    #[track_caller]
    fn succeeds(&self, words: &[&str]) -> String {
        let ended = self.cofferctl(words);
        assert_eq!(ended.code, Some(0), "{words:?}: {ended:?}");
        ended.stdout
    }

    #[track_caller]
    fn document(&self, words: &[&str]) -> Value {
        let text = self.cofferctl(&[words, &["--json"]].concat());
        serde_json::from_str(&text.stdout).unwrap_or_else(|error| panic!("{words:?}: {error}: {text:?}"))
    }
}

/// The bridge of the examples, as a list of this version.
fn list(version: &str) -> Value {
    let plugin = with(bridge_network(version), json!({ "name": null, "cniVersion": null }));
    json!({ "cniVersion": version, "name": "mynet", "plugins": [plugin] })
}

#[test]
fn a_namespace_is_attached_checked_listed_and_detached() {
    needs_kernel!();
    let bench = Bench::new();
    bench.configure("10-mynet.conflist", &list("1.1.0"));
    let container = Container::new("unused");
    let netns = container.namespace.path();
    let before = bench.site.snapshot();

    let result = bench.document(&["net", "add", "mynet", &netns]);
    assert_eq!(result["ips"][0]["address"], "10.22.0.2/16", "{result}");
    assert_eq!(container.namespace.addresses("eth0")[0], "10.22.0.2/16");
    bench.succeeds(&["net", "check", "mynet", &netns]);
    let attached = bench.document(&["net", "list", "mynet"]);
    assert_eq!(attached["attachments"][0]["addresses"], json!(["10.22.0.2/16"]));
    assert_eq!(attached["attachments"][0]["namespace"], json!(netns));
    let networks = bench.succeeds(&["net", "list"]);
    assert!(networks.contains("mynet    1.1.0    1         bridge"), "{networks}");
    assert!(bench.succeeds(&["net", "status"]).contains("ready"));

    bench.succeeds(&["net", "del", "mynet", &netns]);
    assert!(container.namespace.link("eth0").is_none());
    assert_eq!(bench.document(&["net", "list", "mynet"])["attachments"], json!([]));
    before.assert_same(&bench.site.snapshot());
}

#[test]
fn a_container_is_detached_from_a_network_that_is_configured_no_more() {
    needs_kernel!();
    let bench = Bench::new();
    let file = bench.configure("10-mynet.conflist", &list("1.0.0"));
    let container = Container::new("unused");
    let netns = container.namespace.path();
    let before = bench.site.snapshot();
    bench.succeeds(&["net", "add", "mynet", &netns, "--id", "c1", "-i", "net1"]);
    fs::remove_file(file).unwrap();

    let other = bench.cofferctl(&["net", "del", "mynet", &netns, "--id", "another", "-i", "net1"]);
    assert_eq!(other.code, Some(1), "{other:?}");
    assert!(other.stderr.contains("no net configuration"), "{other:?}");
    bench.succeeds(&["net", "del", "mynet", &netns, "--id", "c1", "-i", "net1"]);
    before.assert_same(&bench.site.snapshot());
}

#[test]
fn gc_detaches_what_is_not_kept() {
    needs_kernel!();
    let bench = Bench::new();
    bench.configure("10-mynet.conflist", &list("1.1.0"));
    let (kept, stale) = (Container::new("kept"), Container::new("stale"));
    for container in [&kept, &stale] {
        bench.succeeds(&[
            "net",
            "add",
            "mynet",
            &container.namespace.path(),
            "--id",
            &container.id,
        ]);
    }
    assert_eq!(
        bench.cofferctl(&["net", "gc", "mynet"]).code,
        Some(2),
        "neither --keep nor --all"
    );

    let told = bench.document(&["net", "gc", "mynet", "--keep", "kept/eth0"]);

    assert_eq!(
        told,
        json!({ "network": "mynet", "collected": 1, "kept": 1, "error": null })
    );
    assert!(kept.namespace.link("eth0").is_some());
    assert!(stale.namespace.link("eth0").is_none());
    bench.succeeds(&["net", "gc", "mynet", "--all"]);
    assert!(kept.namespace.link("eth0").is_none());
}

#[test]
fn the_plugins_own_error_is_told() {
    needs_kernel!();
    let bench = Bench::new();
    bench.site.installation().remove_policies();
    bench.configure("10-mynet.conflist", &list("1.1.0"));
    let container = Container::new("unused");
    let netns = container.namespace.path();
    let error = bench.document(&["net", "add", "mynet", &netns]);
    assert_eq!(error["code"], 100, "{error}");
    let status = bench.document(&["net", "status", "mynet"]);
    assert_eq!(status["networks"][0]["ready"], false, "{status}");
    let missing = bench.cofferctl(&["net", "add", "other", &netns]);
    assert!(
        missing.stderr.contains("no net configuration with name \"other\""),
        "{missing:?}"
    );
}

/// A plugin that says what it was given.
const ECHO: &str = r#"#!/bin/sh
cat >/dev/null
echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_NETNS $CNI_IFNAME $CNI_ARGS" >>"${0%/*}/log"
[ "$CNI_COMMAND" != ADD ] || printf '{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.2/24"}]}'
[ "$CNI_COMMAND" != STATUS ] || { printf '{"code":50,"msg":"not yet"}'; exit 1; }
"#;

fn cnitool(bench: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(bench.join("cnitool"));
    command.args(arguments).current_dir(bench).env_remove("CNI_IFNAME");
    command.env("CNI_PATH", bench).env("NETCONFPATH", bench);
    finish(command.envs(variables.iter().copied()), b"")
}

#[test]
fn a_link_called_cnitool_is_cnitool() {
    needs_kernel!();
    let directory = TempDir::with_prefix("cofferdam-test-").unwrap();
    let bench = directory.path();
    symlink(Products::locate().cofferctl(), bench.join("cnitool")).unwrap();
    fs::write(bench.join("echo"), ECHO).unwrap();
    fs::set_permissions(bench.join("echo"), fs::Permissions::from_mode(0o755)).unwrap();
    let list = json!({ "cniVersion": "1.1.0", "name": "net", "plugins": [{ "type": "echo" }] });
    fs::write(bench.join("10.conflist"), list.to_string()).unwrap();

    with_own_mounts(|| {
        mount_memory(Path::new("/var/lib"), 1 << 20);
        let netns = "/var/run/netns/testing";
        let added = cnitool(bench, &["add", "net", netns], &[("CNI_ARGS", "A=1;B=2")]);
        assert_eq!(
            (added.code, added.stdout.as_str()),
            (
                Some(0),
                "{\n    \"cniVersion\": \"1.1.0\",\n    \"ips\": [\n        {\n            \"address\": \"10.0.0.2/24\"\n        }\n    ]\n}"
            ),
            "{added:?}"
        );
        // printf /var/run/netns/testing | sha512sum | cut -c -20
        let id = "cnitool-77383ca0a0715733ca6f";
        assert!(
            Path::new("/var/lib/cni/results")
                .join(format!("net-{id}-eth0"))
                .is_file()
        );
        for (verb, interface) in [("check", "eth0"), ("del", "eth0"), ("add", "net1"), ("gc", "")] {
            let options: &[&str] = if interface == "net1" {
                &["--ifname", "net1"]
            } else {
                &[]
            };
            let ended = cnitool(bench, &[&[verb, "net", netns], options].concat(), &[]);
            assert_eq!(ended.code, Some(0), "{ended:?}");
            assert!(verb == "add" || ended.stdout.is_empty(), "{ended:?}");
        }
        assert_eq!(fs::read_dir("/var/lib/cni/results").unwrap().count(), 0);
        let log = fs::read_to_string(bench.join("log")).unwrap();
        assert_eq!(
            log.lines().collect::<Vec<_>>(),
            [
                format!("ADD {id} {netns} eth0 A=1;B=2"),
                format!("CHECK {id} {netns} eth0 "),
                format!("DEL {id} {netns} eth0 "),
                format!("ADD {id} {netns} net1 "),
                format!("DEL {id} {netns} net1 "),
                "GC    ".to_owned(),
            ]
        );
        for (arguments, variables, told) in [
            (&["status", "net", netns][..], &[][..], "not yet"),
            (&["add", "net"], &[], "NETNS"),
            (
                &["add", "other", netns],
                &[],
                "no net configuration with name \"other\"",
            ),
            (
                &["add", "net", netns],
                &[("CNI_ARGS", "A=1;")],
                "invalid CNI_ARGS pair \"\"",
            ),
            (&["add", "net", netns], &[("CAP_ARGS", "{")], "CAP_ARGS"),
            (&["add", "net", netns], &[("CNI_PATH", "")], "no paths provided"),
        ] {
            let ended = cnitool(bench, arguments, variables);
            assert_eq!(
                (ended.code, ended.stdout.as_str()),
                (Some(1), ""),
                "{arguments:?}: {ended:?}"
            );
            assert!(ended.stderr.contains(told), "{ended:?}");
        }
    });
}

#[test]
fn a_configuration_is_checked_before_it_is_used() {
    needs_kernel!();
    let bench = Bench::new();
    let file = bench.configure("10-mynet.conflist", &list("1.0.0"));
    let good = bench.succeeds(&["conflist", "check", file.to_str().unwrap()]);
    assert_eq!(good, "0 errors, 0 warnings\n");

    bench.site.node().ip(&["link", "add", "lan", "type", "bridge"]);
    bench.site.node().ip(&["address", "add", "10.22.9.1/24", "dev", "lan"]);
    let other = json!({ "name": "other", "plugins": [{ "bridge": "cni1" }] });
    let plugin = with(list("1.0.0")["plugins"][0].clone(), other["plugins"][0].clone());
    bench.configure(
        "20.conflist",
        &json!({ "cniVersion": "1.0.0", "name": "other", "plugins": [plugin] }),
    );
    let wrong = json!({ "cniVersion": "1.0.0", "name": "mynet", "plugins": [
        with(list("1.0.0")["plugins"][0].clone(), json!({ "isGatway": true })),
        { "type": "missing" },
    ]});
    let file = bench.configure("10-mynet.conflist", &wrong);
    bench.site.installation().policy("bridge.toml", "[plugin.bridge]\n");
    let told = bench.document(&["conflist", "check", file.to_str().unwrap()]);
    assert_eq!(told["usable"], false);
    let findings = told["findings"].as_array().unwrap();
    for (place, problem) in [
        ("plugins[0].isGatway", "did you mean \"isGateway\"?"),
        ("plugins[1].type", "failed to find plugin \"missing\""),
        ("plugins[0].type", "what is not granted"),
        ("plugins[0].ipam.subnet", "of network \"other\""),
        ("plugins[0].ipam.subnet", "10.22.9.1/24 of link \"lan\""),
    ] {
        let is_told =
            |finding: &Value| finding["place"] == place && finding["problem"].as_str().unwrap().contains(problem);
        assert!(findings.iter().any(is_told), "{place}: {problem}: {told:#}");
    }

    fs::write(&file, "{").unwrap();
    let broken = bench.cofferctl(&["conflist", "check", file.to_str().unwrap()]);
    assert_eq!(broken.code, Some(1));
    assert!(broken.stdout.contains("EOF while parsing"), "{broken:?}");
}

#[test]
fn what_keeps_the_address_management_plugin_from_running_is_told() {
    needs_kernel!();
    let bench = Bench::new();
    let check = |network: &Value| {
        let file = bench.configure("10-mynet.conflist", network);
        bench.cofferctl(&["conflist", "check", file.to_str().unwrap()]).stdout
    };
    let bridge = |ipam: &str| with(list("1.0.0")["plugins"][0].clone(), json!({ "ipam": { "type": ipam } }));
    let network = |plugin: Value| json!({ "cniVersion": "1.0.0", "name": "mynet", "plugins": [plugin] });
    let slip = "no component is installed for plugin \"host-locl\": ";
    for (plugin, place) in [
        (bridge("host-locl"), "plugins[0].ipam.type"),
        (
            with(bridge("host-locl"), json!({ "type": "cofferdam", "plugin": "bridge" })),
            "plugins[0].ipam.type",
        ),
        (
            json!({ "type": "cofferdam", "chain": [bridge("host-locl")] }),
            "plugins[0].chain[0].ipam.type",
        ),
        (
            json!({ "type": "cofferdam", "chain": [{ "type": "host-locl" }] }),
            "plugins[0].chain[0].type",
        ),
    ] {
        let told = check(&network(plugin));
        assert!(told.contains(&format!("error: {place}: {slip}")), "{place}: {told}");
        assert!(told.contains("; did you mean \"host-local\"?"), "{told}");
    }

    let told = check(&network(bridge("hostile")));
    let missing = "error: plugins[0].ipam.type: plugin \"bridge\" may not call it; the policy lacks { allow = \
                   \"ipam.delegate\", plugins = [\"hostile\"] }";
    assert!(told.contains(missing), "{told}");

    let policy = bench
        .site
        .installation()
        .root()
        .join("etc/cofferdam/policy.d/host-local.toml");
    fs::remove_file(policy).unwrap();
    let told = check(&list("1.0.0"));
    assert!(
        told.contains("error: plugins[0].ipam.type: the policy of \"host-local\" can't be used: "),
        "{told}"
    );

    // It calls none, whatever is there.
    let loopback = json!({ "type": "loopback", "ipam": { "type": "host-locl" } });
    let told = check(&network(loopback));
    assert_eq!(told, "0 errors, 0 warnings\n");
}

#[test]
fn what_is_easily_left_out_or_mistyped_is_told() {
    needs_kernel!();
    let bench = Bench::new();
    let plugins = json!([{ "type": "portmap", "capabilities": { "portMapping": true } }, { "type": "bandwith" }]);
    let file = bench.configure("10-mynet.conflist", &json!({ "name": "mynet", "plugins": plugins }));
    let told = bench.cofferctl(&["conflist", "check", file.to_str().unwrap()]).stdout;
    for line in [
        "warning: cniVersion: it is missing, so 0.1.0 is meant, ",
        "warning: plugins[0].capabilities.portMapping: no plugin here reads the capability \"portMapping\"; did you mean \
         \"portMappings\"?",
        "failed to find plugin \"bandwith\" in path [/no/such/directory], and no component of that \
         name is installed; did you mean \"bandwidth\"?",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
}

#[test]
fn a_list_is_fused_into_a_chain_that_does_the_same() {
    needs_kernel!();
    let bench = Bench::new();
    let bridge = list("1.0.0")["plugins"][0].clone();
    let plugins = json!([bridge, { "type": "tuning", "capabilities": { "mac": true } }]);
    let file = bench.configure(
        "10.conflist",
        &json!({ "cniVersion": "1.0.0", "name": "mynet", "plugins": plugins }),
    );
    let ended = bench.site.cofferctl(&["conflist", "fuse", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let fused: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(fused["plugins"][0]["type"], "cofferdam");
    bench.configure("10.conflist", &fused);

    let container = Container::new("unused");
    let netns = container.namespace.path();
    let mac = r#"{"mac":"c2:11:22:33:44:55"}"#;
    bench.succeeds(&["net", "add", "mynet", &netns, "--cap-args", mac]);
    assert_eq!(
        container.namespace.link("eth0").unwrap()["address"],
        "c2:11:22:33:44:55"
    );
    let attachments = bench.site.cofferctl_json(&["attachments"]);
    assert_eq!(attachments["attachments"].as_array().unwrap().len(), 1, "{attachments}");
    assert_eq!(attachments["attachments"][0]["unit"], "chain");
    bench.succeeds(&["net", "del", "mynet", &netns, "--cap-args", mac]);

    let again = bench.site.cofferctl(&["conflist", "fuse", file.to_str().unwrap()]);
    assert!(again.stderr.contains("nothing to fuse"), "{again:?}");
}

#[test]
fn shells_and_manuals_get_all_commands() {
    let cofferctl = Products::locate().cofferctl();
    let completions = finish(Command::new(&cofferctl).args(["completions", "bash"]), b"");
    assert!(completions.stdout.contains("conflist"), "{completions:?}");
    let directory = TempDir::with_prefix("cofferdam-test-").unwrap();
    let pages = finish(Command::new(&cofferctl).arg("manual").arg(directory.path()), b"");
    assert_eq!(pages.code, Some(0), "{pages:?}");
    let page = fs::read_to_string(directory.path().join("cofferctl-net-add.1")).unwrap();
    assert!(page.contains("CAP_ARGS"), "{page}");
}
