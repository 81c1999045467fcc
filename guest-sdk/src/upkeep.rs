//! What has to be looked after while the attachment lasts: one record for each
//! plugin of the attachment. When it is due the host calls the plugin's
//! [`Keeper`](crate::Keeper). Grant: `upkeep.keep`.

use std::net::Ipv4Addr;

use crate::{
    Error,
    bindings::upkeep,
    packets::{Exchange, Outgoing},
};

/// What is kept.
///
/// ```
/// # use cofferdam_guest_sdk::upkeep::Record;
/// let record = Record { after_seconds: Some(1800), state: vec![1], ..Record::default() };
/// ```
#[derive(Debug, Default)]
pub struct Record<'a> {
    /// The address that the attachment was lent, which was in a datagram that
    /// came in this request.
    pub address: Option<Ipv4Addr>,
    /// Seconds until the keeper is to be called; absent: never.
    pub after_seconds: Option<u32>,
    /// At most 4096 bytes.
    pub state: Vec<u8>,
    /// A datagram that the host sends when the attachment goes, whoever
    /// detaches it. The source may be [`address`](Self::address).
    pub farewell: Option<(&'a Exchange, Outgoing)>,
}

/// Keeps a record, in the place of the one that there was.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Error, upkeep::{self, Record}};
/// # fn example() -> Result<(), Error> {
/// upkeep::keep(Record { after_seconds: Some(1800), ..Record::default() })?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::Conflict`] when the address belongs to another attachment.
pub fn keep(record: Record<'_>) -> Result<(), Error> {
    let farewell = record.farewell.map(|(exchange, datagram)| upkeep::Farewell {
        exchange: &exchange.0,
        datagram: datagram.into(),
    });
    Ok(upkeep::keep(&upkeep::UpkeepRecord {
        address: record.address.map(|address| address.octets().into()),
        after_seconds: record.after_seconds,
        state: record.state,
        farewell,
    })?)
}

/// The state of the record that there is, and how many seconds ago it was kept.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Error, upkeep};
/// # fn example() -> Result<(), Error> {
/// let (state, seconds_ago) = upkeep::kept()?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub fn kept() -> Result<(Vec<u8>, u32), Error> {
    Ok(upkeep::kept()?)
}
