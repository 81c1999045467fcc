use std::{os::fd::RawFd, path::Path};

use cofferdam_protocol::Place;
use netlink_packet_core::DefaultNla;
use netlink_packet_route::link::LinkAttribute;
use nix::{
    errno::Errno,
    libc::{IFLA_IFALIAS, RTM_SETLINK},
};
use rtnetlink::LinkUnspec;

use super::{
    Kernel, alternative_names,
    failure::Failure,
    links,
    sysfs::{self, Found},
};
use crate::{
    DeviceSelector, Error, FoundDevice, LinkId, LinkInfo, Result,
    request::{self, name::named},
};

/// The links of a device in the node's namespace.
pub(super) fn find(kernel: &mut Kernel, sysfs: &Path, selector: &DeviceSelector) -> Result<FoundDevice> {
    let socket = kernel.side(Place::Host)?.route()?;
    let found = match selector {
        DeviceSelector::Name(name) => {
            let link = links::by_name(socket, Place::Host, name)?;
            link.filter(|link| link.name == *name).into_iter().collect()
        }
        DeviceSelector::Mac(mac) => {
            let mut links = links::all(socket, Place::Host)?;
            links.retain(|link| link.mac == Some(*mac));
            links
        }
        selector => match sysfs::find(sysfs, selector)? {
            Found::Userspace(address) => return Ok(FoundDevice::Userspace(address)),
            Found::Links(names) => {
                let mut found = Vec::with_capacity(names.len());
                for (name, number) in names {
                    let link = links::by_name(socket, Place::Host, &name)?;
                    // What is mounted there may be about another namespace,
                    // with another link of that name.
                    let is_it = |link: &LinkInfo| number.is_none_or(|number| link.id.index == number);
                    found.extend(link.filter(is_it));
                }
                found
            }
        },
    };
    if found.is_empty() {
        return Err(Error::NotFound(selector.to_string()));
    }
    Ok(FoundDevice::Links(found))
}

/// Moves and renames with one message, so that nobody sees half of it. The
/// kernel takes the link down, and its addresses and routes away.
pub(super) fn shift(kernel: &mut Kernel, link: LinkId, to: Place, name: &str, alias: &str) -> Result<LinkId> {
    request::moved(name, alias)?;
    let info = links::by_index(kernel.socket_of(link)?, link)?.ok_or_else(|| Error::NotFound(link.to_string()))?;
    refuse_taken(kernel, to, name, &info)?;
    let target = if to == link.place {
        None
    } else {
        Some(kernel.side(to)?.descriptor()?)
    };
    let wanted = Some(name).filter(|name| target.is_some() || info.name != *name);
    let mut answer = request(kernel, link, target, wanted, alias)?;
    if is_refused_for_another_name(&answer) && to == Place::Host && alternative_names::drop_taken(kernel, &info, to)? {
        answer = request(kernel, link, target, wanted, alias)?;
    }
    if let Err(failure) = answer {
        return Err(refused(kernel, &info, to, name, failure));
    }
    let moved = links::by_name(kernel.side(to)?.route()?, to, name)?;
    let moved = moved.filter(|moved| is_same(&info, moved));
    let moved = moved.ok_or_else(|| in_doubt(&info, &format!("{} is not it", named(to, name))))?;
    Ok(moved.id)
}

type Answer = std::result::Result<(), Failure>;

/// Without a name it keeps its own: before 6.2 the kernel gives none to a link
/// that is up, be it the same.
fn request(
    kernel: &mut Kernel,
    link: LinkId,
    target: Option<RawFd>,
    name: Option<&str>,
    alias: &str,
) -> Result<Answer> {
    // The builder would end it with a NUL, which would be an alias as well.
    let alias = LinkAttribute::Other(DefaultNla::new(IFLA_IFALIAS, alias.as_bytes().to_vec()));
    let mut message = LinkUnspec::new_with_index(link.index).append_extra_attribute(alias);
    if let Some(name) = name {
        message = message.name(name);
    }
    if let Some(target) = target {
        message = message.setns_by_fd(target);
    }
    Ok(kernel.socket_of(link)?.change(RTM_SETLINK, 0, &message.build()))
}

/// The kernel would move the link first and then see that it can't rename it.
fn refuse_taken(kernel: &mut Kernel, to: Place, name: &str, info: &LinkInfo) -> Result<()> {
    let other = links::by_name(kernel.side(to)?.route()?, to, name)?;
    match other {
        Some(other) if other.id != info.id => Err(Error::AlreadyExists(named(to, name))),
        _ => Ok(()),
    }
}

fn is_refused_for_another_name(answer: &Answer) -> bool {
    matches!(answer, Err(failure) if failure.errno() == Some(Errno::EEXIST))
}

/// A link that was moved and could not be renamed, since somebody took the
/// name meanwhile, is moved back.
fn refused(kernel: &mut Kernel, info: &LinkInfo, to: Place, name: &str, failure: Failure) -> Error {
    let is_taken = failure.errno() == Some(Errno::EEXIST);
    let error = if is_taken {
        Error::AlreadyExists(format!("{}, or another name of it", named(to, name)))
    } else {
        failure.during("moving", format!("link {:?} to the {to} namespace", info.name))
    };
    match return_half_moved(kernel, info, to) {
        Ok(()) => error,
        Err(further) => in_doubt(info, &format!("{error}, and it could not be moved back: {further}")),
    }
}

fn return_half_moved(kernel: &mut Kernel, info: &LinkInfo, to: Place) -> Result<()> {
    if to == info.id.place || links::by_index(kernel.socket_of(info.id)?, info.id)?.is_some() {
        return Ok(());
    }
    let there = links::all(kernel.side(to)?.route()?, to)?;
    let moved = there.iter().find(|link| is_same(info, link) && link.name == info.name);
    let moved = moved.ok_or_else(|| Error::NotFound(named(to, &info.name)))?;
    let home = kernel.side(info.id.place)?.descriptor()?;
    let alias = info.alias.clone().unwrap_or_default();
    request(kernel, moved.id, Some(home), Some(&info.name), &alias)?
        .map_err(|failure| failure.during("moving back", named(to, &info.name)))
}

/// The kernel may have moved it.
fn in_doubt(info: &LinkInfo, what: &str) -> Error {
    Error::Os {
        errno: Errno::EINTR,
        context: format!("moving link {:?}: {what}", info.name),
    }
}

fn is_same(one: &LinkInfo, other: &LinkInfo) -> bool {
    one.kind == other.kind && one.mac == other.mac && one.permanent_mac == other.permanent_mac
}
