//! What the Go library `libcni` does, replayed call by call: against our plugins, and beside our runtime library.

#![allow(clippy::unwrap_used, clippy::panic)]

mod alike;
mod exchange;
mod sequence;
mod stage;
