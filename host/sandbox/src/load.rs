use wasmtime::component::Component;

use crate::{Artifact, Sandbox, SandboxError};

/// A component that is mapped into memory and ready to be instantiated.
#[derive(Clone)]
pub struct Program {
    pub(crate) component: Component,
    digest: String,
}

impl Program {
    /// Maps a compiled component.
    ///
    /// # Errors
    /// [`SandboxError::Load`] when it was compiled for another engine.
    pub fn load(sandbox: &Sandbox, artifact: Artifact) -> Result<Self, SandboxError> {
        let digest = artifact.digest().to_string();
        let component = map(sandbox, artifact).map_err(|error| SandboxError::Load {
            digest: digest.clone(),
            reason: format!("{error:#}"),
        })?;
        Ok(Self { component, digest })
    }

    /// The digest of the component that this was compiled from.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Names of the imported interfaces.
    #[must_use]
    pub fn imports(&self, sandbox: &Sandbox) -> Vec<String> {
        let component_type = self.component.component_type();
        component_type
            .imports(sandbox.engine())
            .map(|(name, _)| name.to_owned())
            .collect()
    }
}

/// The one place where native code comes in from outside.
#[allow(unsafe_code)]
fn map(sandbox: &Sandbox, artifact: Artifact) -> wasmtime::Result<Component> {
    // SAFETY: the engine can't tell whether a compiled form is its own work or
    // was altered. An `Artifact` exists only for bytes that were opened below
    // directories which nobody but root can write to, without following links,
    // and that have the digest which was recorded when they were compiled.
    unsafe { Component::deserialize(sandbox.engine(), artifact.into_code()) }
}
