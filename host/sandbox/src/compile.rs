use crate::{Sandbox, SandboxError};

impl Sandbox {
    /// Compiles a component to native code for this machine. Time and memory
    /// that it takes are the component's choice: whoever does not trust it
    /// bounds the process.
    ///
    /// # Errors
    /// [`SandboxError::Compile`] when the bytes are no valid component.
    pub fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>, SandboxError> {
        self.engine()
            .precompile_component(wasm)
            .map_err(|error| SandboxError::Compile(format!("{error:#}")))
    }
}
