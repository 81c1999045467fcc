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
#[derive(Clone)]
pub(crate) struct Resolver {
    components: ComponentStore,
    root: PathBuf,
    /// Absent where there is none: then all plugins are executables.
    cofferdam: Option<PathBuf>,
    executables: SearchPath,
    executables_first: bool,
}

impl Resolver {
    pub(super) fn new(
        installation: &Installation,
        directories: Vec<PathBuf>,
        cofferdam: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        let cofferdam = beside_this(cofferdam)?;
        if !cofferdam.is_file() {
            bail!(
                "there is no executable {}; name it with --cofferdam",
                cofferdam.display()
            );
        }
        Ok(Self {
            components: installation.components(),
            root: installation.root().to_owned(),
            cofferdam: Some(cofferdam),
            executables: SearchPath::new(directories),
            executables_first: false,
        })
    }

    /// The other way round: what is in the directories is taken before a
    /// component of the same name, as the node's runtime does.
    pub(crate) fn after_executables(
        installation: &Installation,
        executables: SearchPath,
        cofferdam: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            components: installation.components(),
            root: installation.root().to_owned(),
            cofferdam: Some(beside_this(cofferdam)?).filter(|path| path.is_file()),
            executables,
            executables_first: true,
        })
    }

    /// `None` where no component has the name.
    fn component(&self, plugin_type: &str) -> Option<PluginCommand> {
        let is_component = plugin_type == "cofferdam" || self.components.resolve(plugin_type).is_ok();
        let cofferdam = self.cofferdam.as_ref().filter(|_| is_component)?;
        let mut command = PluginCommand::new(cofferdam);
        command.name = Some(OsString::from(plugin_type));
        command.arguments = vec![OsStr::new("--root").to_owned(), self.root.clone().into_os_string()];
        Some(command)
    }
}

fn beside_this(cofferdam: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    match cofferdam {
        Some(cofferdam) => Ok(cofferdam),
        None => Ok(std::env::current_exe()
            .context("find this executable")?
            .with_file_name("cofferdam")),
    }
}

impl PluginResolver for Resolver {
    fn resolve(&self, plugin_type: &str) -> Result<PluginCommand, ResolveError> {
        if self.executables_first {
            let executable = self.executables.resolve(plugin_type);
            return executable.or_else(|error| self.component(plugin_type).ok_or(error));
        }
        match self.component(plugin_type) {
            Some(command) => Ok(command),
            None => self.executables.resolve(plugin_type),
        }
    }

    fn path(&self) -> OsString {
        self.executables.path()
    }
}
