//! The kernel's objects as values.

mod address;
mod datagram;
mod device;
mod flow;
mod forwarding;
mod link;
mod neighbor;
mod new_link;
pub mod nftables;
mod route;
mod rule;
mod sysctl;
mod traffic;
mod vlan;
mod vxlan;

pub use address::AddressInfo;
pub use datagram::{Datagram, Ports, Received};
pub use device::{Device, DeviceSelector, FoundDevice};
pub use flow::Flows;
pub use forwarding::{
    FORWARD_CHAIN, FORWARDING_CHAIN, Forwarded, ForwardingLead, forwarding_table, forwarding_table_of,
};
pub use link::{Bridge, LinkId, LinkInfo, OperationalState, VethEnd};
pub use neighbor::Neighbor;
pub use new_link::{IpvlanIsolation, IpvlanMode, LinkSettings, MacvlanMode, NewLink};
pub use route::{Route, RouteMode};
pub use rule::Rule;
pub use sysctl::SysctlKey;
pub use traffic::{Incoming, Outgoing, RateLimit, TokenBucket};
pub use vlan::{PortVlans, VlanGateway, VlanRange};
pub use vxlan::Vxlan;
