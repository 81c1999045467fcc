//! [`Kernel`](cofferdam_network::Kernel) on the real kernel, each test in two
//! network namespaces of its own. Without the right to make them (root, or
//! `unshare --user --map-root-user`) the tests are skipped.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod addresses;
mod bridge;
mod devices;
mod fixture;
mod kinds;
mod links;
mod namespace;
mod neighbors;
mod nftables;
mod packets;
mod routes;
mod rules;
mod sysctl;
mod traffic;
mod veth;
mod vlans;
mod vxlans;
