use std::fmt;

use cofferdam_protocol::{MacAddress, Place};
use serde::{Deserialize, Serialize};

use super::LinkSettings;

/// A link of one of the two namespaces. The index survives renames, and the
/// kernel does not give it to another link while it counts up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LinkId {
    /// The namespace that it is in.
    pub place: Place,
    /// The number within that namespace.
    pub index: u32,
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "link {} in the {} namespace", self.index, self.place)
    }
}

/// The driver's state of a link (RFC 2863; `IF_OPER_*` in `linux/if.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperationalState {
    /// The driver does not say.
    Unknown,
    /// The hardware is missing.
    NotPresent,
    /// Down.
    Down,
    /// The link below is down.
    LowerLayerDown,
    /// In test.
    Testing,
    /// Waits for something outside.
    Dormant,
    /// Ready to pass packets.
    Up,
}

/// What the kernel tells about a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkInfo {
    /// Where it is.
    pub id: LinkId,
    /// Name, at most 15 bytes.
    pub name: String,
    /// `veth`, `bridge`, …; empty for a device without a kind.
    pub kind: String,
    /// Absent where the device has no Ethernet address.
    pub mac: Option<MacAddress>,
    /// The one that the hardware has (`IFLA_PERM_ADDRESS`), which nobody can
    /// set; absent for links without hardware.
    pub permanent_mac: Option<MacAddress>,
    /// In bytes.
    pub mtu: u32,
    /// `IFF_UP`.
    pub up: bool,
    /// What the driver reports.
    pub operational_state: OperationalState,
    /// `IFF_PROMISC`: somebody set it to get all frames. That a bridge needs
    /// them of its ports does not count.
    pub promiscuous: bool,
    /// `IFF_ALLMULTI`.
    pub all_multicast: bool,
    /// In packets.
    pub transmit_queue_length: u32,
    /// `IFLA_IFALIAS`.
    pub alias: Option<String>,
    /// Index of the bridge, bond or vrf that it is a port of.
    pub master: Option<u32>,
    /// Index of the other end of a veth pair or of the parent device, in
    /// that one's namespace (`IFLA_LINK`).
    pub lower: Option<u32>,
    /// Whether `lower` is in another namespace (`IFLA_LINK_NETNSID`).
    pub lower_elsewhere: bool,
    /// What its kind is set to; absent for kinds that are not made with
    /// [`NewLink`](crate::NewLink).
    pub settings: Option<LinkSettings>,
    /// Bridge port: `IFLA_BRPORT_MODE`.
    pub hairpin: Option<bool>,
    /// Bridge port: `IFLA_BRPORT_ISOLATED`.
    pub isolated: Option<bool>,
    /// Bridge: `IFLA_BR_VLAN_FILTERING`. Absent for other links, and where the
    /// kernel can't filter.
    pub vlan_filtering: Option<bool>,
}

/// A bridge to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bridge {
    /// The namespace to make it in.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// Its address, set at creation so that it stays when ports come and go.
    pub mac: MacAddress,
    /// In bytes; absent leaves the kernel's default.
    pub mtu: Option<u32>,
    /// `IFLA_BR_VLAN_FILTERING`.
    pub vlan_filtering: bool,
}

/// One end of a veth pair to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VethEnd {
    /// The namespace to make it in.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// Its address, set at creation so that nothing else changes it.
    pub mac: MacAddress,
    /// In bytes; absent leaves the kernel's default.
    pub mtu: Option<u32>,
    /// Index of the bridge to be a port of.
    pub master: Option<u32>,
}
