use std::{
    fs,
    path::{Path, PathBuf},
};

use cofferdam_tests::{Products, Site, finish};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A recipe by its name, which is its plugin's and its directory's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe(pub(crate) &'static str);

impl Recipe {
    pub(crate) fn directory(self) -> PathBuf {
        Products::workspace().join("guest-sdk/cookbook").join(self.0)
    }

    pub(crate) fn text(self, file: impl AsRef<Path>) -> String {
        let path = self.directory().join(file);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn component(self) -> PathBuf {
        Products::locate().component(&format!("cofferdam-cookbook-{}", self.0))
    }

    /// Puts component and policy on a node, as the page says.
    pub(crate) fn install(self, site: &Site) {
        let installation = site.installation();
        let ended = installation.add_component(self.0, &fs::read(self.component()).unwrap());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let policy = self.text(format!("policy.d/{}.toml", self.0));
        installation.policy(&format!("{}.toml", self.0), &policy);
    }

    /// The example, as one chain. `keys` are laid over the plugins, by their
    /// positions.
    pub(crate) fn example(self, keys: &[Value]) -> Value {
        let list: Value = serde_json::from_str(&self.text("example.conflist")).unwrap();
        let members = list["plugins"].as_array().unwrap().iter().enumerate();
        let chain: Vec<Value> = members
            .map(|(position, plugin)| {
                let keys = keys.get(position).cloned().unwrap_or_else(|| json!({}));
                cofferdam_tests::with(plugin.clone(), keys)
            })
            .collect();
        json!({ "cniVersion": list["cniVersion"], "name": list["name"], "type": "cofferdam", "chain": chain })
    }

    /// All of its scenarios pass.
    pub(crate) fn passes(self) {
        let products = Products::locate();
        let nowhere = TempDir::with_prefix("cofferdam-test-").unwrap();
        let mut command = std::process::Command::new(products.cofferctl());
        command.arg("test").arg("--cache").arg(products.target());
        command.arg("--directory").arg(nowhere.path());
        command.arg("--component").arg(self.component());
        for plugin in ["bridge", "host-local"] {
            let component = products.component(&format!("cofferdam-plugin-{plugin}"));
            command.arg("--component").arg(component);
        }
        let scenarios = self.directory().join(format!("scenarios/{}.toml", self.0));
        let ended = finish(command.arg(scenarios), b"");
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.ends_with(" passed, 0 failed\n"), "{}", ended.stdout);
    }
}
