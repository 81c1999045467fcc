use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;
use cofferdam_sandbox::{Digest, PublicKey};

use crate::{key::read_public, output::say, signature_file};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The public key whose signature is wanted.
    #[arg(long, value_name = "NAME.pub")]
    key: PathBuf,
    /// Component files, their signatures beside them in COMPONENT.wasm.sig.
    #[arg(required = true, value_name = "COMPONENT.wasm")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let key = read_public(&arguments.key)?;
    let mut files = arguments.files.iter();
    files.try_for_each(|file| verify(&arguments.key, &key, file))
}

fn verify(name: &Path, key: &PublicKey, file: &Path) -> anyhow::Result<()> {
    let wasm = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    let digest = Digest::of(&wasm);
    let signatures = signature_file::read(file)?.unwrap_or_default();
    signatures.verify(digest, key).with_context(|| {
        format!(
            "{} (sha256:{digest}) is not known to be signed with {}, by {}",
            file.display(),
            name.display(),
            signature_file::path(file).display()
        )
    })?;
    say(&format!(
        "{}  sha256:{digest} is signed with {}",
        file.display(),
        name.display()
    ));
    Ok(())
}
