use cofferdam_network::{Bridge, Error, LinkId, LinkInfo, NewLink, OperationalState, Result, VethEnd};
use cofferdam_protocol::{MacAddress, Place};
use nix::errno::Errno;

use super::{Sides, exists, missing, side::leave_master};

impl Sides {
    pub(super) fn create_bridge(&mut self, bridge: &Bridge) -> Result<LinkId> {
        self.check_free(bridge.place, &bridge.name)?;
        let side = self.at_mut(bridge.place);
        let id = side.add_link(bridge.place, &bridge.name, "bridge", Some(bridge.mac));
        self.info(id)?.vlan_filtering = Some(bridge.vlan_filtering);
        self.set_mtu_if(id, bridge.mtu)?;
        Ok(id)
    }

    pub(super) fn create_veth(&mut self, first: &VethEnd, second: &VethEnd) -> Result<(LinkId, LinkId)> {
        self.check_free(first.place, &first.name)?;
        self.check_free(second.place, &second.name)?;
        if first.place == second.place && first.name == second.name {
            return Err(exists(&second.name));
        }
        for end in [first, second] {
            if let Some(master) = end.master {
                self.check_master(end.place, master)?;
            }
        }
        let ids = [first, second].map(|end| {
            let side = self.at_mut(end.place);
            side.add_link(end.place, &end.name, "veth", Some(end.mac))
        });
        for (end, [id, other]) in [(first, ids), (second, [ids[1], ids[0]])] {
            let info = self.info(id)?;
            info.lower = Some(other.index);
            info.lower_elsewhere = id.place != other.place;
            self.set_mtu_if(id, end.mtu)?;
            self.set_master(id, end.master)?;
        }
        Ok((ids[0], ids[1]))
    }

    pub(super) fn create_link(&mut self, link: &NewLink) -> Result<LinkId> {
        self.check_free(link.place, &link.name)?;
        let parent = match link.parent {
            Some(parent) => Some(self.info(parent)?.clone()),
            None => None,
        };
        let mac = link.mac.or(parent.as_ref().and_then(|parent| parent.mac));
        let side = self.at_mut(link.place);
        let id = side.add_link(link.place, &link.name, link.settings.kind(), mac);
        let info = self.info(id)?;
        info.settings = Some(link.settings.clone());
        info.lower = link.parent.map(|parent| parent.index);
        info.lower_elsewhere = link.parent.is_some_and(|parent| parent.place != link.place);
        self.set_mtu_if(id, link.mtu)?;
        Ok(id)
    }

    pub(super) fn delete_link(&mut self, link: LinkId) -> Result<()> {
        let info = self.info(link)?.clone();
        if info.kind.is_empty() {
            return Err(Error::Unsupported(format!("delete {link}")));
        }
        self.at_mut(link.place).remove_link(link.index);
        if let (true, Some(index)) = (info.kind == "veth", info.lower) {
            let place = if info.lower_elsewhere {
                other(link.place)
            } else {
                link.place
            };
            self.at_mut(place).remove_link(index);
        }
        Ok(())
    }

    pub(super) fn set_up(&mut self, link: LinkId, up: bool) -> Result<()> {
        let info = self.info(link)?;
        info.up = up;
        info.operational_state = if up {
            OperationalState::Up
        } else {
            OperationalState::Down
        };
        Ok(())
    }

    pub(super) fn set_mtu(&mut self, link: LinkId, mtu: u32) -> Result<()> {
        let info = self.info(link)?;
        if !(68..=65535).contains(&mtu) {
            return Err(refused(Errno::EINVAL, "set mtu"));
        }
        info.mtu = mtu;
        Ok(())
    }

    fn set_mtu_if(&mut self, link: LinkId, mtu: Option<u32>) -> Result<()> {
        // The kernel makes a link as a whole or not at all.
        match mtu.map(|mtu| self.set_mtu(link, mtu)) {
            Some(Err(error)) => {
                self.delete_link(link)?;
                Err(error)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn set_mac(&mut self, link: LinkId, mac: MacAddress) -> Result<()> {
        let info = self.info(link)?;
        if info.mac.is_none() {
            return Err(Error::Unsupported(format!("set the address of {link}")));
        }
        info.mac = Some(mac);
        Ok(())
    }

    pub(super) fn set_promiscuous(&mut self, link: LinkId, on: bool) -> Result<()> {
        self.info(link)?.promiscuous = on;
        Ok(())
    }

    pub(super) fn set_all_multicast(&mut self, link: LinkId, on: bool) -> Result<()> {
        self.info(link)?.all_multicast = on;
        Ok(())
    }

    pub(super) fn set_queue_length(&mut self, link: LinkId, packets: u32) -> Result<()> {
        self.info(link)?.transmit_queue_length = packets;
        Ok(())
    }

    pub(super) fn set_master(&mut self, link: LinkId, master: Option<u32>) -> Result<()> {
        let info = self.info(link)?.clone();
        if info.master == master {
            return Ok(());
        }
        if let Some(master) = master {
            if master == link.index || info.kind == "bridge" || info.name == "lo" {
                return Err(refused(Errno::EINVAL, "set master"));
            }
            self.check_master(link.place, master)?;
        }
        let info = self.info(link)?;
        leave_master(info);
        if master.is_some() {
            info.master = master;
            info.hairpin = Some(false);
            info.isolated = Some(false);
        }
        Ok(())
    }

    pub(super) fn set_port(
        &mut self,
        link: LinkId,
        flag: impl Fn(&mut LinkInfo) -> &mut Option<bool>,
        on: bool,
    ) -> Result<()> {
        let flag = flag(self.info(link)?);
        if flag.is_none() {
            return Err(refused(Errno::EINVAL, "set an option of a port"));
        }
        *flag = Some(on);
        Ok(())
    }

    /// A number that is free there stays, as a rule; here none does.
    pub(super) fn move_link(&mut self, link: LinkId, to: Place, name: &str, alias: &str) -> Result<LinkId> {
        let mut info = self.info(link)?.clone();
        let stays = matches!((info.kind.as_str(), info.name.as_str()), ("bridge", _) | (_, "lo"));
        match self.at(to).by_name(name) {
            Some(other) if other.id != link => return Err(exists(name)),
            _ => {}
        }
        info.name = name.to_owned();
        info.alias = Some(alias.to_owned()).filter(|alias| !alias.is_empty());
        if to == link.place {
            *self.info(link)? = info;
            return Ok(link);
        }
        if stays {
            return Err(refused(Errno::EINVAL, "move"));
        }
        let id = self.at_mut(to).add_link(to, name, &info.kind, info.mac);
        self.at_mut(link.place).remove_link(link.index);
        leave_master(&mut info);
        info.up = false;
        info.operational_state = OperationalState::Down;
        info.lower_elsewhere = info.lower.is_some() && !info.lower_elsewhere;
        if let (true, Some(index)) = (info.kind == "veth", info.lower) {
            let peer_place = if info.lower_elsewhere { link.place } else { to };
            let peer = self.info(LinkId {
                place: peer_place,
                index,
            })?;
            peer.lower = Some(id.index);
            peer.lower_elsewhere = peer_place != to;
        }
        info.id = id;
        *self.info(id)? = info;
        Ok(id)
    }

    fn check_free(&self, place: Place, name: &str) -> Result<()> {
        match self.at(place).by_name(name) {
            Some(_) => Err(exists(name)),
            None => Ok(()),
        }
    }

    fn check_master(&self, place: Place, master: u32) -> Result<()> {
        match self.at(place).links.get(&master) {
            None => Err(missing("master")),
            Some(info) if info.kind != "bridge" => Err(Error::Unsupported("that master".to_owned())),
            Some(_) => Ok(()),
        }
    }
}

/// The other namespace.
pub(super) fn other(place: Place) -> Place {
    match place {
        Place::Host => Place::Container,
        Place::Container => Place::Host,
    }
}

pub(super) fn refused(errno: Errno, context: &str) -> Error {
    Error::Os {
        errno,
        context: context.to_owned(),
    }
}
