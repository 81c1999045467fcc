use std::net::IpAddr;

use cofferdam_network::{LinkId, LinkInfo, LinkSettings, PortVlans};

use super::{
    ComparisonError, GONE, PRESENT, Remedy,
    links::settings_text,
    part::{SharedLink, Value},
    survey::{Survey, link_text},
};
use crate::{
    Entry,
    model::{Made, kind_text},
};

impl Survey<'_, '_> {
    /// A link that attachments share: the one that the registry says was made;
    /// where it was found, any of that name and kind.
    pub(super) fn look_at_shared_link(&mut self, entry: &Entry, link: &SharedLink<'_>) -> Result<(), ComparisonError> {
        let object = link_text(link.place, link.name);
        let named = self.view.network.link_by_name(link.place, link.name)?;
        let found = named.filter(|info| info.kind == link.kind && info.name == link.name);
        let made = match self.made(entry) {
            Some(Made::Link { mac, .. }) => Some(mac),
            _ => None,
        };
        let Some(info) = found else {
            self.lost.names.insert((link.place, link.name.to_owned()));
            self.tell(entry, object, PRESENT, GONE, None);
            return Ok(());
        };
        if made.is_some_and(|mac| info.mac != Some(mac)) {
            self.lost.names.insert((link.place, link.name.to_owned()));
            let shown = info.mac.map_or("none".to_owned(), |mac| mac.to_string());
            let how = format!("replaced by another one, with address {shown}");
            self.tell(entry, object, PRESENT, how, None);
            return Ok(());
        }
        if let Some(settings) = link.settings {
            self.compare_settings(entry, settings, &info);
        }
        if let Some(bridge) = link.bridge {
            self.look_at_port_of_bridge(entry, &info, bridge)?;
        }
        match link.vlans {
            Some(vlans) => self.look_at_vlans_of_peer(entry, &info, vlans),
            None => Ok(()),
        }
    }

    fn compare_settings(&mut self, entry: &Entry, wanted: &LinkSettings, info: &LinkInfo) {
        let found = info.settings.as_ref().map(LinkSettings::comparable);
        if found.as_ref() != Some(&wanted.comparable()) {
            let object = format!("the {} of {}", kind_text(wanted), link_text(info.id.place, &info.name));
            let found = found.map_or("something else".to_owned(), |found| settings_text(&found));
            self.tell(entry, object, settings_text(wanted), found, None);
        }
    }

    /// One that was made a port of a bridge, and is up.
    fn look_at_port_of_bridge(&mut self, entry: &Entry, info: &LinkInfo, bridge: u32) -> Result<(), ComparisonError> {
        if info.master != Some(bridge) {
            self.tell_of_master(entry, info, Some(bridge))?;
        }
        if !info.up {
            let object = format!("the state of {}", link_text(info.id.place, &info.name));
            let remedy = Remedy::Setting {
                link: info.id,
                value: Value::Up(true),
            };
            self.tell(entry, object, "up", "down", Some(remedy));
        }
        Ok(())
    }

    /// A node that a VXLAN sends to.
    pub(super) fn look_at_vxlan_peer(
        &mut self,
        entry: &Entry,
        (link, name): (LinkId, &str),
        peer: IpAddr,
    ) -> Result<(), ComparisonError> {
        if self.require(entry, link, name)?.is_none() || self.view.network.vxlan_peers(link)?.contains(&peer) {
            return Ok(());
        }
        let object = format!("peer {peer} of {}", link_text(link.place, name));
        self.tell(entry, object, PRESENT, GONE, Some(Remedy::VxlanPeer { link, peer }));
        Ok(())
    }

    /// The other end is a port of a bridge.
    fn look_at_vlans_of_peer(
        &mut self,
        entry: &Entry,
        info: &LinkInfo,
        vlans: &PortVlans,
    ) -> Result<(), ComparisonError> {
        let Some(index) = info.lower.filter(|_| !info.lower_elsewhere) else {
            return Ok(());
        };
        let place = info.id.place;
        match self.view.link(LinkId { place, index })? {
            Some(port) => self.look_at_vlans(entry, port.id, &port.name, vlans),
            None => Ok(()),
        }
    }

    /// The VLANs of a port.
    pub(super) fn look_at_vlans(
        &mut self,
        entry: &Entry,
        link: LinkId,
        name: &str,
        vlans: &PortVlans,
    ) -> Result<(), ComparisonError> {
        let Some(info) = self.require(entry, link, name)? else {
            return Ok(());
        };
        if self.lost.ports.contains(&link) {
            return Ok(());
        }
        let object = format!("the VLANs of {}", link_text(link.place, name));
        if info.hairpin.is_none() {
            let found = "gone, since it is no port of a bridge";
            self.tell(entry, object, vlans.to_string(), found, None);
            return Ok(());
        }
        let present = self.view.network.port_vlans(link)?;
        if present != *vlans {
            let remedy = Remedy::PortVlans {
                link,
                vlans: vlans.clone(),
            };
            self.tell(entry, object, vlans.to_string(), present.to_string(), Some(remedy));
        }
        Ok(())
    }
}
