//! The kernel's network operations behind one trait.
//!
//! [`Network`] is what the rest of the host knows of the kernel. [`Kernel`]
//! carries it out: rtnetlink and nf_tables over blocking netlink sockets with
//! a time limit, sysctls through `/proc/sys`.

mod error;
mod kernel;
mod model;
pub mod namespace;
mod network;
mod unsafe_calls;

pub use error::{Error, Result};
pub use kernel::{Ahead, Kernel};
pub use model::{
    AddressInfo, Bridge, Flows, Incoming, IpvlanIsolation, IpvlanMode, LinkId, LinkInfo, LinkSettings, MacvlanMode,
    Neighbor, NewLink, OperationalState, Outgoing, RateLimit, Route, RouteMode, Rule, SysctlKey, TokenBucket, VethEnd,
    nftables,
};
pub use network::Network;
