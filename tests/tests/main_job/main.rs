//! The main job: a command in a network namespace that has joined networks,
//! through sandboxed components, and nothing left of it.

#![allow(clippy::unwrap_used, clippy::panic)]

mod ground;
mod name_resolution;
mod options;

use std::{fs, path::PathBuf, process::Command};

use cofferdam_tests::{Site, TcpGreeter, bridge_network, finish, loopback_network, mynet, needs_kernel, with};
use serde_json::json;

use ground::{PROBE, run, serving, settle, state, succeeds};

#[test]
fn the_readmes_command_shows_eth0_and_lo() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let ended = run(&site, &["--", "ip", "-4", "-o", "address"]);
    let text = succeeds(&ended);
    assert!(text.contains("eth0    inet 10.22.0.2/16"), "{text}");
    assert!(text.contains("lo    inet 127.0.0.1/8"), "{text}");
    let ended = run(&site, &["--", "ip", "-o", "link"]);
    let text = succeeds(&ended);
    for line in text.lines() {
        assert!(line.contains("UP"), "{line}");
    }
    before.assert_same(&site.snapshot());
    assert_eq!(state(site.installation()), Vec::<PathBuf>::new(), "files stayed");
}

#[test]
fn the_command_reaches_the_gateway() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let greeter = TcpGreeter::start(site.node());
    let ended = run(&site, &["--", PROBE, "10.22.0.1", &greeter.port().to_string()]);
    assert_eq!(succeeds(&ended), "10.22.0.2\n");
    before.assert_same(&site.snapshot());
}

#[test]
fn two_namespaces_on_one_network_reach_each_other() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let mut first = serving(&site, &[]);
    let ended = run(&site, &["--", PROBE, "10.22.0.2", "7"]);
    assert_eq!(succeeds(&ended), "10.22.0.3\n");
    first.end_input();
    assert!(first.wait().success());
    before.assert_same(&site.snapshot());
    assert_eq!(state(site.installation()), Vec::<PathBuf>::new(), "files stayed");
}

#[test]
fn its_exit_code_is_that_of_the_command() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    for code in [0, 1, 42] {
        assert_eq!(
            run(&site, &["--", "sh", "-c", &format!("exit {code}")]).code,
            Some(code)
        );
    }
    assert_ne!(run(&site, &["--", "/no/such/program"]).code, Some(0));
    before.assert_same(&site.snapshot());
}

#[test]
fn any_networks_may_be_joined() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let directory = site.installation().root().join("etc/cni/net.d");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("10-mynet.conf"), mynet().to_string()).unwrap();
    let other = with(
        bridge_network("1.0.0"),
        json!({ "name": null, "cniVersion": null, "bridge": "cni1",
        "ipam": { "subnet": "10.23.0.0/16", "routes": null } }),
    );
    let list = json!({ "cniVersion": "1.0.0", "name": "other", "plugins": [other] });
    fs::write(directory.join("20-other.conflist"), list.to_string()).unwrap();
    fs::write(directory.join("99-loopback.conf"), loopback_network().to_string()).unwrap();

    let ip = ["--", "ip", "-4", "-o", "address"];
    let folder = directory.to_string_lossy();
    let ended = run(&site, &[&["--net", &folder], &ip[..]].concat());
    let text = succeeds(&ended);
    for expected in [
        "eth0    inet 10.22.0.2/16",
        "eth1    inet 10.23.0.2/16",
        "lo    inet 127.0.0.1/8",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    let ended = run(&site, &[&["--conf-dir", &folder, "--net", "other"], &ip[..]].concat());
    let text = succeeds(&ended);
    assert!(
        text.contains("eth0    inet 10.23.0.2/16") && !text.contains("10.22."),
        "{text}"
    );
    before.assert_same(&site.snapshot());
}

#[test]
fn arguments_and_capabilities_reach_the_plugins() {
    needs_kernel!();
    let site = Site::new();
    let file = site.installation().root().join("net.conflist");
    let member = with(
        mynet(),
        json!({ "name": null, "cniVersion": null, "capabilities": { "mac": true } }),
    );
    fs::write(
        &file,
        json!({ "cniVersion": "1.0.0", "name": "mynet", "plugins": [member] }).to_string(),
    )
    .unwrap();
    let ended = run(
        &site,
        &[
            "--net",
            &file.to_string_lossy(),
            "--args",
            "IgnoreUnknown=1;IP=10.22.0.50",
            "--cap-args",
            r#"{"mac": "c2:11:22:33:44:55"}"#,
            "--",
            "ip",
            "address",
            "show",
            "eth0",
        ],
    );
    let text = succeeds(&ended);
    assert!(
        text.contains("10.22.0.50/16") && text.contains("c2:11:22:33:44:55"),
        "{text}"
    );
}

#[test]
fn a_network_that_can_not_be_joined_is_named_and_nothing_stays() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let file = site.installation().root().join("bad.conf");
    fs::write(
        &file,
        with(mynet(), json!({ "ipam": { "subnet": "10.22.0.0/31" } })).to_string(),
    )
    .unwrap();
    let ended = run(&site, &["--net", &file.to_string_lossy(), "--", "true"]);
    assert_ne!(ended.code, Some(0));
    assert!(
        ended.stderr.contains("mynet") && ended.stderr.contains("too small"),
        "{}",
        ended.stderr
    );
    before.assert_same(&site.snapshot());
    assert_eq!(state(site.installation()), Vec::<PathBuf>::new(), "files stayed");
}

#[test]
fn a_signal_ends_the_command_and_nothing_stays() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let mut running = serving(&site, &[]);
    let ended = finish(Command::new("kill").args(["-TERM", &running.id().to_string()]), b"");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!running.wait().success());
    before.assert_same(&site.snapshot());
    assert_eq!(state(site.installation()), Vec::<PathBuf>::new(), "files stayed");
}

#[test]
fn when_it_is_killed_so_is_the_command_and_nothing_stays() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let mut running = serving(&site, &[]);
    let children = format!("/proc/{0}/task", running.id());
    let command: Vec<String> = fs::read_dir(children)
        .unwrap()
        .map(|thread| fs::read_to_string(thread.unwrap().path().join("children")).unwrap_or_default())
        .flat_map(|children| children.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .filter(|pid| fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(PROBE)))
        .collect();
    assert_eq!(command.len(), 1, "{command:?}");

    let ended = finish(Command::new("kill").args(["-KILL", &running.id().to_string()]), b"");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!running.wait().success());
    settle(site.installation());

    assert_eq!(state(site.installation()), Vec::<PathBuf>::new(), "files stayed");
    before.assert_same(&site.snapshot());
    let left = fs::read_to_string(format!("/proc/{}/cmdline", command[0])).unwrap_or_default();
    assert!(!left.starts_with(PROBE), "the command lives on");
}
