use std::os::fd::RawFd;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::link::{InfoData, InfoKind, InfoVeth};
use nix::{errno::Errno, libc::RTM_NEWLINK};
use rtnetlink::{LinkMessageBuilder, LinkUnspec, LinkVeth};

use super::{Kernel, bridge::check_is_ours, failure::Failure, links, port};
use crate::{
    Error, LinkId, Result, VethEnd,
    request::{self, name::named},
};

/// Makes the pair with one message, in which the kernel makes one end (the
/// main one, which alone can be given a master) in the namespace of the
/// socket, and the other in the namespace of a descriptor.
pub(super) fn create(kernel: &mut Kernel, first: &VethEnd, second: &VethEnd) -> Result<(LinkId, LinkId)> {
    request::veth(first, second)?;
    let second_is_main = second.master.is_some();
    let (main, peer) = if second_is_main {
        (second, first)
    } else {
        (first, second)
    };
    let peer_namespace = kernel.side(peer.place)?.descriptor()?;
    let request = message(main, peer, peer_namespace);
    kernel
        .side(main.place)?
        .route()?
        .change(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &request.build())
        .or_else(|failure| Err(explain(kernel, main, peer, failure)?))?;
    look_up(kernel, first, second)
}

fn message(main: &VethEnd, peer: &VethEnd, peer_namespace: RawFd) -> LinkMessageBuilder<LinkVeth> {
    let peer_message = describe(LinkMessageBuilder::<LinkUnspec>::new(), peer).setns_by_fd(peer_namespace);
    let message = describe(LinkMessageBuilder::<LinkVeth>::new_with_info_kind(InfoKind::Veth), main)
        .set_info_data(InfoData::Veth(InfoVeth::Peer(peer_message.build())));
    match main.master {
        Some(index) => message.controller(index),
        None => message,
    }
}

fn describe<T>(message: LinkMessageBuilder<T>, end: &VethEnd) -> LinkMessageBuilder<T> {
    let message = message.name(end.name.as_str()).address(end.mac.0.to_vec());
    match end.mtu {
        Some(mtu) => message.mtu(mtu),
        None => message,
    }
}

/// The kernel does not say which of the two ends, or that the master, is the
/// cause of a refusal. Fails when that can't be found out.
fn explain(kernel: &mut Kernel, main: &VethEnd, peer: &VethEnd, failure: Failure) -> Result<Error> {
    if failure.errno() == Some(Errno::EEXIST) {
        for end in [main, peer] {
            let socket = kernel.side(end.place)?.route()?;
            if links::by_name(socket, end.place, &end.name)?.is_some() {
                return Ok(Error::AlreadyExists(named(end.place, &end.name)));
            }
        }
    }
    if let Some(index) = main.master {
        let master = LinkId {
            place: main.place,
            index,
        };
        port::check_master(kernel.side(main.place)?.route()?, master, &failure)?;
    }
    Ok(failure.during(
        "making the veth pair of",
        format!(
            "{} and {}",
            named(main.place, &main.name),
            named(peer.place, &peer.name)
        ),
    ))
}

fn look_up(kernel: &mut Kernel, first: &VethEnd, second: &VethEnd) -> Result<(LinkId, LinkId)> {
    let first_link = find(kernel, first)?;
    match find(kernel, second) {
        Ok(second_link) => Ok((first_link, second_link)),
        Err(error) => {
            // An error has to leave nothing behind; if the deletion fails
            // too, the first error says more.
            let socket = kernel.side(first.place)?.route()?;
            let _ = links::delete(socket, first_link);
            Err(error)
        }
    }
}

fn find(kernel: &mut Kernel, end: &VethEnd) -> Result<LinkId> {
    let object = named(end.place, &end.name);
    let socket = kernel.side(end.place)?.route()?;
    let link = links::by_name(socket, end.place, &end.name)?.ok_or_else(|| Error::NotFound(object.clone()))?;
    check_is_ours(&link, "veth", end.mac.0, &object)?;
    Ok(link.id)
}
