//! VLANs of bridge ports: what `bridge vlan` does, by the attributes in
//! `IFLA_AF_SPEC` of messages of the family `AF_BRIDGE`, by the numbers of
//! `linux/if_bridge.h`.

use netlink_packet_core::{DecodeError, DefaultNla, Emitable};
use netlink_packet_route::{
    AddressFamily,
    link::{LinkAttribute, LinkHeader, LinkMessage},
};
use nix::{
    errno::Errno,
    libc::{IFLA_AF_SPEC, IFLA_EXT_MASK, RTM_DELLINK, RTM_GETLINK, RTM_SETLINK},
};

use super::{
    attribute::{attributes, find},
    failure::Failure,
    links,
    socket::Socket,
};
use crate::{Error, LinkId, PortVlans, Result, VlanRange};

const IFLA_BRIDGE_VLAN_INFO: u16 = 2;
const PVID: u16 = 1 << 1;
const UNTAGGED: u16 = 1 << 2;
const RANGE_BEGIN: u16 = 1 << 3;
const RANGE_END: u16 = 1 << 4;
/// `RTEXT_FILTER_BRVLAN_COMPRESSED`: VLANs, in ranges.
const VLANS_IN_RANGES: u32 = 1 << 2;

/// The VLANs of a port.
pub(super) fn of_port(socket: &mut Socket, link: LinkId) -> Result<PortVlans> {
    let mut request = message(0);
    let mask = DefaultNla::new(IFLA_EXT_MASK, VLANS_IN_RANGES.to_ne_bytes().to_vec());
    request.attributes.push(LinkAttribute::Other(mask));
    let ranges = socket
        .dump(RTM_GETLINK, &request, |payload, ranges| {
            if let Some(specification) = of_link(payload, link.index)? {
                ranges.extend(read(specification));
            }
            Ok(())
        })
        .map_err(|failure| failure.during("listing the VLANs of", link))?;
    PortVlans::new(ranges)
}

/// Gives a port these VLANs and no others. What can't be done is taken back as
/// far as it was done.
pub(super) fn set(socket: &mut Socket, link: LinkId, vlans: &PortVlans) -> Result<()> {
    let before = of_port(socket, link)?;
    let done = replace(socket, link.index, &before, vlans);
    done.or_else(|failure| {
        // The first failure says more.
        if let Ok(present) = of_port(socket, link) {
            let _ = replace(socket, link.index, &present, &before);
        }
        Err(explain(socket, link, failure)?)
    })
}

/// What is new comes first, so that untagged frames always have a VLAN.
fn replace(socket: &mut Socket, port: u32, before: &PortVlans, after: &PortVlans) -> std::result::Result<(), Failure> {
    let other: Vec<VlanRange> = after
        .ranges()
        .iter()
        .filter(|range| !before.ranges().contains(range))
        .copied()
        .collect();
    change(socket, RTM_SETLINK, port, &other)?;
    let gone: Vec<VlanRange> = before
        .beyond(after)
        .into_iter()
        .map(|(first, last)| VlanRange {
            first,
            last,
            pvid: false,
            untagged: false,
        })
        .collect();
    change(socket, RTM_DELLINK, port, &gone)
}

fn change(socket: &mut Socket, kind: u16, port: u32, ranges: &[VlanRange]) -> std::result::Result<(), Failure> {
    if ranges.is_empty() {
        return Ok(());
    }
    let mut request = message(port);
    let specification = DefaultNla::new(IFLA_AF_SPEC, write(ranges));
    request.attributes.push(LinkAttribute::Other(specification));
    socket.change(kind, 0, &request)
}

fn message(port: u32) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.header.interface_family = AddressFamily::Bridge;
    message.header.index = port;
    message
}

/// The kernel has one number for several reasons.
fn explain(socket: &mut Socket, link: LinkId, failure: Failure) -> Result<Error> {
    const ACTION: &str = "changing the VLANs of";
    if !matches!(failure.errno(), Some(Errno::EOPNOTSUPP | Errno::EINVAL)) {
        return Ok(failure.during(ACTION, link));
    }
    let Some(info) = links::by_index(socket, link)? else {
        return Ok(Error::NotFound(link.to_string()));
    };
    if info.hairpin.is_none() {
        let text = format!("{ACTION} {link}: it is not a port of a bridge");
        return Ok(Error::Conflict(text));
    }
    if failure.errno() == Some(Errno::EOPNOTSUPP) {
        return Ok(Error::Unsupported(format!(
            "{ACTION} {link}: this kernel has no bridges that filter by VLAN (it needs CONFIG_BRIDGE_VLAN_FILTERING)"
        )));
    }
    Ok(failure.during(ACTION, link))
}

/// The specification of a link in an `RTM_NEWLINK` message, if it is of this
/// link.
fn of_link(payload: &[u8], index: u32) -> std::result::Result<Option<&[u8]>, DecodeError> {
    let header = LinkHeader::parse(payload)?;
    let body = payload.get(header.buffer_len()..).unwrap_or_default();
    Ok((header.index == index).then(|| find(body, IFLA_AF_SPEC)).flatten())
}

fn read(specification: &[u8]) -> Vec<VlanRange> {
    let mut ranges = Vec::new();
    let mut begun = None;
    for (_, value) in attributes(specification).filter(|(kind, _)| *kind == IFLA_BRIDGE_VLAN_INFO) {
        let Some([low, high, vlan_low, vlan_high]) = value.first_chunk() else {
            continue;
        };
        let flags = u16::from_ne_bytes([*low, *high]);
        let vlan = u16::from_ne_bytes([*vlan_low, *vlan_high]);
        if flags & RANGE_BEGIN != 0 {
            begun = Some(vlan);
            continue;
        }
        let first = begun.take().filter(|_| flags & RANGE_END != 0);
        ranges.push(VlanRange {
            first: first.unwrap_or(vlan),
            last: vlan,
            pvid: flags & PVID != 0,
            untagged: flags & UNTAGGED != 0,
        });
    }
    ranges
}

fn write(ranges: &[VlanRange]) -> Vec<u8> {
    let mut infos = Vec::with_capacity(ranges.len());
    for range in ranges {
        let pvid = if range.pvid { PVID } else { 0 };
        let flags = pvid | if range.untagged { UNTAGGED } else { 0 };
        if range.first == range.last {
            infos.push(info(flags, range.first));
        } else {
            infos.push(info(flags | RANGE_BEGIN, range.first));
            infos.push(info(flags | RANGE_END, range.last));
        }
    }
    let mut bytes = vec![0; infos.as_slice().buffer_len()];
    infos.as_slice().emit(&mut bytes);
    bytes
}

fn info(flags: u16, vlan: u16) -> DefaultNla {
    DefaultNla::new(
        IFLA_BRIDGE_VLAN_INFO,
        [flags.to_ne_bytes(), vlan.to_ne_bytes()].concat(),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let range = |first, last, pvid, untagged| VlanRange {
            first,
            last,
            pvid,
            untagged,
        };
        let ranges = [
            range(1, 1, false, true),
            range(10, 10, true, true),
            range(20, 29, false, false),
            range(4000, 4094, false, true),
        ];
        assert_eq!(read(&write(&ranges)), ranges);
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
            let _ = of_link(&bytes, 1);
        }
    }
}
