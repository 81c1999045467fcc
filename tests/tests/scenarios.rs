//! `cofferctl test`: the scenarios of the plugins, on a network in memory.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::Command,
};

use cofferdam_tests::{Ended, PLUGINS, Products, finish};
use serde_json::Value;
use tempfile::TempDir;

/// Nobody's number.
const NOBODY: u32 = 65534;

/// Where to write scenarios, and where no project is.
fn directory() -> TempDir {
    TempDir::with_prefix("cofferdam-test-").unwrap()
}

/// `cofferctl test` of all components that ship.
fn command(directory: &Path) -> Command {
    let products = Products::locate();
    let mut command = Command::new(products.cofferctl());
    // Compiled once for all of these tests.
    command.arg("test").arg("--cache").arg(products.target());
    command.arg("--directory").arg(directory);
    for (_, package) in PLUGINS.iter().filter(|(name, _)| *name != "hostile") {
        command.arg("--component").arg(products.component(package));
    }
    command
}

fn run(directory: &Path, text: &str) -> Ended {
    let path = directory.join("a.toml");
    fs::write(&path, text).unwrap();
    finish(command(directory).arg(path), b"")
}

/// The files of scenarios of the plugins.
fn of_the_plugins() -> Vec<PathBuf> {
    let plugins = Products::workspace().join("plugins");
    let directories = fs::read_dir(plugins)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("scenarios"));
    let files = directories
        .filter_map(|directory| fs::read_dir(directory).ok())
        .flatten();
    let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn the_plugins_do_what_their_scenarios_say() {
    let directory = directory();
    let files = of_the_plugins();
    assert!(files.len() >= 5, "{files:?}");
    let ended = finish(command(directory.path()).arg("--json").args(&files), b"");
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    let scenarios = document["scenarios"].as_array().unwrap();
    let failed: Vec<&Value> = scenarios.iter().filter(|scenario| scenario["passed"] != true).collect();
    assert!(
        failed.is_empty() && ended.code == Some(0),
        "{failed:#?}{}",
        ended.stderr
    );
    for file in &files {
        assert!(
            scenarios
                .iter()
                .any(|scenario| scenario["file"] == *file.to_str().unwrap())
        );
    }
}

/// Nothing in it takes a privilege, a node, or an installation.
#[test]
fn nobody_can_run_scenarios() {
    let directory = directory();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let file = of_the_plugins()
        .into_iter()
        .find(|file| file.ends_with("bridge.toml"))
        .unwrap();
    // Where nobody can see the sources.
    let text = fs::read_to_string(file).unwrap();
    let policies = Products::workspace().join("host/policy/default");
    let copied = directory.path().join("policies");
    fs::create_dir(&copied).unwrap();
    for entry in fs::read_dir(policies).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copied.join(path.file_name().unwrap())).unwrap();
    }
    let scenarios = directory.path().join("bridge.toml");
    fs::write(&scenarios, text.replace("../../../host/policy/default", "policies")).unwrap();
    let mut command = Command::new(directory.path().join("cofferctl"));
    fs::copy(Products::locate().cofferctl(), directory.path().join("cofferctl")).unwrap();
    command.current_dir(directory.path()).args(["test", "--cache", "cache"]);
    for package in ["cofferdam-plugin-bridge", "cofferdam-plugin-host-local"] {
        let component = directory.path().join(package).with_extension("wasm");
        fs::copy(Products::locate().component(package), &component).unwrap();
        command.arg("--component").arg(component);
    }
    fs::create_dir(directory.path().join("cache")).unwrap();
    if nix::unistd::geteuid().is_root() {
        for path in ["", "cache"] {
            chown(directory.path().join(path), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        command.uid(NOBODY).gid(NOBODY);
    }
    let ended = finish(command.arg("bridge.toml"), b"");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.ends_with(" passed, 0 failed\n"), "{ended:?}");
}

/// A scenario of `static`, whose ADD is expected to come to this.
fn of_static(expected: &str) -> String {
    format!(
        r#"
[[scenario]]
name = "the address is given"
policy-of.static = "[plugin.static]"
config = '{{ "cniVersion": "1.1.0", "name": "n", "type": "static", "ipam": {{ "addresses": [ {{ "address": "10.0.0.2/24" }} ] }} }}'

[[scenario.step]]
do = "ADD"
{expected}
"#
    )
}

#[test]
fn what_is_not_as_expected_is_shown_beside_what_was_expected() {
    for (expected, shown) in [
        (r#"result = { ips = [{ address = "10.0.0.2/24" }] }"#, None),
        (r#"result = { ips = [{ address = "*" }] }"#, None),
        (
            r#"exact-result = { cniVersion = "1.1.0", ips = [{ address = "10.0.0.2/24" }] }"#,
            None,
        ),
        (
            r#"result = { ips = [{ address = "10.0.0.3/24" }] }"#,
            Some("10.0.0.3/24"),
        ),
        (
            r#"exact-result = { ips = [{ address = "10.0.0.2/24" }] }"#,
            Some("the result is another one"),
        ),
        ("error = { code = 7, words = [\"ips\"] }", Some("error 7 with \"ips\"")),
        ("error = {}", Some("an error")),
        ("denied = { allow = \"link.see\" }", Some("a denial")),
        ("container.there = [\"link eth0 up\"]", Some("link lo kind none")),
        ("container.gone = [\"link lo\"]", Some("no \"link lo\"")),
    ] {
        let directory = directory();
        let ended = run(directory.path(), &of_static(expected));
        match shown {
            None => assert_eq!(ended.code, Some(0), "{expected}: {ended:?}"),
            Some(words) => {
                assert_eq!(ended.code, Some(1), "{expected}: {ended:?}");
                for words in [words, "a.toml:7: step 1, ADD", "0 passed, 1 failed"] {
                    assert!(ended.stdout.contains(words), "{expected}: {words}: {ended:?}");
                }
            }
        }
    }
}

#[test]
fn what_is_left_in_the_end_is_told() {
    let directory = directory();
    let text = r#"
[[scenario]]
name = "lo stays up"
policy-of.loopback = '''
[plugin.loopback]
[[plugin.loopback.grant]]
allow = ["link.see", "address.see"]
in = "container"
[[plugin.loopback.grant]]
allow = "link.set"
in = "container"
settings = ["up"]
'''
config = '{ "cniVersion": "1.1.0", "name": "lo", "type": "loopback" }'

[[scenario.step]]
do = "ADD"

[[scenario.step]]
do = "change"
container.set = ["link lo mtu 1400"]
"#;
    // What somebody else changed is his to put back.
    assert_eq!(run(directory.path(), text).code, Some(0));
    let text = text.replace("link lo mtu 1400", "link lo down");
    let text = text + "\n[[scenario.step]]\ndo = \"CHECK\"\n";
    let ended = run(directory.path(), &text);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("step 3, CHECK"), "{ended:?}");
}

#[test]
fn a_slip_in_a_file_is_told_with_its_line() {
    let directory = directory();
    let ended = run(directory.path(), &of_static("reslt = {}"));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let words = "a.toml:9: scenario.step.reslt: there is no such key; did you mean \"result\"?";
    assert!(ended.stdout.contains(words), "{ended:?}");
}

#[test]
fn scenarios_are_chosen_by_their_names() {
    let directory = directory();
    let path = directory.path().join("a.toml");
    fs::write(
        &path,
        of_static("") + &of_static("error = {}").replace("is given", "is not given"),
    )
    .unwrap();
    let with = |filter: &str| finish(command(directory.path()).args(["--filter", filter]).arg(&path), b"");
    assert_eq!(with("is given").code, Some(0));
    assert_eq!(with("is not given").code, Some(1));
    let ended = with("something else");
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("no scenario has \"something else\" in its name"),
        "{ended:?}"
    );
}

/// Who writes a plugin has no node, and nothing of his is root's.
#[test]
fn the_ways_out_are_an_authors() {
    for (slip, ways) in [
        // No policy.
        (
            of_static("").replace("policy-of.static = \"[plugin.static]\"", ""),
            &["plugin \"static\" has no policy here", "`policy-of.static`"][..],
        ),
        // No component.
        (
            of_static("")
                .replace("\"type\": \"static\"", "\"type\": \"mine\"")
                .replace(
                    "policy-of.static = \"[plugin.static]\"",
                    "policy-of.mine = \"[plugin.mine]\"",
                ),
            &[
                "no component takes part as plugin \"mine\"",
                "[plugins]",
                "--component FILE.wasm",
            ],
        ),
        // A configuration that is none of its own.
        (
            of_static("").replace("\"addresses\": [ {", "\"addresses\": [ 7, {"),
            &["ipam.addresses[0]", "cofferctl inspect FILE.wasm"],
        ),
    ] {
        let directory = directory();
        let ended = run(directory.path(), &slip);
        assert_eq!(ended.code, Some(1), "{slip}: {ended:?}");
        for words in ways {
            assert!(ended.stdout.contains(words), "{words}: {ended:?}");
        }
        for words in ["cofferctl component", "/etc/cofferdam", "/var/lib", "root"] {
            assert!(!ended.stdout.contains(words), "{words} is a node's: {ended:?}");
        }
    }
}

/// A component that never ends is ended.
#[test]
fn a_component_that_does_not_end_is_interrupted() {
    let directory = directory();
    let text = r#"
[[scenario]]
name = "it goes round"
policy-of.hostile = "[plugin.hostile]"
config = '{ "cniVersion": "1.1.0", "name": "n", "type": "hostile", "attack": "loop" }'

[[scenario.step]]
do = "ADD"
error = { code = 11, words = ["hostile"] }
"#;
    let path = directory.path().join("a.toml");
    fs::write(&path, text).unwrap();
    let products = Products::locate();
    let mut command = Command::new(products.cofferctl());
    command.arg("test").arg("--cache").arg(products.target());
    command.arg("--directory").arg(directory.path());
    command.arg("--component").arg(products.component("cofferdam-hostile"));
    let ended = finish(command.arg(path), b"");
    assert_eq!(ended.code, Some(0), "{ended:?}");
}
