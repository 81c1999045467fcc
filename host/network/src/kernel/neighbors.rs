use std::net::IpAddr;

use cofferdam_protocol::MacAddress;
use netlink_packet_core::{DecodeError, Emitable, NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::{
    AddressFamily,
    neighbour::{NeighbourAttribute, NeighbourHeader, NeighbourMessage, NeighbourState},
};
use nix::libc::{NDA_DST, NDA_LLADDR, RTM_DELNEIGH, RTM_GETNEIGH, RTM_NEWNEIGH};

use super::{
    attribute::{address, attributes},
    socket::Socket,
};
use crate::{LinkId, Neighbor, Result};

pub(super) fn of_link(socket: &mut Socket, link: LinkId) -> Result<Vec<Neighbor>> {
    // The kernel filters by this attribute, not by the header's number.
    let mut request = NeighbourMessage::default();
    request.attributes.push(NeighbourAttribute::IfIndex(link.index));
    socket
        .dump(RTM_GETNEIGH, &request, |payload, neighbors| {
            neighbors.extend(parse(payload, link)?);
            Ok(())
        })
        .map_err(|failure| failure.upon(link, "listing", format!("the neighbours of {link}")))
}

pub(super) fn add(socket: &mut Socket, link: LinkId, neighbor: &Neighbor) -> Result<()> {
    let mut request = message(link, neighbor.address);
    request.header.state = NeighbourState::Permanent;
    let mac = neighbor.mac.0.to_vec();
    request.attributes.push(NeighbourAttribute::LinkLayerAddress(mac));
    socket
        .change(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL, &request)
        .map_err(|failure| failure.upon(link, "adding", named(link, neighbor)))
}

pub(super) fn delete(socket: &mut Socket, link: LinkId, neighbor: &Neighbor) -> Result<()> {
    socket
        .change(RTM_DELNEIGH, 0, &message(link, neighbor.address))
        .map_err(|failure| failure.upon(link, "deleting", named(link, neighbor)))
}

fn named(link: LinkId, neighbor: &Neighbor) -> String {
    format!("neighbour {} of {link}", neighbor.address)
}

fn message(link: LinkId, address: IpAddr) -> NeighbourMessage {
    let mut message = NeighbourMessage::default();
    message.header.family = if address.is_ipv6() {
        AddressFamily::Inet6
    } else {
        AddressFamily::Inet
    };
    message.header.ifindex = link.index;
    message.attributes.push(NeighbourAttribute::Destination(address.into()));
    message
}

/// The permanent neighbour of an `RTM_NEWNEIGH` message, if it is one of the
/// link.
fn parse(payload: &[u8], link: LinkId) -> std::result::Result<Option<Neighbor>, DecodeError> {
    let header = NeighbourHeader::parse(payload)?;
    if header.ifindex != link.index || header.state != NeighbourState::Permanent {
        return Ok(None);
    }
    let (mut ip, mut mac) = (None, None);
    for (kind, value) in attributes(payload.get(header.buffer_len()..).unwrap_or_default()) {
        match kind {
            NDA_DST => ip = address(value),
            NDA_LLADDR => mac = value.try_into().ok().map(MacAddress),
            _ => {}
        }
    }
    Ok(ip.zip(mac).map(|(address, mac)| Neighbor { address, mac }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use cofferdam_protocol::Place;
    use proptest::{collection::vec, prelude::*};

    use super::{LinkId, parse};

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in vec(any::<u8>(), 0..120)) {
            let link = LinkId { place: Place::Host, index: 3 };
            let _ = parse(&bytes, link);
        }
    }
}
