//! What a recorded call finds when it is run again: its files, laid out in a
//! directory that goes with this, and the components.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use cofferdam_broker::{
    Installation,
    recording::{RecordedPlugin, Recording},
};
use cofferdam_journal::StateDirectory;
use cofferdam_protocol::{PluginConfig, json::Node};
use cofferdam_sandbox::{ComponentStore, Digest};

use crate::{
    compiler,
    component::{check_plugin, compile},
    plan::{BUDGET, GivenComponent},
    scratch::ScratchInstallation,
};

/// Where a recorded call is run again.
pub(super) struct Ground {
    scratch: ScratchInstallation,
    root: String,
    /// Of the components that are others than the recorded ones: the plugin,
    /// and the digests then and now.
    pub(super) changed: Vec<Changed>,
}

/// A component that is another than the recorded one.
pub(super) struct Changed {
    pub(super) plugin: String,
    pub(super) recorded: String,
    pub(super) now: String,
}

/// Time for the call: what it had, but no longer than any has.
pub(super) fn budget(recording: &Recording) -> Duration {
    Duration::from_millis(recording.budget_milliseconds).min(BUDGET)
}

impl Ground {
    pub(super) fn of<'g>(
        recording: &Recording,
        installation: &Installation,
        given: impl Iterator<Item = &'g GivenComponent>,
        limits: compiler::Limits,
    ) -> anyhow::Result<Self> {
        refuse_ways_out(recording)?;
        let scratch = ScratchInstallation::empty("replay")?;
        recording.lay_out(scratch.installation().root())?;
        relocate_journals(recording, scratch.installation())?;
        let mut ground = Self {
            scratch,
            root: recording.root.clone(),
            changed: Vec::new(),
        };
        let mut components = ground.install(recording, given, limits)?;
        for plugin in &recording.plugins {
            let now = match components.remove(&plugin.name) {
                Some(digest) => digest,
                None => ground.copy(plugin, &installation.components(), limits)?,
            };
            if now != plugin.digest {
                ground.changed.push(Changed {
                    plugin: plugin.name.clone(),
                    recorded: plugin.digest.clone(),
                    now,
                });
            }
        }
        Ok(ground)
    }

    pub(super) fn installation(&self) -> &Installation {
        self.scratch.installation()
    }

    /// A text in which the files have the paths that they had on the node.
    pub(super) fn with_original_paths(&self, text: &str) -> String {
        let copy = self.installation().root().to_string_lossy();
        text.replace(copy.as_ref(), self.root.trim_end_matches('/'))
    }

    /// The components that are given: their digests, by plugin.
    fn install<'g>(
        &self,
        recording: &Recording,
        given: impl Iterator<Item = &'g GivenComponent>,
        limits: compiler::Limits,
    ) -> anyhow::Result<BTreeMap<String, String>> {
        let store = self.installation().components();
        let mut installed = BTreeMap::new();
        for component in given {
            let own = component.install(&store, limits)?;
            let digest = store.resolve(&own)?;
            let name = recorded_name(recording, &own)?;
            store.name(&name, digest)?;
            if installed.insert(name.clone(), digest.to_string()).is_some() {
                bail!("plugin {name:?} is given twice");
            }
        }
        Ok(installed)
    }

    /// The recorded component, from this machine's store.
    fn copy(
        &self,
        plugin: &RecordedPlugin,
        installed: &ComponentStore,
        limits: compiler::Limits,
    ) -> anyhow::Result<String> {
        let RecordedPlugin { name, digest } = plugin;
        let store = self.installation().components();
        let recorded: Digest = digest
            .parse()
            .with_context(|| format!("plugins: {digest:?} is no digest of a component"))?;
        let wasm = installed.wasm(recorded).with_context(|| {
            format!(
                "the component of plugin {name:?}, sha256:{digest}, is not to be had from this machine's store; give it: \
                 {name}=FILE.wasm"
            )
        })?;
        let declaration = check_plugin(&wasm)?.declaration(Path::new(name))?;
        let (compiled, _) = compile(&store, &wasm, &declaration, limits).with_context(|| name.clone())?;
        store.name(name, compiled)?;
        Ok(compiled.to_string())
    }
}

/// The recorded plugin that a component is to be: the one of its name, or the
/// only one.
fn recorded_name(recording: &Recording, own: &str) -> anyhow::Result<String> {
    let mut names = recording.plugins.iter().map(|plugin| plugin.name.as_str());
    if names.clone().any(|name| name == own) {
        return Ok(own.to_owned());
    }
    match (names.next(), names.next()) {
        (Some(only), None) => Ok(only.to_owned()),
        _ => {
            let known: Vec<&str> = recording.plugins.iter().map(|plugin| plugin.name.as_str()).collect();
            bail!(
                "plugin {own:?} is given, and the recording has {}; say which it is to be: NAME=FILE.wasm",
                known.join(", ")
            )
        }
    }
}

/// Configurations name files and directories, which are below another root
/// here. Nothing of a stranger's recording may lead out of that.
fn refuse_ways_out(recording: &Recording) -> anyhow::Result<()> {
    let config = PluginConfig::parse(&recording.configuration).context("configuration")?;
    match way_out(config.tree()) {
        Some(path) => bail!("configuration: {path:?} has a `..` in it, which leads out of any directory"),
        None => Ok(()),
    }
}

/// Journals name directories, too, with the root of all of them.
fn relocate_journals(recording: &Recording, installation: &Installation) -> anyhow::Result<()> {
    let Some(state) = StateDirectory::open_existing(&installation.state())? else {
        return Ok(());
    };
    state.relocate(&|directory| place(directory, &recording.root, installation))?;
    Ok(())
}

/// Where a directory of the node's is here; nowhere if it would be elsewhere
/// than below the root.
fn place(directory: &Path, root: &str, installation: &Installation) -> Option<PathBuf> {
    let below = directory.strip_prefix(root).unwrap_or(directory);
    let leads_out = below.components().any(|part| part == Component::ParentDir);
    (!leads_out).then(|| installation.resolve(below))
}

fn way_out(node: &Node) -> Option<&str> {
    match node {
        Node::String(text) => text
            .split(std::path::is_separator)
            .any(|part| part == "..")
            .then_some(text),
        Node::Array(items) => items.iter().find_map(way_out),
        Node::Object(members) => members.iter().find_map(|(_, value)| way_out(value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_a_journal_names_is_below_the_root_or_nowhere() {
        let installation = Installation::below("/tmp/replay");
        for (directory, root, here) in [
            (
                "/var/lib/cni/networks/n",
                "/",
                Some("/tmp/replay/var/lib/cni/networks/n"),
            ),
            ("/node/var/lib/cni", "/node", Some("/tmp/replay/var/lib/cni")),
            ("/elsewhere", "/node", Some("/tmp/replay/elsewhere")),
            ("relative", "/", Some("/tmp/replay/relative")),
            ("/var/../../etc", "/", None),
            ("/node/../etc", "/node", None),
            ("..", "", None),
        ] {
            let found = place(Path::new(directory), root, &installation);
            assert_eq!(found.as_deref(), here.map(Path::new), "{directory} of {root}");
        }
    }

    #[test]
    fn a_path_that_leads_upwards_is_found_wherever_it_is() {
        for (text, found) in [
            (r#"{"ipam": {"dataDir": "/var/../../etc"}}"#, Some("/var/../../etc")),
            (r#"{"a": [1, ".."]}"#, Some("..")),
            (r#"{"a": "a..b", "b": "/a/...", "c": null}"#, None),
        ] {
            let node = Node::parse(text).unwrap();
            assert_eq!(way_out(&node), found, "{text}");
        }
    }
}
