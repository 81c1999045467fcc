//! An installation that nobody else uses.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context as _, bail};
use cofferdam_broker::Installation;

use crate::{
    files::{make_directory, make_new_directory},
    janitor::Janitor,
};

/// An installation in a directory of its own, which goes with this.
#[derive(Debug)]
pub(crate) struct ScratchInstallation {
    installation: Installation,
    _janitor: Janitor,
}

impl ScratchInstallation {
    /// An empty one; `purpose` is in the directory's name.
    pub(crate) fn new(purpose: &str) -> anyhow::Result<Self> {
        let scratch = Self::empty(purpose)?;
        make_directory(scratch.installation.policies().path())?;
        Ok(scratch)
    }

    /// The same, without even the directory of policies.
    pub(crate) fn empty(purpose: &str) -> anyhow::Result<Self> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
        let number = u64::from_le_bytes(random);
        let root = std::env::temp_dir().join(format!("cofferctl-{purpose}-{number:016x}"));
        // Nobody else's directory is taken for it.
        make_new_directory(&root)?;
        Ok(Self {
            _janitor: Janitor::of(&root)?,
            installation: Installation::below(root),
        })
    }

    pub(crate) fn installation(&self) -> &Installation {
        &self.installation
    }

    /// Copies a file that plugins find below the root.
    pub(crate) fn copy_file(&self, from: &Installation, file: &Path) -> anyhow::Result<()> {
        let (source, copy) = (from.resolve(file), self.below_root(file)?);
        copy.parent().map_or(Ok(()), make_directory)?;
        fs::copy(&source, &copy).with_context(|| format!("copy {}", source.display()))?;
        Ok(())
    }

    /// Where a path of the node's is here.
    pub(crate) fn below_root(&self, path: &Path) -> anyhow::Result<PathBuf> {
        if path.components().any(|part| part == Component::ParentDir) {
            bail!("{}: a path without `..` is needed", path.display());
        }
        Ok(self.installation.resolve(path))
    }
}
