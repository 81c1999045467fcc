//! What is told about a policy directory as a whole.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::{fs, os::unix::fs::symlink};

use cofferdam_policy::default_policy;
use support::{
    findings::{about, about_file, findings},
    ground::{Ground, set_mode},
};

const KEY: &str = "ed25519:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";

#[test]
fn the_default_policies_are_in_order() {
    let ground = Ground::new();
    let plugins = [
        "bridge",
        "dummy",
        "host-device",
        "host-local",
        "ipvlan",
        "loopback",
        "macvlan",
        "tap",
        "vlan",
    ];
    for plugin in plugins {
        ground.write(&format!("{plugin}.toml"), default_policy(plugin).unwrap());
    }
    assert_eq!(findings(&ground), [""; 0]);
    assert_eq!(ground.directory().check_all().plugins, plugins);
}

#[test]
fn all_problems_of_all_files_are_told_in_their_order() {
    let ground = Ground::new();
    ground.write(
        "bridge.toml",
        "[plugin.bridge]\nnetwork = []\n[[plugin.bridge.grant]]\nallow = \"link.se\"\n",
    );
    ground.write("bridge.more.toml", "[plugin.bridge]\naudit = 1\n");
    ground.write("ptp.toml", "[plugin.bridge]\n");
    ground.write("tap.toml", b"[plugin.tap]\n\xff");
    ground.write("vlan.toml", "[plugin.vlan\n");
    assert_eq!(
        findings(&ground),
        [
            "error: DIR/bridge.more.toml:2: plugin.bridge.audit: it has to be a string, not an integer",
            "error: DIR/bridge.toml:2: plugin.bridge.network: there is no such key (did you mean \"networks\"?)",
            "error: DIR/bridge.toml:4: plugin.bridge.grant.allow: there is no operation \"link.se\" (did you mean \
             \"link.see\"?)",
            "error: DIR/ptp.toml:1: plugin.bridge: this file is about another plugin ([plugin.bridge] belongs into \
             bridge.toml)",
            "error: DIR/ptp.toml:1: plugin: there is no [plugin.ptp] table",
            "error: DIR/tap.toml:2: the text is not UTF-8",
            "error: DIR/vlan.toml:1: unclosed table, expected `]`",
        ]
    );
}

#[test]
fn what_is_not_trusted_does_not_hide_the_rest() {
    let ground = Ground::new();
    set_mode(&ground.write("bridge.toml", "[plugin.bridge]"), 0o666);
    let real = ground.write("ptp.toml", "[plugin.ptp]");
    symlink(&real, ground.path.join("ptp.link.toml")).unwrap();
    fs::create_dir(ground.path.join("tap.toml")).unwrap();
    ground.write("vlan.toml", "[plugin.vlan]\nx = 1");
    assert_eq!(
        findings(&ground),
        [
            "error: DIR/bridge.toml: it is not trusted: others than its owner can write to it (mode 0666) (check what it \
             says, then close it (chmod go-w))",
            "error: DIR/ptp.link.toml: it is not trusted: it is a symbolic link (put the file itself in its place)",
            "error: DIR/tap.toml: it is not trusted: it is not a regular file (put a file in its place)",
            "error: DIR/vlan.toml:2: plugin.vlan.x: there is no such key (known: component, signed-by, audit, record, \
             core-instances, networks, tenants, grant)",
        ]
    );
}

#[test]
fn a_directory_that_is_missing_or_not_trusted_is_told() {
    let ground = Ground::new();
    set_mode(&ground.path, 0o777);
    assert_eq!(
        findings(&ground),
        [
            "error: DIR: it is not trusted: others than its owner can write to it (mode 0777) (check what it says, then close \
          it (chmod go-w))"
        ]
    );
    fs::remove_dir(&ground.path).unwrap();
    assert_eq!(
        findings(&ground),
        [
            "warning: DIR: there is no such directory, so nothing is granted to any plugin (a plugin's grants belong into \
          NAME.toml in it)"
        ]
    );
}

#[test]
fn a_file_that_is_not_read_is_told() {
    let ground = Ground::new();
    for name in ["bridge.toml.bak", "br idge.toml", ".bridge.toml.swp", "readme.txt"] {
        ground.write(name, "not TOML [");
    }
    let found = findings(&ground);
    assert_eq!(found.len(), 4);
    assert_eq!(
        found[0],
        "warning: DIR/.bridge.toml.swp: by its name it belongs to no plugin, so it is not read (the files of a plugin are \
         NAME.toml and NAME.ANYTHING.toml)"
    );
}

#[test]
fn pins_and_keys_are_checked() {
    let ground = Ground::new();
    let digest = |digit: &str| format!("[plugin.bridge]\ncomponent = \"sha256:{}\"\n", digit.repeat(64));
    ground.write("bridge.a.toml", digest("a"));
    ground.write("bridge.b.toml", digest("b"));
    ground.write("ptp.toml", "[plugin.ptp]\nsigned-by = \"none\"\n");
    ground.write("tap.toml", "[plugin.tap]\nsigned-by = \"broken\"\n");
    ground.write("vlan.toml", "[plugin.vlan]\nsigned-by = \"good\"\n");
    ground.write("keys/good.pub", KEY);
    ground.write("keys/broken.pub", "ed25519:abc");
    ground.write("keys/unused.pub", "");
    ground.write("keys/.good.pub", KEY);
    let found = findings(&ground);
    let expected = [
        "error: DIR/bridge.b.toml:2: plugin.bridge.component: DIR/bridge.a.toml:2 has component = \"sha256:aa",
        "warning: DIR/keys/.good.pub: by its name it is no key, so it is not read (a key is NAME.pub, the name of 1",
        "error: DIR/keys/broken.pub:1: the key is not base64 (one line of ed25519: and",
        "warning: DIR/keys/unused.pub:1: there is no key in it (one line of",
        "error: DIR/ptp.toml:2: plugin.ptp.signed-by: there is no key \"none\" (its public half belongs into DIR/keys/none.pub)",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
fn a_value_that_nothing_can_have_is_told() {
    for (grant, expected) in [
        (
            "allow = \"link.see\"\nin = \"host\"\nnames = [\"cni*\", \"a-very-long-name*\"]",
            "grant.names: no link is called \"a-very-long-name*\": a name has at most 15 bytes, no blank, '/' or ':'",
        ),
        (
            "allow = \"link.see\"\nin = \"host\"\nnames = [\"eth0:1\"]",
            "grant.names: no link is called \"eth0:1\": a name has at most 15 bytes, no blank, '/' or ':'",
        ),
        (
            "allow = \"ipam.delegate\"\nplugins = [\"host.local\"]",
            "grant.plugins: no plugin with a policy is called \"host.local\": names have letters, digits, '-' and '_'",
        ),
        (
            "allow = \"ipam.delegate\"\nplugins = [\"*local\"]\ntenants = [\"Team-*\"]",
            "grant.tenants: no tenant is called \"Team-*\": a Kubernetes namespace has 1 to 63 of a-z, 0-9 and '-'",
        ),
        (
            "allow = \"ipam.delegate\"\nplugins = [\"*local\"]\nnetworks = [\"my net\"]",
            "grant.networks: no network is called \"my net\": names have letters, digits, '.', '-' and '_'",
        ),
        (
            "allow = \"sysctl.read\"\nin = \"host\"\nkeys = [\"net/ipv4/ip forward\"]",
            "grant.keys: no setting is called \"net/ipv4/ip forward\": a part has at most 64 bytes, and no blank",
        ),
        (
            "allow = \"sysctl.write\"\nin = \"host\"\nkeys = [\"net/ipv4/ip_forward\"]\nvalues = [\"1\\n\"]",
            "grant.values: no plugin can write \"1\\u000a\": a value is plain text in one line, of at most 256 bytes",
        ),
    ] {
        let expected = format!("warning: DIR/bridge.toml:2: plugin.bridge.{expected}");
        assert_eq!(about(&[grant]), [expected], "{grant}");
    }
    assert_eq!(
        about_file("tenants = [\"team_a\"]\n", &[]),
        [
            "warning: DIR/bridge.toml:1: plugin.bridge.tenants: no tenant is called \"team_a\": a Kubernetes namespace has 1 \
          to 63 of a-z, 0-9 and '-'"
        ]
    );
}

#[test]
fn a_grant_that_is_for_none_of_its_files_networks_is_told() {
    let grant = |networks: &str| format!("allow = \"rule.see\"\nin = \"host\"\nnetworks = [{networks}]");
    for (networks, told) in [
        ("\"other\"", true),
        ("\"other\", \"team-*\"", false),
        ("\"*-a\"", false),
    ] {
        let found = about_file("networks = [\"mynet\", \"team-a*\"]\n", &[&grant(networks)]);
        let expected = "warning: DIR/bridge.toml:3: plugin.bridge.grant.networks: none of these networks is among those \
                        of the file, so the grant is never used";
        assert_eq!(found, if told { vec![expected] } else { vec![] }, "{networks}");
    }
    let grant = "allow = \"rule.see\"\nin = \"host\"\ntenants = [\"b\"]";
    assert_eq!(about_file("tenants = [\"a\"]\n", &[grant]).len(), 1);
}
