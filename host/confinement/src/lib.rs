//! Takes from a process what it no longer needs, before it runs what it does
//! not trust.
//!
//! A process that has opened its sockets and files and joined its namespaces
//! needs little more: one capability, a few directories, some sixty system
//! calls. [`Confinement`] says what it keeps, and takes the rest from all of
//! its threads, for ever; [`close_inherited_descriptors`] and
//! [`clear_environment`] belong at its start.
//!
//! The reasons, and what it costs, are in `docs/decisions/0006-confinement.md`.

mod confined;
mod confinement;
mod error;
mod file_view;
mod filter;
mod inheritance;
mod prepared;
mod report;
mod thread;
mod threads;
mod unsafe_calls;

pub use rustix::{process::Resource, thread::CapabilitySet as Capabilities};

pub use confinement::Confinement;
pub use error::ConfinementError;
pub use file_view::{Access, FileView, probe};
pub use filter::Refused;
pub use inheritance::{clear_environment, close_inherited_descriptors};
pub use prepared::{Prepared, ThreadConfinement};
pub use report::Report;
pub use thread::Step;
