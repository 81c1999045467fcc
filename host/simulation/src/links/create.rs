use cofferdam_network::{
    Bridge, Error, LinkId, LinkInfo, LinkSettings, MacvlanMode, NewLink, PortVlans, Result, VethEnd, request,
};
use cofferdam_protocol::{MacAddress, Place};
use cofferdam_system::Errno;

use super::kinds;
use crate::{
    Sides, exists, missing,
    side::{has_ipv6, is_loopback, refused},
    vxlans,
};

impl Sides {
    pub(crate) fn create_bridge(&mut self, bridge: &Bridge) -> Result<LinkId> {
        request::bridge(bridge)?;
        self.check_free(bridge.place, &bridge.name)?;
        check_size("bridge", bridge.mtu)?;
        let id = self.begin(bridge.place, &bridge.name, "bridge", bridge.mac, bridge.mtu)?;
        self.info(id)?.vlan_filtering = Some(bridge.vlan_filtering);
        let own = PortVlans::untagged(PortVlans::FIRST)?;
        self.at_mut(bridge.place).vlans.insert(id.index, own);
        Ok(id)
    }

    pub(crate) fn create_veth(&mut self, first: &VethEnd, second: &VethEnd) -> Result<(LinkId, LinkId)> {
        request::veth(first, second)?;
        // The kernel makes the other end first, and this one as its last step
        // a port.
        let (main, peer) = if second.master.is_some() {
            (second, first)
        } else {
            (first, second)
        };
        let master = main.master.map(|index| LinkId {
            place: main.place,
            index,
        });
        self.check_ends(main, peer).map_err(|error| match (&error, master) {
            // The kernel has the same number for a master that is missing.
            (Error::Os { .. }, Some(master)) if self.at(master.place).known(master).is_err() => missing(master),
            _ => error,
        })?;
        if let Some(master) = master {
            self.check_master(master)?;
        }
        let [peer_id, main_id] = [peer, main].map(|end| self.begin(end.place, &end.name, "veth", end.mac, end.mtu));
        let (peer_id, main_id) = (peer_id?, main_id?);
        for (id, other) in [(peer_id, main_id), (main_id, peer_id)] {
            let info = self.info(id)?;
            info.lower = Some(other.index);
            info.lower_elsewhere = id.place != other.place;
        }
        self.set_master(main_id, main.master)?;
        Ok(if second.master.is_some() {
            (peer_id, main_id)
        } else {
            (main_id, peer_id)
        })
    }

    fn check_ends(&self, main: &VethEnd, peer: &VethEnd) -> Result<()> {
        check_size("veth", main.mtu)?;
        check_size("veth", peer.mtu)?;
        self.check_free(main.place, &main.name)?;
        self.check_free(peer.place, &peer.name)
    }

    pub(crate) fn create_link(&mut self, link: &NewLink) -> Result<LinkId> {
        request::new_link(link)?;
        self.check_free(link.place, &link.name)?;
        check_size(link.settings.kind(), link.mtu)?;
        let parent = match link.parent {
            Some(parent) => Some(self.real_parent(link, parent)?),
            None => None,
        };
        check_settings(&link.settings)?;
        if let Some(parent) = &parent {
            self.check_parent(link, parent)?;
        }
        let room = match &link.settings {
            LinkSettings::Vxlan(vxlan) => Some(self.check_vxlan(link, vxlan)?),
            _ => None,
        };
        let mac = match &parent {
            Some(parent) if link.settings.has_parents_mac() || link.mac.is_none() => {
                parent.mac.unwrap_or(MacAddress([0; 6]))
            }
            _ => link.mac.unwrap_or_else(|| own_mac(link)),
        };
        let mtu = match room {
            Some(room) => vxlans::mtu(link.mtu, room),
            None => link
                .mtu
                .unwrap_or_else(|| kinds::usual_mtu(&link.settings, parent.as_ref())),
        };
        let id = self.begin(link.place, &link.name, link.settings.kind(), mac, Some(mtu))?;
        let info = self.info(id)?;
        info.transmit_queue_length = link
            .transmit_queue_length
            .unwrap_or_else(|| kinds::usual_queue_length(&link.settings));
        info.settings = Some(as_kept(&link.settings));
        info.lower = parent.as_ref().map(|parent| parent.id.index);
        info.lower_elsewhere = parent.as_ref().is_some_and(|parent| parent.id.place != link.place);
        if let LinkSettings::Vxlan(vxlan) = &link.settings {
            self.begin_vxlan(id, vxlan);
        }
        if let Some(parent) = parent {
            self.share_mode(parent.id, &link.settings);
        }
        Ok(id)
    }

    /// One that is upon a link of its own kind is upon what that is upon.
    fn real_parent(&mut self, link: &NewLink, parent: LinkId) -> Result<LinkInfo> {
        let info = self.info(parent)?.clone();
        let same_kind = info.kind == link.settings.kind() && info.kind != "vlan";
        match self.below(&info).filter(|_| same_kind) {
            Some(below) => Ok(self.info(below)?.clone()),
            None => Ok(info),
        }
    }

    fn check_parent(&self, link: &NewLink, parent: &LinkInfo) -> Result<()> {
        let context = format!("making {:?} upon {}", link.name, parent.id);
        if is_loopback(parent) {
            return Err(match link.settings {
                LinkSettings::Vlan { .. } => refused(Errno::EOPNOTSUPP, context),
                _ => refused(Errno::EINVAL, context),
            });
        }
        if link.mtu.is_some_and(|mtu| mtu > parent.mtu) {
            return Err(refused(Errno::EINVAL, context));
        }
        let siblings: Vec<&LinkInfo> = self
            .upon(parent.id)
            .into_iter()
            .filter_map(|id| self.at(id.place).links.get(&id.index))
            .filter(|info| info.kind == link.settings.kind())
            .collect();
        match &link.settings {
            LinkSettings::Vlan { .. }
                if siblings
                    .iter()
                    .any(|info| info.settings.as_ref() == Some(&link.settings)) =>
            {
                return Err(Error::Conflict(format!(
                    "{context}: the VLAN is in use by another link"
                )));
            }
            LinkSettings::Vlan { .. } => return Ok(()),
            _ => {}
        }
        if siblings.is_empty() && self.takes_all_frames(parent) {
            return Err(Error::Conflict(format!("{context}: it is in use")));
        }
        let passes = |settings: &LinkSettings| {
            let mode = MacvlanMode::Passthru;
            matches!(settings, LinkSettings::Macvlan { mode: its, .. } if *its == mode)
        };
        let one_passes = siblings.iter().filter_map(|info| info.settings.as_ref()).any(passes);
        if one_passes || passes(&link.settings) && !siblings.is_empty() {
            return Err(refused(Errno::EINVAL, context));
        }
        Ok(())
    }

    /// All ipvlans of a parent look at packets in the same way.
    fn share_mode(&mut self, parent: LinkId, settings: &LinkSettings) {
        if !matches!(settings, LinkSettings::Ipvlan { .. }) {
            return;
        }
        for sibling in self.upon(parent) {
            if let Ok(info) = self.info(sibling)
                && info.kind == "ipvlan"
            {
                info.settings = Some(settings.clone());
            }
        }
    }

    fn begin(&mut self, place: Place, name: &str, kind: &str, mac: MacAddress, mtu: Option<u32>) -> Result<LinkId> {
        let side = self.at_mut(place);
        let id = side.add_link(place, name, kind, Some(mac));
        let info = self.info(id)?;
        info.mtu = mtu.unwrap_or(info.mtu);
        if !has_ipv6(info) {
            self.mtu_changed(id, 1500);
        }
        Ok(id)
    }

    fn check_free(&self, place: Place, name: &str) -> Result<()> {
        match self.at(place).by_name(name) {
            Some(_) => Err(exists(format!("link {name:?} in the {place} namespace"))),
            None => Ok(()),
        }
    }

    pub(crate) fn delete_link(&mut self, link: LinkId) -> Result<()> {
        if self.info(link)?.kind.is_empty() {
            return Err(refused(Errno::EOPNOTSUPP, format!("deleting {link}")));
        }
        self.remove(link);
        Ok(())
    }
}

fn check_size(kind: &str, mtu: Option<u32>) -> Result<()> {
    mtu.map_or(Ok(()), |mtu| kinds::check_mtu_of(kind, false, mtu))
}

fn check_settings(settings: &LinkSettings) -> Result<()> {
    match settings {
        LinkSettings::Vlan { id } if *id > 4094 => Err(refused(Errno::ERANGE, format!("VLAN {id}"))),
        LinkSettings::Vrf { table: 0 } => Err(refused(Errno::EINVAL, "a VRF without a table")),
        _ => Ok(()),
    }
}

/// What the kernel chooses is told.
fn as_kept(settings: &LinkSettings) -> LinkSettings {
    match settings {
        LinkSettings::Macvlan {
            mode,
            broadcast_queue_length,
        } => LinkSettings::Macvlan {
            mode: *mode,
            broadcast_queue_length: broadcast_queue_length.or(Some(1000)),
        },
        other => other.clone(),
    }
}

/// The kernel takes any; here it is always the same.
fn own_mac(link: &NewLink) -> MacAddress {
    let sum = link
        .name
        .bytes()
        .fold(0_u16, |sum, byte| sum.rotate_left(3) ^ u16::from(byte));
    let [high, low] = sum.to_be_bytes();
    MacAddress([0x02, 0, 0, 0x51, high, low])
}
