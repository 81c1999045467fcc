//! Requests that plugins have sent to services: by real HTTP and HTTPS, on a
//! node with real processes.

#![allow(clippy::unwrap_used, clippy::panic)]

mod answers;
mod credentials;
mod names;
mod node;
mod processes;
mod remote_address;
mod requests;
mod trust;
