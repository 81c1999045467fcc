//! Plans of those who are not root.

use std::{fs, os::unix::process::CommandExt as _, process::Command};

use cofferdam_tests::{Container, Ended, Products, finish, needs_root_and};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bench::{Bench, bridge, list, operations};

/// Somebody who is not root.
const SOMEBODY: u32 = 65534;

#[test]
fn who_is_not_root_plans_on_the_nodes_installation() {
    needs_root_and!("ip");
    let bench = Bench::new();
    bench.configure(&list(&[bridge(true)]));
    let file = bench.file();
    for path in [bench.directory.path(), &file] {
        std::os::unix::fs::chown(path, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    }
    let mut plan = bench.site.installation().cofferctl();
    plan.args(["plan", file.to_str().unwrap(), "--json"]);
    let ended = as_somebody(&bench, plan);

    let planned: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    assert_eq!(planned["succeeds"], true, "{planned:#}");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let remarks = planned["remarks"].to_string();
    assert!(remarks.contains("nftables"), "{remarks}");
    let container = Container::new("first");
    bench.add(&container, &[]);
    assert_eq!(operations(&planned["operations"]), bench.journal(&container)["bridge"]);
}

fn as_somebody(bench: &Bench, mut command: Command) -> Ended {
    command.uid(SOMEBODY).gid(SOMEBODY).env_remove("HOME");
    bench.site.node().run(|| finish(&mut command, b""))
}

/// An author has no installation, and no privilege.
#[test]
fn an_author_plans_with_a_component_and_a_policy_that_are_not_installed() {
    needs_root_and!("ip");
    let bench = Bench::new();
    bench.configure(&list(&[json!({ "type": "loopback" })]));
    let nowhere = TempDir::with_prefix("cofferdam-test-").unwrap();
    std::os::unix::fs::chown(nowhere.path(), Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    let wasm = nowhere.path().join("my.wasm");
    fs::copy(Products::locate().component("cofferdam-plugin-loopback"), &wasm).unwrap();
    let policy = nowhere.path().join("my.toml");
    fs::copy(Products::workspace().join("host/policy/default/loopback.toml"), &policy).unwrap();
    for path in [bench.directory.path(), &bench.file(), &wasm, &policy] {
        std::os::unix::fs::chown(path, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    }

    let mut plan = Command::new(Products::locate().cofferctl());
    plan.arg("--root").arg(nowhere.path().join("no-installation"));
    plan.arg("plan")
        .arg(bench.file())
        .arg("--component")
        .arg(&wasm)
        .arg("--policy")
        .arg(&policy);
    let ended = as_somebody(&bench, plan);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stdout.contains("set link lo in the container namespace up"),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("my.toml:"), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("+ address 127.0.0.1/8 dev lo"),
        "{}",
        ended.stdout
    );
}
