use std::net::Ipv4Addr;

use cofferdam_protocol::MacAddress;
use serde::{Deserialize, Serialize};

/// The two UDP ports of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// On the link.
    pub local: u16,
    /// On its neighbours.
    pub remote: u16,
}

/// A UDP datagram over IPv4 that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Datagram {
    /// `0.0.0.0` where the link has no address.
    pub source: Ipv4Addr,
    /// May be that of all (`255.255.255.255`).
    pub destination: Ipv4Addr,
    /// The neighbour to send it to; absent: all.
    pub mac: Option<MacAddress>,
    /// At most [`Datagram::LONGEST`] bytes.
    pub payload: Vec<u8>,
}

impl Datagram {
    /// Bytes of a payload that fits into an Ethernet frame with the headers of
    /// IPv4 and UDP.
    pub const LONGEST: usize = 1472;
}

/// One that came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Who says to have sent it.
    pub source: Ipv4Addr,
    /// The neighbour that sent it.
    pub mac: MacAddress,
    /// At most 4068 bytes.
    pub payload: Vec<u8>,
}
