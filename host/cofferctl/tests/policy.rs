//! `cofferctl policy`, as it is typed.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

const BRIDGE: &str = r#"[plugin.bridge]
tenants = ["team-*"]

[[plugin.bridge.grant]]
allow = "link.create"
in = "host"
kinds = ["bridge"]
names = ["cni*"]
max = 2

[[plugin.bridge.grant]]
allow = "link.create"
in = "host"
kinds = ["veth"]
names = ["veth*"]
"#;

/// An installation below a directory of its own.
struct Ground(TempDir);

/// What a command said, with the ground's path taken out.
#[derive(Debug)]
struct Said {
    success: bool,
    stdout: String,
    stderr: String,
}

impl Ground {
    fn new() -> Self {
        let ground = Self(TempDir::new().unwrap());
        ground.directory("etc/cofferdam/policy.d");
        ground
    }

    fn directory(&self, path: &str) -> PathBuf {
        let mut directory = self.0.path().to_owned();
        for part in Path::new(path) {
            directory.push(part);
            if !directory.exists() {
                fs::create_dir(&directory).unwrap();
            }
            fs::set_permissions(&directory, Permissions::from_mode(0o755)).unwrap();
        }
        directory
    }

    fn write(&self, directory: &str, name: &str, text: &str) {
        let path = self.directory(directory).join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    }

    fn policy(&self, name: &str, text: &str) {
        self.write("etc/cofferdam/policy.d", name, text);
    }

    fn component(&self, plugin: &str, digit: &str) {
        self.write("var/lib/cofferdam/plugins", plugin, &digit.repeat(64));
    }

    fn run(&self, arguments: &str) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_cofferctl"))
            .arg("--root")
            .arg(self.0.path())
            .arg("policy")
            .args(
                arguments
                    .split(' ')
                    .map(|word| word.replace("ROOT", &self.0.path().to_string_lossy())),
            )
            .output()
            .unwrap();
        let policies = self.0.path().join("etc/cofferdam/policy.d");
        let plain = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            text.replace(policies.to_str().unwrap(), "DIR")
        };
        Said {
            success: output.status.success(),
            stdout: plain(&output.stdout),
            stderr: plain(&output.stderr),
        }
    }

    /// What a command that has to succeed said.
    fn says(&self, arguments: &str) -> String {
        let said = self.run(arguments);
        assert!(said.success, "{arguments}: {said:?}");
        assert_eq!(said.stderr, "", "{arguments}");
        said.stdout
    }

    fn json(&self, arguments: &str) -> Value {
        serde_json::from_str(&self.says(arguments)).unwrap()
    }
}

#[test]
fn check_fails_only_where_a_policy_can_not_be_used() {
    let ground = Ground::new();
    ground.policy("bridge.toml", BRIDGE);
    assert_eq!(ground.says("check"), "1 plugin, 0 errors, 0 warnings\n");

    ground.policy("notes.txt", "");
    assert_eq!(
        ground.says("check"),
        "warning: DIR/notes.txt: by its name it belongs to no plugin, so it is not read (the files of a plugin are \
         NAME.toml and NAME.ANYTHING.toml)\n1 plugin, 0 errors, 1 warning\n"
    );

    ground.policy("ptp.toml", "[plugin.ptp]\nnetwork = []\n");
    let said = ground.run("check");
    assert!(!said.success);
    assert!(
        said.stdout.contains(
            "error: DIR/ptp.toml:2: plugin.ptp.network: there is no such key (did you mean \"networks\"?)\n2 plugins, 1 \
             error, 1 warning\n"
        ),
        "{said:?}"
    );
}

#[test]
fn check_tells_programs_the_same() {
    let ground = Ground::new();
    ground.policy("bridge.toml", "[plugin.bridge]\naudit = 1\n");
    let said = ground.run("check --json");
    assert!(!said.success);
    let document: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(
        document,
        serde_json::json!({
            "usable": false,
            "plugins": ["bridge"],
            "findings": [{
                "severity": "error",
                "file": "DIR/bridge.toml",
                "line": 2,
                "field": "plugin.bridge.audit",
                "problem": "it has to be a string, not an integer",
                "suggestion": null,
            }],
        })
    );
}

#[test]
fn check_compares_policies_with_the_components_of_the_node() {
    let ground = Ground::new();
    let pin = format!("[plugin.bridge]\ncomponent = \"sha256:{}\"\n", "a".repeat(64));
    ground.policy("bridge.toml", &pin);
    ground.policy("brigde.toml", "[plugin.brigde]\n");
    assert_eq!(
        ground.says("check"),
        "2 plugins, 0 errors, 0 warnings\n",
        "nothing is installed yet"
    );

    ground.component("bridge", "a");
    let missing = "warning: DIR/brigde.toml: plugin.brigde: no component is installed under this name (cofferctl component \
                   list tells what is installed)\n2 plugins, 0 errors, 1 warning\n";
    assert_eq!(ground.says("check"), missing);

    ground.component("bridge", "b");
    let (a, b) = ("a".repeat(64), "b".repeat(64));
    let other = format!(
        "warning: DIR/bridge.toml: plugin.bridge: the policy grants plugin \"bridge\" to component sha256:{a}, but sha256:{b} is installed (cofferctl \
         component list tells what is installed)\n"
    );
    assert!(ground.says("check").starts_with(&other), "{}", ground.says("check"));
    assert_eq!(
        ground.says("check --directory ROOT/etc/cofferdam/policy.d"),
        "2 plugins, 0 errors, 0 warnings\n"
    );
}

#[test]
fn a_directory_that_was_named_has_to_exist() {
    let ground = Ground::new();
    for command in ["check", "show bridge", "explain bridge rule.see host"] {
        let said = ground.run(&format!("{command} --directory ROOT/nowhere"));
        assert!(!said.success);
        assert!(said.stderr.contains("nowhere: there is no such directory"), "{said:?}");
    }
}

#[test]
fn explain_names_the_grant_or_what_each_lacks() {
    let ground = Ground::new();
    ground.policy("bridge.toml", BRIDGE);
    assert_eq!(
        ground.says("explain bridge link.create in=host kind=bridge name=cni0 --tenant team-a"),
        "allowed: link.create of bridge \"cni0\" in the host namespace\n  by DIR/bridge.toml:4: { allow = \"link.create\", \
         in = \"host\", kinds = [\"bridge\"], names = [\"cni*\"], max = 2 }\n"
    );
    assert_eq!(
        ground.says("explain bridge link.create host kind=bridge name=br0"),
        r#"denied: link.create of bridge "br0" in the host namespace
  not by DIR/bridge.toml:4: { allow = "link.create", in = "host", kinds = ["bridge"], names = ["cni*"], max = 2 }
    tenants = ["team-*"] of the file, not for an attachment without a tenant
    names = ["cni*"], not for "br0"
  not by DIR/bridge.toml:11: { allow = "link.create", in = "host", kinds = ["veth"], names = ["veth*"] }
    tenants = ["team-*"] of the file, not for an attachment without a tenant
    kinds = ["veth"], not for "bridge"
    names = ["veth*"], not for "br0"
the policy lacks a [plugin.bridge] for network "any" without tenants
"#
    );
    let document = ground.json("explain bridge link.create host kind=bridge name=br0 --tenant team-a --json");
    assert_eq!(document["allowed"], false);
    assert_eq!(document["refusedBy"][0]["source"]["line"], 4);
    assert_eq!(
        document["refusedBy"][0]["reasons"],
        serde_json::json!([
            { "key": "names", "ofFile": false, "granted": "[\"cni*\"]", "implied": false, "asked": "\"br0\"" }
        ])
    );
}

#[test]
fn explain_tells_what_was_mistyped() {
    let ground = Ground::new();
    ground.policy("bridge.toml", BRIDGE);
    ground.policy("ptp.toml", "[plugin.ptp]\nnetworks = [\"a\"]\n");
    for (arguments, error) in [
        (
            "explain bridge link.craete host",
            "there is no operation \"link.craete\": did you mean \"link.create\"?",
        ),
        (
            "explain bridge link.create host nmae=a",
            "link.create has no \"nmae\": did you mean \"name\"?",
        ),
        (
            "explain bridge link.create host name=a",
            "link.create needs kind=… (for example kind=bridge)",
        ),
        ("explain brige rule.see host", "plugin \"brige\" has no policy"),
        (
            "explain ptp rule.see host",
            "plugin \"ptp\" is not granted the same on every network: say which it is, with --network NAME",
        ),
    ] {
        let said = ground.run(arguments);
        assert!(!said.success);
        assert!(said.stderr.starts_with(&format!("cofferctl: {error}")), "{said:?}");
    }
}

#[test]
fn what_is_shown_for_an_attachment_is_a_policy() {
    let ground = Ground::new();
    ground.policy("bridge.toml", BRIDGE);
    let shown = ground.says("show bridge --network mynet --tenant team-a");
    assert!(
        shown.starts_with("# What plugin \"bridge\" may do on network \"mynet\" for tenant \"team-a\".\n"),
        "{shown}"
    );
    let other = Ground::new();
    other.policy("bridge.toml", &shown);
    let question = "explain bridge link.create host kind=veth name=veth0 --network mynet --tenant team-a";
    assert!(other.says(question).starts_with("allowed: "));

    let document = ground.json("show bridge --network mynet --tenant team-a --json");
    assert_eq!(document["plugin"]["bridge"]["tenants"], serde_json::json!(["team-a"]));
    assert_eq!(document["plugin"]["bridge"]["grant"][0]["max"], 2);
}

#[test]
fn without_a_network_every_file_is_shown() {
    let ground = Ground::new();
    ground.policy("bridge.toml", BRIDGE);
    ground.policy(
        "bridge.more.toml",
        "plugin = { bridge = { grant = [{ allow = \"store.open\" }] } }\n",
    );
    let shown = ground.says("show bridge");
    let expected = "# DIR/bridge.more.toml\n[plugin.bridge]\n\n# line 1\n[[plugin.bridge.grant]]\nallow = \
                    \"store.open\"\n\n# DIR/bridge.toml\n[plugin.bridge]\ntenants = [\"team-*\"]\n\n# line 4\n";
    assert!(shown.starts_with(expected), "{shown}");
    let document = ground.json("show bridge --json");
    assert_eq!(
        document[0]["policy"]["plugin"]["bridge"]["grant"][0]["allow"],
        "store.open"
    );
    let said = ground.run("show bridge --tenant team-a");
    assert!(!said.success && said.stderr.contains("--network"), "{said:?}");
}

#[test]
fn the_schema_is_the_published_one() {
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policy.schema.json");
    assert_eq!(Ground::new().says("schema"), fs::read_to_string(published).unwrap());
}
