//! Compares what a previous result says with what is there: the part of CHECK
//! that all plugins have in common which give a container an interface.

use crate::{
    AddressInfo, Attachment, Failure, Interface, IpPrefix, Link, LinkInfo, Outcome as _, Request, config::IpamConfig,
};

/// The container's interface that the previous result names, which has to be
/// of this kind and to have the address on record.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{config::Nothing, Failure, recorded, Request};
/// # fn example(request: &Request<Nothing>) -> Result<(), Failure> {
/// let (link, info) = recorded::check_interface(request, "veth")?;
/// if !info.up {
///     return Err(Failure::changed(format!("interface {:?} is down", info.name)));
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// It is not so, or may not be seen.
pub fn check_interface<C>(request: &Request<C>, kind: &str) -> Result<(Link, LinkInfo), Failure> {
    let (link, info) = check_present(request)?;
    if info.kind != kind {
        let text = format!("interface {:?} is not a {kind} any more", request.interface_name);
        return Err(Failure::changed(text));
    }
    Ok((link, info))
}

/// The same of any kind.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{config::Nothing, Failure, recorded, Request};
/// # fn example(request: &Request<Nothing>) -> Result<(), Failure> {
/// let (link, info) = recorded::check_present(request)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As there.
pub fn check_present<C>(request: &Request<C>) -> Result<(Link, LinkInfo), Failure> {
    let name = &request.interface_name;
    let previous = request.required_previous()?;
    let (_, recorded) = previous
        .container_interface(name)
        .ok_or_else(|| Failure::changed(format!("prevResult has no interface {name:?} in the container")))?;
    let link = request
        .container()?
        .find(name)
        .optional()?
        .ok_or_else(|| Failure::changed(format!("interface {name:?} is gone")))?;
    let info = link.info()?;
    check_mac(recorded, &info)?;
    Ok((link, info))
}

/// The Ethernet address, where the record has one.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Failure, Interface, Link, recorded};
/// # fn example(interface: &Interface, link: &Link) -> Result<(), Failure> {
/// recorded::check_mac(interface, &link.info()?)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The link has another one.
pub fn check_mac(recorded: &Interface, info: &LinkInfo) -> Result<(), Failure> {
    let mac = info.mac.map(|mac| mac.to_string());
    match (&recorded.mac, mac) {
        (Some(recorded), Some(mac)) if !recorded.eq_ignore_ascii_case(&mac) => {
            let text = format!("interface {:?} has address {mac}, not {recorded}", info.name);
            Err(Failure::changed(text))
        }
        _ => Ok(()),
    }
}

/// The addresses of the interface at a position of the previous result, those
/// without an interface included, and the routes of the main table.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{config::Nothing, Failure, recorded, Request};
/// # fn example(request: &Request<Nothing>) -> Result<(), Failure> {
/// let (link, _) = recorded::check_interface(request, "veth")?;
/// // The container's end is the second interface of the result.
/// recorded::check_addressing(request.required_previous()?, 1, &link)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// One is missing, or may not be seen.
pub fn check_addressing(previous: &Attachment, position: u32, link: &Link) -> Result<(), Failure> {
    check_addresses(previous, position, link)?;
    check_routes(previous, link)
}

/// The addresses alone, as in [`check_addressing`].
///
/// ```no_run
/// # use cofferdam_guest_sdk::{config::Nothing, Failure, recorded, Request};
/// # fn example(request: &Request<Nothing>) -> Result<(), Failure> {
/// let (link, _) = recorded::check_interface(request, "veth")?;
/// recorded::check_addresses(request.required_previous()?, 1, &link)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// One is missing, or may not be seen.
pub fn check_addresses(previous: &Attachment, position: u32, link: &Link) -> Result<(), Failure> {
    let present = link.addresses()?;
    let expected = previous
        .addresses
        .iter()
        .filter(|address| address.interface.is_none_or(|index| index == position));
    for address in expected {
        if !has_address(&present, address.address) {
            return Err(Failure::changed(format!(
                "Failed to match addr {} on the container's interface",
                address.address
            )));
        }
    }
    Ok(())
}

fn check_routes(previous: &Attachment, link: &Link) -> Result<(), Failure> {
    let mut expected = previous.routes.iter().filter(|route| route.table.is_none()).peekable();
    if expected.peek().is_none() {
        return Ok(());
    }
    let routes = link.routes(None)?;
    for route in expected {
        let there = routes.iter().any(|there| {
            there.destination.network() == route.destination.network()
                && route.gateway.is_none_or(|gateway| there.gateway == Some(gateway))
        });
        if !there {
            return Err(Failure::changed(format!("Failed to find route {}", route.destination)));
        }
    }
    Ok(())
}

/// Whether an address is among those that a link has.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Failure, Link, recorded};
/// # fn example(link: &Link) -> Result<(), Failure> {
/// let has = recorded::has_address(&link.addresses()?, "10.22.0.2/16".parse()?);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn has_address(present: &[AddressInfo], address: IpPrefix) -> bool {
    present.iter().any(|info| info.address == address)
}

/// Deletes the container's interface in DEL, if it still is there. What the
/// host's journal knows is gone already: this is for links that another plugin
/// of the same name made.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{config::Nothing, Failure, recorded, Request};
/// # fn example(request: &Request<Nothing>) -> Result<(), Failure> {
/// recorded::delete_leftover(request)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// It can't be deleted, or that is not granted.
pub fn delete_leftover<C>(request: &Request<C>) -> Result<(), Failure> {
    if let Some(container) = request.container_if_exists()?
        && let Some(link) = container.find_optional(&request.interface_name)?
    {
        link.delete()?;
    }
    Ok(())
}

/// DEL of a plugin that gives a container an interface: what is
/// [left over](delete_leftover) goes, and the addresses are given back.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{config::IpamConfig, Failure, recorded, Request};
/// # fn example(request: &Request<IpamConfig>) -> Result<(), Failure> {
/// recorded::detach(request, &request.config)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// One of the two can't be done; the other is all the same.
pub fn detach<C>(request: &Request<C>, ipam: &IpamConfig) -> Result<(), Failure> {
    let unlinked = delete_leftover(request);
    ipam.del()?;
    unlinked
}
