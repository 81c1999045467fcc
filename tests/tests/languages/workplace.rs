use std::{env, fs, path::PathBuf};

use cofferdam_tests::{Products, Site};

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
        let wanted = env::var("COFFERDAM_TESTS_LANGUAGES").unwrap_or_default();
        let is_wanted = wanted.split([',', ' ']).any(|word| word == self.name || word == "all");
        let reason = format!(
            "{} is not built: guest-sdk/languages/build.sh --install {}",
            self.components.display(),
            self.name
        );
        assert!(!is_wanted, "{reason}");
        eprintln!("skipped: {reason}");
    }

    /// A file of the plugins' sources, where there is one.
    fn source(&self, file: &str) -> Option<String> {
        let languages = Products::workspace().join("guest-sdk/languages");
        fs::read_to_string(languages.join(&self.name).join(file)).ok()
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
            let policy = Products::workspace().join(format!("guest-sdk/languages/{plugin}/policy.toml"));
            installation.policy(&format!("{plugin}.toml"), &fs::read_to_string(policy).unwrap());
            if let Some(besides) = language.source(&format!("{plugin}/policy.toml")) {
                installation.policy(&format!("{plugin}.{}.toml", language.name), &besides);
            }
        }
        let delegate =
            "[plugin.bridge]\n[[plugin.bridge.grant]]\nallow = \"ipam.delegate\"\nplugins = [\"list-ipam\"]\n";
        installation.policy("bridge.list-ipam.toml", delegate);
        Self { site }
    }
}
