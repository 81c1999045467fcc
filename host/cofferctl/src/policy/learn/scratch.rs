use std::{
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use cofferdam_broker::Installation;
use cofferdam_policy::everything;

use super::{observed::Observed, used::Used};
use crate::output::complain;

/// An installation in a directory of its own, which goes with this.
pub(super) struct Scratch {
    installation: Installation,
}

impl Scratch {
    /// With the components of another one, without any policy.
    pub(super) fn new(installation: &Installation, used: &Used) -> anyhow::Result<Self> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
        let root = std::env::temp_dir().join(format!("cofferctl-learn-{:016x}", u64::from_le_bytes(random)));
        // Nobody else's directory is taken for it.
        DirBuilder::new()
            .mode(0o700)
            .create(&root)
            .with_context(|| format!("make {}", root.display()))?;
        let scratch = Self {
            installation: Installation::below(root),
        };
        make_directory(scratch.installation.policies().path())?;
        for (plugin, files) in &used.components {
            installation
                .components()
                .copy_to(&scratch.installation.components(), plugin)
                .with_context(|| plugin.clone())?;
            for resolver in &files.resolvers {
                scratch.copy_resolver(installation, resolver)?;
            }
        }
        Ok(scratch)
    }

    pub(super) fn installation(&self) -> &Installation {
        &self.installation
    }

    /// Lets the plugins do whatever they ask for, with all of it on record.
    pub(super) fn allow_everything(&self, used: &Used) -> anyhow::Result<()> {
        for (plugin, files) in &used.components {
            let records: Vec<&Path> = files.records.iter().map(PathBuf::as_path).collect();
            let resolvers: Vec<&Path> = files.resolvers.iter().map(PathBuf::as_path).collect();
            self.write_policy(plugin, &everything(plugin, &records, &resolvers))?;
        }
        Ok(())
    }

    /// Lets them do what was observed, and begins a new record.
    pub(super) fn allow_only(&self, observed: &Observed) -> anyhow::Result<()> {
        let policies = self.installation.policies();
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
        let path = self.installation.audit_log();
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            read => read.with_context(|| format!("read {}", path.display())),
        }
    }

    fn forget_records(&self) -> anyhow::Result<()> {
        let path = self.installation.audit_log();
        fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))
    }

    fn write_policy(&self, plugin: &str, text: &str) -> anyhow::Result<()> {
        let path = self.installation.policies().path().join(format!("{plugin}.toml"));
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))
    }

    /// A plugin finds the files that its configuration names below the root.
    fn copy_resolver(&self, from: &Installation, file: &Path) -> anyhow::Result<()> {
        let (source, copy) = (from.resolve(file), self.installation.resolve(file));
        if file.components().any(|part| part == std::path::Component::ParentDir) {
            bail!("{}: a path without `..` is needed", file.display());
        }
        copy.parent().map_or(Ok(()), make_directory)?;
        fs::copy(&source, &copy).with_context(|| format!("copy {}", source.display()))?;
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let root = self.installation.root();
        if let Err(error) = fs::remove_dir_all(root) {
            complain(&format!("{} can't be removed: {error}", root.display()));
        }
    }
}

fn make_directory(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("make {}", path.display()))
}
