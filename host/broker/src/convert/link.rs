use cofferdam_network::{LinkInfo, OperationalState};
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
