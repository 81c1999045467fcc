use std::{fs, path::PathBuf};

use cofferdam_tests::{Products, Site, leave_out_language};

const PLUGINS: [&str; 2] = ["mtu-cap", "list-ipam"];

/// A language that the plugins are written in.
pub(crate) struct Language {
    name: String,
    components: PathBuf,
}

impl Language {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            components: Products::locate().target().join("languages").join(name),
        }
    }

    fn component(&self, plugin: &str) -> PathBuf {
        self.components.join(format!("{plugin}.wasm"))
    }

    pub(crate) fn is_built(&self) -> bool {
        PLUGINS.iter().all(|plugin| self.component(plugin).exists())
    }

    /// Says that its plugins were not built; a failure where they have to be.
    pub(crate) fn skip(&self) {
        let reason = format!(
            "{} is not built: guest-sdk/languages/build.sh --install {}",
            self.components.display(),
            self.name
        );
        leave_out_language(&self.name, &reason);
    }

    /// What a plugin may do: what its project says, which the one in Rust is
    /// none of.
    fn policy(&self, plugin: &str) -> String {
        let projects = Products::locate().target().join("languages/projects");
        let own = projects
            .join(&self.name)
            .join(plugin)
            .join("policy.d")
            .join(format!("{plugin}.toml"));
        let common = Products::workspace().join(format!("guest-sdk/languages/{plugin}/policy.toml"));
        fs::read_to_string(if own.exists() { own } else { common }).unwrap()
    }
}

/// A node with both plugins in one language, and what their policies grant.
pub(crate) struct Workplace {
    pub(crate) site: Site,
}

impl Workplace {
    pub(crate) fn new(language: &Language) -> Self {
        let site = Site::new();
        let installation = site.installation();
        for plugin in PLUGINS {
            let wasm = fs::read(language.component(plugin)).unwrap();
            let added = installation.add_component(plugin, &wasm);
            assert_eq!(added.code, Some(0), "{added:?}");
            installation.policy(&format!("{plugin}.toml"), &language.policy(plugin));
        }
        let delegate =
            "[plugin.bridge]\n[[plugin.bridge.grant]]\nallow = \"ipam.delegate\"\nplugins = [\"list-ipam\"]\n";
        installation.policy("bridge.list-ipam.toml", delegate);
        Self { site }
    }
}
