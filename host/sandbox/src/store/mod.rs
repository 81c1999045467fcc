//! Where components are kept: by the digest of their bytes, with a name for
//! each plugin that says which one it is now.
//!
//! ```text
//! components/<sha256>/component.wasm
//! components/<sha256>/component.<engine>.cwasm         native code for this machine and that version of the engine
//! components/<sha256>/component.<engine>.cwasm.sha256  its digest, which file had it, and the next two's digests
//! components/<sha256>/component.needs.json             what the component declares to need
//! components/<sha256>/component.schema                 what its configuration has to be like, if it says so
//! components/<sha256>/component.wasm.sig               who vouches for it, if anybody does
//! plugins/<name>                                       the digest that <name> stands for
//! ```
//!
//! Everything is written to a temporary name and renamed, so a reader sees
//! the old or the new, never a mixture.

mod artifact;
mod components;
mod digest;
mod record;
mod signature;
mod trusted;

use std::{io, path::PathBuf};

use thiserror::Error;

pub use artifact::Artifact;
pub use components::{CODE, CODE_DIGEST, ComponentStore, Declared, NEEDS_LIMIT, NamedComponent, SCHEMA_LIMIT};
pub use digest::{Digest, ParseDigestError};
pub use signature::{
    KeyError, ParseSignaturesError, PublicKey, SIGNATURES_LIMIT, SignatureError, Signatures, statement,
};
pub use trusted::TrustedDirectory;

/// The store can't give what was asked for.
#[derive(Debug, Error)]
pub enum StoreError {
    /// No component goes by that name.
    #[error("no component is installed for plugin {name:?}: there is no {}; add one with `cofferctl component add {name}.wasm`", path.display())]
    UnknownPlugin {
        /// The plugin.
        name: String,
        /// Where its digest would be.
        path: PathBuf,
    },
    /// A name that can't be a plugin's.
    #[error("{0:?} can't be the name of a plugin")]
    BadName(String),
    /// A file that should hold a digest holds something else.
    #[error("{} holds no digest; add the component again with `cofferctl component add`", path.display())]
    NoDigest {
        /// The file.
        path: PathBuf,
    },
    /// The component is not in the store.
    #[error("component {digest} is not in the store {}; add it with `cofferctl component add`", store.display())]
    UnknownComponent {
        /// The component.
        digest: String,
        /// The store.
        store: PathBuf,
    },
    /// There is no compiled form for this version of the engine.
    #[error("there is no {}: the component is not compiled for this version of Cofferdam; compile it with `cofferctl component compile`", path.display())]
    NotCompiled {
        /// The file.
        path: PathBuf,
    },
    /// Somebody else could have written it.
    #[error("{} is not to be trusted: {reason}; {remedy}", path.display())]
    Untrusted {
        /// What was looked at.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// How to mend it.
        remedy: String,
    },
    /// The bytes are not those that were written.
    #[error("{} is damaged: its digest is not the recorded one; compile the component again with `cofferctl component compile`", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// It is not on record what the component declares to need.
    #[error("{} is missing or not on record, and without it nobody knows what the component declares to need; compile it again with `cofferctl component compile`", path.display())]
    NoDeclaration {
        /// The file.
        path: PathBuf,
    },
    /// The file beside the component is none of signatures.
    #[error("{}: {error}; add the component again with `cofferctl component add`, its signatures beside it", path.display())]
    Signatures {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: ParseSignaturesError,
    },
    /// The file system failed.
    #[error("{action} {}: {error}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}
