use std::path::{Path, PathBuf};

use anyhow::bail;
use serde::Deserialize;

use super::{c, go, javascript, python, workplace::Workplace};

/// A language that `cofferctl build` builds plugins in besides Rust.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(in crate::project) enum Language {
    C,
    Go,
    JavaScript,
    Python,
}

impl Language {
    /// As it is written.
    pub(in crate::project) fn title(self) -> &'static str {
        match self {
            Self::C => "C",
            Self::Go => "Go",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
        }
    }

    /// In options, in `plugin.toml`, and in names of directories.
    pub(in crate::project) fn word(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Go => "go",
            Self::JavaScript => "javascript",
            Self::Python => "python",
        }
    }

    /// The file that a plugin begins with.
    pub(in crate::project) fn main_source(self) -> &'static str {
        match self {
            Self::C => "plugin.c",
            Self::Go => "plugin.go",
            Self::JavaScript => "plugin.js",
            Self::Python => "app.py",
        }
    }

    /// # Errors
    /// Tools are missing, all of which are told.
    pub(super) fn require_tools(self, project: &Path) -> anyhow::Result<()> {
        let missing = match self {
            Self::C => c::missing(project),
            Self::Go => go::missing(project),
            Self::JavaScript => javascript::missing(project),
            Self::Python => python::missing(project),
        };
        if missing.is_empty() {
            return Ok(());
        }
        bail!(
            "what a plugin in {} is built with is not all here\n  {}",
            self.title(),
            missing.join("\n  ")
        )
    }

    /// Makes a component, which does not say yet what it is.
    ///
    /// # Errors
    /// A tool says why.
    pub(super) fn build(self, place: &Workplace<'_>) -> anyhow::Result<PathBuf> {
        match self {
            Self::C => c::build(place),
            Self::Go => go::build(place),
            Self::JavaScript => javascript::build(place),
            Self::Python => python::build(place),
        }
    }
}
