use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use anyhow::{Context as _, bail};
use cofferdam_broker::Installation;
use cofferdam_runtime::{PluginCommand, PluginResolver, ResolveError, SearchPath};
use cofferdam_sandbox::ComponentStore;

/// Serves plugins that are components by `cofferdam`, others from the plugin
/// directories.
pub(super) struct Resolver {
    components: ComponentStore,
    root: PathBuf,
    cofferdam: PathBuf,
    others: SearchPath,
}

impl Resolver {
    pub(super) fn new(
        installation: &Installation,
        directories: Vec<PathBuf>,
        cofferdam: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        let cofferdam = match cofferdam {
            Some(cofferdam) => cofferdam,
            None => std::env::current_exe()
                .context("find this executable")?
                .with_file_name("cofferdam"),
        };
        if !cofferdam.is_file() {
            bail!(
                "there is no executable {}; name it with --cofferdam",
                cofferdam.display()
            );
        }
        Ok(Self {
            components: installation.components(),
            root: installation.root().to_owned(),
            cofferdam,
            others: SearchPath::new(directories),
        })
    }
}

impl PluginResolver for Resolver {
    fn resolve(&self, plugin_type: &str) -> Result<PluginCommand, ResolveError> {
        if plugin_type != "cofferdam" && self.components.resolve(plugin_type).is_err() {
            return self.others.resolve(plugin_type);
        }
        let mut command = PluginCommand::new(&self.cofferdam);
        command.name = Some(OsString::from(plugin_type));
        command.arguments = vec![OsStr::new("--root").to_owned(), self.root.clone().into_os_string()];
        Ok(command)
    }

    fn path(&self) -> OsString {
        self.others.path()
    }
}
