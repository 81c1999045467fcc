use std::path::{Path, PathBuf};

use anyhow::bail;

use super::{
    cargo::CargoProject,
    other::{MANIFEST, OtherProject},
};

/// The project of a plugin, whatever it is written in.
#[derive(Debug)]
pub(crate) enum Project {
    Rust(CargoProject),
    Other(Box<OtherProject>),
}

/// What came of building.
#[derive(Debug)]
pub(crate) enum Built {
    /// The components, as a rule one.
    Components(Vec<PathBuf>),
    /// Cargo said why, and ended with this code.
    Failed(u8),
}

impl Project {
    /// The project in a directory. `None` where there is none.
    ///
    /// # Errors
    /// It can't be read, or is of two kinds.
    pub(crate) fn find(directory: &Path) -> anyhow::Result<Option<Self>> {
        match (CargoProject::find(directory)?, OtherProject::find(directory)?) {
            (Some(_), Some(_)) => bail!(
                "{} has Cargo.toml and {MANIFEST}, and nobody can tell which of them is the plugin's; one has to go",
                directory.display()
            ),
            (Some(project), None) => Ok(Some(Self::Rust(project))),
            (None, Some(project)) => Ok(Some(Self::Other(Box::new(project)))),
            (None, None) => Ok(None),
        }
    }

    /// That there is none in a directory.
    pub(crate) fn missing(directory: &Path) -> String {
        format!(
            "{} has neither Cargo.toml nor {MANIFEST}, so there is no project in it",
            directory.display()
        )
    }

    /// Where what is built goes.
    pub(crate) fn target(&self) -> &Path {
        match self {
            Self::Rust(project) => project.target(),
            Self::Other(project) => project.target(),
        }
    }

    /// Builds its components into a target directory. What tools have to say is
    /// on standard error; `quiet`, where all goes well they say nothing.
    ///
    /// # Errors
    /// They can't be run, or none was built.
    pub(crate) fn build(&self, target: &Path, quiet: bool) -> anyhow::Result<Built> {
        match self {
            Self::Rust(project) => project.build(target, quiet),
            Self::Other(project) => Ok(Built::Components(vec![project.build(target)?])),
        }
    }
}
