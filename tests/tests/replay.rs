//! Recorded calls: what the policy wants to be kept, and `cofferctl replay` of
//! it by somebody who has the file and the components, and nothing else.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt as _, chown, symlink},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::Command,
};

use cofferdam_tests::{
    Container, Ended, Output, Products, Site, bridge_network, finish, furnish_eth1, mount_full, mount_read_only,
    needs_kernel, needs_root_and, with, with_own_mounts,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Somebody who is not root.
const SOMEBODY: u32 = 65534;

/// What a component needs that asks for something it was not granted.
const SOME_GRANTS: &str = r#"
[plugin.hostile]

[[plugin.hostile.grant]]
allow = "link.create"
in = "host"
kinds = ["veth"]
names = ["veth*"]

[[plugin.hostile.grant]]
allow = ["link.see", "link.create", "link.set"]
in = "container"
kinds = ["veth"]
"#;

/// A node on which the calls of these plugins are recorded.
fn site(record: &str, plugins: &[&str]) -> Site {
    let site = Site::new();
    for plugin in plugins {
        let text = format!("[plugin.{plugin}]\nrecord = \"{record}\"\n");
        site.installation().policy(&format!("{plugin}.record.toml"), &text);
    }
    site
}

fn directory(site: &Site) -> PathBuf {
    site.installation().root().join("var/log/cofferdam/recordings")
}

/// The recordings, oldest first.
fn recordings(site: &Site) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory(site)) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[track_caller]
fn last(site: &Site) -> PathBuf {
    recordings(site).pop().expect("a call was recorded")
}

/// A directory of somebody's who writes plugins, on another machine.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let directory = TempDir::with_prefix("cofferdam-test-").unwrap();
        give(directory.path());
        Self(directory)
    }

    /// Puts a file there.
    fn put(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        give(&path);
        path
    }

    /// `cofferctl replay FILE [NAME=]COMPONENT…`
    fn replay(&self, recording: &Path, components: &[(&str, Vec<u8>)], words: &[&str]) -> Ended {
        let recording = self.put("recording.json", &fs::read(recording).unwrap());
        let mut replay = Command::new(Products::locate().cofferctl());
        replay.arg("--root").arg(self.0.path().join("no-installation"));
        replay.arg("replay").arg(recording).args(words);
        for (name, wasm) in components {
            let file = self.put(&format!("{name}.wasm"), wasm);
            replay.arg(format!("{name}={}", file.display()));
        }
        replay.env_remove("HOME").env("TMPDIR", self.0.path());
        if nix::unistd::geteuid().is_root() {
            replay.uid(SOMEBODY).gid(SOMEBODY);
        }
        finish(&mut replay, b"")
    }

    /// What is left there of directories.
    fn litter(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect()
    }
}

fn give(path: &Path) {
    if nix::unistd::geteuid().is_root() {
        chown(path, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    }
}

/// The component of a plugin.
fn component(plugin: &str) -> Vec<u8> {
    let package = match plugin {
        "hostile" => "cofferdam-hostile".to_owned(),
        plugin => format!("cofferdam-plugin-{plugin}"),
    };
    fs::read(Products::locate().component(&package)).unwrap()
}

fn components<'p>(plugins: &[&'p str]) -> Vec<(&'p str, Vec<u8>)> {
    plugins.iter().map(|plugin| (*plugin, component(plugin))).collect()
}

/// Replays the last recording, as text and for programs.
#[track_caller]
fn assert_equal(site: &Site, plugins: &[&str], output: &Output) {
    let (file, desk) = (last(site), Desk::new());
    let recording: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(recording["outcome"]["stdout"], output.stdout.as_str());
    let replayed = desk.replay(&file, &components(plugins), &["--json"]);
    let told: Value = serde_json::from_str(&replayed.stdout).unwrap_or_else(|error| panic!("{error}: {replayed:?}"));
    assert_eq!(told["same"], true, "{told:#}");
    assert_eq!(told["components"], json!([]), "{told:#}");
    // It was the recording that answered, to the end, and the network in memory
    // could follow.
    assert_eq!(
        (&told["strayed"], &told["lost"]),
        (&Value::Null, &Value::Null),
        "{told:#}"
    );
    let calls = recording["calls"].as_array().unwrap().len();
    assert_eq!(told["calls"], calls, "{told:#}");
    let words = desk.replay(&file, &components(plugins), &[]);
    assert_eq!(words.code, Some(0), "{words:?}");
    let same = format!("same calls, same outcome ({calls} calls, ");
    assert!(words.stdout.contains(&same), "{words:?}");
    assert_eq!(desk.litter(), Vec::<PathBuf>::new());
}

fn host_local() -> Value {
    json!({ "type": "host-local", "subnet": "10.22.0.0/16", "routes": [{ "dst": "0.0.0.0/0" }] })
}

fn masquerading() -> Value {
    with(bridge_network("1.0.0"), json!({ "ipMasq": true }))
}

fn both_families() -> Value {
    let ranges = json!([[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]]);
    with(
        bridge_network("1.0.0"),
        json!({ "ipMasq": true, "ipam": { "subnet": null, "routes": null, "ranges": ranges } }),
    )
}

fn network(plugin: &str, more: Value) -> Value {
    with(json!({ "cniVersion": "1.0.0", "name": "mynet", "type": plugin }), more)
}

#[test]
fn an_add_that_succeeded_is_the_same_again() {
    needs_kernel!();
    let upon = json!({ "master": "eth1", "ipam": host_local() });
    let tuning = json!({ "type": "tuning", "sysctl": { "net.ipv4.conf.IFNAME.arp_filter": "1" }, "mtu": 1400 });
    let chain = json!({
        "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam",
        "chain": [with(masquerading(), json!({ "name": null, "cniVersion": null })), tuning],
    });
    for (plugins, config) in [
        (&["loopback"][..], network("loopback", json!({}))),
        (&["bridge", "host-local"], masquerading()),
        (&["bridge", "host-local"], both_families()),
        (
            &["ptp", "host-local"],
            network("ptp", json!({ "ipMasq": true, "ipam": host_local() })),
        ),
        (&["macvlan", "host-local"], network("macvlan", upon)),
        (&["bridge", "host-local", "tuning"], chain),
    ] {
        let site = site("always", &plugins[..1]);
        furnish_eth1(site.node());
        // The second one meets what the first one made.
        for id in ["first", "second"] {
            let output = site.try_add(&Container::new(id), &config);
            assert_eq!(output.code, 0, "{config}: {output:?}");
            assert_equal(&site, plugins, &output);
        }
    }
}

#[test]
fn an_add_to_what_another_plugin_made_is_the_same_again() {
    needs_kernel!();
    let rate =
        json!({ "ingressRate": 8_000_000, "ingressBurst": 800_000, "egressRate": 8_000_000, "egressBurst": 800_000 });
    let mappings = json!([{ "hostPort": 8080, "containerPort": 80, "protocol": "tcp" }]);
    for (plugin, more) in [
        ("tuning", json!({ "mac": "02:00:00:00:00:07", "promisc": true })),
        ("bandwidth", rate),
        (
            "portmap",
            json!({ "snat": true, "runtimeConfig": { "portMappings": mappings } }),
        ),
        ("firewall", json!({})),
        ("sbr", json!({})),
    ] {
        let site = site("always", &[plugin]);
        let container = Container::new("c1");
        let result = site.add(&container, &masquerading());
        assert_eq!(recordings(&site), Vec::<PathBuf>::new(), "bridge is not to be recorded");
        let output = site.try_add(
            &container,
            &network(plugin, with(more, json!({ "prevResult": result }))),
        );
        assert_eq!(output.code, 0, "{plugin}: {output:?}");
        assert_equal(&site, &[plugin], &output);
    }
}

#[test]
fn an_add_that_failed_is_the_same_again() {
    needs_kernel!();
    for (attack, said) in [
        ("host-bridge", "cni0"),
        ("unreachable", "was ended"),
        ("panic", "was ended"),
        ("calls", "host calls"),
        ("phantom", ""),
    ] {
        let site = site("failures", &["hostile"]);
        site.installation().policy("hostile.toml", SOME_GRANTS);
        let output = site.try_add(
            &Container::new("c1"),
            &network("cofferdam", json!({ "plugin": "hostile", "attack": attack })),
        );
        assert_eq!(output.code, 1, "{attack}: {output:?}");
        assert!(output.stdout.contains(said), "{output:?}");
        assert_equal(&site, &["hostile"], &output);
    }
}

#[test]
fn no_address_left_and_all_undone_is_the_same_again() {
    needs_kernel!();
    let site = site("failures", &["bridge"]);
    let config = with(masquerading(), json!({ "ipam": { "subnet": "10.22.0.0/30" } }));
    site.add(&Container::new("first"), &config);
    assert_eq!(recordings(&site), Vec::<PathBuf>::new(), "that was no failure");
    let output = site.try_add(&Container::new("second"), &config);
    assert_eq!(output.code, 1, "{output:?}");
    assert_equal(&site, &["bridge", "host-local"], &output);
}

#[test]
fn another_component_is_told_first_and_then_what_it_does_otherwise() {
    needs_kernel!();
    let site = site("always", &["bridge"]);
    site.add(&Container::new("c1"), &masquerading());
    let (file, desk) = (last(&site), Desk::new());

    // The same code, in another file.
    let renamed = [component("bridge"), custom_section("remark")].concat();
    let given = [("bridge", renamed), ("host-local", component("host-local"))];
    let same = desk.replay(&file, &given, &[]);
    assert_eq!(same.code, Some(0), "{same:?}");
    assert!(
        same.stdout.contains("plugin bridge: this component is another one"),
        "{same:?}"
    );
    assert!(same.stdout.contains("same calls, same outcome"), "{same:?}");

    // Another plugin altogether, which asks for other things.
    let given = [("bridge", component("ptp")), ("host-local", component("host-local"))];
    let other = desk.replay(&file, &given, &["--json"]);
    assert_eq!(other.code, Some(1), "{other:?}");
    let told: Value = serde_json::from_str(&other.stdout).unwrap();
    assert_eq!(told["components"][0]["plugin"], "bridge", "{told:#}");
    let difference = &told["difference"];
    assert_eq!(
        difference["number"].as_u64().unwrap(),
        1 + difference["before"].as_array().unwrap().len() as u64
    );
    assert_ne!(difference["recorded"], difference["now"], "{told:#}");
    assert!(told["outcome"]["now"].is_object(), "{told:#}");
    let words = desk.replay(&file, &given, &[]).stdout;
    for line in ["other calls", "another outcome", "  recorded  ", "  now       "] {
        assert!(words.contains(line), "{line}: {words}");
    }
}

/// A part of a component that says nothing of what it does.
fn custom_section(name: &str) -> Vec<u8> {
    let length = u8::try_from(name.len()).unwrap();
    [&[0, length + 1, length], name.as_bytes()].concat()
}

/// A component that fails, and one with which the call would not have.
#[test]
fn what_a_mended_component_would_do_is_seen() {
    needs_kernel!();
    let site = site("failures", &["hostile"]);
    let policy = fs::read_to_string(Products::workspace().join("host/policy/default/loopback.toml")).unwrap();
    let policy = policy.replace("plugin.loopback", "plugin.hostile");
    site.installation().policy("hostile.toml", &policy);
    let broken = network("cofferdam", json!({ "plugin": "hostile", "attack": "unreachable" }));
    site.try_add(&Container::new("c1"), &broken).error();
    let (file, desk) = (last(&site), Desk::new());
    let mended = desk.replay(&file, &[("hostile", component("loopback"))], &["--json"]);
    assert_eq!(mended.code, Some(1), "{mended:?}");
    let told: Value = serde_json::from_str(&mended.stdout).unwrap();
    let now = &told["outcome"]["now"];
    assert_eq!(now["exit"], 0, "{told:#}");
    let result: Value = serde_json::from_str(now["stdout"].as_str().unwrap()).unwrap();
    assert_eq!(result["ips"][0]["address"], "127.0.0.1/8", "{told:#}");
}

#[test]
fn the_recorded_component_is_taken_from_the_machines_own_store() {
    needs_kernel!();
    let site = site("always", &["bridge"]);
    site.add(&Container::new("c1"), &masquerading());
    let file = last(&site);
    let file = file.to_str().unwrap();
    let replayed = site.cofferctl(&["replay", file]);
    assert_eq!(replayed.code, Some(0), "{replayed:?}");
    let missing = Desk::new().replay(Path::new(file), &[], &[]);
    assert_eq!(missing.code, Some(1), "{missing:?}");
    assert!(missing.stderr.contains("give it: bridge=FILE.wasm"), "{missing:?}");
}

#[test]
fn nothing_is_recorded_unless_the_policy_wants_it() {
    needs_kernel!();
    for record in ["never", "failures"] {
        let site = site(record, &["bridge"]);
        site.add(&Container::new("c1"), &masquerading());
        assert!(recordings(&site).is_empty(), "{record}");
        assert_eq!(directory(&site).exists(), record == "failures");
    }
}

#[test]
fn a_recording_is_roots_alone() {
    needs_kernel!();
    let site = site("always", &["loopback"]);
    site.add(&Container::new("c1"), &network("loopback", json!({})));
    for (path, mode) in [(last(&site), 0o600), (directory(&site), 0o700)] {
        let found = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{}", path.display());
    }
}

/// What the recording can't be written to is told, and no reason to fail.
#[track_caller]
fn assert_added_but_not_recorded(site: &Site) {
    let output = site.try_add(&Container::new("c1"), &network("loopback", json!({})));
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.stderr.contains("is not recorded"), "{output:?}");
    assert!(output.stderr.contains("recordings"), "{output:?}");
}

#[test]
fn what_can_not_be_recorded_is_served_all_the_same() {
    needs_kernel!();
    let not_ours = |site: &Site| {
        fs::create_dir_all(directory(site)).unwrap();
        fs::set_permissions(directory(site), fs::Permissions::from_mode(0o777)).unwrap();
    };
    let a_file = |site: &Site| {
        fs::create_dir_all(directory(site).parent().unwrap()).unwrap();
        fs::write(directory(site), "").unwrap();
    };
    let a_link = |site: &Site| {
        fs::create_dir_all(directory(site).parent().unwrap()).unwrap();
        symlink("/tmp", directory(site)).unwrap();
    };
    let spoils: [&dyn Fn(&Site); 3] = [&not_ours, &a_file, &a_link];
    for spoil in spoils {
        let site = site("always", &["loopback"]);
        spoil(&site);
        assert_added_but_not_recorded(&site);
    }
}

#[test]
fn a_disk_that_is_full_or_read_only_keeps_nothing_from_being_attached() {
    needs_root_and!("ip");
    for mount in [mount_full, mount_read_only] {
        let site = site("always", &["loopback"]);
        fs::create_dir_all(directory(&site)).unwrap();
        fs::set_permissions(directory(&site), fs::Permissions::from_mode(0o700)).unwrap();
        with_own_mounts(|| {
            mount(&directory(&site));
            assert_added_but_not_recorded(&site);
            let left: Vec<String> = fs::read_dir(directory(&site))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
                .filter(|name| name != "filling")
                .collect();
            assert_eq!(left, [""; 0]);
        });
    }
}

#[test]
fn the_oldest_recordings_go() {
    needs_kernel!();
    let site = site("always", &["loopback"]);
    fs::create_dir_all(directory(&site)).unwrap();
    fs::set_permissions(directory(&site), fs::Permissions::from_mode(0o700)).unwrap();
    for number in 0..64 {
        fs::write(directory(&site).join(format!("20200101T0000{number:02}.json")), "{}").unwrap();
    }
    site.add(&Container::new("c1"), &network("loopback", json!({})));
    let files = recordings(&site);
    assert_eq!(files.len(), 64);
    assert!(files[0].ends_with("20200101T000001.json"), "{files:?}");
}

#[test]
fn one_that_would_be_too_long_is_not_kept() {
    needs_kernel!();
    let site = site("always", &["loopback"]);
    let records = site.leases().join("other");
    fs::create_dir_all(&records).unwrap();
    fs::write(records.join("10.0.0.1"), vec![b'x'; 9 << 20]).unwrap();
    assert_added_but_not_recorded(&site);
}

#[test]
fn recordings_are_listed_with_how_they_ended() {
    needs_kernel!();
    let site = site("always", &["bridge", "hostile"]);
    site.installation().policy("hostile.toml", SOME_GRANTS);
    assert!(site.cofferctl(&["recordings"]).stdout.contains("nothing is recorded"));
    site.add(&Container::new("c1"), &masquerading());
    let trapping = network("cofferdam", json!({ "plugin": "hostile", "attack": "unreachable" }));
    site.try_add(&Container::new("c2"), &trapping).error();
    fs::write(directory(&site).join("20990101T000000.json"), "{").unwrap();
    let listed = site.cofferctl_json(&["recordings"]);
    let [first, second, third] = &listed["recordings"].as_array().unwrap()[..] else {
        panic!("{listed:#}")
    };
    assert_eq!(first["attachment"], "mynet/c1/eth0", "{listed:#}");
    assert_eq!(first["plugins"], "bridge, host-local", "{listed:#}");
    assert_eq!((&first["verb"], &first["outcome"]), (&json!("ADD"), &json!("success")));
    assert!(second["outcome"].as_str().unwrap().contains("was ended"), "{listed:#}");
    assert!(
        third["problem"].as_str().unwrap().contains("20990101T000000.json"),
        "{listed:#}"
    );
    let words = site.cofferctl(&["recordings"]).stdout;
    assert!(
        words.contains("mynet/c2/eth0") && words.contains("not listed: "),
        "{words}"
    );
}

#[test]
fn what_is_no_recording_is_refused_by_file_and_place() {
    needs_kernel!();
    let site = site("always", &["loopback"]);
    site.add(&Container::new("c1"), &network("loopback", json!({})));
    let whole = fs::read_to_string(last(&site)).unwrap();
    let recording: Value = serde_json::from_str(&whole).unwrap();
    let changed = |changes: Value| with(recording.clone(), changes).to_string();
    let desk = Desk::new();
    for (content, said) in [
        (String::new(), "line 1"),
        ("not json".to_owned(), "line 1"),
        (whole[..whole.len() / 2].to_owned(), "column"),
        (changed(json!({ "format": 99 })), "format 99"),
        (changed(json!({ "told": null })), "told"),
        (
            changed(json!({ "told": [{ "call": "links(Host)", "answer": 1, "more": 2 }] })),
            "more",
        ),
        (changed(json!({ "files": { "../x": { "text": "" } } })), "\"../x\""),
        (
            changed(json!({ "files": { "run/cofferdam/x": { "link": "/etc" } } })),
            "run/cofferdam/x",
        ),
        (changed(json!({ "random": "0" })), "random"),
        (changed(json!({ "variables": { "CNI_COMMAND": "DEL" } })), "CNI_COMMAND"),
        (changed(json!({ "variables": { "CNI_CONTAINERID": "../x" } })), "../x"),
        (changed(json!({ "configuration": "{" })), "configuration"),
        (changed(json!({ "outcome": { "exit": 7 } })), "outcome.exit"),
        (
            changed(
                json!({ "configuration": network("loopback", json!({ "ipam": { "dataDir": "/a/../../b" } })).to_string() }),
            ),
            "/a/../../b",
        ),
        (changed(json!({ "surroundings": [] })), "surroundings"),
    ] {
        let file = desk.put("damaged.json", content.as_bytes());
        let refused = desk.replay(&file, &components(&["loopback"]), &[]);
        assert_eq!(refused.code, Some(1), "{said}: {refused:?}");
        assert!(refused.stderr.contains("recording.json"), "{refused:?}");
        assert!(refused.stderr.contains(said), "{said}: {refused:?}");
        assert_eq!(desk.litter(), Vec::<PathBuf>::new(), "{said}");
    }
    let long = desk.put("damaged.json", &vec![b' '; (8 << 20) + 1]);
    let refused = desk.replay(&long, &[], &[]);
    assert!(refused.stderr.contains("more than"), "{refused:?}");
}
