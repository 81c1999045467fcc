//! Projects of plugins that are not in Rust: what `plugin.toml` says of them,
//! and how components are made of them.

mod bindings;
mod c;
mod go;
mod javascript;
mod language;
mod manifest;
mod python;
mod section;
mod tool;
mod workplace;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
pub(super) use language::Language;

use self::{manifest::Manifest, workplace::Workplace};
use crate::{
    files::real_path,
    metadata::{SCHEMA_SECTION, SECTION},
};

/// What tells that a directory has such a project.
pub(super) const MANIFEST: &str = "plugin.toml";
/// What its configuration has to be like, where it says so.
const SCHEMA: &str = "config.schema.json";

/// A directory with a plugin's sources.
#[derive(Debug)]
pub(crate) struct OtherProject {
    directory: PathBuf,
    /// Where what is built goes, unless another place is named.
    target: PathBuf,
    manifest: Manifest,
}

impl OtherProject {
    /// The project in a directory. `None` where there is none.
    ///
    /// # Errors
    /// It can't be read.
    pub(super) fn find(directory: &Path) -> anyhow::Result<Option<Self>> {
        if !directory.join(MANIFEST).is_file() {
            return Ok(None);
        }
        let manifest = Manifest::read(&directory.join(MANIFEST))?;
        let directory = real_path(directory).with_context(|| format!("look at {}", directory.display()))?;
        Ok(Some(Self {
            target: directory.join("target"),
            directory,
            manifest,
        }))
    }

    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// Builds its component into a target directory.
    ///
    /// # Errors
    /// Tools are missing, or one says why it can't be built.
    pub(super) fn build(&self, target: &Path) -> anyhow::Result<PathBuf> {
        let Manifest { language, metadata } = &self.manifest;
        language.require_tools(&self.directory)?;
        let place = Workplace::new(&self.directory, target.join(language.word()))?;
        let made = language
            .build(&place)
            .with_context(|| format!("{} can't be built", self.directory.display()))?;
        let mut wasm = fs::read(&made).with_context(|| format!("read {}", made.display()))?;
        section::append(&mut wasm, SECTION, &serde_json::to_vec(metadata)?);
        if let Some(schema) = self.schema()? {
            section::append(&mut wasm, SCHEMA_SECTION, &schema);
        }
        let component = target.join(format!("{}.wasm", metadata.name));
        fs::write(&made, wasm)
            .and_then(|()| fs::rename(&made, &component))
            .with_context(|| format!("write {}", component.display()))?;
        Ok(component)
    }

    fn schema(&self) -> anyhow::Result<Option<Vec<u8>>> {
        let path = self.directory.join(SCHEMA);
        match fs::read(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
        }
    }
}
