use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What a VXLAN is set to (RFC 7348).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vxlan {
    /// The network's identifier, below 2²⁴.
    pub id: u32,
    /// The UDP port of its packets, at both ends.
    pub port: u16,
    /// The link of the same namespace that its packets leave by; absent: the
    /// one that the routes tell.
    pub parent: Option<u32>,
    /// Where its packets come from; absent: from where the routes tell.
    pub local: Option<IpAddr>,
    /// The multicast group that frames without another destination go to.
    pub group: Option<IpAddr>,
    /// Of its packets; 0 is the kernel's own choice.
    pub ttl: u8,
    /// Whether it learns from packets behind whom an Ethernet address is.
    pub learning: bool,
}

impl Vxlan {
    /// The first identifier that there is not.
    pub const IDS: u32 = 1 << 24;

    /// Whether its packets are of IPv6.
    #[must_use]
    pub fn is_ipv6(&self) -> bool {
        self.local.or(self.group).is_some_and(|address| address.is_ipv6())
    }

    /// Whether the kernel has room for only one of both in a namespace.
    #[must_use]
    pub fn is_in_place_of(&self, other: &Self) -> bool {
        (self.id, self.port, self.is_ipv6()) == (other.id, other.port, other.is_ipv6())
    }
}
