use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize};

use super::canonical;
use crate::{
    Dns, IpPrefix,
    json::de::{empty_as_none, zero_as_none},
};

/// What an attachment consists of.
///
/// Its own JSON form, by serde, is that of the newest version without
/// `cniVersion`; [`super::to_json`] prints documents for a runtime.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attachment {
    /// The interfaces that were made or taken, of the container and the host.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interfaces: Vec<Interface>,
    /// The addresses of the attachment.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ips: Vec<Ip>,
    /// The routes that were set in the container.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// Settings for name resolution.
    #[serde(skip_serializing_if = "Dns::is_empty")]
    pub dns: Dns,
}

/// An interface of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Interface {
    /// Its name within its namespace.
    pub name: String,
    /// Its address, as text, since it need not be an Ethernet one.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "empty_as_none")]
    pub mac: Option<String>,
    /// In bytes.
    #[serde(skip_serializing_if = "none_or_zero", deserialize_with = "zero_as_none")]
    pub mtu: Option<u32>,
    /// Path of the container's namespace, as in `CNI_NETNS`; `None` for an
    /// interface of the host.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "empty_as_none")]
    pub sandbox: Option<String>,
    /// Path of a socket (vhost-user and the like).
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "empty_as_none")]
    pub socket_path: Option<String>,
    /// PCI address of the device.
    #[serde(
        rename = "pciID",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "empty_as_none"
    )]
    pub pci_id: Option<String>,
}

/// An address of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ip {
    /// Position in the result's interfaces. IPAM plugins leave it out; a
    /// negative one, as some plugins print, counts as left out.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "position")]
    pub interface: Option<u32>,
    /// The address with the prefix length of its network.
    #[serde(with = "canonical::prefix")]
    pub address: IpPrefix,
    /// The way out of that network.
    #[serde(skip_serializing_if = "Option::is_none", default, with = "canonical::address")]
    pub gateway: Option<IpAddr>,
}

/// A route of a result, or of an IPAM configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Where to.
    #[serde(with = "canonical::prefix")]
    pub dst: IpPrefix,
    /// Through whom; `None` leaves it to the plugin.
    #[serde(skip_serializing_if = "Option::is_none", default, with = "canonical::address")]
    pub gw: Option<IpAddr>,
    /// Path MTU in bytes.
    #[serde(skip_serializing_if = "none_or_zero", default, deserialize_with = "zero_as_none")]
    pub mtu: Option<u32>,
    /// Largest TCP segment to announce, in bytes.
    #[serde(skip_serializing_if = "none_or_zero", default, deserialize_with = "zero_as_none")]
    pub advmss: Option<u32>,
    /// Metric; the lowest wins.
    #[serde(skip_serializing_if = "none_or_zero", default, deserialize_with = "zero_as_none")]
    pub priority: Option<u32>,
    /// Routing table; `None` means the main one. 0 is meaningful.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub table: Option<u32>,
    /// Scope as in `rtnetlink(7)`; 0 (universe) is meaningful.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scope: Option<u8>,
}

impl Interface {
    /// An interface of which only the name is known.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

impl Ip {
    /// An address that is not tied to an interface yet.
    #[must_use]
    pub fn new(address: IpPrefix) -> Self {
        Self {
            interface: None,
            address,
            gateway: None,
        }
    }
}

impl Route {
    /// A route of which only the destination is known.
    #[must_use]
    pub fn to(dst: IpPrefix) -> Self {
        Self {
            dst,
            gw: None,
            mtu: None,
            advmss: None,
            priority: None,
            table: None,
            scope: None,
        }
    }

    /// The same through a gateway.
    #[must_use]
    pub fn via(mut self, gateway: IpAddr) -> Self {
        self.gw = Some(gateway);
        self
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn none_or_zero(number: &Option<u32>) -> bool {
    number.unwrap_or_default() == 0
}

fn position<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let number = Option::<i64>::deserialize(deserializer)?.filter(|number| *number >= 0);
    number
        .map(u32::try_from)
        .transpose()
        .map_err(|_| serde::de::Error::custom("a position in \"interfaces\" has at most 32 bits"))
}
