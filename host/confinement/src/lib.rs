//! Confinement.
mod filter;
pub use filter::Refused;
