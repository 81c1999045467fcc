//! VXLANs: what the kernel refuses of them, and whom they send to.

use std::net::IpAddr;

use cofferdam_network::{Error, LinkId, LinkSettings, NewLink, Result, Vxlan};
use cofferdam_protocol::Place;
use cofferdam_system::Errno;

use super::{Sides, missing, side::refused};

/// What a packet has before the frame: headers of IPv4, UDP and VXLAN, and the
/// frame's own.
const HEADERS: u32 = 50;
/// The same with IPv6.
const HEADERS_IPV6: u32 = 70;
/// `ETH_MIN_MTU`.
const LEAST_MTU: u32 = 68;

impl Sides {
    /// How long packets may be, by the link that they leave by.
    pub(super) fn check_vxlan(&self, link: &NewLink, vxlan: &Vxlan) -> Result<Option<u32>> {
        let context = || format!("making {:?}", link.name);
        if vxlan.id >= Vxlan::IDS {
            return Err(refused(Errno::ERANGE, context()));
        }
        let families = [vxlan.local, vxlan.group].into_iter().flatten();
        let is_mixed = families.clone().any(|address| address.is_ipv6() != vxlan.is_ipv6());
        let from_many = vxlan.local.is_some_and(|local| local.is_multicast());
        let by_no_link = vxlan.parent.is_none() && vxlan.group.is_some_and(|group| group.is_multicast());
        if is_mixed || from_many || by_no_link {
            return Err(refused(Errno::EINVAL, context()));
        }
        let room = self.room(link.place, vxlan)?;
        let mut others = self
            .at(link.place)
            .links
            .values()
            .filter_map(|info| info.settings.as_ref());
        if others.any(|other| matches!(other, LinkSettings::Vxlan(other) if other.is_in_place_of(vxlan))) {
            return Err(Error::Conflict(format!(
                "{}: VXLAN {} at port {} is in use by another link",
                context(),
                vxlan.id,
                vxlan.port
            )));
        }
        Ok(room.map(|room| room.max(LEAST_MTU)))
    }

    pub(super) fn check_fits_vxlan(&self, link: LinkId, vxlan: &Vxlan, mtu: u32) -> Result<()> {
        match self.room(link.place, vxlan) {
            Ok(Some(room)) if mtu > room => Err(refused(Errno::EINVAL, format!("an MTU of {mtu}"))),
            _ => Ok(()),
        }
    }

    /// What is left of the packets of the link that its own leave by.
    fn room(&self, place: Place, vxlan: &Vxlan) -> Result<Option<u32>> {
        let headers = if vxlan.is_ipv6() { HEADERS_IPV6 } else { HEADERS };
        let Some(index) = vxlan.parent else {
            return Ok(None);
        };
        let parent = self.at(place).known(LinkId { place, index })?;
        Ok(Some(parent.mtu.saturating_sub(headers)))
    }

    /// Its group is the first whom it sends to.
    pub(super) fn begin_vxlan(&mut self, link: LinkId, vxlan: &Vxlan) {
        if let Some(group) = vxlan.group {
            self.at_mut(link.place).vxlan_peers.insert(link.index, vec![group]);
        }
    }

    /// Those of the same namespace whose packets leave by a link.
    pub(super) fn vxlans_over(&self, link: LinkId) -> Vec<LinkId> {
        let all = self.at(link.place).links.values();
        let over = all.filter(
            |info| matches!(&info.settings, Some(LinkSettings::Vxlan(vxlan)) if vxlan.parent == Some(link.index)),
        );
        over.map(|info| info.id).collect()
    }

    pub(super) fn add_vxlan_peer(&mut self, link: LinkId, peer: IpAddr) -> Result<()> {
        let vxlan = self.vxlan(link)?;
        if vxlan.is_ipv6() != peer.is_ipv6() {
            return Err(refused(Errno::EAFNOSUPPORT, format!("peer {peer} of {link}")));
        }
        let peers = self.at_mut(link.place).vxlan_peers.entry(link.index).or_default();
        if !peers.contains(&peer) {
            peers.push(peer);
        }
        Ok(())
    }

    pub(super) fn delete_vxlan_peer(&mut self, link: LinkId, peer: IpAddr) -> Result<()> {
        self.vxlan(link)?;
        let all = &mut self.at_mut(link.place).vxlan_peers;
        let peers = all.get_mut(&link.index);
        let Some((peers, position)) = peers.and_then(|peers| {
            let position = peers.iter().position(|present| *present == peer)?;
            Some((peers, position))
        }) else {
            return Err(missing(format!("peer {peer} of {link}")));
        };
        peers.remove(position);
        if peers.is_empty() {
            all.remove(&link.index);
        }
        Ok(())
    }

    fn vxlan(&mut self, link: LinkId) -> Result<Vxlan> {
        match &self.info(link)?.settings {
            Some(LinkSettings::Vxlan(vxlan)) => Ok(vxlan.clone()),
            _ => Err(Error::Conflict(format!("{link} is not a VXLAN"))),
        }
    }
}

/// The MTU of one that was given none, or more than there is room for.
pub(super) fn mtu(given: Option<u32>, room: Option<u32>) -> u32 {
    match (given, room) {
        (Some(given), Some(room)) => given.min(room),
        (Some(given), None) => given,
        (None, room) => room.unwrap_or(1500),
    }
}
