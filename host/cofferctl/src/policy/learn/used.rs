use std::{collections::BTreeMap, path::PathBuf};

use anyhow::Context as _;
use cofferdam_broker::Installation;
use cofferdam_protocol::{Injection, ListedPlugin, NetworkList, PluginConfig, Program};

use crate::output::complain;

/// The components that networks use, and the files that their configurations
/// name.
#[derive(Debug, Default)]
pub(super) struct Used {
    pub(super) components: BTreeMap<String, Files>,
}

/// What the configurations of a plugin name.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Directories of address records.
    pub(super) records: Vec<PathBuf>,
    /// Files that say how names are resolved.
    pub(super) resolvers: Vec<PathBuf>,
}

impl Used {
    pub(super) fn by(installation: &Installation, networks: &[NetworkList]) -> anyhow::Result<Self> {
        let mut used = Self::default();
        for network in networks {
            for plugin in &network.plugins {
                used.add(installation, network, plugin)
                    .with_context(|| format!("network {:?}", network.name))?;
            }
        }
        Ok(used)
    }

    fn add(&mut self, installation: &Installation, network: &NetworkList, plugin: &ListedPlugin) -> anyhow::Result<()> {
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
                self.add_plugin(installation, name, &config)?;
            }
        }
        Ok(())
    }

    fn add_plugin(&mut self, installation: &Installation, name: String, config: &PluginConfig) -> anyhow::Result<()> {
        if installation.components().resolve(&name).is_err() {
            complain(&format!("{name} is no component here, and nothing is learned of it"));
            return Ok(());
        }
        let files = self.components.entry(name).or_default();
        files.records.extend(config.ipam_data_dir()?.map(PathBuf::from));
        files.resolvers.extend(config.ipam_resolv_conf()?.map(PathBuf::from));
        Ok(())
    }
}
