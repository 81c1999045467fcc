use std::{fs, path::PathBuf};

use tempfile::TempDir;

use crate::{Ended, Installation, Products, Site, finish};

/// An installation, and somebody's own directory with components and keys.
#[derive(Debug)]
pub struct Workshop {
    /// Where the components are installed.
    pub site: Site,
    directory: TempDir,
}

impl Workshop {
    /// With the key pairs `vendor` and `other`, and with `loopback.wasm` and
    /// `host-local.wasm`, as they are installed, unsigned.
    #[must_use]
    pub fn new() -> Self {
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
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_string_lossy().into_owned()
    }

    /// `cofferctl --root …` with these arguments, to its end.
    #[must_use]
    pub fn cofferctl(&self, arguments: &[&str]) -> Ended {
        finish(self.installation().cofferctl().args(arguments), b"")
    }

    /// What it says; anything but success fails the test.
    #[track_caller]
    pub fn succeeds(&self, arguments: &[&str]) -> String {
        let ended = self.cofferctl(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}{}", ended.stdout, ended.stderr);
        ended.stdout
    }

    /// Its complaint; anything but a failure fails the test.
    #[track_caller]
    pub fn fails(&self, arguments: &[&str]) -> String {
        let ended = self.cofferctl(arguments);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(1), ""),
            "{arguments:?}: {}",
            ended.stderr
        );
        ended.stderr
    }

    /// Signs `PLUGIN.wasm` with this key.
    pub fn sign(&self, key: &str, plugin: &str) {
        let key = self.path(&format!("{key}.key"));
        self.succeeds(&["sign", "--key", &key, &self.path(&format!("{plugin}.wasm"))]);
    }

    /// Installs `PLUGIN.wasm`, and the signatures beside it.
    pub fn add(&self, plugin: &str) {
        self.succeeds(&[
            "component",
            "add",
            "--name",
            plugin,
            &self.path(&format!("{plugin}.wasm")),
        ]);
    }

    /// Lets only components run as this plugin that `vendor` signed.
    pub fn pin(&self, plugin: &str) {
        let default = Products::workspace().join(format!("host/policy/default/{plugin}.toml"));
        let section = format!("[plugin.{plugin}]\n");
        let text = fs::read_to_string(default).unwrap();
        let pinned = text.replacen(&section, &format!("{section}signed-by = \"vendor\"\n"), 1);
        assert_ne!(pinned, text);
        self.installation().policy(&format!("{plugin}.toml"), &pinned);
        self.trust(&fs::read_to_string(self.path("vendor.pub")).unwrap());
    }

    /// Makes this the key that the policy calls `vendor`.
    pub fn trust(&self, key: &str) {
        let keys = self.installation().root().join("etc/cofferdam/policy.d/keys");
        fs::create_dir_all(&keys).unwrap();
        fs::write(keys.join("vendor.pub"), key).unwrap();
    }

    /// The digest that a plugin's name stands for.
    #[must_use]
    pub fn digest(&self, plugin: &str) -> String {
        let name = self
            .installation()
            .root()
            .join("var/lib/cofferdam/plugins")
            .join(plugin);
        fs::read_to_string(name).unwrap().trim().to_owned()
    }

    /// A file of an installed component.
    #[must_use]
    pub fn stored(&self, plugin: &str, file: &str) -> PathBuf {
        self.installation().stored(plugin, file)
    }

    /// The signatures of an installed component.
    #[must_use]
    pub fn signatures(&self, plugin: &str) -> PathBuf {
        self.stored(plugin, "component.wasm.sig")
    }

    /// Makes `PLUGIN.wasm` another build of the same plugin: it gets one more
    /// custom section.
    pub fn rebuild(&self, plugin: &str) {
        let wasm = self.path(&format!("{plugin}.wasm"));
        let mut bytes = fs::read(&wasm).unwrap();
        bytes.extend(b"\x00\x05\x04mine");
        fs::write(wasm, bytes).unwrap();
    }
}

impl Default for Workshop {
    fn default() -> Self {
        Self::new()
    }
}
