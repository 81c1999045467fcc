//! The kernel's network operations behind one trait.
//!
//! [`Network`] is what the rest of the host knows of the kernel. [`Kernel`]
//! carries it out: rtnetlink and nf_tables over blocking netlink sockets with
//! a time limit, sysctls through `/proc/sys`. Where there is no Linux, it
//! refuses all of it.

mod ahead;
// Tests build it on Linux, too, where it would be missed that an operation is new.
#[cfg(any(test, not(target_os = "linux")))]
#[cfg_attr(target_os = "linux", allow(dead_code, unreachable_pub))]
mod elsewhere;
mod error;
#[cfg(target_os = "linux")]
mod kernel;
mod model;
pub mod namespace;
mod network;
pub mod request;
#[cfg(target_os = "linux")]
mod unsafe_calls;

pub use ahead::Ahead;
#[cfg(not(target_os = "linux"))]
pub use elsewhere::Kernel;
pub use error::{Error, Result};
#[cfg(target_os = "linux")]
pub use kernel::Kernel;
pub use model::{
    AddressInfo, Bridge, Datagram, Device, DeviceSelector, FORWARD_CHAIN, FORWARDING_CHAIN, Flows, Forwarded,
    ForwardingLead, FoundDevice, Incoming, IpvlanIsolation, IpvlanMode, LinkId, LinkInfo, LinkSettings, MacvlanMode,
    Neighbor, NewLink, OperationalState, Outgoing, PortVlans, Ports, RateLimit, Received, Route, RouteMode, Rule,
    SysctlKey, TokenBucket, VethEnd, VlanGateway, VlanRange, Vxlan, forwarding_table, forwarding_table_of, nftables,
};
pub use network::{Exchange, Network};
