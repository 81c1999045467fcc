use cofferdam_network::{Bridge, IpvlanIsolation, LinkId, LinkInfo, LinkSettings, Vxlan};
use cofferdam_protocol::{MacAddress, Place};

use super::{
    ComparisonError, GONE, PRESENT, Remedy,
    part::{End, Part, Value},
    survey::{Survey, link_text, object},
};
use crate::{
    Entry,
    model::{Made, SharedObject, kind_text},
};

impl Survey<'_, '_> {
    /// A link that was made: the one with its number, if kind, and name or
    /// address, say so.
    pub(super) fn look_at_end(&mut self, entry: &Entry, end: &End<'_>) -> Result<(), ComparisonError> {
        let object = link_text(end.place, end.name);
        if end.id().is_some_and(|id| self.lost.links.contains(&id)) {
            return Ok(());
        }
        let found = match self.find_end(end)? {
            Some(info) if end.index.is_none_or(|index| index == info.id.index) => {
                self.compare_kind(entry, end, &info);
                if info.name != end.name {
                    self.tell(entry, format!("the name of {object}"), end.name, info.name, None);
                }
                return Ok(());
            }
            Some(info) => format!("link {} by now, with none of its settings", info.id.index),
            None if self.went_with_container(end) => String::new(),
            None => match self.view.network.link_by_name(end.place, end.name)? {
                Some(_) => "replaced by another link of that name".to_owned(),
                None => GONE.to_owned(),
            },
        };
        self.lose_pair(end);
        if !found.is_empty() {
            self.tell(entry, object, PRESENT, found, None);
        }
        Ok(())
    }

    /// What a kind is set to can't be set back by what the host does to links.
    fn compare_kind(&mut self, entry: &Entry, end: &End<'_>, info: &LinkInfo) {
        let Some(wanted) = end.settings.map(LinkSettings::comparable) else {
            return;
        };
        let found = info.settings.as_ref().map(LinkSettings::comparable);
        if found.as_ref() != Some(&wanted) {
            let object = format!("the {} of {}", kind_text(&wanted), link_text(end.place, end.name));
            let found = found.map_or("something else".to_owned(), |found| settings_text(&found));
            self.tell(entry, object, settings_text(&wanted), found, None);
        }
    }

    /// The other end goes with it.
    fn lose_pair(&mut self, end: &End<'_>) {
        self.lost.links.extend(end.id().into_iter().chain(end.peer));
        self.lost.names.insert((end.place, end.name.to_owned()));
        let peers = self.expected.all().iter().filter_map(|expected| match &expected.part {
            Part::End(peer) if peer.id().is_some() && peer.id() == end.peer => Some((peer.place, peer.name.to_owned())),
            _ => None,
        });
        self.lost.names.extend(peers);
    }

    fn find_end(&mut self, end: &End<'_>) -> Result<Option<LinkInfo>, ComparisonError> {
        let given = end.id().and_then(|id| self.mac_given(id));
        let has_mac = |info: &LinkInfo| info.mac == Some(end.mac) || info.mac.is_some() && info.mac == given;
        let is_kind = |info: &LinkInfo| info.kind == end.kind;
        if let Some(id) = end.id() {
            let found = self.view.link(id)?;
            let is_made = |info: &LinkInfo| is_kind(info) && (info.name == end.name || has_mac(info));
            if let Some(info) = found.filter(is_made) {
                return Ok(Some(info));
            }
        }
        let found = self.view.network.link_by_name(end.place, end.name)?;
        Ok(found.filter(|info| is_kind(info) && has_mac(info)))
    }

    /// The address that the attachment gave a link in the end.
    fn mac_given(&self, link: LinkId) -> Option<MacAddress> {
        self.expected.all().iter().find_map(|expected| match expected.part {
            Part::Setting {
                link: of,
                value: Value::Mac(mac),
                ..
            } if of == link => Some(mac),
            _ => None,
        })
    }

    /// A bridge: the one that the registry says was made; where it was found,
    /// any of that name.
    pub(super) fn look_at_bridge(&mut self, entry: &Entry, bridge: &Bridge) -> Result<(), ComparisonError> {
        let object = format!("bridge {} in the {} namespace", bridge.name, bridge.place);
        let made = match (object_of_bridge(entry), self.made(entry)) {
            (_, Some(Made::Bridge { mac, .. })) => Some(mac),
            (true, _) => None,
            (false, _) => Some(bridge.mac),
        };
        let named = self.view.network.link_by_name(bridge.place, &bridge.name)?;
        let found = named.filter(|info| info.kind == "bridge" && info.name == bridge.name);
        let Some(info) = found else {
            self.lose_bridge(bridge);
            self.tell(entry, object, PRESENT, GONE, None);
            return Ok(());
        };
        let is_it = made.is_none_or(|mac| info.mac == Some(mac)) || info.mac == self.mac_given(info.id);
        let (Some(mac), false) = (made, is_it) else {
            return Ok(());
        };
        let shown = info.mac.map_or("none".to_owned(), |mac| mac.to_string());
        if self.has_settings_of(info.id) {
            let value = Value::Mac(mac);
            let remedy = Remedy::Setting { link: info.id, value };
            let what = format!("the address of {object}");
            self.tell(entry, what, mac.to_string(), shown, Some(remedy));
        } else {
            self.lose_bridge(bridge);
            let how = format!("replaced by another one, with address {shown}");
            self.tell(entry, object, PRESENT, how, None);
        }
        Ok(())
    }

    fn lose_bridge(&mut self, bridge: &Bridge) {
        self.lost.names.insert((bridge.place, bridge.name.clone()));
        self.lost.bridges.insert(bridge.place);
    }

    /// Whether the attachment did something with the link of that number.
    fn has_settings_of(&self, link: LinkId) -> bool {
        let mut expected = self.expected.all().iter();
        expected.any(|expected| expected.part.link() == Some(link))
    }

    pub(super) fn look_at_setting(
        &mut self,
        entry: &Entry,
        link: LinkId,
        name: &str,
        value: Value,
    ) -> Result<(), ComparisonError> {
        let Some(info) = self.require(entry, link, name)? else {
            return Ok(());
        };
        let (value, is_ours) = self.agreed_value(entry, link, value);
        if is_as(&info, value) || self.is_for_others(link.place, name, value)? {
            return Ok(());
        }
        if let Value::Master(master) = value {
            return self.tell_of_master(entry, &info, master);
        }
        let is_port_setting = matches!(value, Value::Hairpin(_) | Value::Isolated(_));
        if is_port_setting && self.lost.ports.contains(&link) {
            return Ok(());
        }
        let object = format!("{} of {}", what(value), link_text(link.place, name));
        match shown(&info, value) {
            Some(found) => {
                let remedy = is_ours.then_some(Remedy::Setting { link, value });
                self.tell(entry, object, text(value), found, remedy);
            }
            None => self.tell(
                entry,
                object,
                text(value),
                "gone, since it is no port of a bridge",
                None,
            ),
        }
        Ok(())
    }

    /// The value that those agreed on who share a setting, and whether any of
    /// them had to set it.
    fn agreed_value(&self, entry: &Entry, link: LinkId, value: Value) -> (Value, bool) {
        let made = self.made(entry);
        let is_ours = !made.as_ref().is_some_and(Made::is_as_found);
        let Some(Made::LinkSetting { new, index, .. }) = made else {
            return (value, true);
        };
        if index != Some(link.index) {
            return (value, false);
        }
        let value = match value {
            Value::Up(_) => Value::Up(new != 0),
            Value::Mtu(_) => Value::Mtu(new),
            Value::Promiscuous(_) => Value::Promiscuous(new != 0),
            Value::AllMulticast(_) => Value::AllMulticast(new != 0),
            Value::QueueLength(_) => Value::QueueLength(new),
            Value::Hairpin(_) => Value::Hairpin(new != 0),
            Value::Isolated(_) => Value::Isolated(new != 0),
            Value::Mac(_) | Value::Master(_) => value,
        };
        (value, is_ours)
    }

    /// Whether another attachment may have switched on what this one left off:
    /// a bridge that Cofferdam made has no record of who needs which switch.
    fn is_for_others(&self, place: Place, name: &str, value: Value) -> Result<bool, ComparisonError> {
        let is_off = matches!(
            value,
            Value::Up(false)
                | Value::Promiscuous(false)
                | Value::AllMulticast(false)
                | Value::Hairpin(false)
                | Value::Isolated(false)
        );
        if !is_off {
            return Ok(false);
        }
        let bridge = SharedObject::Bridge {
            place,
            name: name.to_owned(),
        };
        Ok(self.shared.is_user(&bridge, self.id)? && self.shared.is_used_by_others(&bridge, self.id)?)
    }

    pub(super) fn tell_of_master(
        &mut self,
        entry: &Entry,
        info: &LinkInfo,
        master: Option<u32>,
    ) -> Result<(), ComparisonError> {
        let place = info.id.place;
        let id = |index| LinkId { place, index };
        self.lost.ports.insert(info.id);
        let wanted = match master {
            Some(index) => self.view.link(id(index))?,
            None => None,
        };
        let is_gone = master.is_some() && wanted.is_none();
        if is_gone && self.lost.bridges.contains(&place) {
            return Ok(());
        }
        let expected = match (&wanted, master) {
            (Some(bridge), _) => format!("a port of {}", bridge.name),
            (None, Some(index)) => format!("a port of link {index}, which is gone"),
            (None, None) => "no port".to_owned(),
        };
        let object = link_text(place, &info.name);
        match info.master {
            Some(other) => {
                let other = self.view.link(id(other))?;
                let name = other.map_or("another link".to_owned(), |other| other.name);
                self.tell(entry, object, expected, format!("a port of {name}"), None);
            }
            None => {
                let value = Value::Master(master);
                let remedy = (!is_gone).then_some(Remedy::Setting { link: info.id, value });
                self.tell(entry, object, expected, "no port", remedy);
            }
        }
        Ok(())
    }
}

/// What a kind is set to, in the words of `ip-link(8)`.
pub(super) fn settings_text(settings: &LinkSettings) -> String {
    match settings {
        LinkSettings::Macvlan { .. } => format!("mode {}", settings.mode().unwrap_or_default()),
        LinkSettings::Ipvlan { isolation, .. } => {
            let isolation = match isolation {
                IpvlanIsolation::None => "bridge",
                IpvlanIsolation::Private => "private",
                IpvlanIsolation::Vepa => "vepa",
            };
            format!("mode {} {isolation}", settings.mode().unwrap_or_default())
        }
        LinkSettings::Vlan { id } => format!("id {id}"),
        LinkSettings::Vrf { table } => format!("table {table}"),
        LinkSettings::Tap {
            owner,
            group,
            multi_queue,
        } => {
            let number = |number: &Option<u32>| number.map_or("none".to_owned(), |number| number.to_string());
            let queues = if *multi_queue { ", multi_queue" } else { "" };
            format!("user {}, group {}{queues}", number(owner), number(group))
        }
        LinkSettings::Vxlan(vxlan) => vxlan_text(vxlan),
        LinkSettings::Dummy | LinkSettings::Ifb => settings.kind().to_owned(),
    }
}

fn vxlan_text(vxlan: &Vxlan) -> String {
    let mut words = vec![format!("id {} dstport {}", vxlan.id, vxlan.port)];
    words.extend(vxlan.parent.map(|index| format!("dev {index}")));
    words.extend(vxlan.local.map(|local| format!("local {local}")));
    words.extend(vxlan.group.map(|group| format!("group {group}")));
    words.push(match vxlan.ttl {
        0 => "ttl auto".to_owned(),
        ttl => format!("ttl {ttl}"),
    });
    words.push(if vxlan.learning { "learning" } else { "nolearning" }.to_owned());
    words.join(" ")
}

fn object_of_bridge(entry: &Entry) -> bool {
    matches!(object(entry), Some(SharedObject::Bridge { .. }))
}

/// Whether a link has the value.
fn is_as(info: &LinkInfo, value: Value) -> bool {
    match value {
        Value::Up(up) => info.up == up,
        Value::Mtu(mtu) => info.mtu == mtu,
        Value::Mac(mac) => info.mac == Some(mac),
        Value::Promiscuous(on) => info.promiscuous == on,
        Value::AllMulticast(on) => info.all_multicast == on,
        Value::QueueLength(packets) => info.transmit_queue_length == packets,
        Value::Master(master) => info.master == master,
        Value::Hairpin(on) => info.hairpin == Some(on),
        Value::Isolated(on) => info.isolated == Some(on),
    }
}

fn what(value: Value) -> &'static str {
    match value {
        Value::Up(_) => "the state",
        Value::Mtu(_) => "mtu",
        Value::Mac(_) => "the address",
        Value::Promiscuous(_) => "promiscuous mode",
        Value::AllMulticast(_) => "all-multicast mode",
        Value::QueueLength(_) => "the transmit queue length",
        Value::Master(_) => "the bridge",
        Value::Hairpin(_) => "hairpin mode",
        Value::Isolated(_) => "isolation",
    }
}

fn switch(on: bool) -> String {
    if on { "on" } else { "off" }.to_owned()
}

fn text(value: Value) -> String {
    match value {
        Value::Up(up) => if up { "up" } else { "down" }.to_owned(),
        Value::Mtu(mtu) => mtu.to_string(),
        Value::Mac(mac) => mac.to_string(),
        Value::QueueLength(packets) => packets.to_string(),
        Value::Promiscuous(on) | Value::AllMulticast(on) | Value::Hairpin(on) | Value::Isolated(on) => switch(on),
        Value::Master(master) => master.map_or("no port".to_owned(), |index| format!("a port of link {index}")),
    }
}

/// The value that a link has; absent where it has no such setting.
fn shown(info: &LinkInfo, value: Value) -> Option<String> {
    let present = match value {
        Value::Up(_) => Value::Up(info.up),
        Value::Mtu(_) => Value::Mtu(info.mtu),
        Value::Mac(_) => Value::Mac(info.mac?),
        Value::Promiscuous(_) => Value::Promiscuous(info.promiscuous),
        Value::AllMulticast(_) => Value::AllMulticast(info.all_multicast),
        Value::QueueLength(_) => Value::QueueLength(info.transmit_queue_length),
        Value::Master(_) => Value::Master(info.master),
        Value::Hairpin(_) => Value::Hairpin(info.hairpin?),
        Value::Isolated(_) => Value::Isolated(info.isolated?),
    };
    Some(text(present))
}
