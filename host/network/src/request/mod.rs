//! What makes no sense, whatever the state of the kernel: checks that every
//! [`Network`](crate::Network) makes before it looks at anything.

mod links;
pub(crate) mod name;
pub(crate) mod nftables;
mod routing;
pub(crate) mod setting;

use cofferdam_protocol::{IpPrefix, MacAddress, Place};

use crate::{
    Bridge, Error, LinkId, NewLink, Result, Route, Rule, SysctlKey, VethEnd,
    nftables::{Chain, Element, Set, Table, TableId},
};

/// A number that no link can have would make the kernel leave the link out of
/// account.
///
/// # Errors
/// [`Error::Invalid`], as of all of these.
pub fn link(link: LinkId) -> Result<()> {
    if link.index == 0 || i32::try_from(link.index).is_err() {
        return Err(Error::Invalid(format!("{link}: no link has that number")));
    }
    Ok(())
}

/// A name that is looked up.
#[allow(clippy::missing_errors_doc)]
pub fn wanted_name(wanted: &str) -> Result<()> {
    name::check_wanted_name(wanted)
}

/// The Ethernet address of a link.
#[allow(clippy::missing_errors_doc)]
pub fn mac(mac: MacAddress) -> Result<()> {
    links::mac(mac)
}

/// A bridge that is to be made.
#[allow(clippy::missing_errors_doc)]
pub fn bridge(bridge: &Bridge) -> Result<()> {
    name::check_name(&bridge.name)?;
    links::mac(bridge.mac)
}

/// A pair that is to be made.
#[allow(clippy::missing_errors_doc)]
pub fn veth(first: &VethEnd, second: &VethEnd) -> Result<()> {
    links::veth(first, second)
}

/// A link of another kind that is to be made.
#[allow(clippy::missing_errors_doc)]
pub fn new_link(link: &NewLink) -> Result<()> {
    links::new_link(link)
}

/// The name and the alias that a link is to have elsewhere.
#[allow(clippy::missing_errors_doc)]
pub fn moved(wanted: &str, alias: &str) -> Result<()> {
    name::check_name(wanted)?;
    links::alias(alias)
}

/// An address that a link is to have.
#[allow(clippy::missing_errors_doc)]
pub fn address(address: IpPrefix) -> Result<()> {
    let host = address.address();
    if host.is_multicast() || host.is_unspecified() {
        return Err(Error::Invalid(format!("{address} can't be the address of a link")));
    }
    Ok(())
}

/// The number of a routing table.
#[allow(clippy::missing_errors_doc)]
pub fn table(number: u32) -> Result<()> {
    routing::table(number)
}

/// A route that is to be made, or deleted.
#[allow(clippy::missing_errors_doc)]
pub fn route(route: &Route) -> Result<()> {
    routing::route(route)
}

/// A rule that is to be made, or deleted.
#[allow(clippy::missing_errors_doc)]
pub fn rule(rule: &Rule) -> Result<()> {
    routing::rule(rule)
}

/// What is to be written into a setting.
#[allow(clippy::missing_errors_doc)]
pub fn setting(place: Place, key: &SysctlKey, value: &str) -> Result<()> {
    setting::value(place, key, value)
}

/// A table's family and name.
#[allow(clippy::missing_errors_doc)]
pub fn table_id(table: &TableId) -> Result<()> {
    nftables::table_id(table)
}

/// A table that is to be made, or to get these rules; one that gets some
/// `alone` has other chains, too.
#[allow(clippy::missing_errors_doc)]
pub fn declaration(table: &Table, alone: bool) -> Result<()> {
    nftables::declaration(table, alone)
}

/// A chain that is to be made.
#[allow(clippy::missing_errors_doc)]
pub fn chain(table: &TableId, sets: &[Set], chain: &Chain) -> Result<()> {
    nftables::chain(table, sets, chain)
}

/// The name of a chain that is looked up or deleted.
#[allow(clippy::missing_errors_doc)]
pub fn chain_name(table: &TableId, chain: &str) -> Result<()> {
    nftables::chain_name(table, chain)
}

/// Elements that are to be added, with their comment.
#[allow(clippy::missing_errors_doc)]
pub fn elements(table: &TableId, set: &Set, elements: &[Element], comment: &str) -> Result<()> {
    nftables::elements(table, set, elements, comment)
}

/// Elements that are looked up or deleted.
#[allow(clippy::missing_errors_doc)]
pub fn keys(table: &TableId, set: &Set, elements: &[Element]) -> Result<()> {
    nftables::keys(table, set, elements)
}
