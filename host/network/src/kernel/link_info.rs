//! Reads what the kernel tells about a link.

use cofferdam_protocol::{MacAddress, Place};
use netlink_packet_core::{DecodeError, Emitable};
use netlink_packet_route::link::{LinkFlags, LinkHeader};
use nix::libc::{
    IFLA_ADDRESS, IFLA_ALT_IFNAME, IFLA_IFALIAS, IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_INFO_SLAVE_DATA,
    IFLA_INFO_SLAVE_KIND, IFLA_LINK, IFLA_LINK_NETNSID, IFLA_LINKINFO, IFLA_MASTER, IFLA_MTU, IFLA_OPERSTATE,
    IFLA_PERM_ADDRESS, IFLA_PROP_LIST, IFLA_TXQLEN,
};

use super::{
    attribute::{attributes, find, flag, text, unsigned},
    link_settings,
};
use crate::{LinkId, LinkInfo, OperationalState};

// `linux/if_link.h`.
const IFLA_BRPORT_MODE: u16 = 4;
const IFLA_BRPORT_ISOLATED: u16 = 33;
const IFLA_BR_VLAN_FILTERING: u16 = 7;

/// Reads the payload of an `RTM_NEWLINK` message.
pub(super) fn parse(place: Place, payload: &[u8]) -> Result<LinkInfo, DecodeError> {
    let header = LinkHeader::parse(payload)?;
    let mut link = LinkInfo {
        id: LinkId {
            place,
            index: header.index,
        },
        name: String::new(),
        kind: String::new(),
        mac: None,
        permanent_mac: None,
        mtu: 0,
        up: header.flags.contains(LinkFlags::Up),
        operational_state: OperationalState::Unknown,
        promiscuous: header.flags.contains(LinkFlags::Promisc),
        all_multicast: header.flags.contains(LinkFlags::Allmulti),
        transmit_queue_length: 0,
        alias: None,
        master: None,
        lower: None,
        lower_elsewhere: false,
        settings: None,
        hairpin: None,
        isolated: None,
        vlan_filtering: None,
    };
    for (kind, value) in attributes(body(&header, payload)) {
        read(&mut link, kind, value);
    }
    Ok(link)
}

/// The other names that a link has, each with its NUL.
pub(super) fn alternative_names(payload: &[u8]) -> Result<Vec<&[u8]>, DecodeError> {
    let header = LinkHeader::parse(payload)?;
    let properties = find(body(&header, payload), IFLA_PROP_LIST).unwrap_or_default();
    let names = attributes(properties).filter(|(kind, _)| *kind == IFLA_ALT_IFNAME);
    Ok(names.map(|(_, name)| name).collect())
}

fn body<'a>(header: &LinkHeader, payload: &'a [u8]) -> &'a [u8] {
    payload.get(header.buffer_len()..).unwrap_or_default()
}

fn read(link: &mut LinkInfo, kind: u16, value: &[u8]) {
    match kind {
        IFLA_IFNAME => link.name = text(value),
        IFLA_ADDRESS => link.mac = value.try_into().ok().map(MacAddress),
        IFLA_PERM_ADDRESS => link.permanent_mac = value.try_into().ok().map(MacAddress),
        IFLA_MTU => link.mtu = unsigned(value).unwrap_or_default(),
        IFLA_LINK => link.lower = unsigned(value).filter(|index| *index != 0),
        IFLA_LINK_NETNSID => link.lower_elsewhere = true,
        IFLA_MASTER => link.master = unsigned(value),
        IFLA_TXQLEN => link.transmit_queue_length = unsigned(value).unwrap_or_default(),
        IFLA_OPERSTATE => link.operational_state = state(value.first().copied()),
        IFLA_IFALIAS => link.alias = Some(text(value)),
        IFLA_LINKINFO => read_details(link, value),
        _ => {}
    }
}

fn read_details(link: &mut LinkInfo, info: &[u8]) {
    link.kind = find(info, IFLA_INFO_KIND).map(text).unwrap_or_default();
    let data = find(info, IFLA_INFO_DATA).unwrap_or_default();
    link.settings = link_settings::read(&link.kind, data);
    if link.kind == "bridge" {
        link.vlan_filtering = find(data, IFLA_BR_VLAN_FILTERING).and_then(flag);
    }
    let port_kind = find(info, IFLA_INFO_SLAVE_KIND).map(text);
    if port_kind.as_deref() != Some("bridge") {
        return;
    }
    let port = find(info, IFLA_INFO_SLAVE_DATA).unwrap_or_default();
    link.hairpin = find(port, IFLA_BRPORT_MODE).and_then(flag);
    link.isolated = find(port, IFLA_BRPORT_ISOLATED).and_then(flag);
}

fn state(number: Option<u8>) -> OperationalState {
    match number {
        Some(1) => OperationalState::NotPresent,
        Some(2) => OperationalState::Down,
        Some(3) => OperationalState::LowerLayerDown,
        Some(4) => OperationalState::Testing,
        Some(5) => OperationalState::Dormant,
        Some(6) => OperationalState::Up,
        _ => OperationalState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use cofferdam_protocol::Place;
    use netlink_packet_core::Emitable;
    use netlink_packet_route::link::{LinkAttribute, LinkMessage};
    use proptest::{collection::vec, prelude::*};

    use super::parse;

    #[test]
    fn an_alias_that_is_no_utf8_does_not_hide_a_link() {
        let mut message = LinkMessage::default();
        message.header.index = 3;
        message.attributes = vec![
            LinkAttribute::IfName("eth0".to_owned()),
            LinkAttribute::Other(netlink_packet_core::DefaultNla::new(20, vec![0xff, 0])),
        ];
        let mut payload = vec![0; message.buffer_len()];
        message.emit(&mut payload);
        let link = parse(Place::Container, &payload).unwrap();
        assert_eq!((link.id.index, link.name.as_str()), (3, "eth0"));
        assert_eq!(link.alias.as_deref(), Some("\u{fffd}"));
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in vec(any::<u8>(), 0..200)) {
            let _ = parse(Place::Host, &bytes);
        }
    }
}
