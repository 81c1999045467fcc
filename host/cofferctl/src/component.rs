use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use cofferdam_broker::Installation;
use cofferdam_sandbox::{ComponentStore, Digest, Program, Sandbox};

use crate::{
    metadata::{Description, describe},
    output::say,
};

/// The component that a plugin has to export, whatever its version.
const EXPORT: &str = "cofferdam:cni/plugin@";
/// What may be imported besides the host's own interfaces.
const WASI: [&str; 4] = ["wasi:cli/", "wasi:io/", "wasi:clocks/", "wasi:random/"];

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compiles components and gives them their names.
    Add {
        /// Component files.
        #[arg(required = true, value_name = "FILE.wasm")]
        files: Vec<PathBuf>,
        /// The plugin's name; otherwise what the component says, or the file's.
        #[arg(long)]
        name: Option<String>,
    },
    /// Compiles all components again, after an upgrade of Cofferdam.
    Compile,
    /// The plugins that have a component.
    List,
    /// What a component says of itself, and what it imports.
    Inspect {
        /// A plugin's name, or a component file.
        #[arg(value_name = "NAME|FILE")]
        what: String,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(installation: &Installation, command: Command) -> anyhow::Result<()> {
    let store = installation.components();
    match command {
        Command::Add { files, name } => {
            if name.is_some() && files.len() > 1 {
                bail!("--name is for one component; {} were given", files.len());
            }
            files.iter().try_for_each(|file| add(&store, file, name.as_deref()))
        }
        Command::Compile => compile_all(&store),
        Command::List => list(&store),
        Command::Inspect { what, json } => inspect(&store, &what, json),
    }
}

fn add(store: &ComponentStore, file: &Path, name: Option<&str>) -> anyhow::Result<()> {
    let wasm = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    let description = describe(&wasm).with_context(|| file.display().to_string())?;
    check(&description).with_context(|| file.display().to_string())?;
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
    let (digest, code) = compile(store, &wasm).with_context(|| file.display().to_string())?;
    store.name(&name, digest)?;
    say(&format!(
        "{name}  sha256:{digest}  {} KB, compiled {} KB",
        wasm.len() / 1000,
        code / 1000
    ));
    Ok(())
}

/// Compiles, stores, and loads as a call would: what is added can be run.
fn compile(store: &ComponentStore, wasm: &[u8]) -> anyhow::Result<(Digest, usize)> {
    let sandbox = Sandbox::new()?;
    let code = sandbox.compile(wasm)?;
    let digest = store.add(wasm, &code)?;
    Program::load(&sandbox, store.artifact(digest)?)?;
    Ok((digest, code.len()))
}

/// Refuses what could not run.
fn check(description: &Description) -> anyhow::Result<()> {
    if !description.exports.iter().any(|export| export.starts_with(EXPORT)) {
        bail!("it exports no interface cofferdam:cni/plugin, so it is no Cofferdam plugin");
    }
    let offered = |import: &&String| {
        import.starts_with("cofferdam:cni/") || WASI.iter().any(|interface| import.starts_with(interface))
    };
    match description.imports.iter().find(|import| !offered(import)) {
        Some(import) => bail!("it imports {import}, which no plugin gets"),
        None => Ok(()),
    }
}

fn compile_all(store: &ComponentStore) -> anyhow::Result<()> {
    for (name, digest) in store.plugins_by_name()? {
        let (_, code) = compile(store, &store.wasm(digest)?).with_context(|| name.clone())?;
        say(&format!("{name}  sha256:{digest}  compiled {} KB", code / 1000));
    }
    Ok(())
}

fn list(store: &ComponentStore) -> anyhow::Result<()> {
    for (name, digest) in store.plugins_by_name()? {
        let wasm = store.wasm(digest)?;
        let version = describe(&wasm)?
            .metadata
            .map(|metadata| metadata.version)
            .unwrap_or_default();
        let digest = digest.to_string();
        say(&format!(
            "{name:<20} {version:<10} sha256:{:.12}  {} KB",
            digest,
            wasm.len() / 1000
        ));
    }
    Ok(())
}

fn inspect(store: &ComponentStore, what: &str, json: bool) -> anyhow::Result<()> {
    let wasm = if Path::new(what).is_file() {
        fs::read(what).with_context(|| format!("read {what}"))?
    } else {
        store.wasm(store.resolve(what)?)?
    };
    let description = describe(&wasm)?;
    let digest = Digest::of(&wasm).to_string();
    if json {
        let document = serde_json::json!({ "digest": format!("sha256:{digest}"), "bytes": wasm.len(),
            "metadata": description.metadata, "imports": description.imports, "exports": description.exports });
        say(&serde_json::to_string_pretty(&document)?);
        return Ok(());
    }
    if let Some(metadata) = &description.metadata {
        say(&format!(
            "{} {}: {}",
            metadata.name, metadata.version, metadata.description
        ));
        say(&format!("licence {}", metadata.licence));
    }
    say(&format!("sha256:{digest}, {} bytes", wasm.len()));
    say("imports");
    description
        .imports
        .iter()
        .for_each(|import| say(&format!("  {import}")));
    if let Some(metadata) = &description.metadata {
        say("needs");
        metadata.needs.iter().for_each(|need| say(&format!("  {need}")));
    }
    Ok(())
}
