//! Wasmtime: where compiled components are kept, how they are loaded, what
//! limits they run under, and the bindings generated from `wit/`.
//!
//! The crate knows how to run a component and nothing of what its calls mean:
//! whoever embeds it implements the traits in [`bindings`].

pub mod bindings;
#[cfg(feature = "compiler")]
mod compile;
mod contract;
mod engine;
mod error;
mod fault;
pub mod handle;
mod limits;
mod linker;
mod load;
mod run;
mod store;
mod timer;
mod wasi;
mod watchdog;

pub use contract::{CONTRACT, check_versions};
pub use engine::Sandbox;
pub use error::{CallError, SandboxError};
pub use fault::{Fault, FaultKind};
pub use limits::{Limits, MemoryGuard};
pub use linker::Imports;
pub use load::Program;
pub use run::{Guest, GuestState, NotStarted, Verdict};
pub use store::{
    Artifact, CODE, CODE_DIGEST, ComponentStore, Declared, Digest, KeyError, NEEDS_LIMIT, NamedComponent,
    ParseDigestError, ParseSignaturesError, PublicKey, SCHEMA_LIMIT, SIGNATURES_LIMIT, SignatureError, Signatures,
    StoreError, TrustedDirectory, statement,
};
pub use wasi::{ClosedWasi, Outside, World};
pub use watchdog::Watchdog;
