use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use cofferdam_broker::{Installation, check_pin};
use cofferdam_sandbox::{ComponentStore, Digest, Signatures};

use super::{check_plugin, compile};
use crate::{
    compiler,
    inspect::{self, UNDECLARED},
    metadata::describe,
    output::{complain, say},
    signature_file,
    signers::{Signer, signers},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compiles components and gives them their names.
    Add {
        /// Component files. The signatures of FILE.wasm.sig are taken along.
        #[arg(required = true, value_name = "FILE.wasm")]
        files: Vec<PathBuf>,
        /// The plugin's name; otherwise what the component says, or the file's.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        limits: compiler::Limits,
    },
    /// Compiles all components again, after an upgrade of Cofferdam.
    Compile {
        #[command(flatten)]
        limits: compiler::Limits,
    },
    /// The plugins that have a component.
    List,
    /// What a component says of itself, what it could ask for, and who signed
    /// it.
    Inspect(inspect::Arguments),
}

pub(crate) fn run(installation: &Installation, command: Command) -> anyhow::Result<()> {
    let store = installation.components();
    match command {
        Command::Add { files, name, limits } => {
            if name.is_some() && files.len() > 1 {
                bail!("--name is for one component; {} were given", files.len());
            }
            files
                .iter()
                .try_for_each(|file| add(installation, file, name.as_deref(), limits))
        }
        Command::Compile { limits } => compile_all(&store, limits),
        Command::List => list(installation, &store),
        Command::Inspect(arguments) => inspect::run(installation, &arguments),
    }
}

fn add(installation: &Installation, file: &Path, name: Option<&str>, limits: compiler::Limits) -> anyhow::Result<()> {
    let store = &installation.components();
    let wasm = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    let description = check_plugin(&wasm).with_context(|| file.display().to_string())?;
    let declaration = description.declaration(file)?;
    let signatures = signatures_beside(file, &wasm)?;
    let own = description
        .metadata
        .as_ref()
        .map(|metadata| metadata.name.clone())
        .filter(|name| !name.is_empty());
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = name
        .map(str::to_owned)
        .or(own)
        .or(stem)
        .context("the plugin has no name; give it one with --name")?;
    let (digest, code) = compile(store, &wasm, &declaration, limits).with_context(|| file.display().to_string())?;
    if !signatures.is_empty() {
        store.add_signatures(digest, &signatures)?;
    }
    store.name(&name, digest)?;
    let signed = match signatures.keys().count() {
        0 => String::new(),
        1 => ", 1 signature".to_owned(),
        count => format!(", {count} signatures"),
    };
    say(&format!(
        "{name}  sha256:{digest}  {} KB, compiled {} KB{signed}",
        wasm.len() / 1000,
        code / 1000
    ));
    if !declaration.needs.is_declared() {
        complain(&format!("{name} {UNDECLARED}"));
    }
    // Where there is no policy yet, there is nothing that it would not fit to.
    if let Ok(policy) = installation.policies().plugin(&name)
        && let Err(refusal) = check_pin(store, &name, policy.pin(), digest)
    {
        complain(&format!("{name} is installed, and does not run: {refusal}"));
    }
    Ok(())
}

/// The signatures that came with a component. One that is not of this very
/// component is a mistake that would only be noticed when nothing runs.
fn signatures_beside(file: &Path, wasm: &[u8]) -> anyhow::Result<Signatures> {
    let signatures = signature_file::read(file)?.unwrap_or_default();
    let digest = Digest::of(wasm);
    if let Some(error) = signatures.first_invalid(digest) {
        bail!(
            "{} does not fit {} (sha256:{digest}): {error}; sign again, as after each new build, get it \
             again, or remove that line",
            signature_file::path(file).display(),
            file.display()
        );
    }
    Ok(signatures)
}

fn compile_all(store: &ComponentStore, limits: compiler::Limits) -> anyhow::Result<()> {
    each_plugin(store, |name, digest| {
        let wasm = store.wasm(digest)?;
        let declaration = describe(&wasm)?.declaration(Path::new(name))?;
        let (_, code) = compile(store, &wasm, &declaration, limits)?;
        say(&format!("{name}  sha256:{digest}  compiled {} KB", code / 1000));
        Ok(())
    })
}

/// Does something with each plugin's component. One with which that can't be
/// done does not keep it from the others; the error tells of all such.
fn each_plugin(store: &ComponentStore, act: impl Fn(&str, Digest) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut failures = Vec::new();
    for (name, digest) in store.plugins_by_name()? {
        if let Err(error) = digest.map_err(Into::into).and_then(|digest| act(&name, digest)) {
            failures.push(format!("{name}: {error:#}"));
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    bail!("{}", failures.join("\n"))
}

fn list(installation: &Installation, store: &ComponentStore) -> anyhow::Result<()> {
    each_plugin(store, |name, digest| {
        let wasm = store.wasm(digest)?;
        let version = describe(&wasm)?
            .metadata
            .map(|metadata| metadata.version)
            .unwrap_or_default();
        // One that can't be read must not hide the others.
        let signed = match store.signatures(digest) {
            Ok(signatures) => signed_with(&signers(installation, digest, &signatures)),
            Err(error) => format!("signatures can't be read: {error}"),
        };
        let digest = digest.to_string();
        say(&format!(
            "{name:<20} {version:<10} sha256:{digest:.12}  {:>5} KB  {signed}",
            wasm.len() / 1000
        ));
        Ok(())
    })
}

fn signed_with(signers: &[Signer]) -> String {
    if signers.is_empty() {
        return "not signed".to_owned();
    }
    let signers: Vec<String> = signers.iter().map(Signer::short).collect();
    format!("signed with {}", signers.join(", "))
}
