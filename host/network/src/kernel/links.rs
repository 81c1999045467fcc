use cofferdam_protocol::{MacAddress, Place};
use netlink_packet_core::DefaultNla;
use netlink_packet_route::link::{LinkAttribute, LinkExtentMask, LinkFlags};
use nix::{
    errno::Errno,
    libc::{RTM_DELLINK, RTM_GETLINK, RTM_SETLINK},
};
use rtnetlink::{LinkMessageBuilder, LinkUnspec};

use super::{failure::Failure, link_info, socket::Socket};
use crate::{
    LinkId, LinkInfo, Result,
    request::{
        self,
        name::{LONGEST_NAME, named},
    },
};

/// `IFLA_ALT_IFNAME` in `linux/if_link.h`.
const ALTERNATIVE_NAME: u16 = 53;

pub(super) fn by_name(socket: &mut Socket, place: Place, name: &str) -> Result<Option<LinkInfo>> {
    request::wanted_name(name)?;
    // The kernel looks for alternative names in either attribute, but the
    // first takes short ones only.
    let name_attribute = if name.len() <= LONGEST_NAME {
        LinkAttribute::IfName(name.to_owned())
    } else {
        let mut bytes = name.as_bytes().to_vec();
        bytes.push(0);
        LinkAttribute::Other(DefaultNla::new(ALTERNATIVE_NAME, bytes))
    };
    let request = without_statistics(LinkUnspecBuilder::new()).append_extra_attribute(name_attribute);
    present(socket.get(RTM_GETLINK, &request.build(), |payload| {
        link_info::parse(place, payload)
    }))
    .map_err(|failure| failure.during("looking up", named(place, name)))
}

pub(super) fn by_index(socket: &mut Socket, link: LinkId) -> Result<Option<LinkInfo>> {
    let request = without_statistics(LinkUnspec::new_with_index(link.index)).build();
    present(socket.get(RTM_GETLINK, &request, |payload| link_info::parse(link.place, payload)))
        .map_err(|failure| failure.during("looking up", link))
}

pub(super) fn all(socket: &mut Socket, place: Place) -> Result<Vec<LinkInfo>> {
    let request = without_statistics(LinkUnspecBuilder::new()).build();
    socket
        .dump(RTM_GETLINK, &request, |payload, links| {
            links.push(link_info::parse(place, payload)?);
            Ok(())
        })
        .map_err(|failure| failure.during("listing", format!("the links of the {place} namespace")))
}

pub(super) fn delete(socket: &mut Socket, link: LinkId) -> Result<()> {
    let request = LinkUnspec::new_with_index(link.index).build();
    socket
        .change(RTM_DELLINK, 0, &request)
        .map_err(|failure| failure.during("deleting", link))
}

pub(super) fn set_up(socket: &mut Socket, link: LinkId, up: bool) -> Result<()> {
    let request = LinkUnspec::new_with_index(link.index);
    if up {
        set(socket, link, request.up(), "bringing up")
    } else {
        set(socket, link, request.down(), "taking down")
    }
}

pub(super) fn set_mtu(socket: &mut Socket, link: LinkId, mtu: u32) -> Result<()> {
    let request = LinkUnspec::new_with_index(link.index).mtu(mtu);
    set(socket, link, request, "changing the MTU of")
}

pub(super) fn set_mac(socket: &mut Socket, link: LinkId, mac: MacAddress) -> Result<()> {
    request::mac(mac)?;
    let request = LinkUnspec::new_with_index(link.index).address(mac.0.to_vec());
    set(socket, link, request, "changing the MAC address of")
}

pub(super) fn set_promiscuous(socket: &mut Socket, link: LinkId, on: bool) -> Result<()> {
    let request = LinkUnspec::new_with_index(link.index).promiscuous(on);
    set(socket, link, request, "changing the promiscuous mode of")
}

pub(super) fn set_all_multicast(socket: &mut Socket, link: LinkId, on: bool) -> Result<()> {
    // The builder knows no word for it.
    let mut request = LinkUnspec::new_with_index(link.index).build();
    request.header.flags.set(LinkFlags::Allmulti, on);
    request.header.change_mask |= LinkFlags::Allmulti;
    socket
        .change(RTM_SETLINK, 0, &request)
        .map_err(|failure| failure.during("changing the all-multicast mode of", link))
}

pub(super) fn set_queue_length(socket: &mut Socket, link: LinkId, packets: u32) -> Result<()> {
    let length = LinkAttribute::TxQueueLen(packets);
    let request = LinkUnspec::new_with_index(link.index).append_extra_attribute(length);
    set(socket, link, request, "changing the transmit queue length of")
}

fn set(socket: &mut Socket, link: LinkId, request: LinkMessageBuilder<LinkUnspec>, action: &str) -> Result<()> {
    socket
        .change(RTM_SETLINK, 0, &request.build())
        .map_err(|failure| failure.during(action, link))
}

type LinkUnspecBuilder = LinkMessageBuilder<LinkUnspec>;

/// Counters make up most of what the kernel tells about a link.
fn without_statistics(request: LinkUnspecBuilder) -> LinkUnspecBuilder {
    request.append_extra_attribute(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]))
}

fn present<T>(answer: std::result::Result<T, Failure>) -> std::result::Result<Option<T>, Failure> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(failure) if failure.errno() == Some(Errno::ENODEV) => Ok(None),
        Err(failure) => Err(failure),
    }
}
