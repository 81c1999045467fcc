//! What a plan writes to in place of the node's own: copies of the components,
//! the policies, what is on record, and the files that configurations name.

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;
mod tree;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use cofferdam_broker::Installation;
use cofferdam_policy::{PluginPolicy, PolicyError};
use cofferdam_protocol::NetworkList;

use self::tree::copy_tree;
use super::Arguments;
use crate::{files, scratch::ScratchInstallation, used::Used};

/// The copies of one plan.
pub(in crate::plan) struct Copies {
    scratch: ScratchInstallation,
    root: PathBuf,
    /// By plugin; those that there are.
    pub(in crate::plan) policies: BTreeMap<String, PluginPolicy>,
    /// What could not be copied, so that the node may be another than the plan
    /// takes it for.
    pub(in crate::plan) remarks: Vec<String>,
}

impl Copies {
    pub(in crate::plan) fn of(
        installation: &Installation,
        network: &NetworkList,
        arguments: &Arguments,
    ) -> anyhow::Result<Self> {
        let used = Used::by(std::slice::from_ref(network))?;
        let mut copies = Self {
            scratch: ScratchInstallation::new("plan")?,
            root: installation.root().to_owned(),
            policies: BTreeMap::new(),
            remarks: Vec::new(),
        };
        copies.copy_components(installation, &used, arguments)?;
        copies.take_given_policies(installation, arguments)?;
        for name in used.components.keys() {
            copies.copy_policy(installation, name)?;
        }
        copies.copy_keys(installation)?;
        copies.copy_what_node_has(installation, &network.name, &used)?;
        Ok(copies)
    }

    pub(in crate::plan) fn installation(&self) -> &Installation {
        self.scratch.installation()
    }

    /// The copy of what is on record of attachments.
    pub(in crate::plan) fn state(&self) -> PathBuf {
        self.installation().state()
    }

    /// A text in which what is a copy has the path of the original.
    pub(in crate::plan) fn with_original_paths(&self, text: &str) -> String {
        let copy = self.installation().root().to_string_lossy();
        let original = self.root.to_string_lossy();
        text.replace(copy.as_ref(), original.trim_end_matches('/'))
    }

    fn copy_components(
        &mut self,
        installation: &Installation,
        used: &Used,
        arguments: &Arguments,
    ) -> anyhow::Result<()> {
        let store = self.installation().components();
        let mut given = Vec::new();
        for component in &arguments.component {
            let name = component.install(&store, arguments.limits)?;
            if !used.components.contains_key(&name) {
                self.remarks
                    .push(format!("plugin {name:?} is given, and the network does not use it"));
            }
            given.push(name);
        }
        let installed = installation.components();
        for name in used.components.keys().filter(|name| !given.contains(name)) {
            if installed.resolve(name).is_ok() {
                installed.copy_to(&store, name).with_context(|| name.clone())?;
            }
        }
        Ok(())
    }

    fn take_given_policies(&mut self, installation: &Installation, arguments: &Arguments) -> anyhow::Result<()> {
        // A key that can't be read is told of as one that is not there.
        let keys = installation.policies().keys().unwrap_or_default();
        let key = |name: &str| Ok(keys.iter().find(|(known, _)| known == name).map(|(_, key)| *key));
        for file in &arguments.policy {
            let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
            let name = plugin_of(file, &text)?;
            let parsed = PluginPolicy::parse(&name, &[(file.clone(), text.clone())], key)?;
            if self.policies.insert(name.clone(), parsed).is_some() {
                bail!("{}: the policy of plugin {name:?} is given twice", file.display());
            }
            self.write_policy(&format!("{name}.toml"), text.as_bytes())?;
        }
        Ok(())
    }

    fn copy_policy(&mut self, installation: &Installation, name: &str) -> anyhow::Result<()> {
        if self.policies.contains_key(name) {
            return Ok(());
        }
        let policies = installation.policies();
        let policy = match policies.plugin(name) {
            Ok(policy) => policy,
            Err(PolicyError::Missing { .. }) => return Ok(()),
            // It grants nothing, whatever it says.
            Err(error) => {
                self.remarks
                    .push(format!("the policy of plugin {name:?} grants nothing: {error}"));
                return Ok(());
            }
        };
        for entry in fs::read_dir(policies.path())? {
            let file = entry?.file_name();
            let Some(file) = file.to_str().filter(|file| is_about(file, name)) else {
                continue;
            };
            let path = policies.path().join(file);
            let text = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
            self.write_policy(file, &text)?;
        }
        self.policies.insert(name.to_owned(), policy);
        Ok(())
    }

    fn copy_keys(&mut self, installation: &Installation) -> anyhow::Result<()> {
        const KEYS: &str = "keys";
        let from = installation.policies().path().join(KEYS);
        if from.is_dir() && installation.policies().keys().is_ok() {
            copy_tree(&from, &self.installation().policies().path().join(KEYS))?;
        }
        Ok(())
    }

    fn write_policy(&self, file: &str, text: &[u8]) -> anyhow::Result<()> {
        let path = self.installation().policies().path().join(file);
        files::write(&path, text)
    }
}

/// `NAME.toml` or `NAME.*.toml`.
fn is_about(file: &str, plugin: &str) -> bool {
    let stem = file.strip_suffix(".toml");
    stem.is_some_and(|stem| stem == plugin || stem.strip_prefix(plugin).is_some_and(|rest| rest.starts_with('.')))
}

/// Which plugin a policy is about: the one that it has a table of.
fn plugin_of(file: &Path, text: &str) -> anyhow::Result<String> {
    let document: toml::Table = toml::from_str(text).with_context(|| file.display().to_string())?;
    let plugins = document.get("plugin").and_then(toml::Value::as_table);
    let mut names = plugins.into_iter().flat_map(toml::Table::keys);
    match (names.next(), names.next()) {
        (Some(name), None) => Ok(name.clone()),
        (None, _) => bail!("{}: it is about no plugin; it needs a [plugin.NAME]", file.display()),
        (Some(one), Some(other)) => bail!(
            "{}: it is about {one:?} and {other:?}; each plugin has a file of its own",
            file.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_policy_file_is_about_the_plugin_of_its_name() {
        for (file, is) in [
            ("bridge.toml", true),
            ("bridge.10-team.toml", true),
            ("bridges.toml", false),
            ("bridge", false),
            ("bridge.toml~", false),
            ("host-bridge.toml", false),
        ] {
            assert_eq!(is_about(file, "bridge"), is, "{file}");
        }
    }

    #[test]
    fn a_given_policy_is_about_one_plugin() {
        let file = Path::new("my.toml");
        assert_eq!(plugin_of(file, "[plugin.mine]\n").unwrap(), "mine");
        for (text, why) in [
            ("", "about no plugin"),
            ("plugin = 1", "about no plugin"),
            ("[plugin.a]\n[plugin.b]\n", "\"a\" and \"b\""),
            ("[plugin", "my.toml"),
        ] {
            let error = format!("{:#}", plugin_of(file, text).unwrap_err());
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
