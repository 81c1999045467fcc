//! The nodes that a VXLAN sends frames to whose receiver it does not know: its
//! forwarding entries for the address 00:00:00:00:00:00.

use std::net::IpAddr;

use netlink_packet_core::{DecodeError, Emitable, NLM_F_APPEND, NLM_F_CREATE};
use netlink_packet_route::{
    AddressFamily,
    neighbour::{NeighbourAttribute, NeighbourFlags, NeighbourHeader, NeighbourMessage, NeighbourState},
};
use nix::libc::{NDA_DST, NDA_LLADDR, RTM_DELNEIGH, RTM_GETNEIGH, RTM_NEWNEIGH};

use super::{
    attribute::{address, attributes},
    links,
    socket::Socket,
};
use crate::{Error, LinkId, Result};

const ANYBODY: [u8; 6] = [0; 6];

pub(super) fn of_link(socket: &mut Socket, link: LinkId) -> Result<Vec<IpAddr>> {
    let mut request = NeighbourMessage::default();
    request.header.family = AddressFamily::Bridge;
    request.header.ifindex = link.index;
    socket
        .dump(RTM_GETNEIGH, &request, |payload, peers| {
            peers.extend(parse(payload, link)?);
            Ok(())
        })
        .map_err(|failure| failure.upon(link, "listing", format!("the peers of {link}")))
}

/// One that is there already is no error.
pub(super) fn add(socket: &mut Socket, link: LinkId, peer: IpAddr) -> Result<()> {
    require_vxlan(socket, link)?;
    socket
        .change(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_APPEND, &message(link, peer))
        .map_err(|failure| failure.upon(link, "adding", named(link, peer)))
}

pub(super) fn delete(socket: &mut Socket, link: LinkId, peer: IpAddr) -> Result<()> {
    require_vxlan(socket, link)?;
    // Where there are others the kernel does not tell.
    if !of_link(socket, link)?.contains(&peer) {
        return Err(Error::NotFound(named(link, peer)));
    }
    socket
        .change(RTM_DELNEIGH, 0, &message(link, peer))
        .map_err(|failure| failure.upon(link, "deleting", named(link, peer)))
}

/// Of other links the kernel takes such an entry, too, for an Ethernet address
/// of their own.
fn require_vxlan(socket: &mut Socket, link: LinkId) -> Result<()> {
    match links::by_index(socket, link)? {
        Some(info) if info.kind == "vxlan" => Ok(()),
        Some(_) => Err(Error::Conflict(format!("{link} is not a VXLAN, so it has no peers"))),
        None => Err(Error::NotFound(link.to_string())),
    }
}

fn named(link: LinkId, peer: IpAddr) -> String {
    format!("peer {peer} of {link}")
}

fn message(link: LinkId, peer: IpAddr) -> NeighbourMessage {
    let mut message = NeighbourMessage::default();
    message.header.family = AddressFamily::Bridge;
    message.header.ifindex = link.index;
    message.header.flags = NeighbourFlags::Own;
    message.header.state = NeighbourState::Permanent;
    message
        .attributes
        .push(NeighbourAttribute::LinkLayerAddress(ANYBODY.to_vec()));
    message.attributes.push(NeighbourAttribute::Destination(peer.into()));
    message
}

/// The peer of an `RTM_NEWNEIGH` message, if it is one of the link.
fn parse(payload: &[u8], link: LinkId) -> std::result::Result<Option<IpAddr>, DecodeError> {
    let header = NeighbourHeader::parse(payload)?;
    if header.ifindex != link.index || !header.flags.contains(NeighbourFlags::Own) {
        return Ok(None);
    }
    let (mut peer, mut is_for_anybody) = (None, false);
    for (kind, value) in attributes(payload.get(header.buffer_len()..).unwrap_or_default()) {
        match kind {
            NDA_DST => peer = address(value),
            NDA_LLADDR => is_for_anybody = value == ANYBODY,
            _ => {}
        }
    }
    Ok(peer.filter(|_| is_for_anybody))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use cofferdam_protocol::Place;
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let link = LinkId {
            place: Place::Host,
            index: 3,
        };
        for peer in ["192.0.2.7", "2001:db8::7"] {
            let peer: IpAddr = peer.parse().unwrap();
            let message = message(link, peer);
            let mut bytes = vec![0; message.buffer_len()];
            message.emit(&mut bytes);
            assert_eq!(parse(&bytes, link).unwrap(), Some(peer));
            assert_eq!(parse(&bytes, LinkId { index: 4, ..link }).unwrap(), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in vec(any::<u8>(), 0..120)) {
            let link = LinkId { place: Place::Host, index: 3 };
            let _ = parse(&bytes, link);
        }
    }
}
