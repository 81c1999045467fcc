use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

/// Flows of UDP that connection tracking knows, by the destination that their
/// first packet had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flows {
    /// Whether they are of IPv6.
    pub ipv6: bool,
    /// The port.
    pub port: u16,
    /// Absent: every address.
    pub address: Option<IpAddr>,
}

impl fmt::Display for Flows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = if self.ipv6 { "IPv6" } else { "IPv4" };
        match self.address {
            Some(address) => write!(f, "{address} port {}", self.port),
            None => write!(f, "any {family} address port {}", self.port),
        }
    }
}
