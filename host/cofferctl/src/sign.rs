use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;
use cofferdam_sandbox::Digest;

use crate::{
    component::check_plugin,
    key::PrivateKey,
    output::{complain, say},
    signature_file,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The private key, as `cofferctl key new` made it.
    #[arg(long, value_name = "NAME.key")]
    key: PathBuf,
    /// Component files; the signature is added to COMPONENT.wasm.sig.
    #[arg(required = true, value_name = "COMPONENT.wasm")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let key = PrivateKey::read(&arguments.key)?;
    arguments.files.iter().try_for_each(|file| sign(&key, file))
}

fn sign(key: &PrivateKey, file: &Path) -> anyhow::Result<()> {
    let wasm = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    check_plugin(&wasm).with_context(|| file.display().to_string())?;
    let digest = Digest::of(&wasm);
    let mut signatures = signature_file::read(file)?.unwrap_or_default();
    let beside = signature_file::path(file);
    signatures.insert(key.public(), key.sign(digest));
    for stale in signatures.drop_invalid(digest) {
        complain(&format!(
            "{}: the signature with {stale} was not of the component as it is now, and is dropped; whoever has that key \
             can sign the component as it is now",
            beside.display()
        ));
    }
    signature_file::write(file, &signatures)?;
    say(&format!(
        "{}  sha256:{digest} signed with {}",
        beside.display(),
        key.public()
    ));
    Ok(())
}
