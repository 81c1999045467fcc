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
pub use kernel::{Ahead, Kernel, request};
pub use model::{
    AddressInfo, Bridge, Datagram, Device, DeviceSelector, FORWARD_CHAIN, FORWARDING_CHAIN, Flows, Forwarded,
    ForwardingLead, FoundDevice, Incoming, IpvlanIsolation, IpvlanMode, LinkId, LinkInfo, LinkSettings, MacvlanMode,
    Neighbor, NewLink, OperationalState, Outgoing, PortVlans, Ports, RateLimit, Received, Route, RouteMode, Rule,
    SysctlKey, TokenBucket, VethEnd, VlanGateway, VlanRange, Vxlan, forwarding_table, forwarding_table_of, nftables,
};
pub use network::{Exchange, Network};
