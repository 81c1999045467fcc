//! A component that somebody wants to know of, installed or in a file.

use std::{fs, path::Path};

use anyhow::Context as _;
use cofferdam_broker::Installation;
use cofferdam_sandbox::{Digest, Signatures};

use crate::{
    metadata::{Declaration, Description, describe},
    signature_file,
    signers::{Signer, signers},
};

pub(crate) struct Subject {
    /// The name or the file by which it was asked for.
    pub(crate) called: String,
    pub(crate) bytes: usize,
    pub(crate) digest: Digest,
    pub(crate) description: Description,
    pub(crate) declaration: Declaration,
    pub(crate) signers: Vec<Signer>,
}

impl Subject {
    /// Looks at a file of that name, or else at what is installed under it.
    pub(crate) fn read(installation: &Installation, called: &str) -> anyhow::Result<Self> {
        let (wasm, signatures) = find(installation, called)?;
        let description = describe(&wasm).with_context(|| called.to_owned())?;
        let declaration = description.declaration(Path::new(called))?;
        let digest = Digest::of(&wasm);
        Ok(Self {
            called: called.to_owned(),
            bytes: wasm.len(),
            digest,
            declaration,
            signers: signers(installation, digest, &signatures),
            description,
        })
    }

    /// What the component calls itself; what it was asked for by, where it
    /// does not.
    pub(crate) fn name(&self) -> &str {
        let own = self
            .description
            .metadata
            .as_ref()
            .map(|metadata| metadata.name.as_str());
        own.filter(|name| !name.is_empty()).unwrap_or(&self.called)
    }

    /// The version that it says it has; may be empty.
    pub(crate) fn version(&self) -> &str {
        let metadata = self.description.metadata.as_ref();
        metadata.map(|metadata| metadata.version.as_str()).unwrap_or_default()
    }
}

fn find(installation: &Installation, called: &str) -> anyhow::Result<(Vec<u8>, Signatures)> {
    let file = Path::new(called);
    if file.is_file() {
        let wasm = fs::read(file).with_context(|| format!("read {called}"))?;
        return Ok((wasm, signature_file::read(file)?.unwrap_or_default()));
    }
    let store = installation.components();
    let digest = store
        .resolve(called)
        .with_context(|| format!("{called} is neither a file nor the name of an installed component"))?;
    Ok((store.wasm(digest)?, store.signatures(digest)?))
}
