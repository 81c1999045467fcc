use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use cofferdam_broker::Installation;
use cofferdam_policy::everything;

use super::observed::Observed;
use crate::{files::make_directory, scratch::ScratchInstallation, used::Used};

/// An installation with the components of another one, which goes with this.
pub(super) struct Scratch(ScratchInstallation);

impl Scratch {
    /// Without any policy.
    pub(super) fn new(installation: &Installation, used: &Used) -> anyhow::Result<Self> {
        let scratch = ScratchInstallation::new("learn")?;
        for (plugin, files) in &used.components {
            installation
                .components()
                .copy_to(&scratch.installation().components(), plugin)
                .with_context(|| plugin.clone())?;
            for resolver in &files.resolvers {
                scratch.copy_file(installation, resolver)?;
            }
        }
        Ok(Self(scratch))
    }

    pub(super) fn installation(&self) -> &Installation {
        self.0.installation()
    }

    /// Lets the plugins do whatever they ask for, with all of it on record.
    pub(super) fn allow_everything(&self, used: &Used) -> anyhow::Result<()> {
        for (plugin, files) in &used.components {
            let records: Vec<&Path> = files.records.iter().map(PathBuf::as_path).collect();
            let resolvers: Vec<&Path> = files.resolvers.iter().map(PathBuf::as_path).collect();
            let origins: Vec<String> = files.origins.iter().map(ToString::to_string).collect();
            let origins: Vec<&str> = origins.iter().map(String::as_str).collect();
            self.write_policy(plugin, &everything(plugin, &records, &resolvers, &origins))?;
        }
        Ok(())
    }

    /// Lets them do what was observed, and begins a new record.
    pub(super) fn allow_only(&self, observed: &Observed) -> anyhow::Result<()> {
        let policies = self.installation().policies();
        fs::remove_dir_all(policies.path()).context("remove the policies that allow everything")?;
        make_directory(policies.path())?;
        for (plugin, learned) in &observed.policies {
            self.write_policy(plugin, &learned.to_string())?;
        }
        match policies.check_all().findings.first() {
            Some(finding) => bail!("{finding}"),
            None => self.forget_records(),
        }
    }

    /// What is on record of the plugins.
    pub(super) fn audit_log(&self) -> anyhow::Result<String> {
        let path = self.installation().audit_log();
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            read => read.with_context(|| format!("read {}", path.display())),
        }
    }

    fn forget_records(&self) -> anyhow::Result<()> {
        let path = self.installation().audit_log();
        fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))
    }

    fn write_policy(&self, plugin: &str, text: &str) -> anyhow::Result<()> {
        let path = self.installation().policies().path().join(format!("{plugin}.toml"));
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))
    }
}
