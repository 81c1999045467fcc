//! What kinds of links are set to, as the kernel writes it: the attributes in
//! `IFLA_INFO_DATA`, by the numbers of `linux/if_link.h`.

use std::net::IpAddr;

use netlink_packet_core::{DefaultNla, Emitable};

use super::attribute::{address, find, flag, unsigned};
use crate::{IpvlanIsolation, IpvlanMode, LinkSettings, MacvlanMode, Vxlan};

const IFLA_MACVLAN_MODE: u16 = 1;
const IFLA_MACVLAN_BC_QUEUE_LEN: u16 = 7;
const IFLA_IPVLAN_MODE: u16 = 1;
const IFLA_IPVLAN_FLAGS: u16 = 2;
const IFLA_VLAN_ID: u16 = 1;
const IFLA_VLAN_PROTOCOL: u16 = 5;
const IFLA_VRF_TABLE: u16 = 1;
const IFLA_TUN_OWNER: u16 = 1;
const IFLA_TUN_GROUP: u16 = 2;
const IFLA_TUN_TYPE: u16 = 3;
const IFLA_TUN_MULTI_QUEUE: u16 = 7;
const IFLA_VXLAN_ID: u16 = 1;
const IFLA_VXLAN_GROUP: u16 = 2;
const IFLA_VXLAN_LINK: u16 = 3;
const IFLA_VXLAN_LOCAL: u16 = 4;
const IFLA_VXLAN_TTL: u16 = 5;
const IFLA_VXLAN_LEARNING: u16 = 7;
const IFLA_VXLAN_PORT: u16 = 15;
const IFLA_VXLAN_GROUP6: u16 = 16;
const IFLA_VXLAN_LOCAL6: u16 = 17;

const MACVLAN_MODES: [(MacvlanMode, u32); 4] = [
    (MacvlanMode::Private, 1),
    (MacvlanMode::Vepa, 2),
    (MacvlanMode::Bridge, 4),
    (MacvlanMode::Passthru, 8),
];
const IPVLAN_MODES: [(IpvlanMode, u16); 3] = [(IpvlanMode::L2, 0), (IpvlanMode::L3, 1), (IpvlanMode::L3s, 2)];
const IPVLAN_FLAGS: [(IpvlanIsolation, u16); 3] = [
    (IpvlanIsolation::None, 0),
    (IpvlanIsolation::Private, 1),
    (IpvlanIsolation::Vepa, 2),
];
/// `ETH_P_8021Q`.
const VLAN_BY_802_1Q: u16 = 0x8100;
/// `IFF_TAP`.
const TAP: u8 = 2;

/// The attributes of a link that is to be made. Of a TAP device there are
/// none: it is made otherwise.
pub(super) fn write(settings: &LinkSettings) -> Vec<u8> {
    let attributes = match settings {
        LinkSettings::Macvlan {
            mode,
            broadcast_queue_length,
        } => {
            let mut attributes = vec![number(IFLA_MACVLAN_MODE, number_of(&MACVLAN_MODES, *mode))];
            attributes.extend(broadcast_queue_length.map(|length| number(IFLA_MACVLAN_BC_QUEUE_LEN, length)));
            attributes
        }
        LinkSettings::Ipvlan { mode, isolation } => vec![
            short(IFLA_IPVLAN_MODE, number_of(&IPVLAN_MODES, *mode)),
            short(IFLA_IPVLAN_FLAGS, number_of(&IPVLAN_FLAGS, *isolation)),
        ],
        LinkSettings::Vlan { id } => vec![short(IFLA_VLAN_ID, *id)],
        LinkSettings::Vrf { table } => vec![number(IFLA_VRF_TABLE, *table)],
        LinkSettings::Vxlan(vxlan) => write_vxlan(vxlan),
        LinkSettings::Dummy | LinkSettings::Ifb | LinkSettings::Tap { .. } => Vec::new(),
    };
    let mut bytes = vec![0; attributes.as_slice().buffer_len()];
    attributes.as_slice().emit(&mut bytes);
    bytes
}

fn write_vxlan(vxlan: &Vxlan) -> Vec<DefaultNla> {
    let mut attributes = vec![
        number(IFLA_VXLAN_ID, vxlan.id),
        DefaultNla::new(IFLA_VXLAN_PORT, vxlan.port.to_be_bytes().to_vec()),
        DefaultNla::new(IFLA_VXLAN_TTL, vec![vxlan.ttl]),
        DefaultNla::new(IFLA_VXLAN_LEARNING, vec![vxlan.learning.into()]),
    ];
    attributes.extend(vxlan.parent.map(|index| number(IFLA_VXLAN_LINK, index)));
    attributes.extend(
        vxlan
            .local
            .map(|local| either(IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6, local)),
    );
    attributes.extend(
        vxlan
            .group
            .map(|group| either(IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6, group)),
    );
    attributes
}

fn read_vxlan(data: &[u8]) -> Option<Vxlan> {
    let of = |ipv4, ipv6| find(data, ipv4).or_else(|| find(data, ipv6)).and_then(address);
    Some(Vxlan {
        id: find(data, IFLA_VXLAN_ID).and_then(unsigned)?,
        port: u16::from_be_bytes(*find(data, IFLA_VXLAN_PORT)?.first_chunk()?),
        parent: find(data, IFLA_VXLAN_LINK)
            .and_then(unsigned)
            .filter(|index| *index != 0),
        local: of(IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6),
        group: of(IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6),
        ttl: find(data, IFLA_VXLAN_TTL)
            .and_then(<[u8]>::first)
            .copied()
            .unwrap_or_default(),
        learning: find(data, IFLA_VXLAN_LEARNING).and_then(flag).unwrap_or_default(),
    })
}

/// Reads the attributes of a link of a kind. `None` for kinds and modes that
/// are not made here.
pub(super) fn read(kind: &str, data: &[u8]) -> Option<LinkSettings> {
    let long = |attribute| find(data, attribute).and_then(unsigned);
    let short = |attribute| Some(u16::from_ne_bytes(*find(data, attribute)?.first_chunk()?));
    match kind {
        "macvlan" => Some(LinkSettings::Macvlan {
            mode: of_number(&MACVLAN_MODES, long(IFLA_MACVLAN_MODE)?)?,
            broadcast_queue_length: long(IFLA_MACVLAN_BC_QUEUE_LEN),
        }),
        "ipvlan" => Some(LinkSettings::Ipvlan {
            mode: of_number(&IPVLAN_MODES, short(IFLA_IPVLAN_MODE)?)?,
            isolation: of_number(&IPVLAN_FLAGS, short(IFLA_IPVLAN_FLAGS).unwrap_or_default())?,
        }),
        "vlan" => {
            let protocol = find(data, IFLA_VLAN_PROTOCOL).and_then(<[u8]>::first_chunk);
            let is_802_1q = protocol.is_none_or(|bytes| u16::from_be_bytes(*bytes) == VLAN_BY_802_1Q);
            is_802_1q.then_some(LinkSettings::Vlan {
                id: short(IFLA_VLAN_ID)?,
            })
        }
        "dummy" => Some(LinkSettings::Dummy),
        "ifb" => Some(LinkSettings::Ifb),
        "vrf" => Some(LinkSettings::Vrf {
            table: long(IFLA_VRF_TABLE)?,
        }),
        "tun" => {
            let is_tap = find(data, IFLA_TUN_TYPE).and_then(<[u8]>::first) == Some(&TAP);
            is_tap.then(|| LinkSettings::Tap {
                owner: long(IFLA_TUN_OWNER),
                group: long(IFLA_TUN_GROUP),
                multi_queue: find(data, IFLA_TUN_MULTI_QUEUE).and_then(flag).unwrap_or_default(),
            })
        }
        "vxlan" => read_vxlan(data).map(LinkSettings::Vxlan),
        _ => None,
    }
}

/// An address, in the attribute of its family.
fn either(ipv4: u16, ipv6: u16, address: IpAddr) -> DefaultNla {
    match address {
        IpAddr::V4(address) => DefaultNla::new(ipv4, address.octets().to_vec()),
        IpAddr::V6(address) => DefaultNla::new(ipv6, address.octets().to_vec()),
    }
}

fn number(kind: u16, value: u32) -> DefaultNla {
    DefaultNla::new(kind, value.to_ne_bytes().to_vec())
}

fn short(kind: u16, value: u16) -> DefaultNla {
    DefaultNla::new(kind, value.to_ne_bytes().to_vec())
}

fn number_of<T: PartialEq, N: Copy + Default>(table: &[(T, N)], wanted: T) -> N {
    let found = table.iter().find(|(value, _)| *value == wanted);
    found.map(|(_, number)| *number).unwrap_or_default()
}

fn of_number<T: Copy, N: PartialEq>(table: &[(T, N)], wanted: N) -> Option<T> {
    let found = table.iter().find(|(_, number)| *number == wanted);
    found.map(|(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let mut all = vec![
            LinkSettings::Vlan { id: 4094 },
            LinkSettings::Dummy,
            LinkSettings::Ifb,
            LinkSettings::Vrf { table: 70_000 },
        ];
        for (mode, _) in MACVLAN_MODES {
            all.push(LinkSettings::Macvlan {
                mode,
                broadcast_queue_length: Some(17),
            });
        }
        for (mode, _) in IPVLAN_MODES {
            for (isolation, _) in IPVLAN_FLAGS {
                all.push(LinkSettings::Ipvlan { mode, isolation });
            }
        }
        for (local, group) in [
            (None, None),
            (Some("192.0.2.1"), None),
            (Some("2001:db8::1"), Some("ff05::5")),
        ] {
            let address = |text: &str| text.parse().ok();
            all.push(LinkSettings::Vxlan(Vxlan {
                id: 0x00ff_fffe,
                port: 4789,
                parent: group.map(|_| 5),
                local: local.and_then(address),
                group: group.and_then(address),
                ttl: 7,
                learning: group.is_some(),
            }));
        }
        for settings in all {
            assert_eq!(read(settings.kind(), &write(&settings)), Some(settings));
        }
    }

    #[test]
    fn a_tun_device_that_is_no_tap_has_no_settings_here() {
        let data = |kind: u8| {
            let attributes = [DefaultNla::new(IFLA_TUN_TYPE, vec![kind])];
            let mut bytes = vec![0; attributes.as_slice().buffer_len()];
            attributes.as_slice().emit(&mut bytes);
            bytes
        };
        assert_eq!(read("tun", &data(1)), None);
        assert!(read("tun", &data(TAP)).is_some());
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in vec(any::<u8>(), 0..80)) {
            for kind in ["macvlan", "ipvlan", "vlan", "vrf", "tun", "vxlan", "veth"] {
                let _ = read(kind, &bytes);
            }
        }
    }
}
