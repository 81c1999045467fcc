//! Components: those of a node, and what makes any of them one that can be run.

#[cfg(target_os = "linux")]
mod command;

use anyhow::bail;
use cofferdam_broker::check_component;
use cofferdam_sandbox::{ComponentStore, Digest, Program, Sandbox, check_versions};
#[cfg(target_os = "linux")]
pub(crate) use command::{Command, run};

use crate::{
    compiler,
    metadata::{Declaration, Description, describe},
};

/// The component that a plugin has to export, whatever its version.
const EXPORT: &str = "cofferdam:cni/plugin@";
/// What may be imported besides the host's own interfaces.
const WASI: [&str; 4] = ["wasi:cli/", "wasi:io/", "wasi:clocks/", "wasi:random/"];

/// Compiles, stores, and loads and links as a call would: what is added can be
/// run.
pub(crate) fn compile(
    store: &ComponentStore,
    wasm: &[u8],
    declaration: &Declaration,
    limits: compiler::Limits,
) -> anyhow::Result<(Digest, usize)> {
    let code = compiler::compile(wasm, limits)?;
    let digest = store.add(wasm, &code, declaration.to_store())?;
    if let Err(error) = check_stored(store, digest) {
        return Err(match store.remove_unnamed(digest) {
            Ok(()) => error,
            Err(left) => error.context(format!("it stays in the store, under no name: {left}")),
        });
    }
    Ok((digest, code.len()))
}

fn check_stored(store: &ComponentStore, digest: Digest) -> anyhow::Result<()> {
    let sandbox = Sandbox::new()?;
    let program = Program::load(&sandbox, store.artifact(digest)?)?;
    Ok(check_component(&sandbox, &program)?)
}

/// Reads what a component says of itself, and refuses what could not run.
pub(crate) fn check_plugin(wasm: &[u8]) -> anyhow::Result<Description> {
    let description = describe(wasm)?;
    if !description.exports.iter().any(|export| export.starts_with(EXPORT)) {
        bail!(
            "it exports no interface cofferdam:cni/plugin, so it is no Cofferdam plugin; of a crate with the SDK, is \
             there an export_plugin! in it?"
        );
    }
    let offered = |import: &&String| {
        import.starts_with("cofferdam:cni/") || WASI.iter().any(|interface| import.starts_with(interface))
    };
    if let Some(import) = description.imports.iter().find(|import| !offered(import)) {
        bail!("it imports {import}, which no plugin gets{}", cause_of(import));
    }
    let interfaces = description.imports.iter().chain(&description.exports);
    check_versions(interfaces.map(String::as_str))?;
    Ok(description)
}

/// Where an import comes from, and what there is in its place.
fn cause_of(import: &str) -> &'static str {
    // A component gets all of these imports as soon as it does one of the three.
    if import.starts_with("wasi:") {
        "; something in it opens files or sockets, or starts programs (in Rust std::fs, std::net or std::process): what a \
         plugin may ask the host for in their place is in docs/contract.md"
    } else {
        ""
    }
}
