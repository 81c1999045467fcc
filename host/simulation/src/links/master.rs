//! Ports of bridges and of VRFs.

use cofferdam_network::{Error, LinkId, LinkInfo, PortVlans, Result};
use cofferdam_system::Errno;

use super::kinds;
use crate::{
    Sides, missing,
    side::{is_loopback, refused},
};

impl Sides {
    pub(crate) fn set_master(&mut self, link: LinkId, master: Option<u32>) -> Result<()> {
        let info = self.info(link)?.clone();
        if info.master.is_some() && info.master == master {
            return Ok(());
        }
        // The kernel gives up the old master before it looks at the new one.
        self.leave_master(link);
        let Some(index) = master else {
            return Ok(());
        };
        let master = LinkId { index, ..link };
        self.join(link, master)
    }

    fn join(&mut self, link: LinkId, master: LinkId) -> Result<()> {
        let kind = self.check_master(master)?;
        let info = self.info(link)?.clone();
        if kind == "vrf" {
            return self.join_vrf(&info, master);
        }
        self.check_may_be_port(&info)?;
        let info = self.info(link)?;
        info.master = Some(master.index);
        info.hairpin = Some(false);
        info.isolated = Some(false);
        let own = PortVlans::untagged(PortVlans::FIRST)?;
        self.at_mut(link.place).vlans.insert(link.index, own);
        self.adjust_mtu_of(master);
        Ok(())
    }

    /// The kind of a link that can have ports.
    pub(super) fn check_master(&self, master: LinkId) -> Result<String> {
        match self.at(master.place).links.get(&master.index) {
            None => Err(missing(master)),
            Some(info) if info.kind == "bridge" || info.kind == "vrf" => Ok(info.kind.clone()),
            Some(_) => Err(Error::Conflict(format!(
                "{master} is not a bridge, so it can't have ports"
            ))),
        }
    }

    pub(super) fn check_may_be_port(&self, info: &LinkInfo) -> Result<()> {
        let context = || format!("making a port of {}", info.id);
        match info.kind.as_str() {
            _ if is_loopback(info) => Err(refused(Errno::EINVAL, context())),
            "vrf" => Err(refused(Errno::EINVAL, context())),
            "bridge" => Err(refused(Errno::ELOOP, context())),
            "ipvlan" => Err(Error::Conflict(context())),
            _ if self.takes_all_frames(info) => Err(refused(Errno::EBUSY, context())),
            _ => Ok(()),
        }
    }

    /// Whether all that comes in on a link goes to a bridge, or to links upon
    /// it: there is room for one of them.
    pub(super) fn takes_all_frames(&self, info: &LinkInfo) -> bool {
        let of_kind = |kind: &str| self.has_upon(info.id, kind);
        info.hairpin.is_some() || of_kind("macvlan") || of_kind("ipvlan")
    }

    pub(super) fn has_upon(&self, link: LinkId, kind: &str) -> bool {
        let mut upon = self.upon(link).into_iter();
        upon.any(|id| self.at(id.place).links[&id.index].kind == kind)
    }

    /// The routes of its networks are in another table from then on: the
    /// kernel takes the link down and up for that.
    fn join_vrf(&mut self, info: &LinkInfo, vrf: LinkId) -> Result<()> {
        if is_loopback(info) {
            return Err(Error::Conflict(format!("{} can't be in a VRF", info.id)));
        }
        if info.kind == "vrf" {
            return Err(refused(Errno::EINVAL, format!("making a port of {}", info.id)));
        }
        self.cycle(info.id, Some(vrf.index));
        Ok(())
    }

    fn cycle(&mut self, link: LinkId, master: Option<u32>) {
        let up = self.is_up(link);
        if up {
            self.take_down(link);
        }
        if let Ok(info) = self.info(link) {
            info.master = master;
        }
        if up {
            self.bring_up(link);
        }
    }

    /// What is only a port's goes with its being one.
    pub(super) fn leave_master(&mut self, port: LinkId) {
        let Some(info) = self.at(port.place).links.get(&port.index) else {
            return;
        };
        let Some(master) = info.master else { return };
        if info.hairpin.is_none() {
            return self.cycle(port, None);
        }
        if let Ok(info) = self.info(port) {
            info.master = None;
            info.hairpin = None;
            info.isolated = None;
        }
        self.at_mut(port.place).vlans.remove(&port.index);
        self.adjust_mtu_of(LinkId { index: master, ..port });
    }

    /// A bridge takes packets of the size that all its ports take, unless
    /// somebody said otherwise.
    pub(super) fn adjust_mtu_of(&mut self, bridge: LinkId) {
        if self.at(bridge.place).fixed_mtu.contains(&bridge.index) {
            return;
        }
        let ports = self.at(bridge.place).links.values();
        let least = ports
            .filter(|port| port.master == Some(bridge.index))
            .map(|port| port.mtu)
            .min();
        let is_bridge = |info: &LinkInfo| info.kind == "bridge";
        let Some(before) = self
            .at(bridge.place)
            .links
            .get(&bridge.index)
            .filter(|info| is_bridge(info))
        else {
            return;
        };
        let before = before.mtu;
        let mtu = least.unwrap_or(1500);
        // It may take less than its ports do.
        if kinds::check_mtu_of("bridge", false, mtu).is_err() {
            return;
        }
        if let Ok(info) = self.info(bridge)
            && before != mtu
        {
            info.mtu = mtu;
            self.mtu_changed(bridge, before);
        }
    }
}
