use std::{fmt, path::PathBuf};

use cofferdam_protocol::MacAddress;
use serde::{Deserialize, Serialize};

use super::{LinkId, LinkInfo};

/// What a device of the node is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceSelector {
    /// The name of its link.
    Name(String),
    /// The Ethernet address that its link has.
    Mac(MacAddress),
    /// Its directory, `/sys/devices/…`.
    KernelPath(PathBuf),
    /// Its address on the PCI bus, as `0000:03:00.1`.
    Pci(String),
    /// The same, or the name of a device of the auxiliary bus.
    Id(String),
}

/// In the words of errors.
impl fmt::Display for DeviceSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "device {name:?}"),
            Self::Mac(mac) => write!(f, "device with the address {mac}"),
            Self::KernelPath(path) => write!(f, "device at {path:?}"),
            Self::Pci(address) => write!(f, "PCI device {address:?}"),
            Self::Id(id) => write!(f, "device {id:?} of the PCI or auxiliary bus"),
        }
    }
}

/// What there is of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FoundDevice {
    /// Its links in the node's namespace, at least one.
    Links(Vec<LinkInfo>),
    /// It has none: a driver of user space (DPDK) has it. The address is that
    /// on the PCI bus.
    Userspace(String),
}

/// A link that somebody else made, as it was before it was moved: what it is
/// known by, and what goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Where it was.
    pub link: LinkId,
    /// Its name there.
    pub name: String,
    /// As in [`LinkInfo::kind`].
    pub kind: String,
    /// Its Ethernet address.
    pub mac: Option<MacAddress>,
    /// The one that its hardware has, which nobody can set.
    pub permanent_mac: Option<MacAddress>,
    /// `IFLA_IFALIAS`.
    pub alias: Option<String>,
    /// `IFF_UP`.
    pub up: bool,
    /// In bytes.
    pub mtu: u32,
    /// `IFF_PROMISC`.
    pub promiscuous: bool,
    /// `IFF_ALLMULTI`.
    pub all_multicast: bool,
    /// In packets.
    pub transmit_queue_length: u32,
}

impl From<&LinkInfo> for Device {
    fn from(info: &LinkInfo) -> Self {
        Self {
            link: info.id,
            name: info.name.clone(),
            kind: info.kind.clone(),
            mac: info.mac,
            permanent_mac: info.permanent_mac,
            alias: info.alias.clone(),
            up: info.up,
            mtu: info.mtu,
            promiscuous: info.promiscuous,
            all_multicast: info.all_multicast,
            transmit_queue_length: info.transmit_queue_length,
        }
    }
}

impl Device {
    /// Whether a link is this device, wherever it is and whatever it is called
    /// by now: by what its hardware says, or else by the address that it had
    /// and the name that it was given as an alias.
    #[must_use]
    pub fn is(&self, link: &LinkInfo) -> bool {
        if link.kind != self.kind || link.permanent_mac != self.permanent_mac {
            return false;
        }
        self.permanent_mac.is_some() || link.mac == self.mac && link.alias.as_deref() == Some(&self.name)
    }
}
