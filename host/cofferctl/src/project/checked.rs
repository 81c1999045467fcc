use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use cofferdam_broker::{Installation, check_component};
use cofferdam_sandbox::{Digest, Program, Sandbox};

use crate::{
    compiler,
    component::{check_plugin, compile},
    files::make_directory,
    metadata::{Declaration, Description},
};

/// A component that `cofferctl component add` would take.
pub(crate) struct Checked {
    pub(crate) file: PathBuf,
    pub(crate) wasm: Vec<u8>,
    pub(crate) digest: Digest,
    pub(crate) description: Description,
    pub(crate) declaration: Declaration,
}

impl Checked {
    /// Reads a component and does all with it that installing it would, but in
    /// an installation of nobody's: compiled once, it stays compiled there.
    ///
    /// # Errors
    /// It could not be installed.
    pub(crate) fn read(file: &Path, workshop: &Installation, limits: compiler::Limits) -> anyhow::Result<Self> {
        Self::read_plainly(file, workshop, limits).with_context(|| file.display().to_string())
    }

    fn read_plainly(file: &Path, workshop: &Installation, limits: compiler::Limits) -> anyhow::Result<Self> {
        let wasm = fs::read(file).context("read it")?;
        let description = check_plugin(&wasm)?;
        let declaration = description.declaration(file)?;
        let digest = Digest::of(&wasm);
        let store = workshop.components();
        let is_compiled = || -> anyhow::Result<()> {
            let sandbox = Sandbox::new()?;
            Ok(check_component(
                &sandbox,
                &Program::load(&sandbox, store.artifact(digest)?)?,
            )?)
        };
        if is_compiled().is_err() {
            compile(&store, &wasm, &declaration, limits)?;
        }
        Ok(Self {
            file: file.to_owned(),
            wasm,
            digest,
            description,
            declaration,
        })
    }

    /// The plugin's name: what the component says, or the file's.
    pub(crate) fn name(&self) -> String {
        let metadata = self.description.metadata.as_ref();
        let own = metadata
            .map(|metadata| metadata.name.clone())
            .filter(|name| !name.is_empty());
        let stem = || self.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        own.unwrap_or_else(stem)
    }
}

/// An installation below a directory of cargo's, which holds what is compiled
/// for scenarios. Nobody else can write to it.
pub(crate) fn workshop(target: &Path) -> anyhow::Result<Installation> {
    let root = target.join("cofferdam");
    make_directory(&root)?;
    Ok(Installation::below(root))
}
