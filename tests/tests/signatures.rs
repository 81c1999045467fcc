//! Components that the policy pins by who signed them.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use cofferdam_tests::{
    Container, Ended, Installation, Products, Site, bridge_network, finish, loopback_network, needs_kernel,
};
use tempfile::TempDir;

/// The host's codes for "not granted" and "the component can't be loaded".
const DENIED: u64 = 100;
const COMPONENT: u64 = 110;

/// The key of RFC 8032 that everybody can sign for: the point of order 1.
const WEAK_KEY: &str = "ed25519:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// An installation, and somebody's own directory with components and keys.
struct Workshop {
    site: Site,
    directory: TempDir,
}

impl Workshop {
    /// With the key pairs `vendor` and `other`, and with `loopback.wasm` and
    /// `host-local.wasm`, as they are installed, unsigned.
    fn new() -> Self {
        let workshop = Self {
            site: Site::new(),
            directory: TempDir::with_prefix("cofferdam-test-").unwrap(),
        };
        for key in ["vendor", "other"] {
            workshop.succeeds(&["key", "new", key, "--directory", &workshop.path("")]);
        }
        for plugin in ["loopback", "host-local"] {
            let component = Products::locate().component(&format!("cofferdam-plugin-{plugin}"));
            fs::copy(component, workshop.path(&format!("{plugin}.wasm"))).unwrap();
        }
        workshop
    }

    fn installation(&self) -> &Installation {
        self.site.installation()
    }

    /// A file of the directory.
    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_string_lossy().into_owned()
    }

    fn cofferctl(&self, arguments: &[&str]) -> Ended {
        finish(self.installation().cofferctl().args(arguments), b"")
    }

    #[track_caller]
    fn succeeds(&self, arguments: &[&str]) -> String {
        let ended = self.cofferctl(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}{}", ended.stdout, ended.stderr);
        ended.stdout
    }

    #[track_caller]
    fn fails(&self, arguments: &[&str]) -> String {
        let ended = self.cofferctl(arguments);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(1), ""),
            "{arguments:?}: {}",
            ended.stderr
        );
        ended.stderr
    }

    fn sign(&self, key: &str, plugin: &str) {
        let key = self.path(&format!("{key}.key"));
        self.succeeds(&["sign", "--key", &key, &self.path(&format!("{plugin}.wasm"))]);
    }

    fn add(&self, plugin: &str) {
        self.succeeds(&[
            "component",
            "add",
            "--name",
            plugin,
            &self.path(&format!("{plugin}.wasm")),
        ]);
    }

    /// Lets only components run as this plugin that `vendor` signed.
    fn pin(&self, plugin: &str) {
        let default = Products::workspace().join(format!("host/policy/default/{plugin}.toml"));
        let section = format!("[plugin.{plugin}]\n");
        let text = fs::read_to_string(default).unwrap();
        let pinned = text.replacen(&section, &format!("{section}signed-by = \"vendor\"\n"), 1);
        assert_ne!(pinned, text);
        self.installation().policy(&format!("{plugin}.toml"), &pinned);
        self.trust(&fs::read_to_string(self.path("vendor.pub")).unwrap());
    }

    /// Makes this the key that the policy calls `vendor`.
    fn trust(&self, key: &str) {
        let keys = self.installation().root().join("etc/cofferdam/policy.d/keys");
        fs::create_dir_all(&keys).unwrap();
        fs::write(keys.join("vendor.pub"), key).unwrap();
    }

    /// The digest that a plugin's name stands for.
    fn digest(&self, plugin: &str) -> String {
        let name = self
            .installation()
            .root()
            .join("var/lib/cofferdam/plugins")
            .join(plugin);
        fs::read_to_string(name).unwrap().trim().to_owned()
    }

    /// A file of an installed component.
    fn stored(&self, plugin: &str, file: &str) -> PathBuf {
        let digest = self.digest(plugin);
        let components = self.installation().root().join("var/lib/cofferdam/components");
        components.join(digest.strip_prefix("sha256:").unwrap()).join(file)
    }

    fn signatures(&self, plugin: &str) -> PathBuf {
        self.stored(plugin, "component.wasm.sig")
    }

    /// ADD has to be refused for want of a signature, without a trace.
    #[track_caller]
    fn refused(&self, what: &str) -> String {
        let (before, container) = (self.site.snapshot(), Container::new("c1"));
        let error = self.site.try_add(&container, &loopback_network()).error();
        assert_eq!(error.code, DENIED, "{what}: {error:?}");
        for named in ["plugin \"loopback\"", "key \"vendor\"", &self.digest("loopback")] {
            assert!(error.message.contains(named), "{what}: {error:?}");
        }
        before.assert_same(&self.site.snapshot());
        error.text()
    }
}

/// Another build of the same plugin: it has one more custom section.
fn rebuild(wasm: &Path) {
    let mut bytes = fs::read(wasm).unwrap();
    bytes.extend(b"\x00\x05\x04mine");
    fs::write(wasm, bytes).unwrap();
}

#[test]
fn a_component_that_the_key_signed_runs() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("loopback");
    workshop.sign("other", "loopback");
    workshop.sign("vendor", "loopback");
    workshop.add("loopback");
    let container = Container::new("c1");
    let _ = workshop.site.add(&container, &loopback_network());
    workshop.site.del(&container, &loopback_network());
}

#[test]
fn nothing_else_does() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("loopback");
    let told = workshop.refused("no signature");
    assert!(
        told.contains("it has no signature") && told.contains("cofferctl sign"),
        "{told}"
    );

    workshop.sign("other", "loopback");
    workshop.add("loopback");
    let told = workshop.refused("another key's signature");
    let other = fs::read_to_string(workshop.path("other.pub")).unwrap();
    assert!(
        told.contains(&format!("it is signed with {} only", other.trim())),
        "{told}"
    );

    workshop.sign("vendor", "loopback");
    workshop.add("loopback");
    let file = workshop.signatures("loopback");
    let good = fs::read_to_string(&file).unwrap();
    let line = good
        .lines()
        .find(|line| line.starts_with(fs::read_to_string(workshop.path("vendor.pub")).unwrap().trim()));
    let line = line.unwrap();
    let (key, signature) = line.rsplit_once(':').unwrap();
    let others = good.lines().find(|other| *other != line).unwrap();
    let others_signature = others.rsplit_once(':').unwrap().1;
    let altered = if signature.starts_with('A') {
        signature.replacen('A', "B", 1)
    } else {
        format!("A{}", &signature[1..])
    };
    workshop.sign("vendor", "host-local");
    let of_another = fs::read_to_string(workshop.path("host-local.wasm.sig")).unwrap();
    for (what, text, reason) in [
        ("altered", format!("{key}:{altered}\n"), "is not valid"),
        (
            "made by another key",
            format!("{key}:{others_signature}\n"),
            "is not valid",
        ),
        ("made for another component", of_another, "is not valid"),
        ("cut off", line.to_owned(), "line 1: the file was cut off here"),
        (
            "cut off in the middle",
            line[..90].to_owned(),
            "line 1: the file was cut off here",
        ),
        (
            "no signature at all",
            "signed by me\n".to_owned(),
            "line 1: it is no signature",
        ),
        ("too large", good.repeat(200), "it may have"),
        ("empty", String::new(), "it has no signature"),
    ] {
        fs::write(&file, text).unwrap();
        let told = workshop.refused(what);
        assert!(told.contains(reason), "{what}: {told}");
    }
    fs::write(&file, &good).unwrap();
    let _ = workshop.site.add(&Container::new("c2"), &loopback_network());
}

#[test]
fn signatures_that_others_could_have_written_do_not_count() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("loopback");
    workshop.sign("vendor", "loopback");
    workshop.add("loopback");
    let file = workshop.signatures("loopback");

    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let told = workshop.refused("writable by others");
    assert!(
        told.contains("others may write to it") && told.contains("chmod go-w"),
        "{told}"
    );

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let elsewhere = workshop.directory.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    assert!(workshop.refused("a link").contains("symbolic link"));
}

#[test]
fn a_key_that_everybody_can_sign_for_lets_nothing_run() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("loopback");
    workshop.trust(&format!("{WEAK_KEY}\n"));
    // The signature of that point and zero, which many verifiers take for any statement.
    let zero = "A".repeat(43);
    let forged = format!("{WEAK_KEY}:AQ{}{zero}==\n", &zero[..41]);
    fs::write(workshop.signatures("loopback"), forged).unwrap();
    let told = workshop.refused("a weak key");
    assert!(
        told.contains("weak key") && told.contains("cofferctl key new"),
        "{told}"
    );
}

#[test]
fn the_signature_is_looked_at_before_the_component_is() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("loopback");
    let code = workshop.stored("loopback", "component.cwasm");
    fs::remove_file(&code).unwrap();
    fs::write(&code, "no code").unwrap();
    workshop.refused("no signature, and no code");

    workshop.sign("vendor", "loopback");
    let signatures = fs::read(workshop.path("loopback.wasm.sig")).unwrap();
    fs::write(workshop.signatures("loopback"), signatures).unwrap();
    let container = Container::new("c1");
    let error = workshop.site.try_add(&container, &loopback_network()).error();
    assert_eq!(error.code, COMPONENT, "{error:?}");
}

#[test]
fn a_new_build_needs_a_new_signature() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("loopback");
    workshop.sign("vendor", "loopback");
    workshop.add("loopback");
    let wasm = workshop.path("loopback.wasm");
    rebuild(Path::new(&wasm));

    let told = workshop.fails(&["component", "add", "--name", "loopback", &wasm]);
    assert!(
        told.contains("loopback.wasm.sig does not fit") && told.contains("sign again"),
        "{told}"
    );
    let told = workshop.fails(&["verify", "--key", &workshop.path("vendor.pub"), &wasm]);
    assert!(told.contains("is not valid"), "{told}");
    let container = Container::new("c1");
    let _ = workshop.site.add(&container, &loopback_network());
    workshop.site.del(&container, &loopback_network());

    fs::remove_file(workshop.path("loopback.wasm.sig")).unwrap();
    workshop.add("loopback");
    workshop.refused("the new build, unsigned");

    workshop.sign("vendor", "loopback");
    workshop.add("loopback");
    let _ = workshop.site.add(&container, &loopback_network());
}

#[test]
fn a_container_can_leave_when_the_signature_is_gone() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("host-local");
    workshop.sign("vendor", "host-local");
    workshop.add("host-local");
    let (before, container) = (workshop.site.snapshot(), Container::new("c1"));
    let config = bridge_network("1.0.0");
    let _ = workshop.site.add(&container, &config);
    assert_eq!(workshop.site.leased("mynet"), ["10.22.0.2"]);
    fs::remove_file(workshop.signatures("host-local")).unwrap();
    workshop.site.del(&container, &config);
    assert_eq!(workshop.site.leased("mynet"), [""; 0]);
    before.assert_same(&workshop.site.snapshot());
}

#[test]
fn the_plugins_that_a_plugin_calls_are_held_to_it_too() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("host-local");
    let (before, container) = (workshop.site.snapshot(), Container::new("c1"));
    let error = workshop.site.try_add(&container, &bridge_network("1.0.0")).error();
    assert!(error.text().contains("it has no signature"), "{error:?}");
    assert!(error.text().contains("plugin \"host-local\""), "{error:?}");
    before.assert_same(&workshop.site.snapshot());
}

#[test]
fn signing_adds_to_what_others_signed_and_drops_what_fits_no_more() {
    let workshop = Workshop::new();
    let wasm = workshop.path("loopback.wasm");
    let keys = ["vendor.pub", "other.pub"].map(|name| workshop.path(name));
    workshop.sign("vendor", "loopback");
    workshop.sign("other", "loopback");
    workshop.sign("other", "loopback");
    for key in &keys {
        workshop.succeeds(&["verify", "--key", key, &wasm]);
    }
    let lines = || {
        fs::read_to_string(workshop.path("loopback.wasm.sig"))
            .unwrap()
            .lines()
            .count()
    };
    assert_eq!(lines(), 2);

    rebuild(Path::new(&wasm));
    let ended = workshop.cofferctl(&["sign", "--key", &workshop.path("other.key"), &wasm]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("is dropped"), "{}", ended.stderr);
    assert_eq!(lines(), 1);
    workshop.succeeds(&["verify", "--key", &keys[1], &wasm]);
    let told = workshop.fails(&["verify", "--key", &keys[0], &wasm]);
    assert!(told.contains("only"), "{told}");
}

#[test]
fn what_can_not_be_signed_or_signed_with_is_refused() {
    let workshop = Workshop::new();
    let (wasm, key) = (workshop.path("loopback.wasm"), workshop.path("vendor.key"));
    let public = workshop.path("vendor.pub");
    fs::write(workshop.path("text.wasm"), "text").unwrap();
    let text = workshop.path("text.wasm");
    for (arguments, expected) in [
        (["sign", "--key", &public, &wasm], "chmod 600"),
        (["sign", "--key", &key, &text], "not a WebAssembly component"),
        (["sign", "--key", "/nowhere", &wasm], "/nowhere"),
        (["verify", "--key", &key, &wasm], "it is not a public key"),
        (["verify", "--key", &public, &wasm], "it has no signature"),
    ] {
        let told = workshop.fails(&arguments);
        assert!(told.contains(expected), "{arguments:?}: {told}");
    }
    assert!(!Path::new(&workshop.path("loopback.wasm.sig")).exists());

    let directory = workshop.path("");
    let told = workshop.fails(&["key", "new", "vendor", "--directory", &directory]);
    assert!(told.contains("never overwritten"), "{told}");
}

#[test]
fn who_signed_a_component_can_be_seen() {
    let workshop = Workshop::new();
    let list = || workshop.succeeds(&["component", "list"]);
    assert!(list().lines().all(|line| line.ends_with("not signed")), "{}", list());
    workshop.sign("vendor", "loopback");
    workshop.sign("other", "loopback");
    workshop.add("loopback");
    workshop.trust(&fs::read_to_string(workshop.path("vendor.pub")).unwrap());
    let line = list()
        .lines()
        .find(|line| line.starts_with("loopback "))
        .unwrap()
        .to_owned();
    assert!(line.contains("vendor") && line.contains("an unknown key"), "{line}");

    let of_name = workshop.succeeds(&["component", "inspect", "loopback"]);
    let of_file = workshop.succeeds(&["component", "inspect", &workshop.path("loopback.wasm")]);
    for shown in [of_name, of_file] {
        let vendor = fs::read_to_string(workshop.path("vendor.pub")).unwrap();
        assert!(shown.contains(&format!("{} (vendor)", vendor.trim())), "{shown}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&workshop.succeeds(&["component", "inspect", "--json", "loopback"])).unwrap();
    let signatures = json["signatures"].as_array().unwrap();
    assert_eq!(signatures.len(), 2);
    assert!(
        signatures
            .iter()
            .any(|one| one["name"] == "vendor" && one["problem"].is_null())
    );

    let stale = workshop.signatures("loopback");
    workshop.sign("vendor", "host-local");
    fs::copy(workshop.path("host-local.wasm.sig"), stale).unwrap();
    assert!(list().contains("vendor (NOT VALID)"), "{}", list());
}
