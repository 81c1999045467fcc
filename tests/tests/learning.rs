//! `cofferctl policy learn`: what is seen on a node of its own becomes a policy
//! that is enough and no more.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use cofferdam_tests::{
    Container, Ended, Installation, Site, bridge_network, finish, loopback_network, mynet, needs_kernel, with,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const DENIED: u64 = 100;

/// A node whose operator has no policies yet, and a directory of the
/// operator's.
struct Desk {
    site: Site,
    directory: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self {
            site: Site::with(Installation::without_policies()),
            directory: TempDir::with_prefix("cofferdam-test-").unwrap(),
        };
        for directory in ["networks", "learned", "tmp"] {
            fs::create_dir(desk.path(directory)).unwrap();
        }
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `cofferctl policy learn` for these networks; the node and the directory
    /// of temporary files are afterwards as they were.
    #[track_caller]
    fn learn(&self, networks: &[&Value], arguments: &[&str]) -> Ended {
        let mut command = self.site.installation().cofferctl();
        command.args(["policy", "learn"]).env("TMPDIR", self.path("tmp"));
        for (number, network) in networks.iter().enumerate() {
            let file = self.path(&format!("networks/{number}.conf"));
            fs::write(&file, network.to_string()).unwrap();
            command.arg("--net").arg(file);
        }
        command.args(arguments);
        let before = self.site.snapshot();
        let ended = self.site.node().run(|| finish(&mut command, b""));
        before.assert_same(&self.site.snapshot());
        let left: Vec<_> = fs::read_dir(self.path("tmp")).unwrap().collect();
        assert!(left.is_empty(), "{left:?}\n{}", ended.stderr);
        ended
    }

    /// The same into a directory, whose files then are the node's policies.
    #[track_caller]
    fn learn_and_install(&self, networks: &[&Value], arguments: &[&str]) -> Ended {
        let learned = self.path("learned");
        let directory = learned.to_str().unwrap();
        let ended = self.learn(networks, &[&["--directory", directory], arguments].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        for file in files(&learned) {
            let text = fs::read_to_string(learned.join(&file)).unwrap();
            self.site.installation().policy(&file, &text);
        }
        let check = finish(self.site.installation().cofferctl().args(["policy", "check"]), b"");
        assert_eq!(check.code, Some(0), "{}", check.stdout);
        assert!(check.stdout.ends_with("0 errors, 0 warnings\n"), "{}", check.stdout);
        ended
    }

    /// The network can be used as it was learned, over and over.
    #[track_caller]
    fn works(&self, config: &Value) {
        let before = self.site.snapshot();
        for id in ["c1", "c2"] {
            let container = Container::new(id);
            let result = self.site.add(&container, config);
            if config["cniVersion"] == "1.0.0" {
                self.site.check(&container, config, &result).silent_success();
            }
            self.site.del(&container, config);
        }
        before.assert_same(&self.site.snapshot());
    }

    #[track_caller]
    fn is_denied(&self, config: &Value) {
        let before = self.site.snapshot();
        let error = self.site.try_add(&Container::new("c3"), config).error();
        assert_eq!(error.code, DENIED, "{config}: {error:?}");
        before.assert_same(&self.site.snapshot());
    }
}

/// The names in a directory, sorted.
fn files(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn what_is_learned_of_a_bridge_allows_that_network_and_no_other() {
    needs_kernel!();
    let desk = Desk::new();
    let config = bridge_network("1.0.0");
    let ended = desk.learn_and_install(&[&config], &[]);
    assert_eq!(files(&desk.path("learned")), ["bridge.toml", "host-local.toml"]);
    assert!(
        ended
            .stderr
            .contains("did not ask for what it declares to need for some: nftables.table")
            && ended.stderr.contains("(ipMasq)"),
        "{}",
        ended.stderr
    );
    desk.works(&config);
    for changes in [
        json!({ "bridge": "cni1" }),
        json!({ "name": "other" }),
        json!({ "ipMasq": true }),
        json!({ "promiscMode": true }),
        json!({ "ipam": { "subnet": "10.23.0.0/16" } }),
        json!({ "ipam": { "dataDir": "/srv/records" } }),
    ] {
        desk.is_denied(&with(config.clone(), changes));
    }
}

#[test]
fn what_is_learned_of_masquerading_on_both_families_is_enough() {
    needs_kernel!();
    let desk = Desk::new();
    let ranges = json!([[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]]);
    let config = with(
        mynet(),
        json!({ "cniVersion": "1.0.0", "ipam": { "subnet": null, "ranges": ranges } }),
    );
    desk.learn_and_install(&[&config], &[]);
    desk.works(&config);
    desk.is_denied(&with(config, json!({ "bridge": "cni1" })));
}

#[test]
fn several_networks_and_a_chain_are_learned_together() {
    needs_kernel!();
    let desk = Desk::new();
    let (one, other) = (
        bridge_network("1.0.0"),
        with(
            bridge_network("1.0.0"),
            json!({ "name": "blue", "bridge": "blue0", "ipam": { "subnet": "10.33.0.0/16" } }),
        ),
    );
    let chain =
        json!({ "cniVersion": "1.0.0", "name": "chained", "type": "cofferdam", "chain": [{ "type": "loopback" }] });
    desk.learn_and_install(&[&one, &chain], &[]);
    for network in [&one, &chain] {
        desk.works(network);
    }
    desk.is_denied(&other);

    let desk = Desk::new();
    desk.learn_and_install(&[&one, &loopback_network()], &[]);
    desk.works(&loopback_network());
    desk.is_denied(&other);

    let desk = Desk::new();
    desk.learn_and_install(&[&other], &[]);
    desk.works(&other);
    desk.is_denied(&one);
    // What each may do, the other may not.
    desk.is_denied(&with(other, json!({ "bridge": "cni0" })));
}

#[test]
fn the_node_can_be_prepared_and_a_command_runs_in_the_container() {
    needs_kernel!();
    let desk = Desk::new();
    let (setup, command) = (desk.path("setup"), desk.path("command"));
    let ended = desk.learn(
        &[&loopback_network()],
        &[
            "--setup",
            &format!("ip -o link > {}", setup.display()),
            "--",
            "sh",
            "-c",
            &format!("ip -o link > {}; exit 3", command.display()),
        ],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("ended with status 3"), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("network \"lo\": CHECK was not seen"),
        "{}",
        ended.stderr
    );
    let [setup, command] = [setup, command].map(|file| fs::read_to_string(file).unwrap());
    assert!(setup.lines().count() == 1 && setup.contains("state DOWN"), "{setup}");
    assert!(command.lines().count() == 1 && command.contains(",UP"), "{command}");
    assert_eq!(
        ended.stdout,
        "# ---- loopback.toml\n\
         # What plugin \"loopback\" was seen to do, and no more: see `cofferctl policy\n\
         # learn` in docs/policy.md for what that leaves out.\n\n\
         [plugin.loopback]\nnetworks = [\"lo\"]\n\n\
         # ADD, DEL.\n[[plugin.loopback.grant]]\nallow = \"link.see\"\nin = \"container\"\nnames = [\"lo\"]\n\n\
         # ADD, DEL.\n[[plugin.loopback.grant]]\nallow = \"link.set\"\nin = \"container\"\nkinds = [\"none\"]\n\
         names = [\"lo\"]\nsettings = [\"up\"]\n\n\
         # ADD.\n[[plugin.loopback.grant]]\nallow = \"address.see\"\nin = \"container\"\nnames = [\"lo\"]\n"
    );
}

#[test]
fn an_interruption_ends_the_command_and_leaves_nothing_behind() {
    needs_kernel!();
    let desk = Desk::new();
    // Not SIGINT, which shells and what they start ignore in the background.
    let interrupting = ["--", "sh", "-c", "kill -TERM $PPID; while :; do sleep 0.1; done"];
    let ended = desk.learn(&[&loopback_network()], &interrupting);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("ended with status 143"), "{}", ended.stderr);
}

#[test]
fn what_would_not_be_enough_is_not_given_out() {
    needs_kernel!();
    let desk = Desk::new();
    // The first range has room for one: the next container gets an address of the second.
    let ranges = json!([[{ "subnet": "10.22.0.0/30" }, { "subnet": "10.44.0.0/16" }]]);
    let config = with(
        bridge_network("1.0.0"),
        json!({ "isGateway": false, "ipam": { "subnet": null, "routes": null, "ranges": ranges } }),
    );
    let learned = desk.path("learned");
    let ended = desk.learn(&[&config], &["--directory", learned.to_str().unwrap()]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("is not enough") && ended.stderr.contains("10.44.0.2/16"),
        "{}",
        ended.stderr
    );
    assert!(files(&learned).is_empty());
}

#[test]
fn a_network_that_cannot_be_attached_teaches_nothing() {
    needs_kernel!();
    let desk = Desk::new();
    let broken = with(bridge_network("1.0.0"), json!({ "ipam": { "subnet": "10.22.0.0/99" } }));
    for (networks, arguments, words) in [
        (vec![&broken], vec![], "nothing can be learned"),
        (vec![&broken], vec!["--setup", "exit 7"], "--setup failed"),
        (vec![&broken], vec!["--directory", "/nowhere"], "no such directory"),
    ] {
        let ended = desk.learn(&networks, &arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
}

#[test]
fn no_file_is_replaced() {
    needs_kernel!();
    let desk = Desk::new();
    let learned = desk.path("learned");
    let mine = learned.join("host-local.toml");
    fs::write(&mine, "mine").unwrap();
    fs::set_permissions(&mine, Permissions::from_mode(0o644)).unwrap();
    let ended = desk.learn(&[&bridge_network("1.0.0")], &["--directory", learned.to_str().unwrap()]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("is not replaced"), "{}", ended.stderr);
    assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");
    assert_eq!(files(&learned), ["host-local.toml"]);
}
