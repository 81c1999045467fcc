use nix::{
    errno::Errno,
    libc::{RTM_NEWLINK, RTM_SETLINK},
};
use rtnetlink::{LinkBridgePort, LinkMessageBuilder, LinkUnspec};

use super::{failure::Failure, links, socket::Socket};
use crate::{Error, LinkId, Result};

pub(super) fn set_master(socket: &mut Socket, link: LinkId, master: Option<u32>) -> Result<()> {
    let request = LinkUnspec::new_with_index(link.index);
    let (request, action) = match master {
        Some(index) => (request.controller(index), format!("making a port of link {index}")),
        None => (request.nocontroller(), "releasing from its bridge".to_owned()),
    };
    match socket.change(RTM_SETLINK, 0, &request.build()) {
        Ok(()) => Ok(()),
        Err(failure) => {
            if let Some(index) = master {
                check_master(socket, LinkId { index, ..link }, &failure)?;
            }
            Err(failure.during(&action, link))
        }
    }
}

/// Says what is wrong with a master when it is the cause of a failure: the
/// kernel tells neither a missing one nor one without ports by its number.
pub(super) fn check_master(socket: &mut Socket, master: LinkId, failure: &Failure) -> Result<()> {
    match failure.errno() {
        Some(Errno::EOPNOTSUPP) => Err(Error::Conflict(format!(
            "{master} is not a bridge, so it can't have ports"
        ))),
        Some(Errno::EINVAL) if links::by_index(socket, master)?.is_none() => Err(Error::NotFound(master.to_string())),
        _ => Ok(()),
    }
}

pub(super) fn set_hairpin(socket: &mut Socket, link: LinkId, on: bool) -> Result<()> {
    let request = LinkBridgePort::new(link.index).hairpin(on);
    set(socket, link, request, "changing the hairpin mode of")
}

pub(super) fn set_isolated(socket: &mut Socket, link: LinkId, on: bool) -> Result<()> {
    let request = LinkBridgePort::new(link.index).isolated(on);
    set(socket, link, request, "changing the isolation of")
}

/// `RTM_NEWLINK` without `NLM_F_CREATE`: `RTM_SETLINK` leaves port settings
/// alone.
fn set(socket: &mut Socket, link: LinkId, request: LinkMessageBuilder<LinkBridgePort>, action: &str) -> Result<()> {
    match socket.change(RTM_NEWLINK, 0, &request.build()) {
        Ok(()) => Ok(()),
        Err(failure) if failure.errno() == Some(Errno::EOPNOTSUPP) => {
            let info = links::by_index(socket, link)?;
            match info {
                None => Err(Error::NotFound(link.to_string())),
                Some(info) if info.hairpin.is_none() => Err(Error::Conflict(format!(
                    "{action} {link}: it is not a port of a bridge"
                ))),
                Some(_) => Err(failure.during(action, link)),
            }
        }
        Err(failure) => Err(failure.during(action, link)),
    }
}
