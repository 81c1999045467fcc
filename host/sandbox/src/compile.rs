use wasmtime::component::Component;

use crate::{Sandbox, SandboxError};

impl Sandbox {
    /// Compiles a component to native code for this machine.
    ///
    /// # Errors
    /// [`SandboxError::Compile`] when the bytes are no valid component.
    pub fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>, SandboxError> {
        let component =
            Component::from_binary(self.engine(), wasm).map_err(|error| SandboxError::Compile(format!("{error:#}")))?;
        component
            .serialize()
            .map_err(|error| SandboxError::Compile(format!("{error:#}")))
    }
}
