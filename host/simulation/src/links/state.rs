//! Whether links are ready to pass packets, which follows from others.

use cofferdam_network::{LinkId, LinkInfo, OperationalState};
use cofferdam_protocol::Place;

use crate::{Sides, side::is_loopback};

impl Sides {
    /// Tells of every link whether it is ready, after anything may have
    /// changed that.
    pub(crate) fn settle(&mut self) {
        let states: Vec<(LinkId, OperationalState)> = [Place::Host, Place::Container]
            .into_iter()
            .flat_map(|place| self.at(place).links.values())
            .map(|info| (info.id, self.state(info)))
            .collect();
        for (id, state) in states {
            if let Ok(info) = self.info(id) {
                info.operational_state = state;
            }
        }
        self.end_duplicate_detection();
    }

    fn state(&self, info: &LinkInfo) -> OperationalState {
        let below_is_ready = || self.below(info).is_some_and(|link| self.carries(link));
        match info.kind.as_str() {
            _ if !info.up => OperationalState::Down,
            "veth" if self.carries(info.id) => OperationalState::Up,
            "macvlan" | "ipvlan" | "vlan" if below_is_ready() => OperationalState::Up,
            "veth" | "macvlan" | "ipvlan" | "vlan" => OperationalState::LowerLayerDown,
            // No program has it open.
            "tun" => OperationalState::Down,
            "bridge" if self.has_live_port(info.id) => OperationalState::Up,
            "bridge" => OperationalState::Down,
            "dummy" | "ifb" | "vxlan" => OperationalState::Unknown,
            _ if is_loopback(info) => OperationalState::Unknown,
            _ => OperationalState::Up,
        }
    }

    fn has_live_port(&self, bridge: LinkId) -> bool {
        let mut ports = self.at(bridge.place).links.values();
        ports.any(|port| port.master == Some(bridge.index) && self.carries(port.id))
    }

    /// Whether a link is up and has what it takes to pass packets.
    pub(crate) fn carries(&self, link: LinkId) -> bool {
        let Some(info) = self.at(link.place).links.get(&link.index) else {
            return false;
        };
        let below = self.below(info);
        info.up
            && match info.kind.as_str() {
                "veth" => below.is_some_and(|peer| self.is_up(peer)),
                "macvlan" | "ipvlan" | "vlan" => below.is_some_and(|parent| self.carries(parent)),
                "tun" => false,
                "bridge" => self.has_live_port(link),
                _ => true,
            }
    }
}
