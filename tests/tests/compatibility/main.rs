//! What was built for an earlier version of `cofferdam:cni` goes on working,
//! and what was built for one that this Cofferdam does not have is refused
//! with words that help. The rules are in docs/compatibility.md.

#![allow(clippy::unwrap_used, clippy::panic)]

mod contract;
mod kept;
mod other_versions;
mod reference;
mod text;
