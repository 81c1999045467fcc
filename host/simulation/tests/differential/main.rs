//! The simulated network is equal to the kernel: what is done on both ends
//! alike, and leaves the same.
//!
//! `cases` say by name what the kernel's rules are; `random` runs sequences of
//! operations by chance, as many as `COFFERDAM_DIFFERENTIAL_CASES` says. What
//! needs network namespaces is skipped, and says so, where they can't be made.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod both;
mod cases;
mod language;
mod outcome;
mod random;
mod state;
mod step;
