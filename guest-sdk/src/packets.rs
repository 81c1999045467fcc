//! UDP datagrams over IPv4 between a port of a link and a port of its
//! neighbours, also where the link has no address yet. Grant:
//! `packet.exchange`.
//!
//! ```no_run
//! use std::net::Ipv4Addr;
//!
//! use cofferdam_guest_sdk::{
//!     Error, Link,
//!     packets::{Exchange, Incoming, Outgoing},
//! };
//!
//! /// Asks all neighbours, and waits for one to answer.
//! fn ask(link: &Link, question: &[u8]) -> Result<Option<Incoming>, Error> {
//!     let exchange = Exchange::open(link, 68, 67)?;
//!     exchange.send(Outgoing {
//!         source: Ipv4Addr::UNSPECIFIED,
//!         destination: Ipv4Addr::BROADCAST,
//!         mac: None,
//!         payload: question.to_owned(),
//!     })?;
//!     exchange.receive(2000)
//! }
//! ```

use std::net::Ipv4Addr;

use cofferdam_protocol::MacAddress;

use crate::{
    Error, Link,
    bindings::packets,
    convert::{mac_from_wit, mac_to_wit},
};

/// A datagram to be sent.
///
/// ```
/// # use std::net::Ipv4Addr;
/// # use cofferdam_guest_sdk::packets::Outgoing;
/// let datagram = Outgoing {
///     source: Ipv4Addr::UNSPECIFIED,
///     destination: Ipv4Addr::BROADCAST,
///     mac: None,
///     payload: b"who is there".to_vec(),
/// };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// An address of the link; `0.0.0.0` where it has none.
    pub source: Ipv4Addr,
    /// Where it is to go.
    pub destination: Ipv4Addr,
    /// The neighbour to send it to; absent: all.
    pub mac: Option<MacAddress>,
    /// At most 1472 bytes.
    pub payload: Vec<u8>,
}

/// A datagram that came.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Error, log, packets::{Exchange, Incoming}};
/// # fn example(exchange: &Exchange) -> Result<(), Error> {
/// if let Some(Incoming { source, mac, .. }) = exchange.receive(2000)? {
///     log::info(&format!("{source} answers from {mac}"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Who says to have sent it.
    pub source: Ipv4Addr,
    /// The neighbour that sent it.
    pub mac: MacAddress,
    /// What it holds.
    pub payload: Vec<u8>,
    /// Milliseconds that it was waited for, a part of one counting as a whole.
    pub waited: u32,
}

/// A port of a link and a port of its neighbours. What was not received when
/// it is dropped is lost.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Error, Link, packets::Exchange};
/// # fn example(link: &Link) -> Result<(), Error> {
/// let exchange = Exchange::open(link, 68, 67)?;
/// let first = exchange.receive(2000)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Exchange(pub(crate) packets::Exchange);

impl Exchange {
    /// Begins to receive. The link has to be up for anything to come or go.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link, packets::Exchange};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// let exchange = Exchange::open(link, 68, 67)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Quota`] while the request has another one.
    pub fn open(link: &Link, local_port: u16, remote_port: u16) -> Result<Self, Error> {
        Ok(Self(packets::open(&link.0, local_port, remote_port)?))
    }

    /// Sends a datagram.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, packets::{Exchange, Outgoing}};
    /// # fn example(exchange: &Exchange, datagram: Outgoing) -> Result<(), Error> {
    /// exchange.send(datagram)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Quota`] after 256 in one request.
    pub fn send(&self, datagram: Outgoing) -> Result<(), Error> {
        Ok(self.0.send(&datagram.into())?)
    }

    /// The next datagram; `None` when none came in that time.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, log, packets::Exchange};
    /// # fn example(exchange: &Exchange) -> Result<(), Error> {
    /// while let Some(datagram) = exchange.receive(2000)? {
    ///     log::debug(&format!("{} bytes", datagram.payload.len()));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Deadline`] when the time of the whole request is used up.
    pub fn receive(&self, milliseconds: u32) -> Result<Option<Incoming>, Error> {
        Ok(self.0.receive(milliseconds)?.map(Into::into))
    }
}

impl From<Outgoing> for packets::Outgoing {
    fn from(datagram: Outgoing) -> Self {
        Self {
            source: datagram.source.octets().into(),
            destination: datagram.destination.octets().into(),
            mac: datagram.mac.map(mac_to_wit),
            payload: datagram.payload,
        }
    }
}

impl From<packets::Incoming> for Incoming {
    fn from(datagram: packets::Incoming) -> Self {
        Self {
            source: <[u8; 4]>::from(datagram.source).into(),
            mac: mac_from_wit(datagram.mac),
            payload: datagram.payload,
            waited: datagram.waited,
        }
    }
}
