use clap::Args;
use cofferdam_sandbox::Sandbox;

/// What compiling one component may take: nothing limits it in this process.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Limits {}

/// Compiles a component.
///
/// # Errors
/// It is not valid.
pub(crate) fn compile(wasm: &[u8], _: Limits) -> anyhow::Result<Vec<u8>> {
    Ok(Sandbox::new()?.compile(wasm)?)
}
