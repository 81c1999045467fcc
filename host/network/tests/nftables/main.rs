//! nf_tables through [`Kernel`](cofferdam_network::Kernel), read back with
//! `nft`, each test in a network namespace of its own. Without the right to
//! make one (root, or `unshare --user --map-root-user`), or without `nft`
//! where it is asked, the tests are skipped.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod chains;
mod elements;
mod fixture;
mod forwarding;
mod listing;
mod nonsense;
mod packets;
mod tables;
