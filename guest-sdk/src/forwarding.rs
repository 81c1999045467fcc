//! What the node forwards, where `iptables` or firewalld looks after its packet
//! filter.

use std::net::IpAddr;

use crate::{Error, bindings::forwarding};

/// Accepts what comes from an address of the attachment, and answers to it, in
/// the node's iptables, after its operator's chain `first`. False when the
/// node has no such filter, and nothing had to be done.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Error, forwarding};
/// # fn example(address: std::net::IpAddr) -> Result<(), Error> {
/// forwarding::accept(address, "CNI-ADMIN")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The address is not the attachment's, the chain is not granted, or the node
/// filters with legacy iptables.
pub fn accept(address: IpAddr, first: &str) -> Result<bool, Error> {
    Ok(forwarding::accept(address.into(), first)?)
}

/// Whether it is accepted so, or needs not be.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Failure, forwarding};
/// # fn example(address: std::net::IpAddr) -> Result<(), Failure> {
/// if !forwarding::is_accepted(address, "CNI-ADMIN")? {
///     return Err(Failure::changed(format!("{address} is not accepted any more")));
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// It can't be looked at.
pub fn is_accepted(address: IpAddr, first: &str) -> Result<bool, Error> {
    Ok(forwarding::is_accepted(address.into(), first)?)
}

/// Accepts packets of connections that published ports lead to an address of
/// the attachment, and the answers, unless a rule that is there drops them.
/// False when the node has no such filter, and nothing had to be done.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Error, forwarding};
/// # fn example(address: std::net::IpAddr) -> Result<(), Error> {
/// forwarding::accept_published(address)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The address is not the attachment's, it is not granted, or the node filters
/// with legacy iptables.
pub fn accept_published(address: IpAddr) -> Result<bool, Error> {
    Ok(forwarding::accept_published(address.into())?)
}

/// Whether firewalld decides on what the node forwards. False without a grant
/// to put anything into a zone.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Error, forwarding};
/// # fn example(address: std::net::IpAddr) -> Result<(), Error> {
/// if forwarding::has_zones()? {
///     forwarding::join_zone(address, "trusted")?;
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The node's D-Bus does not answer.
pub fn has_zones() -> Result<bool, Error> {
    Ok(forwarding::has_zones()?)
}

/// Puts an address of the attachment into a zone of firewalld, until the
/// attachment goes.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Error, forwarding};
/// # fn example(address: std::net::IpAddr) -> Result<(), Error> {
/// forwarding::join_zone(address, "trusted")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The address is not the attachment's, or in another zone; the zone is not
/// granted, or does not exist; firewalld does not run.
pub fn join_zone(address: IpAddr, zone: &str) -> Result<(), Error> {
    Ok(forwarding::join_zone(address.into(), zone)?)
}

/// Whether an address is in a zone of firewalld.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Failure, forwarding};
/// # fn example(address: std::net::IpAddr) -> Result<(), Failure> {
/// if !forwarding::is_in_zone(address, "trusted")? {
///     return Err(Failure::changed(format!("{address} is not trusted any more")));
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// It can't be looked at.
pub fn is_in_zone(address: IpAddr, zone: &str) -> Result<bool, Error> {
    Ok(forwarding::is_in_zone(address.into(), zone)?)
}
