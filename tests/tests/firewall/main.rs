//! The plugin `firewall`: beside an iptables or a firewalld that drops what is
//! forwarded, and between containers.

#![allow(clippy::unwrap_used, clippy::panic)]

mod ground;
mod iptables;
mod isolation;
mod refusals;
mod zones;
