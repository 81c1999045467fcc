use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use cofferdam_broker::Installation;
use cofferdam_runtime::{PluginCommand, PluginResolver, ResolveError, SearchPath};
use cofferdam_sandbox::ComponentStore;

use crate::nearest::did_you_mean;

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
        let cofferdam = match cofferdam {
            Some(cofferdam) if cofferdam.is_file() => cofferdam,
            Some(cofferdam) => bail!("there is no executable {}", cofferdam.display()),
            None => find(&directories)?,
        };
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
    ) -> Self {
        let directories: Vec<PathBuf> = std::env::split_paths(&executables.path()).collect();
        let cofferdam = match cofferdam {
            Some(cofferdam) => Some(cofferdam).filter(|path| path.is_file()),
            None => find(&directories).ok(),
        };
        Self {
            components: installation.components(),
            root: installation.root().to_owned(),
            cofferdam,
            executables,
            executables_first: true,
        }
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

impl Resolver {
    /// Tells also that components were looked through.
    fn nowhere(&self, plugin_type: &str, error: ResolveError) -> ResolveError {
        match error {
            ResolveError::NotFound { .. } => ResolveError::Other(format!(
                "{error}, and no component of that name is installed{}",
                did_you_mean(&self.components, plugin_type)
            )),
            error => error,
        }
    }
}

/// Beside this executable, as it is built, or where plugins are, as it is
/// installed.
fn find(directories: &[PathBuf]) -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe().context("find this executable")?;
    let beside = this.parent().map(Path::to_owned);
    let places: Vec<PathBuf> = beside.into_iter().chain(directories.iter().cloned()).collect();
    let mut candidates = places.iter().map(|place| place.join("cofferdam"));
    candidates.find(|candidate| candidate.is_file()).with_context(|| {
        let places: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
        format!(
            "there is no executable cofferdam in {}; name it with --cofferdam",
            places.join(" or ")
        )
    })
}

impl PluginResolver for Resolver {
    fn resolve(&self, plugin_type: &str) -> Result<PluginCommand, ResolveError> {
        let executable = || self.executables.resolve(plugin_type);
        let component = || self.component(plugin_type);
        let found = if self.executables_first {
            executable().or_else(|error| component().ok_or(error))
        } else {
            component().map_or_else(executable, Ok)
        };
        found.map_err(|error| self.nowhere(plugin_type, error))
    }

    fn path(&self) -> OsString {
        self.executables.path()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    #[test]
    fn the_executable_may_be_where_plugins_are() {
        let directory = tempfile::tempdir().unwrap();
        let plugins = vec!["/nowhere".into(), directory.path().to_owned()];
        let error = find(&plugins).unwrap_err().to_string();
        assert!(
            error.contains("/nowhere or") && error.contains("--cofferdam"),
            "{error}"
        );
        fs::write(directory.path().join("cofferdam"), "").unwrap();
        assert_eq!(find(&plugins).unwrap(), directory.path().join("cofferdam"));
    }
}
