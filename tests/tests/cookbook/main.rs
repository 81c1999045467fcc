//! The recipes of the cookbook do what its page says: on a network in memory,
//! and with packets on the real kernel.

#![allow(clippy::unwrap_used, clippy::panic)]

mod page;
mod policy_routing;
mod recipe;
mod tenant_vlan;
mod vxlan_overlay;
