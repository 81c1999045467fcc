use cofferdam_protocol::IpPrefix;
use serde::{Deserialize, Serialize};

/// A routing policy rule that looks into a table. What is absent matches
/// anything, and is the kernel's choice where it has to be something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Whether it is about IPv6 packets.
    pub ipv6: bool,
    /// Source network.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<IpPrefix>,
    /// Destination network.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub destination: Option<IpPrefix>,
    /// Name of the interface that the packet came in by.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input_interface: Option<String>,
    /// Name of the interface that the packet's socket is bound to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output_interface: Option<String>,
    /// Firewall mark.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mark: Option<u32>,
    /// The lowest is asked first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub priority: Option<u32>,
    /// Routing table to look into.
    pub table: u32,
}
