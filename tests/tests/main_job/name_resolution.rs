//! What the command's resolver is told.

use std::{fs, path::Path, process::Command};

use cofferdam_tests::{Ended, Site, bridge_network, finish, mount_memory, needs_kernel, with, with_own_mounts};
use serde_json::json;

use crate::ground::{run, state, succeeds};

const FILE: &str = "/etc/resolv.conf";

/// What this does on a node whose resolver's file says so.
fn where_the_node_has<T: Send>(text: &str, action: impl FnOnce() -> T + Send) -> T {
    let file = tempfile::NamedTempFile::with_prefix("cofferdam-test-").unwrap();
    fs::write(file.path(), text).unwrap();
    with_own_mounts(|| {
        let mut mount = Command::new("mount");
        let ended: Ended = finish(mount.arg("--bind").arg(file.path()).arg(FILE), b"");
        let _ = ended.printed("mount");
        let outcome = action();
        assert_eq!(
            fs::read_to_string(file.path()).unwrap(),
            text,
            "the node's file was written"
        );
        outcome
    })
}

/// The file that a command sees.
fn shown(site: &Site, options: &[&str]) -> String {
    let ended = run(site, &[options, &["--", "cat", FILE]].concat());
    succeeds(&ended).to_owned()
}

#[test]
fn options_go_before_what_networks_say_and_that_before_the_nodes_file() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let network = with(
        bridge_network("1.0.0"),
        json!({ "dns": { "nameservers": ["10.22.0.1"], "domain": "net.example", "search": ["a.example"] } }),
    );
    let file = site.installation().root().join("named.conf");
    fs::write(&file, network.to_string()).unwrap();
    let net = ["--net", &file.to_string_lossy()];

    where_the_node_has("search node.example\nnameserver 192.0.2.1\noptions ndots:2\n", || {
        let mounts = fs::read_to_string("/proc/thread-self/mounts").unwrap();
        assert_eq!(
            shown(&site, &[]),
            "search node.example\nnameserver 192.0.2.1\noptions ndots:2\n"
        );
        assert_eq!(
            shown(&site, &net),
            "search net.example a.example\nnameserver 10.22.0.1\noptions ndots:2\n"
        );
        let options = [
            "--dns",
            "192.0.2.53",
            "--dns",
            "2001:db8::53",
            "--dns-search",
            ".",
            "--dns-option",
            "edns0",
        ];
        assert_eq!(
            shown(&site, &[&net[..], &options].concat()),
            "nameserver 192.0.2.53\nnameserver 2001:db8::53\noptions edns0\n"
        );
        assert_eq!(fs::read_to_string("/proc/thread-self/mounts").unwrap(), mounts);
    });
    before.assert_same(&site.snapshot());
    assert!(state(site.installation()).is_empty(), "files stayed");
}

#[test]
fn a_plugin_that_understands_it_is_told_too() {
    needs_kernel!();
    let site = Site::new();
    let script = site.installation().root().join("asker");
    fs::write(
        &script,
        "#!/bin/sh\ncase $CNI_COMMAND in VERSION) echo '{\"cniVersion\":\"1.0.0\",\"supportedVersions\":[\"1.0.0\"]}';;\n\
         *) cat >\"$0.$CNI_COMMAND\"; echo '{\"cniVersion\":\"1.0.0\"}';; esac\n",
    )
    .unwrap();
    let _ = finish(Command::new("chmod").arg("755").arg(&script), b"");
    let file = site.installation().root().join("asked.conf");
    let network = json!({ "cniVersion": "1.0.0", "name": "asked", "type": "asker", "capabilities": { "dns": true } });
    fs::write(&file, network.to_string()).unwrap();

    let directory = site.installation().root().to_string_lossy().into_owned();
    let options = [
        "--net",
        &file.to_string_lossy(),
        "--plugin-dir",
        &directory,
        "--dns",
        "192.0.2.53",
    ];
    let text = shown(&site, &[&options[..], &["--dns-search", "a.example"]].concat());

    assert!(text.contains("nameserver 192.0.2.53"), "{text}");
    for verb in ["ADD", "DEL"] {
        let told = fs::read_to_string(script.with_extension(verb)).unwrap();
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        assert_eq!(
            told["runtimeConfig"]["dns"],
            json!({ "servers": ["192.0.2.53"], "searches": ["a.example"] })
        );
    }
}

#[test]
fn servers_that_only_the_node_reaches_are_replaced_by_those_behind_them() {
    needs_kernel!();
    let site = Site::new();
    where_the_node_has("nameserver 127.0.0.53\nsearch node.example\n", || {
        mount_memory(Path::new("/run"), 64 << 10);
        fs::create_dir_all("/run/systemd/resolve").unwrap();
        fs::write("/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.7\n").unwrap();
        assert_eq!(shown(&site, &[]), "search node.example\nnameserver 192.0.2.7\n");
    });
}
