use cofferdam_network::{IpvlanIsolation, IpvlanMode, LinkInfo, LinkSettings, MacvlanMode, OperationalState};
use cofferdam_sandbox::bindings::cofferdam::cni::links as wit;

use super::wit_mac_address;

/// `master` is the master's name where the guest may see it.
pub(crate) fn link_info(info: LinkInfo, master: Option<String>) -> wit::LinkInfo {
    wit::LinkInfo {
        name: info.name,
        kind: info.kind,
        mac: info.mac.map(wit_mac_address),
        mtu: info.mtu,
        up: info.up,
        operational_state: operational_state(info.operational_state),
        promiscuous: info.promiscuous,
        all_multicast: info.all_multicast,
        transmit_queue_length: info.transmit_queue_length,
        alias: info.alias,
        master,
        hairpin: info.hairpin,
        isolated: info.isolated,
    }
}

fn operational_state(state: OperationalState) -> wit::OperationalState {
    match state {
        OperationalState::Unknown => wit::OperationalState::Unknown,
        OperationalState::NotPresent => wit::OperationalState::NotPresent,
        OperationalState::Down => wit::OperationalState::Down,
        OperationalState::LowerLayerDown => wit::OperationalState::LowerLayerDown,
        OperationalState::Testing => wit::OperationalState::Testing,
        OperationalState::Dormant => wit::OperationalState::Dormant,
        OperationalState::Up => wit::OperationalState::Up,
    }
}

pub(crate) fn link_settings(settings: &wit::LinkSettings) -> LinkSettings {
    match settings {
        wit::LinkSettings::Macvlan(macvlan) => LinkSettings::Macvlan {
            mode: match macvlan.mode {
                wit::MacvlanMode::Bridge => MacvlanMode::Bridge,
                wit::MacvlanMode::Private => MacvlanMode::Private,
                wit::MacvlanMode::Vepa => MacvlanMode::Vepa,
                wit::MacvlanMode::Passthru => MacvlanMode::Passthru,
            },
            broadcast_queue_length: macvlan.broadcast_queue_length,
        },
        wit::LinkSettings::Ipvlan(ipvlan) => LinkSettings::Ipvlan {
            mode: match ipvlan.mode {
                wit::IpvlanMode::L2 => IpvlanMode::L2,
                wit::IpvlanMode::L3 => IpvlanMode::L3,
                wit::IpvlanMode::L3s => IpvlanMode::L3s,
            },
            isolation: match ipvlan.isolation {
                wit::IpvlanIsolation::None => IpvlanIsolation::None,
                wit::IpvlanIsolation::Private => IpvlanIsolation::Private,
                wit::IpvlanIsolation::Vepa => IpvlanIsolation::Vepa,
            },
        },
        wit::LinkSettings::Vlan(vlan) => LinkSettings::Vlan { id: vlan.id },
        wit::LinkSettings::Dummy => LinkSettings::Dummy,
        wit::LinkSettings::Ifb => LinkSettings::Ifb,
        wit::LinkSettings::Vrf(vrf) => LinkSettings::Vrf { table: vrf.table },
        wit::LinkSettings::Tap(tap) => LinkSettings::Tap {
            owner: tap.owner,
            group: tap.group,
            multi_queue: tap.multi_queue,
        },
    }
}

/// Absent for kinds that the contract has another function for.
pub(crate) fn wit_link_settings(settings: &LinkSettings) -> Option<wit::LinkSettings> {
    Some(match settings {
        LinkSettings::Macvlan {
            mode,
            broadcast_queue_length,
        } => wit::LinkSettings::Macvlan(wit::MacvlanSettings {
            mode: match mode {
                MacvlanMode::Bridge => wit::MacvlanMode::Bridge,
                MacvlanMode::Private => wit::MacvlanMode::Private,
                MacvlanMode::Vepa => wit::MacvlanMode::Vepa,
                MacvlanMode::Passthru => wit::MacvlanMode::Passthru,
            },
            broadcast_queue_length: *broadcast_queue_length,
        }),
        LinkSettings::Ipvlan { mode, isolation } => wit::LinkSettings::Ipvlan(wit::IpvlanSettings {
            mode: match mode {
                IpvlanMode::L2 => wit::IpvlanMode::L2,
                IpvlanMode::L3 => wit::IpvlanMode::L3,
                IpvlanMode::L3s => wit::IpvlanMode::L3s,
            },
            isolation: match isolation {
                IpvlanIsolation::None => wit::IpvlanIsolation::None,
                IpvlanIsolation::Private => wit::IpvlanIsolation::Private,
                IpvlanIsolation::Vepa => wit::IpvlanIsolation::Vepa,
            },
        }),
        LinkSettings::Vlan { id } => wit::LinkSettings::Vlan(wit::VlanSettings { id: *id }),
        LinkSettings::Dummy => wit::LinkSettings::Dummy,
        LinkSettings::Ifb => wit::LinkSettings::Ifb,
        LinkSettings::Vrf { table } => wit::LinkSettings::Vrf(wit::VrfSettings { table: *table }),
        LinkSettings::Tap {
            owner,
            group,
            multi_queue,
        } => wit::LinkSettings::Tap(wit::TapSettings {
            owner: *owner,
            group: *group,
            multi_queue: *multi_queue,
        }),
        LinkSettings::Vxlan(_) => return None,
    })
}
