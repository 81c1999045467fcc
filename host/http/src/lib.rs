//! Requests that plugins have sent to services, and how they are carried.
//!
//! The process that runs guests has no sockets to send a request with. A
//! [`Carrier`] does it; on a node that is a process of its own, the courier,
//! which this crate starts (`Courier`) and speaks with ([`wire`]). The courier
//! holds the [`Permit`]s itself, so that whoever takes over the process of the
//! guests gets nothing sent that is not granted.
//!
//! A courier is there on Linux, where the nodes are. Elsewhere scenarios of
//! plugins answer requests, and nothing is sent.
//!
//! There is no HTTP in here, which is the courier's.

mod carrier;
#[cfg(target_os = "linux")]
mod client;
mod message;
mod permit;
pub mod wire;

pub use carrier::{Carrier, CarryError};
#[cfg(target_os = "linux")]
pub use client::{Courier, CourierError};
pub use message::{Header, Method, Request, RequestError, Response};
pub use permit::Permit;
