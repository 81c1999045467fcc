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
        let component = load(sandbox, artifact).map_err(|error| SandboxError::Load {
            digest: digest.clone(),
            reason: format!("{error:#}"),
        })?;
        Ok(Self { component, digest })
    }

    /// Leaves it mapped until the process ends, however soon it is dropped: to
    /// take it apart costs a process that ends then anyway a good part of the
    /// time in which it was mapped.
    pub fn stay(&self) {
        std::mem::forget(self.component.clone());
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

/// The two places where native code comes in from outside.
///
/// Maps the open file, not its name: what was checked is what is mapped.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn load(sandbox: &Sandbox, artifact: Artifact) -> wasmtime::Result<Component> {
    use std::os::fd::AsRawFd as _;
    let path = format!("/proc/self/fd/{}", artifact.file().as_raw_fd());
    // SAFETY: the engine can't tell whether a compiled form is its own work or
    // was altered. An `Artifact` exists only for a file that was opened below
    // directories which nobody but root can write to, without following links,
    // and that is as it was when its digest was recorded. It is replaced by
    // renaming, never written in place, so the mapping does not change.
    let mapped = unsafe { Component::deserialize_file(sandbox.engine(), path) };
    // A file system that is mounted noexec, or no /proc.
    mapped.or_else(|_| load_copy(sandbox, artifact))
}

#[cfg(not(target_os = "linux"))]
use load_copy as load;

/// The same without a mapping.
#[allow(unsafe_code)]
fn load_copy(sandbox: &Sandbox, mut artifact: Artifact) -> wasmtime::Result<Component> {
    let code = artifact.read()?;
    // SAFETY: as in `load`. Where the file had to be read to be checked, these
    // are the very bytes; where links and owners can't be looked at as on
    // Unix, it always has.
    unsafe { Component::deserialize(sandbox.engine(), code) }
}
