//! VXLANs of the node, which attachments share, and the nodes that they send
//! to.

use std::net::IpAddr;

use cofferdam_journal::{Made, Operation, SharedObject};
use cofferdam_network::{LinkId, LinkInfo, LinkSettings, Network, NewLink, Vxlan};
use cofferdam_policy::{Question, Upon};
use cofferdam_protocol::Place;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{
        types::IpAddress,
        vxlans::{Host, VxlanSettings},
    },
    handle::Link,
};
use wasmtime::component::Resource;

use super::{links::check_name, shared::Found, vlans::is_made_link};
use crate::{
    convert::{conflict, invalid, ip_address, network_error, wit_ip_address},
    mediator::{Mediator, journal_error},
    random,
    session::{KnownLink, Ownership},
};

/// Bridges of the node are joined to networks of nodes, not those of
/// containers.
const PLACE: Place = Place::Host;

impl Host for Mediator {
    fn ensure(
        &mut self,
        bridge: Resource<Link>,
        name: String,
        settings: VxlanSettings,
        parent: Option<Resource<Link>>,
    ) -> Result<Resource<Link>, CallError> {
        self.enter()?;
        self.require_creation()?;
        check_name(&name)?;
        let bridge_name = self.bridge_of_node(&bridge)?.name;
        let parent = match parent {
            Some(parent) => Some(self.parent_of_vxlan(&parent)?),
            None => None,
        };
        let vxlan = checked(&settings, parent.as_ref().map(|parent| parent.id.index))?;
        self.refuse_source_of_others(&vxlan)?;
        self.permit(&Question::VxlanJoin {
            bridge: &bridge_name,
            id: vxlan.id,
            peers: vxlan.group.as_slice(),
        })?;
        let bridge = self.master_in(PLACE, &bridge)?;
        let object = SharedObject::Vxlan {
            place: PLACE,
            name: name.clone(),
        };
        let question = Question::LinkCreate {
            place: PLACE,
            kind: "vxlan",
            name: &name,
            upon: parent.as_ref().map(|parent| Upon {
                parent: &parent.name,
                mode: None,
                vlan: None,
            }),
            table: None,
        };
        self.permit_sharing(&question, Some(&object))?;
        if let Some(thing) = self.session().scope().link(PLACE, &name) {
            self.refuse_others(&thing)?;
        }
        self.refuse_taken_network(&name, &vxlan)?;
        let link = NewLink {
            place: PLACE,
            name,
            mac: Some(random::mac_address(self.session().world.as_ref())),
            mtu: settings.mtu,
            transmit_queue_length: None,
            parent: None,
            settings: LinkSettings::Vxlan(vxlan),
        };
        let info = self.share_vxlan(object, &link, bridge)?;
        self.link_handle(info.id, &link.name)
    }

    fn add_peer(&mut self, vxlan: Resource<Link>, peer: IpAddress) -> Result<(), CallError> {
        self.enter()?;
        self.require_creation()?;
        let peer = ip_address(peer);
        let id = self.link_id(&vxlan)?;
        let info = self.link_info_of(id)?;
        let Some(LinkSettings::Vxlan(vxlan)) = info.settings.as_ref().filter(|_| self.known_link(id).is_some()) else {
            return Err(invalid(format!(
                "peers are added to a VXLAN that the plugin made sure of in this request, which link {:?} is not",
                info.name
            )));
        };
        check_peer(peer, vxlan)?;
        let bridge = self.bridge_of(id, &info.name)?;
        self.permit(&Question::VxlanJoin {
            bridge: &bridge.name,
            id: vxlan.id,
            peers: &[peer],
        })?;
        self.share_peer(id, &info.name, peer)
    }

    fn peers(&mut self, vxlan: Resource<Link>) -> Result<Vec<IpAddress>, CallError> {
        self.enter()?;
        let id = self.link_id(&vxlan)?;
        self.link_info_of(id)?;
        let peers = self.seen_on(|network| network.vxlan_peers(id))?;
        Ok(peers.into_iter().map(wit_ip_address).collect())
    }
}

impl Mediator {
    fn bridge_of_node(&mut self, bridge: &Resource<Link>) -> Result<LinkInfo, CallError> {
        let id = self.link_id(bridge)?;
        let info = self.link_info_of(id)?;
        if id.place != PLACE || info.kind != "bridge" {
            return Err(invalid(format!("link {:?} is not a bridge of the node", info.name)));
        }
        Ok(info)
    }

    /// The link that the packets leave by, which has to last as long as others
    /// need the VXLAN.
    fn parent_of_vxlan(&mut self, parent: &Resource<Link>) -> Result<LinkInfo, CallError> {
        let id = self.link_id(parent)?;
        let info = self.link_info_of(id)?;
        let known = self.known_link(id);
        if id.place != PLACE || known.is_some_and(|known| known.ownership.is_attachments()) {
            return Err(invalid(format!(
                "packets of a VXLAN leave by a link of the node, which {:?} is not",
                info.name
            )));
        }
        Ok(info)
    }

    /// Nobody sends in the name of another node.
    fn refuse_source_of_others(&mut self, vxlan: &Vxlan) -> Result<(), CallError> {
        let Some(local) = vxlan.local else {
            return Ok(());
        };
        if self.network().has_address(PLACE, local).map_err(network_error)? {
            return Ok(());
        }
        Err(invalid(format!("the node does not have the local address {local}")))
    }

    /// The kernel has one link for each network.
    fn refuse_taken_network(&mut self, name: &str, vxlan: &Vxlan) -> Result<(), CallError> {
        let links = self.network().links(PLACE).map_err(network_error)?;
        let mut others = links.iter().filter(|info| info.name != name);
        let taken = others
            .find(|info| matches!(&info.settings, Some(LinkSettings::Vxlan(other)) if other.is_in_place_of(vxlan)));
        let Some(taken) = taken else {
            return Ok(());
        };
        let object = SharedObject::Vxlan {
            place: PLACE,
            name: taken.name.clone(),
        };
        let session = self.session();
        let user = session
            .shared
            .other_user(&object, &session.attachment)
            .map_err(journal_error)?;
        let whose = user.unwrap_or_else(|| "the node".to_owned());
        Err(conflict(format!(
            "VXLAN {} at port {} is in use by another link, of {whose}",
            vxlan.id, vxlan.port
        )))
    }

    fn share_vxlan(&mut self, object: SharedObject, link: &NewLink, bridge: u32) -> Result<LinkInfo, CallError> {
        self.count_link()?;
        let mac = match link.mac {
            Some(mac) => mac,
            None => random::mac_address(self.session().world.as_ref()),
        };
        let made = Made::Link {
            kind: link.settings.kind().to_owned(),
            mac,
        };
        let operation = Operation::CreateVxlan {
            link: link.clone(),
            bridge,
        };
        let (found, info) = self.share(
            &object,
            &operation,
            made,
            |network, made| {
                let info = network.link_by_name(link.place, &link.name)?;
                match info.as_ref().filter(|info| is_made_link(made, info)) {
                    // Whoever made it may have been killed before it was ready.
                    Some(ours) => Ok((complete(network, ours, bridge)?, true)),
                    None => Ok((info, false)),
                }
            },
            |network| make(network, link, bridge),
        )?;
        let info = info.ok_or_else(|| invalid(format!("link {:?} is gone", link.name)))?;
        refuse_another(&info, link, bridge)?;
        if matches!(found, Found::New) {
            self.refuse_router_advertisements(link.place, &link.name);
        }
        let known = KnownLink {
            plugin: self.plugin.clone(),
            name: link.name.clone(),
            mac: info.mac.unwrap_or(mac),
            ownership: Ownership::Shared {
                object,
                made: !matches!(found, Found::Foreign),
            },
            peer: None,
        };
        self.session().links.insert(info.id, known);
        Ok(info)
    }

    fn share_peer(&mut self, link: LinkId, name: &str, peer: IpAddr) -> Result<(), CallError> {
        let object = SharedObject::VxlanPeer {
            place: link.place,
            link: name.to_owned(),
            peer,
        };
        let operation = Operation::AddVxlanPeer {
            link,
            name: name.to_owned(),
            peer,
        };
        let wanted = Made::VxlanPeer { index: link.index };
        self.share(
            &object,
            &operation,
            wanted.clone(),
            |network, made| {
                let is_there = network.vxlan_peers(link)?.contains(&peer);
                Ok((is_there.then_some(()), made == Some(&wanted)))
            },
            |network| network.add_vxlan_peer(link, peer).map(Some),
        )?;
        Ok(())
    }
}

/// The settings as the kernel gets them, unless they make no sense.
fn checked(settings: &VxlanSettings, parent: Option<u32>) -> Result<Vxlan, CallError> {
    let vxlan = Vxlan {
        id: settings.id,
        port: settings.port,
        parent,
        local: settings.local.map(ip_address),
        group: settings.group.map(ip_address),
        ttl: settings.ttl.unwrap_or_default(),
        learning: settings.learning,
    };
    if vxlan.id == 0 || vxlan.id >= Vxlan::IDS {
        let last = Vxlan::IDS - 1;
        return Err(invalid(format!("VXLAN {}: its identifier is 1 to {last}", vxlan.id)));
    }
    if vxlan.port == 0 {
        return Err(invalid("a VXLAN has a port other than 0"));
    }
    if let Some(local) = vxlan.local {
        check_unicast(local, "the local address of a VXLAN")?;
    }
    if let Some(group) = vxlan.group {
        if !group.is_multicast() {
            return Err(invalid(format!("{group} is not a multicast group; a node is a peer")));
        }
        if parent.is_none() {
            return Err(invalid(format!("group {group} needs a link that packets leave by")));
        }
        if group.is_ipv6() != vxlan.is_ipv6() {
            return Err(invalid("the local address and the group of a VXLAN are of one family"));
        }
    }
    Ok(vxlan)
}

fn check_peer(peer: IpAddr, vxlan: &Vxlan) -> Result<(), CallError> {
    check_unicast(peer, "a peer of a VXLAN")?;
    if peer.is_ipv6() != vxlan.is_ipv6() {
        let family = if vxlan.is_ipv6() { "IPv6" } else { "IPv4" };
        return Err(invalid(format!("{peer} can't be a peer of a VXLAN of {family}")));
    }
    Ok(())
}

/// Link-local addresses mean something only with a link.
fn check_unicast(address: IpAddr, what: &str) -> Result<(), CallError> {
    let is_of_link = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    if is_of_link || address.is_multicast() || address.is_unspecified() || address.is_loopback() {
        return Err(invalid(format!("{address} can't be {what}")));
    }
    Ok(())
}

/// A link of the name has to be this VXLAN, and a port of this bridge.
fn refuse_another(info: &LinkInfo, wanted: &NewLink, bridge: u32) -> Result<(), CallError> {
    let name = &wanted.name;
    if info.name != *name || info.settings.as_ref() != Some(&wanted.settings) {
        return Err(conflict(format!(
            "{name:?} already exists but is not a VXLAN of that name with these settings"
        )));
    }
    if info.master != Some(bridge) {
        return Err(conflict(format!(
            "VXLAN {name:?} already exists but is not a port of the bridge"
        )));
    }
    Ok(())
}

fn make(network: &mut dyn Network, link: &NewLink, bridge: u32) -> cofferdam_network::Result<Option<LinkInfo>> {
    let id = network.create_link(link)?;
    let made = match network.link(id) {
        Ok(Some(info)) => complete(network, &info, bridge),
        other => other,
    };
    if made.is_err() {
        // An error has to leave nothing behind; the first one says more.
        let _ = network.delete_link(id);
    }
    made
}

/// It is a port before any frame can pass.
fn complete(network: &mut dyn Network, info: &LinkInfo, bridge: u32) -> cofferdam_network::Result<Option<LinkInfo>> {
    if info.master.is_none() {
        network.set_link_master(info.id, Some(bridge))?;
    }
    if !info.up {
        network.set_link_up(info.id, true)?;
    }
    network.link(info.id)
}
