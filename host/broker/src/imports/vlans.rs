//! VLANs of the ports of bridges, and the node's own way into one.

use cofferdam_journal::{Inverse, Made, Operation, SharedObject};
use cofferdam_network::{Error as NetworkError, LinkId, LinkInfo, Network, PortVlans, VlanGateway, VlanRange};
use cofferdam_policy::Question;
use cofferdam_protocol::Place;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::vlans::{Host, VlanRange as WitRange},
    handle::Link,
};
use wasmtime::component::Resource;

use super::shared::Found;
use crate::{
    convert::{conflict, invalid, network_error},
    mediator::Mediator,
    random,
    session::{KnownLink, Ownership},
};

/// The VLAN that every port is in at first.
const DEFAULT_VLAN: u16 = 1;
/// `IFNAMSIZ` of `linux/if.h` without the terminating zero.
const LONGEST_NAME: usize = 15;

impl Host for Mediator {
    fn port_vlans(&mut self, port: Resource<Link>) -> Result<Vec<WitRange>, CallError> {
        self.enter()?;
        let id = self.link_id(&port)?;
        self.link_info_of(id)?;
        let vlans = self.seen_on(|network| network.port_vlans(id))?;
        Ok(vlans.ranges().iter().map(wit_range).collect())
    }

    fn set_port_vlans(&mut self, port: Resource<Link>, vlans: Vec<WitRange>) -> Result<(), CallError> {
        self.enter()?;
        let vlans = PortVlans::new(vlans.iter().map(range).collect()).map_err(network_error)?;
        let id = self.link_id(&port)?;
        let name = self.link_name(id)?;
        if !self.is_own(id) {
            return Err(invalid(format!(
                "VLANs are set of a port that the plugin made for this attachment, which link {name:?} is not"
            )));
        }
        let bridge = self.bridge_of(id, &name)?;
        refuse_without_filtering(&bridge)?;
        let before = self.seen_on(|network| network.port_vlans(id))?;
        if before == vlans {
            return Ok(());
        }
        self.permit_vlans(&bridge, &vlans.beyond(&before))?;
        let operation = Operation::SetPortVlans {
            link: id,
            name,
            vlans: vlans.clone(),
        };
        self.change(&operation, &Inverse::WithLink { link: id }, |network| {
            network.set_port_vlans(id, &vlans)
        })
    }

    fn ensure_gateway(
        &mut self,
        bridge: Resource<Link>,
        vlan: u16,
        keep_default: bool,
    ) -> Result<Resource<Link>, CallError> {
        self.enter()?;
        self.require_creation()?;
        let id = self.link_id(&bridge)?;
        let info = self.link_info_of(id)?;
        if info.kind != "bridge" {
            return Err(invalid(format!("link {:?} is not a bridge", info.name)));
        }
        refuse_without_filtering(&info)?;
        let name = gateway_name(&info.name, vlan)?;
        let vlans = gateway_vlans(vlan, keep_default)?;
        let port_of = self.master_in(id.place, &bridge)?;
        let joined: Vec<(u16, u16)> = vlans.ranges().iter().map(|range| (range.first, range.last)).collect();
        self.permit_vlans(&info, &joined)?;
        let object = SharedObject::VlanGateway {
            place: id.place,
            name: name.clone(),
        };
        let port_name = random::veth_name();
        for end in [&name, &port_name] {
            self.permit_sharing(&Question::link_create(id.place, "veth", end), Some(&object))?;
        }
        let gateway = VlanGateway {
            place: id.place,
            name,
            mac: random::mac_address(),
            port_name,
            port_mac: random::mac_address(),
            bridge: port_of,
            mtu: info.mtu,
            vlans,
        };
        let link = self.share_gateway(object, gateway, vlan)?;
        self.link_handle(link.id, &link.name)
    }
}

impl Mediator {
    /// The bridge that a link is a port of.
    pub(super) fn bridge_of(&mut self, port: LinkId, name: &str) -> Result<LinkInfo, CallError> {
        let place = port.place;
        let master = self.link_info_of(port)?.master.map(|index| LinkId { place, index });
        let found = match master {
            Some(master) => self.seen_on(|network| network.link(master))?,
            None => None,
        };
        found
            .filter(|master| master.kind == "bridge")
            .ok_or_else(|| invalid(format!("link {name:?} is not a port of a bridge")))
    }

    /// What is within a container separates nothing of the node's.
    fn permit_vlans(&mut self, bridge: &LinkInfo, vlans: &[(u16, u16)]) -> Result<(), CallError> {
        if bridge.id.place == Place::Container || vlans.is_empty() {
            return Ok(());
        }
        self.permit(&Question::VlanJoin {
            bridge: &bridge.name,
            vlans,
        })
    }

    /// Makes the pair or joins the existing one.
    fn share_gateway(
        &mut self,
        object: SharedObject,
        mut gateway: VlanGateway,
        vlan: u16,
    ) -> Result<LinkInfo, CallError> {
        let (place, name) = (gateway.place, gateway.name.clone());
        if let Some(present) = present_vlans(self.network(), &gateway).map_err(network_error)?
            && is_within(&present, vlan)
        {
            gateway.vlans = present;
        }
        for _ in 0..2 {
            self.count_link()?;
        }
        let operation = Operation::CreateVlanGateway {
            gateway: gateway.clone(),
        };
        let made = Made::Link {
            kind: "veth".to_owned(),
            mac: gateway.mac,
        };
        let (found, info) = self.share(
            &object,
            &operation,
            made,
            |network, made| {
                let info = network.link_by_name(place, &name)?;
                let ours = info.as_ref().filter(|info| is_made_link(made, info));
                // Whoever made it may have been killed before it was ready.
                if let Some(info) = ours {
                    complete(network, info, &gateway, vlan)?;
                }
                Ok((info.clone(), ours.is_some()))
            },
            |network| make(network, &gateway, vlan),
        )?;
        let info = info.filter(|info| info.name == name);
        let info = info.ok_or_else(|| invalid(format!("link {name:?} is gone")))?;
        let port = port_of(self.network(), &info).map_err(network_error)?;
        let leads = match port.filter(|port| port.master == Some(gateway.bridge)) {
            Some(port) => is_within(&self.seen_on(|network| network.port_vlans(port.id))?, vlan),
            None => false,
        };
        if !leads {
            return Err(conflict(format!(
                "link {name:?} exists, but is not the node's way into VLAN {vlan} of the bridge"
            )));
        }
        if matches!(found, Found::New) {
            for end in [&gateway.name, &gateway.port_name] {
                self.refuse_router_advertisements(place, end);
            }
            self.refuse_redirects(place, &gateway.name);
        }
        let link = KnownLink {
            plugin: self.plugin.clone(),
            name,
            mac: info.mac.unwrap_or(gateway.mac),
            ownership: Ownership::Shared {
                object,
                made: !matches!(found, Found::Foreign),
            },
            peer: None,
        };
        self.session().links.insert(info.id, link);
        self.connect(info.id)?;
        Ok(info)
    }
}

/// A bridge has to keep VLANs apart where they are asked for.
pub(super) fn refuse_without_filtering(bridge: &LinkInfo) -> Result<(), CallError> {
    if bridge.vlan_filtering == Some(true) {
        return Ok(());
    }
    let name = &bridge.name;
    Err(conflict(format!(
        "bridge {name:?} does not filter by VLAN, so nothing would be kept apart; turn that on (ip link set {name} \
         type bridge vlan_filtering 1), or name another bridge"
    )))
}

/// Whether a link is the one that the registry says was made.
pub(super) fn is_made_link(made: Option<&Made>, info: &LinkInfo) -> bool {
    matches!(made, Some(Made::Link { kind, mac }) if info.kind == *kind && info.mac == Some(*mac))
}

fn gateway_name(bridge: &str, vlan: u16) -> Result<String, CallError> {
    let name = format!("{bridge}.{vlan}");
    if name.len() > LONGEST_NAME {
        return Err(invalid(format!(
            "{name:?}, the node's own link in VLAN {vlan} of bridge {bridge:?}, would have a name of more than \
             {LONGEST_NAME} bytes; give the bridge a shorter one"
        )));
    }
    Ok(name)
}

fn gateway_vlans(vlan: u16, keep_default: bool) -> Result<PortVlans, CallError> {
    let mut ranges = PortVlans::untagged(vlan).map_err(network_error)?.ranges().to_vec();
    if keep_default && vlan != DEFAULT_VLAN {
        ranges.push(VlanRange {
            first: DEFAULT_VLAN,
            last: DEFAULT_VLAN,
            pvid: false,
            untagged: true,
        });
    }
    PortVlans::new(ranges).map_err(network_error)
}

/// Whether the untagged frames of a port belong to a VLAN.
fn is_within(vlans: &PortVlans, vlan: u16) -> bool {
    let mut ranges = vlans.ranges().iter();
    ranges.any(|range| range.pvid && range.untagged && range.first == vlan)
}

/// The other end of a pair that is in the same namespace.
fn port_of(network: &mut dyn Network, end: &LinkInfo) -> cofferdam_network::Result<Option<LinkInfo>> {
    let place = end.id.place;
    match end.lower.filter(|_| end.kind == "veth" && !end.lower_elsewhere) {
        Some(index) => network.link(LinkId { place, index }),
        None => Ok(None),
    }
}

/// The VLANs of the port, where there is a pair already.
fn present_vlans(network: &mut dyn Network, gateway: &VlanGateway) -> cofferdam_network::Result<Option<PortVlans>> {
    let Some(end) = network.link_by_name(gateway.place, &gateway.name)? else {
        return Ok(None);
    };
    match port_of(network, &end)? {
        Some(port) => network.port_vlans(port.id).map(Some),
        None => Ok(None),
    }
}

fn make(network: &mut dyn Network, gateway: &VlanGateway, vlan: u16) -> cofferdam_network::Result<Option<LinkInfo>> {
    let (end, port) = gateway.ends();
    let (id, _) = network.create_veth(&end, &port)?;
    let made = match network.link(id) {
        Ok(Some(info)) => complete(network, &info, gateway, vlan).and_then(|()| network.link(id)),
        Ok(None) => Err(NetworkError::NotFound(format!("link {:?}", gateway.name))),
        Err(error) => Err(error),
    };
    if made.is_err() {
        // An error has to leave nothing behind; the first one says more.
        let _ = network.delete_link(id);
    }
    made
}

/// The port is in its VLAN before any frame can pass.
fn complete(
    network: &mut dyn Network,
    end: &LinkInfo,
    gateway: &VlanGateway,
    vlan: u16,
) -> cofferdam_network::Result<()> {
    let Some(port) = port_of(network, end)? else {
        return Ok(());
    };
    if port.master == Some(gateway.bridge) && !is_within(&network.port_vlans(port.id)?, vlan) {
        network.set_port_vlans(port.id, &gateway.vlans)?;
    }
    for link in [&port, end].into_iter().filter(|link| !link.up) {
        network.set_link_up(link.id, true)?;
    }
    Ok(())
}

fn range(range: &WitRange) -> VlanRange {
    VlanRange {
        first: range.first,
        last: range.last,
        pvid: range.pvid,
        untagged: range.untagged,
    }
}

fn wit_range(range: &VlanRange) -> WitRange {
    WitRange {
        first: range.first,
        last: range.last,
        pvid: range.pvid,
        untagged: range.untagged,
    }
}
