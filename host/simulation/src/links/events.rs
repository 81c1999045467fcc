//! What the kernel does with what is on a link when the link goes up, down,
//! or away.

use cofferdam_network::{LinkId, LinkInfo, LinkSettings, MacvlanMode, Result};
use cofferdam_system::Errno;

use crate::{
    Sides, missing,
    side::{has_ipv4, has_ipv6, is_loopback, refused},
};

impl Sides {
    /// Up or down, as somebody asked for it.
    pub(crate) fn set_up(&mut self, link: LinkId, up: bool) -> Result<()> {
        let info = self.info(link)?.clone();
        match (info.up, up) {
            (false, true) => {
                self.check_may_go_up(&info)?;
                self.bring_up(link);
            }
            (true, false) => self.take_down(link),
            _ => {}
        }
        Ok(())
    }

    fn check_may_go_up(&self, info: &LinkInfo) -> Result<()> {
        match (&info.settings, self.below(info)) {
            (Some(LinkSettings::Vlan { .. }), Some(parent)) if !self.is_up(parent) => {
                Err(refused(Errno::ENETDOWN, format!("bringing up {}", info.id)))
            }
            (Some(LinkSettings::Macvlan { mode, .. }), Some(parent))
                if *mode != MacvlanMode::Passthru && self.is_mac_in_use(info, parent) =>
            {
                Err(refused(Errno::EADDRINUSE, format!("bringing up {}", info.id)))
            }
            _ => Ok(()),
        }
    }

    /// Whether a macvlan's parent, or another one of it that is up, has its
    /// address.
    pub(super) fn is_mac_in_use(&self, info: &LinkInfo, parent: LinkId) -> bool {
        let mac_of = |link: &LinkId| self.at(link.place).links.get(&link.index).and_then(|link| link.mac);
        let others = self
            .upon(parent)
            .into_iter()
            .filter(|link| *link != info.id && self.is_up(*link));
        others.chain([parent]).any(|link| mac_of(&link) == info.mac)
    }

    pub(super) fn bring_up(&mut self, link: LinkId) {
        if let Ok(info) = self.info(link) {
            info.up = true;
        }
        self.ipv4_goes_up(link);
        self.ipv6_goes_up(link);
        for vlan in self.vlans_upon(link, false) {
            self.bring_up(vlan);
        }
    }

    pub(super) fn take_down(&mut self, link: LinkId) {
        for vlan in self.vlans_upon(link, true) {
            self.take_down(vlan);
        }
        if let Ok(info) = self.info(link) {
            info.up = false;
        }
        self.ipv4_goes_down(link);
        self.ipv6_goes_down(link);
    }

    /// The VLANs of a link go up and down with it.
    fn vlans_upon(&self, link: LinkId, up: bool) -> Vec<LinkId> {
        let is_vlan = |id: &LinkId| {
            let info = self.at(id.place).links.get(&id.index);
            info.is_some_and(|info| info.kind == "vlan" && info.up == up)
        };
        self.upon(link).into_iter().filter(is_vlan).collect()
    }

    /// What is left of a size of packets that is too small for a protocol.
    pub(super) fn mtu_changed(&mut self, link: LinkId, before: u32) {
        let Some(info) = self.at(link.place).links.get(&link.index).cloned() else {
            return;
        };
        let was = LinkInfo {
            mtu: before,
            ..info.clone()
        };
        let is_lo = is_loopback(&info);
        if has_ipv4(&was) && !has_ipv4(&info) {
            self.ipv4_ends(link);
        }
        if has_ipv6(&was) && !has_ipv6(&info) || is_lo && before >= 1280 && info.mtu < 1280 {
            self.ipv6_ends(link);
        }
        self.at_mut(link.place).drop_settings_without_family(&info);
        self.follow_mtu(&info);
    }

    /// The link goes from where it is, with what hangs on it.
    pub(super) fn detach(&mut self, link: LinkId) -> Result<LinkInfo> {
        self.leave_master(link);
        if self.is_up(link) {
            self.take_down(link);
        }
        self.ipv4_ends(link);
        self.ipv6_ends(link);
        let side = self.at_mut(link.place);
        for to in side.redirects.values_mut().filter(|to| **to == link.index) {
            *to = 0;
        }
        side.limits.remove(&link.index);
        side.redirects.remove(&link.index);
        let gone = side.links.remove(&link.index).ok_or_else(|| missing(link))?;
        side.drop_settings(&gone);
        Ok(gone)
    }

    /// The link is gone, and those that can't be without it.
    pub(super) fn remove(&mut self, link: LinkId) {
        for upper in self.upon(link).into_iter().chain(self.vxlans_over(link)) {
            self.remove(upper);
        }
        let ports: Vec<LinkId> = self
            .at(link.place)
            .links
            .values()
            .filter(|port| port.master == Some(link.index))
            .map(|port| port.id)
            .collect();
        for port in ports {
            self.leave_master(port);
        }
        let peer = self
            .at(link.place)
            .links
            .get(&link.index)
            .filter(|info| info.kind == "veth");
        let peer = peer.and_then(|info| self.below(info));
        if self.detach(link).is_err() {
            return;
        }
        let side = self.at_mut(link.place);
        side.fixed_mtu.remove(&link.index);
        side.vlans.remove(&link.index);
        side.vxlan_peers.remove(&link.index);
        if let Some(peer) = peer {
            self.remove(peer);
        }
    }
}
