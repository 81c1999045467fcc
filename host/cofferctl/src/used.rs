use std::{collections::BTreeMap, path::PathBuf};

use anyhow::Context as _;
use cofferdam_broker::Installation;
use cofferdam_protocol::{Injection, ListedPlugin, NetworkList, Origin, PluginConfig, Program, Url, json::Node};

/// The components that networks use, and the files that their configurations
/// name.
#[derive(Debug, Default)]
pub(crate) struct Used {
    pub(crate) components: BTreeMap<String, Files>,
}

/// What the configurations of a plugin name.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// Directories of address records.
    pub(crate) records: Vec<PathBuf>,
    /// Files that say how names are resolved.
    pub(crate) resolvers: Vec<PathBuf>,
    /// Where services are.
    pub(crate) origins: Vec<Origin>,
}

impl Used {
    pub(crate) fn by(networks: &[NetworkList]) -> anyhow::Result<Self> {
        let mut used = Self::default();
        for network in networks {
            for plugin in &network.plugins {
                used.add(network, plugin)
                    .with_context(|| format!("network {:?}", network.name))?;
            }
        }
        Ok(used)
    }

    /// Leaves out what is no component of an installation, and tells which that
    /// is.
    pub(crate) fn drop_missing(&mut self, installation: &Installation) -> Vec<String> {
        let components = installation.components();
        let all = std::mem::take(&mut self.components);
        let (there, missing) = all.into_iter().partition(|(name, _)| components.resolve(name).is_ok());
        self.components = there;
        BTreeMap::into_keys(missing).collect()
    }

    fn add(&mut self, network: &NetworkList, plugin: &ListedPlugin) -> anyhow::Result<()> {
        let injection = Injection {
            name: &network.name,
            version: &network.version,
            previous: None,
            capability_args: None,
            valid_attachments: None,
        };
        let config = injection.apply(&plugin.config)?;
        let members: Vec<(String, PluginConfig)> = match config.program()? {
            Program::Named(name) => vec![(name, config)],
            Program::Chain(members) => {
                let named = |member: PluginConfig| Ok((member.plugin_type()?, member));
                members.into_iter().map(named).collect::<anyhow::Result<_>>()?
            }
        };
        for (name, config) in members {
            for name in [Some(name), config.ipam_type()?].into_iter().flatten() {
                self.add_plugin(name, &config)?;
            }
        }
        Ok(())
    }

    fn add_plugin(&mut self, name: String, config: &PluginConfig) -> anyhow::Result<()> {
        let files = self.components.entry(name).or_default();
        files.records.extend(config.ipam_data_dir()?.map(PathBuf::from));
        files.resolvers.extend(config.ipam_resolv_conf()?.map(PathBuf::from));
        collect_origins(config.tree(), &mut files.origins);
        Ok(())
    }
}

/// The origins of all URLs, each once.
fn collect_origins(node: &Node, found: &mut Vec<Origin>) {
    match node {
        Node::String(text) => {
            let origin = text.parse::<Url>().ok().map(|url| url.origin().clone());
            found.extend(origin.filter(|origin| !found.contains(origin)));
        }
        Node::Array(elements) => elements.iter().for_each(|element| collect_origins(element, found)),
        Node::Object(entries) => entries.iter().for_each(|(_, value)| collect_origins(value, found)),
        Node::Null | Node::Bool(_) | Node::Number(_) => {}
    }
}
