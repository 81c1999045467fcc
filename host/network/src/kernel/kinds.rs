use cofferdam_protocol::Place;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::link::{InfoData, InfoKind};
use nix::{errno::Errno, libc::RTM_NEWLINK};
use rtnetlink::{LinkMessageBuilder, LinkUnspec};

use super::{Kernel, failure::Failure, link_settings, links, tap};
use crate::{
    Error, LinkId, LinkInfo, LinkSettings, NewLink, Result,
    request::{self, name::named},
};

type Answer = std::result::Result<(), Failure>;

/// Makes a link with one message. The kernel looks for the parent in the
/// namespace of the socket, and makes the link in that of a descriptor.
pub(super) fn create(kernel: &mut Kernel, link: &NewLink) -> Result<LinkId> {
    request::new_link(link)?;
    if let LinkSettings::Tap { .. } = link.settings {
        return tap::create(kernel, link);
    }
    let mut answer = request(kernel, link, None)?;
    if is_name_where_it_is_not(kernel, link, &answer)? {
        let number = free_number(kernel, link)?;
        answer = request(kernel, link, Some(number))?;
    }
    match answer {
        Ok(()) => Ok(find(kernel, link)?.id),
        Err(failure) => Err(explain(kernel, link, failure)?),
    }
}

fn request(kernel: &mut Kernel, link: &NewLink, number: Option<u32>) -> Result<Answer> {
    let kind = InfoKind::Other(link.settings.kind().to_owned());
    let mut message = LinkMessageBuilder::<LinkUnspec>::new_with_info_kind(kind)
        .name(link.name.as_str())
        .set_info_data(InfoData::Other(link_settings::write(&link.settings)));
    if let Some(parent) = link.parent {
        message = message.link(parent.index);
    }
    if let Some(mac) = link.mac {
        message = message.address(mac.0.to_vec());
    }
    if let Some(mtu) = link.mtu {
        message = message.mtu(mtu);
    }
    if let Some(length) = link.transmit_queue_length {
        message = message.txqueuelen(length);
    }
    if let Some(number) = number {
        message = message.index(number);
    }
    let sender = sender(link);
    if sender != link.place {
        message = message.setns_by_fd(kernel.side(link.place)?.descriptor()?);
    }
    let socket = kernel.side(sender)?.route()?;
    Ok(socket.change(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &message.build()))
}

/// The namespace that the request is sent from.
fn sender(link: &NewLink) -> Place {
    link.parent.map_or(link.place, |parent| parent.place)
}

/// Before 6.14 the kernel says that there is a link of the name when there is
/// one where the request comes from, unless the new one is given a number.
fn is_name_where_it_is_not(kernel: &mut Kernel, link: &NewLink, answer: &Answer) -> Result<bool> {
    let sender = sender(link);
    let exists = matches!(answer, Err(failure) if failure.errno() == Some(Errno::EEXIST));
    if !exists || sender == link.place {
        return Ok(false);
    }
    Ok(is_there(kernel, sender, &link.name)? && !is_there(kernel, link.place, &link.name)?)
}

/// A number that no link of either namespace has.
fn free_number(kernel: &mut Kernel, link: &NewLink) -> Result<u32> {
    let mut highest = 0;
    for place in [sender(link), link.place] {
        let links = links::all(kernel.side(place)?.route()?, place)?;
        highest = links.iter().map(|link| link.id.index).fold(highest, u32::max);
    }
    Ok(highest.saturating_add(1))
}

fn is_there(kernel: &mut Kernel, place: Place, name: &str) -> Result<bool> {
    let socket = kernel.side(place)?.route()?;
    Ok(links::by_name(socket, place, name)?.is_some())
}

/// The kernel says the same of a name that is taken and of a VLAN that is, and
/// of a parent that is missing. Fails when that can't be found out.
fn explain(kernel: &mut Kernel, link: &NewLink, failure: Failure) -> Result<Error> {
    let object = named(link.place, &link.name);
    if failure.errno() == Some(Errno::EEXIST)
        && let Some(taken) = taken_by_one(&link.settings)
        && !is_there(kernel, link.place, &link.name)?
    {
        return Ok(Error::Conflict(format!(
            "making {object}: {taken} is in use by another link"
        )));
    }
    Ok(match (failure.errno(), parent(link)) {
        (Some(Errno::ENODEV), Some(parent)) => Error::NotFound(parent.to_string()),
        (Some(Errno::EBUSY), Some(parent)) => Error::Conflict(format!(
            "making {object}: {parent} is in use in a way that leaves no room for it, as a port or by another link"
        )),
        (Some(Errno::EEXIST), _) => Error::AlreadyExists(object),
        _ => failure.during(&format!("making the {}", link.settings.kind()), object),
    })
}

/// What only one link can have.
fn taken_by_one(settings: &LinkSettings) -> Option<String> {
    match settings {
        LinkSettings::Vlan { id } => Some(format!("VLAN {id} of its parent")),
        LinkSettings::Vxlan(vxlan) => Some(format!("VXLAN {} at port {}", vxlan.id, vxlan.port)),
        _ => None,
    }
}

/// The link that it is upon, or whose packets it sends.
fn parent(link: &NewLink) -> Option<LinkId> {
    let place = link.place;
    match &link.settings {
        LinkSettings::Vxlan(vxlan) => vxlan.parent.map(|index| LinkId { place, index }),
        _ => link.parent,
    }
}

fn find(kernel: &mut Kernel, link: &NewLink) -> Result<LinkInfo> {
    let object = named(link.place, &link.name);
    let socket = kernel.side(link.place)?.route()?;
    let found = links::by_name(socket, link.place, &link.name)?.ok_or_else(|| Error::NotFound(object.clone()))?;
    let is_it = found.kind == link.settings.kind() && link.mac.is_none_or(|mac| found.mac == Some(mac));
    if is_it {
        return Ok(found);
    }
    Err(Error::Conflict(format!(
        "{object} was replaced by somebody else as soon as it was made"
    )))
}
