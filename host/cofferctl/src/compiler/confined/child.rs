use std::{
    io::{Read as _, Write as _},
    process::ExitCode,
};

use anyhow::Context as _;
use cofferdam_confinement::{Confinement, Resource};
use cofferdam_sandbox::Sandbox;

use super::Limits;

/// The exit code when the component was refused; standard error says why.
pub(super) const REFUSED: i32 = 3;

/// Compiles the component on standard input to standard output.
///
/// # Errors
/// The process can't be confined, or its pipes are gone.
pub(crate) fn run(limits: Limits) -> anyhow::Result<ExitCode> {
    confine(limits)?;
    let mut wasm = Vec::new();
    std::io::stdin().read_to_end(&mut wasm).context("read the component")?;
    match Sandbox::new()?.compile(&wasm) {
        Ok(code) => {
            std::io::stdout().write_all(&code).context("write the code")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            let _ = write!(std::io::stderr(), "{error}");
            Ok(ExitCode::from(u8::try_from(REFUSED)?))
        }
    }
}

/// Nothing but the pipes and threads of its own.
fn confine(limits: Limits) -> anyhow::Result<()> {
    Confinement::new()
        .keep_bounding_set()
        .allow_threads()
        .limit(Resource::Cpu, limits.compile_seconds)
        // Not the address space: allocators reserve far more of that than they use.
        .limit(Resource::Data, limits.compile_megabytes.saturating_mul(1_000_000))
        .limit(Resource::Fsize, 0)
        .enforce()
        .context("the compiler's process can't be confined")?;
    Ok(())
}
