use std::{fmt, net::IpAddr};

use cofferdam_network::{ForwardingLead, SysctlKey, nftables::TableId};
use cofferdam_protocol::{IpPrefix, Place};
use serde::{Deserialize, Serialize};

/// An object that several attachments use. In the container's namespace these
/// are attachments of the same container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum SharedObject {
    Bridge {
        place: Place,
        name: String,
    },
    /// A link that was there, and links of attachments are upon; with a VLAN,
    /// only the frames of that one.
    Parent {
        place: Place,
        name: String,
        vlan: Option<u16>,
    },
    Address {
        place: Place,
        link: String,
        address: IpPrefix,
    },
    LinkSetting {
        place: Place,
        link: String,
        setting: Setting,
    },
    Sysctl {
        place: Place,
        key: SysctlKey,
    },
    Table {
        place: Place,
        table: TableId,
    },
    Chain {
        place: Place,
        table: TableId,
        chain: String,
    },
    /// `element` is its key as text.
    Element {
        place: Place,
        table: TableId,
        set: String,
        element: String,
    },
    ForwardingLead {
        lead: ForwardingLead,
    },
    /// The node's way into a VLAN of a bridge.
    VlanGateway {
        place: Place,
        name: String,
    },
    Vrf {
        place: Place,
        name: String,
    },
    Vxlan {
        place: Place,
        name: String,
    },
    /// A node that the VXLAN `link` sends to.
    VxlanPeer {
        place: Place,
        link: String,
        peer: IpAddr,
    },
}

/// A setting of a link that attachments share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Setting {
    Up,
    Promiscuous,
    AllMulticast,
    Mtu,
    QueueLength,
    Hairpin,
    Isolated,
}

impl Setting {
    /// As a policy and a journal write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Promiscuous => "promiscuous",
            Self::AllMulticast => "all-multicast",
            Self::Mtu => "mtu",
            Self::QueueLength => "transmit-queue-length",
            Self::Hairpin => "hairpin",
            Self::Isolated => "isolated",
        }
    }
}

impl SharedObject {
    /// The namespace that it is in.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::Bridge { place, .. }
            | Self::Parent { place, .. }
            | Self::Address { place, .. }
            | Self::LinkSetting { place, .. }
            | Self::Sysctl { place, .. }
            | Self::Table { place, .. }
            | Self::Chain { place, .. }
            | Self::Element { place, .. }
            | Self::VlanGateway { place, .. }
            | Self::Vrf { place, .. }
            | Self::Vxlan { place, .. }
            | Self::VxlanPeer { place, .. } => *place,
            Self::ForwardingLead { .. } => Place::Host,
        }
    }
}

impl fmt::Display for SharedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bridge { name, .. } => write!(f, "bridge {name}")?,
            Self::Parent { name, vlan: None, .. } => write!(f, "the network of link {name}")?,
            Self::Parent {
                name, vlan: Some(vlan), ..
            } => write!(f, "VLAN {vlan} of link {name}")?,
            Self::Address { link, address, .. } => write!(f, "address {address} of link {link}")?,
            Self::LinkSetting { link, setting, .. } => write!(f, "setting {} of link {link}", setting.name())?,
            Self::Sysctl { key, .. } => write!(f, "sysctl {key}")?,
            Self::Table { table, .. } => write!(f, "{table}")?,
            Self::Chain { table, chain, .. } => write!(f, "chain {chain} of {table}")?,
            Self::Element {
                table, set, element, ..
            } => write!(f, "element {element} of {set} of {table}")?,
            Self::ForwardingLead { lead } => write!(f, "{lead}")?,
            Self::VlanGateway { name, .. } => write!(f, "link {name}")?,
            Self::Vrf { name, .. } => write!(f, "VRF {name}")?,
            Self::Vxlan { name, .. } => write!(f, "VXLAN {name}")?,
            Self::VxlanPeer { link, peer, .. } => write!(f, "peer {peer} of VXLAN {link}")?,
        }
        write!(f, " in the {} namespace", self.place())
    }
}
