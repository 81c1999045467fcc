use std::{
    fs::OpenOptions,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::OpenOptionsExt,
    },
};

use nix::{
    errno::Errno,
    libc::{IFF_MULTI_QUEUE, IFF_NO_PI, IFF_TAP, IFF_TUN_EXCL, O_CLOEXEC, RTM_SETLINK},
};
use rtnetlink::LinkUnspec;

use super::{Kernel, links};
use crate::{Error, LinkId, LinkSettings, NewLink, Result, request::name::named, unsafe_calls};

/// What TAP devices are made with. It belongs to the namespace that the thread
/// was in which opened it.
const DEVICE: &str = "/dev/net/tun";

/// Opens what one TAP device of the calling thread's namespace can be made
/// with.
pub(super) fn open() -> io::Result<OwnedFd> {
    let device = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(O_CLOEXEC)
        .open(DEVICE)?;
    Ok(device.into())
}

/// Says why it could not be opened, and what helps. `object` is the device that
/// was to be made.
pub(super) fn not_opened(error: &io::Error, object: &str) -> Error {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOENT | Errno::ENODEV | Errno::ENXIO) => Error::Unsupported(format!(
            "making the TAP device {object}: there is no {DEVICE}, or this kernel has none (it needs CONFIG_TUN)"
        )),
        _ => Error::from_io(error, "opening", format!("{DEVICE} for {object}")),
    }
}

/// The device goes with its descriptor until it is made persistent, as the
/// last step: so it is made as a whole or not at all.
pub(super) fn create(kernel: &mut Kernel, link: &NewLink) -> Result<LinkId> {
    let object = named(link.place, &link.name);
    let LinkSettings::Tap {
        owner,
        group,
        multi_queue,
    } = link.settings
    else {
        return Err(Error::Invalid(format!("{object} is no TAP device")));
    };
    let device = kernel.side(link.place)?.take_tap(&object)?;
    let failed = |errno: Errno| match errno {
        // There is another link of that name; the kernel waits for nothing.
        Errno::EBUSY => Error::AlreadyExists(object.clone()),
        errno => Error::from_errno(errno, "making the TAP device", object.clone()),
    };
    let mut flags = IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL;
    if multi_queue {
        flags |= IFF_MULTI_QUEUE;
    }
    unsafe_calls::tun_attach(device.as_fd(), &link.name, flags).map_err(failed)?;
    if let Some(owner) = owner {
        unsafe_calls::tun_set_owner(device.as_fd(), owner).map_err(failed)?;
    }
    if let Some(group) = group {
        unsafe_calls::tun_set_group(device.as_fd(), group).map_err(failed)?;
    }
    let id = set(kernel, link)?;
    unsafe_calls::tun_persist(device.as_fd()).map_err(failed)?;
    Ok(id)
}

/// What other kinds are given in the request that makes them.
fn set(kernel: &mut Kernel, link: &NewLink) -> Result<LinkId> {
    let object = named(link.place, &link.name);
    let socket = kernel.side(link.place)?.route()?;
    let made = links::by_name(socket, link.place, &link.name)?.ok_or_else(|| Error::NotFound(object.clone()))?;
    let mut request = LinkUnspec::new_with_index(made.id.index);
    if let Some(mac) = link.mac {
        request = request.address(mac.0.to_vec());
    }
    if let Some(mtu) = link.mtu {
        request = request.mtu(mtu);
    }
    if let Some(length) = link.transmit_queue_length {
        request = request.txqueuelen(length);
    }
    socket
        .change(RTM_SETLINK, 0, &request.build())
        .map_err(|failure| failure.during("setting up", object))?;
    Ok(made.id)
}
