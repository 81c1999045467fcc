use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cofferdam_protocol::{IpPrefix, Place};
use netlink_packet_core::{DecodeError, Emitable, NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::{
    AddressFamily,
    address::{AddressAttribute, AddressFlags, AddressHeader, AddressMessage},
};
use nix::{
    errno::Errno,
    libc::{IFA_ADDRESS, IFA_FLAGS, IFA_LOCAL, RTM_DELADDR, RTM_GETADDR, RTM_NEWADDR},
};
use rtnetlink::AddressMessageBuilder;

use super::{
    attribute::{address, attributes, unsigned},
    request,
    socket::Socket,
};
use crate::{AddressInfo, LinkId, Result};

pub(super) fn of_link(socket: &mut Socket, link: LinkId) -> Result<Vec<AddressInfo>> {
    let mut request = AddressMessage::default();
    request.header.index = link.index;
    socket
        .dump(RTM_GETADDR, &request, |payload, addresses| {
            // Older kernels do not filter.
            if let Some((index, info)) = parse(payload)?
                && index == link.index
            {
                addresses.push(info);
            }
            Ok(())
        })
        .map_err(|failure| failure.upon(link, "listing", format!("the addresses of {link}")))
}

pub(super) fn of_all(socket: &mut Socket, place: Place) -> Result<Vec<AddressInfo>> {
    socket
        .dump(RTM_GETADDR, &AddressMessage::default(), |payload, addresses| {
            addresses.extend(parse(payload)?.map(|(_, info)| info));
            Ok(())
        })
        .map_err(|failure| failure.during("listing", format!("the addresses of the {place} namespace")))
}

/// Of IPv6, of which each link has one, the kernel is asked for the one; of
/// IPv4, of which the node has few, it only has lists.
pub(super) fn is_there(socket: &mut Socket, place: Place, address: IpAddr) -> Result<bool> {
    let mut request = AddressMessage::default();
    let found = match address {
        IpAddr::V4(_) => {
            request.header.family = AddressFamily::Inet;
            socket
                .dump(RTM_GETADDR, &request, |payload, found| {
                    let is_it = parse(payload)?.is_some_and(|(_, info)| info.address.address() == address);
                    found.extend(is_it.then_some(()));
                    Ok(())
                })
                .map(|found| !found.is_empty())
        }
        IpAddr::V6(_) => {
            request.header.family = AddressFamily::Inet6;
            request.attributes.push(AddressAttribute::Address(address));
            match socket.get(RTM_GETADDR, &request, |_| Ok(())) {
                Err(failure) if failure.errno() == Some(Errno::EADDRNOTAVAIL) => Ok(false),
                found => found.map(|()| true),
            }
        }
    };
    found.map_err(|failure| failure.during("looking for", format!("address {address} in the {place} namespace")))
}

pub(super) fn add(socket: &mut Socket, link: LinkId, address: IpPrefix, skip_duplicate_detection: bool) -> Result<()> {
    request::address(address)?;
    let mut request = message(link, address);
    if skip_duplicate_detection && address.is_ipv6() {
        let flags = AddressAttribute::Flags(AddressFlags::Nodad);
        request.attributes.push(flags);
    }
    socket
        .change(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &request)
        .map_err(|failure| failure.upon(link, "adding", named(link, address)))
}

pub(super) fn delete(socket: &mut Socket, link: LinkId, address: IpPrefix) -> Result<()> {
    socket
        .change(RTM_DELADDR, 0, &message(link, address))
        .map_err(|failure| failure.upon(link, "deleting", named(link, address)))
}

fn named(link: LinkId, address: IpPrefix) -> String {
    format!("address {address} of {link}")
}

/// The builder adds the broadcast address of an IPv4 network that has one.
fn message(link: LinkId, address: IpPrefix) -> AddressMessage {
    match address.address() {
        IpAddr::V4(v4) => AddressMessageBuilder::<Ipv4Addr>::new()
            .index(link.index)
            .address(v4, address.length())
            .build(),
        IpAddr::V6(v6) => AddressMessageBuilder::<Ipv6Addr>::new()
            .index(link.index)
            .address(v6, address.length())
            .build(),
    }
}

/// The address of an `RTM_NEWADDR` message, and its link.
fn parse(payload: &[u8]) -> std::result::Result<Option<(u32, AddressInfo)>, DecodeError> {
    let header = AddressHeader::parse(payload)?;
    let mut flags = u32::from(header.flags.bits());
    let (mut local, mut remote) = (None, None);
    for (kind, value) in attributes(payload.get(header.buffer_len()..).unwrap_or_default()) {
        match kind {
            IFA_LOCAL => local = address(value),
            IFA_ADDRESS => remote = address(value),
            IFA_FLAGS => flags = unsigned(value).unwrap_or(flags),
            _ => {}
        }
    }
    let flags = AddressFlags::from_bits_retain(flags);
    // Where the two differ, `IFA_ADDRESS` is the other end of the link.
    let prefix = local
        .or(remote)
        .and_then(|own| IpPrefix::new(own, header.prefix_len).ok());
    Ok(prefix.map(|address| {
        let info = AddressInfo {
            address,
            scope: header.scope.into(),
            tentative: flags.contains(AddressFlags::Tentative),
            duplicate: flags.contains(AddressFlags::Dadfailed),
        };
        (header.index, info)
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use netlink_packet_core::Emitable;
    use netlink_packet_route::address::AddressAttribute;
    use proptest::{collection::vec, prelude::*};

    use super::{LinkId, Place, message, parse};

    const LINK: LinkId = LinkId {
        place: Place::Host,
        index: 3,
    };

    #[test]
    fn an_ipv4_network_that_has_room_for_it_gets_a_broadcast_address() {
        let table = [
            ("10.22.0.2/16", Some("10.22.255.255")),
            ("10.22.0.2/30", Some("10.22.0.3")),
            ("10.22.0.2/31", None),
            ("10.22.0.2/32", None),
        ];
        for (address, expected) in table {
            let attributes = message(LINK, address.parse().unwrap()).attributes;
            let broadcast = attributes.iter().find_map(|attribute| match attribute {
                AddressAttribute::Broadcast(broadcast) => Some(broadcast.to_string()),
                _ => None,
            });
            assert_eq!(broadcast.as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn the_own_end_of_a_point_to_point_address_is_the_address() {
        let mut message = message(LINK, "10.0.0.1/32".parse().unwrap());
        for attribute in &mut message.attributes {
            if let AddressAttribute::Address(remote) = attribute {
                *remote = "10.0.0.9".parse().unwrap();
            }
        }
        let mut payload = vec![0; message.buffer_len()];
        message.emit(&mut payload);
        let (index, info) = parse(&payload).unwrap().unwrap();
        assert_eq!(index, 3);
        assert_eq!(info.address.to_string(), "10.0.0.1/32");
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in vec(any::<u8>(), 0..120)) {
            let _ = parse(&bytes);
        }
    }
}
