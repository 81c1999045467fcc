use thiserror::Error;

use crate::{StoreError, bindings::cofferdam::cni::types};

/// How a host function ends other than well: with an error that the guest can
/// tell apart and handle, or with a trap that ends the guest.
#[derive(Debug)]
pub enum CallError {
    /// Goes back to the guest as a value.
    Guest(types::Error),
    /// Ends the guest. For broken rules of the sandbox (a dead handle, too
    /// many calls), and for faults of the host.
    Trap(wasmtime::Error),
}

impl From<types::Error> for CallError {
    fn from(error: types::Error) -> Self {
        Self::Guest(error)
    }
}

impl From<wasmtime::component::ResourceTableError> for CallError {
    fn from(error: wasmtime::component::ResourceTableError) -> Self {
        Self::Trap(error.into())
    }
}

/// A component can't be loaded.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// It is not in the store, or the store can't be trusted.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine could not be set up.
    #[error("the WebAssembly engine can't be set up: {0}")]
    Engine(String),
    /// The compiled form is not for this engine, or is damaged.
    #[error("component {digest} can't be loaded: {reason}; compile it again with `cofferctl component compile`")]
    Load {
        /// The component's digest.
        digest: String,
        /// The engine's reason.
        reason: String,
    },
    /// It is not a component, or not valid.
    #[error("not a valid component: {0}")]
    Compile(String),
    /// It asks for what no plugin gets, or not as this host has it.
    #[error("the component imports what this host does not offer to plugins: {0}")]
    Import(String),
    /// It is made for another version of the contract.
    #[error(
        "the component is made for cofferdam:cni {wanted}, and this Cofferdam has {}: get one that is built for {}, or another Cofferdam (see docs/compatibility.md)",
        crate::CONTRACT,
        crate::CONTRACT
    )]
    Contract {
        /// The version that it is made for.
        wanted: String,
    },
    /// It does not export what a plugin has to.
    #[error("the component is not a Cofferdam plugin: {0}")]
    NotAPlugin(String),
}
