//! What has to hold whatever comes in.
//!
//! Each function takes the bytes of one input and panics where something does
//! not hold. A test calls them with the inputs that are kept in
//! `tests/fuzz/corpus`. See `docs/fuzzing.md`.

// It exists to fail.
#![allow(clippy::missing_panics_doc, clippy::panic, clippy::unwrap_used)]

#[cfg(feature = "components")]
mod artifact;
#[cfg(feature = "components")]
mod calls;
#[cfg(feature = "components")]
mod components;
mod journal;
mod node;
mod policy;
#[cfg(feature = "components")]
mod request;
mod result;
mod scenario;
mod schema;
mod workspace;

#[cfg(feature = "components")]
pub use artifact::artifact;
#[cfg(feature = "components")]
pub use calls::calls;
pub use journal::journal;
pub use policy::policy;
#[cfg(feature = "components")]
pub use request::request;
pub use result::result;
pub use scenario::scenario;
pub use schema::schema;
