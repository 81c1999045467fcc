use std::net::IpAddr;

use cofferdam_protocol::MacAddress;
use serde::{Deserialize, Serialize};

/// A permanent entry of a link's neighbour table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbor {
    /// The neighbour's IP address.
    pub address: IpAddr,
    /// Its link address.
    pub mac: MacAddress,
}
