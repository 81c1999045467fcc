use cofferdam_protocol::{MacAddress, Place};
use serde::{Deserialize, Serialize};

use super::{LinkId, Vxlan};

/// A link to be made that is neither a bridge nor a veth pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLink {
    /// The namespace to make it in.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// Its address, set at creation. Absent: that of its parent, as an ipvlan
    /// and a macvlan that passes through have it in any case.
    pub mac: Option<MacAddress>,
    /// In bytes; absent leaves the kernel's default.
    pub mtu: Option<u32>,
    /// In packets; absent leaves the kernel's default.
    pub transmit_queue_length: Option<u32>,
    /// The link that it is upon; only for the kinds that are upon one.
    pub parent: Option<LinkId>,
    /// Its kind, and what that is set to.
    pub settings: LinkSettings,
}

/// A kind of link with what it is set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkSettings {
    /// Has an Ethernet address of its own on its parent's network.
    Macvlan {
        /// What becomes of frames for others on the parent.
        mode: MacvlanMode,
        /// Broadcast frames that may wait; absent leaves the kernel's default.
        broadcast_queue_length: Option<u32>,
    },
    /// Has addresses on its parent's network, with its parent's Ethernet
    /// address.
    Ipvlan {
        /// Where it looks at packets.
        mode: IpvlanMode,
        /// How those of one parent reach each other.
        isolation: IpvlanIsolation,
    },
    /// The parent's frames of one VLAN (IEEE 802.1Q).
    Vlan {
        /// 0 to 4094.
        id: u16,
    },
    /// Drops what is sent.
    Dummy,
    /// Takes packets from elsewhere.
    Ifb,
    /// Its ports have a routing table to themselves.
    Vrf {
        /// The table.
        table: u32,
    },
    /// The frames of a program; persistent, without packet information or
    /// virtual network headers.
    Tap {
        /// The user who may use it.
        owner: Option<u32>,
        /// The group that may.
        group: Option<u32>,
        /// Whether several may use it at once.
        multi_queue: bool,
    },
    /// Carries frames to other nodes in UDP packets. Its parent, if it has one,
    /// is among its settings.
    Vxlan(Vxlan),
}

/// `IFLA_MACVLAN_MODE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MacvlanMode {
    /// Frames for others on the parent are handed over directly.
    Bridge,
    /// They are not delivered.
    Private,
    /// They leave, and whoever is next sends them back.
    Vepa,
    /// The parent is this link's alone.
    Passthru,
}

/// `IFLA_IPVLAN_MODE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IpvlanMode {
    /// It answers for its addresses itself.
    L2,
    /// Its parent routes for it.
    L3,
    /// The same, and the packets pass the parent's packet filter.
    L3s,
}

/// `IFLA_IPVLAN_FLAGS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IpvlanIsolation {
    /// They reach each other directly.
    None,
    /// Not at all.
    Private,
    /// By way of whoever is next.
    Vepa,
}

impl LinkSettings {
    /// What the kernel calls the kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Macvlan { .. } => "macvlan",
            Self::Ipvlan { .. } => "ipvlan",
            Self::Vlan { .. } => "vlan",
            Self::Dummy => "dummy",
            Self::Ifb => "ifb",
            Self::Vrf { .. } => "vrf",
            Self::Tap { .. } => "tun",
            Self::Vxlan(_) => "vxlan",
        }
    }

    /// Whether it is upon another link.
    #[must_use]
    pub fn is_upon_parent(&self) -> bool {
        matches!(self, Self::Macvlan { .. } | Self::Ipvlan { .. } | Self::Vlan { .. })
    }

    /// Whether it has its parent's Ethernet address, whatever it is given.
    #[must_use]
    pub fn has_parents_mac(&self) -> bool {
        matches!(
            self,
            Self::Ipvlan { .. }
                | Self::Macvlan {
                    mode: MacvlanMode::Passthru,
                    ..
                }
        )
    }

    /// Its mode, in the words of `ip-link(8)`, where it has any.
    #[must_use]
    pub fn mode(&self) -> Option<&'static str> {
        match self {
            Self::Macvlan { mode, .. } => Some(match mode {
                MacvlanMode::Bridge => "bridge",
                MacvlanMode::Private => "private",
                MacvlanMode::Vepa => "vepa",
                MacvlanMode::Passthru => "passthru",
            }),
            Self::Ipvlan { mode, .. } => Some(match mode {
                IpvlanMode::L2 => "l2",
                IpvlanMode::L3 => "l3",
                IpvlanMode::L3s => "l3s",
            }),
            _ => None,
        }
    }

    /// The same where what the kernel chooses, or does not tell, is left out:
    /// what a link that is there is compared by.
    #[must_use]
    pub fn comparable(&self) -> Self {
        match self {
            Self::Macvlan { mode, .. } => Self::Macvlan {
                mode: *mode,
                broadcast_queue_length: None,
            },
            other => other.clone(),
        }
    }
}
