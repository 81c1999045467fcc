//! Links that are made by themselves, and those that they are upon.

use std::sync::Arc;

use cofferdam_journal::{Inverse, Operation, Outcome};
use cofferdam_network::{LinkId, LinkInfo, LinkSettings, NewLink};
use cofferdam_policy::{Question, Upon};
use cofferdam_protocol::{MacAddress, Place};
use cofferdam_sandbox::{
    CallError, Outside,
    bindings::cofferdam::cni::{links as wit, types::Error},
    handle::Link,
};
use wasmtime::component::Resource;

use super::{
    link_settings::other_place,
    links::{check_mac, check_name},
};
use crate::{
    convert::{invalid, link_settings, mac_address},
    mediator::Mediator,
    random,
    session::{KnownLink, Ownership},
};

/// The largest VLAN of a network; the one above is reserved.
const LAST_VLAN: u16 = 4094;
/// `RT_TABLE_DEFAULT`, and with it those that every namespace has.
const FIRST_COMMON_TABLE: u32 = 253;
const LAST_COMMON_TABLE: u32 = 255;

impl Mediator {
    pub(super) fn create_link(&mut self, link: wit::NewLink) -> Result<Resource<Link>, CallError> {
        self.enter()?;
        self.require_creation()?;
        let place = self.table.get(&link.in_)?.place;
        let settings = link_settings(&link.settings);
        check_name(&link.name)?;
        check(place, &settings)?;
        let parent = self.parent_of_new(place, &settings, link.parent)?;
        let is_of_node = parent
            .as_ref()
            .is_some_and(|parent| parent.id.place == Place::Host && !self.is_made_here(parent.id));
        let of_node = parent.as_ref().filter(|_| is_of_node);
        let question = question(place, &link.name, &settings, of_node);
        if let Some(parent) = of_node
            && self.allowed.decide(&question).is_ok()
        {
            self.connect_upon(parent, &settings)?;
        }
        // What is counted is the link, not what it is connected to.
        self.permit(&question)?;
        let given = link.mac.map(mac_address);
        let world = Arc::clone(&self.session().world);
        let (mac, known) = mac_of(given, &settings, parent.as_ref(), world.as_ref())?;
        if let Some(mac) = given {
            self.refuse_known_mac(mac, None)?;
        }
        let wanted = NewLink {
            place,
            name: link.name,
            mac,
            mtu: link.mtu,
            transmit_queue_length: link.transmit_queue_length,
            parent: parent.map(|parent| parent.id),
            settings,
        };
        let id = self.make_link(&wanted, known)?;
        self.link_handle(id, &wanted.name)
    }

    /// The link that a new one is to be upon, as the kernel has it.
    fn parent_of_new(
        &mut self,
        place: Place,
        settings: &LinkSettings,
        parent: Option<Resource<Link>>,
    ) -> Result<Option<LinkInfo>, CallError> {
        let kind = settings.kind();
        let Some(parent) = parent else {
            return if settings.is_upon_parent() {
                Err(invalid(format!("a link of kind {kind} needs a parent")))
            } else {
                Ok(None)
            };
        };
        if !settings.is_upon_parent() {
            return Err(invalid(format!("a link of kind {kind} has no parent")));
        }
        let id = self.link_id(&parent)?;
        if place == Place::Host && id.place == Place::Container {
            return Err(invalid("a link of the node is not upon one of a container"));
        }
        self.link_info_of(id).map(Some)
    }

    fn is_made_here(&mut self, id: LinkId) -> bool {
        let known = self.known_link(id);
        known.is_some_and(|known| known.ownership.is_attachments())
    }

    /// A link upon one of the node connects the container to what that one is
    /// connected to, the node included.
    fn connect_upon(&mut self, parent: &LinkInfo, settings: &LinkSettings) -> Result<(), CallError> {
        self.use_bridge(parent)?;
        let vlan = match settings {
            LinkSettings::Vlan { id } => Some(*id),
            _ => None,
        };
        self.use_parent(parent, vlan)?;
        self.connect_beside(parent.id)
    }

    /// `known` is the address that the link is known by.
    fn make_link(&mut self, wanted: &NewLink, known: MacAddress) -> Result<LinkId, CallError> {
        self.count_link()?;
        let operation = Operation::CreateLink { link: wanted.clone() };
        let inverse = Inverse::DeleteLink {
            place: wanted.place,
            name: wanted.name.clone(),
            kind: wanted.settings.kind().to_owned(),
            mac: known,
            index: None,
        };
        let id = self.perform(
            &operation,
            &inverse,
            |network| network.create_link(wanted),
            |id| Outcome {
                index: Some(id.index),
                ..Outcome::default()
            },
        )?;
        let link = KnownLink {
            plugin: self.plugin.clone(),
            name: wanted.name.clone(),
            mac: known,
            ownership: Ownership::Own,
            peer: None,
        };
        self.session().links.insert(id, link);
        self.refuse_router_advertisements(wanted.place, &wanted.name);
        self.refuse_redirects(wanted.place, &wanted.name);
        Ok(id)
    }

    /// The link that a link is upon, where this plugin may see it.
    pub(super) fn parent_link(&mut self, link: &Resource<Link>) -> Result<Resource<Link>, CallError> {
        self.enter()?;
        let id = self.link_id(link)?;
        let info = self.link_info_of(id)?;
        let missing = || CallError::Guest(Error::NotFound(format!("the link that {:?} is upon", info.name)));
        let is_upon = info.settings.as_ref().is_some_and(LinkSettings::is_upon_parent);
        let index = info.lower.filter(|_| is_upon).ok_or_else(missing)?;
        let parent = LinkId {
            place: if info.lower_elsewhere {
                other_place(id.place)
            } else {
                id.place
            },
            index,
        };
        let found = self.seen_on(|network| network.link(parent))?.ok_or_else(missing)?;
        let name = found.name.clone();
        let seen = self.visible(parent.place, &name, Some(found)).map_err(|_| missing())?;
        self.link_handle(seen.id, &name)
    }
}

/// What is asked for: the link, and what of the node it is to be upon, which is
/// all but what this plugin made for the attachment.
fn question<'a>(
    place: Place,
    name: &'a str,
    settings: &'a LinkSettings,
    of_node: Option<&'a LinkInfo>,
) -> Question<'a> {
    Question::LinkCreate {
        place,
        kind: settings.kind(),
        name,
        upon: of_node.map(|parent| Upon {
            parent: &parent.name,
            mode: settings.mode(),
            vlan: match settings {
                LinkSettings::Vlan { id } => Some(*id),
                _ => None,
            },
        }),
        table: match settings {
            LinkSettings::Vrf { table } if place == Place::Host => Some(*table),
            _ => None,
        },
    }
}

/// What makes no sense, whatever is granted.
fn check(place: Place, settings: &LinkSettings) -> Result<(), CallError> {
    match settings {
        LinkSettings::Vlan { id } if *id > LAST_VLAN => {
            Err(invalid(format!("VLAN {id}: its number is 0 to {LAST_VLAN}")))
        }
        LinkSettings::Vrf { table: 0 } => Err(invalid("there is no routing table 0")),
        LinkSettings::Vrf { table }
            if place == Place::Host && (FIRST_COMMON_TABLE..=LAST_COMMON_TABLE).contains(table) =>
        {
            Err(invalid(format!(
                "a VRF of the node has a table to itself, and {table} is the node's"
            )))
        }
        // Whoever may use it would be on the node's network.
        LinkSettings::Tap { .. } if place == Place::Host => Err(invalid(
            "a TAP device is made in the container's namespace, not in the host namespace",
        )),
        _ => Ok(()),
    }
}

/// The address that the link is given, if it is given one, and the one that it
/// has then.
fn mac_of(
    given: Option<MacAddress>,
    settings: &LinkSettings,
    parent: Option<&LinkInfo>,
    world: &dyn Outside,
) -> Result<(Option<MacAddress>, MacAddress), CallError> {
    if let Some(mac) = given {
        check_mac(mac)?;
        if settings.has_parents_mac() {
            let mode = settings.mode().unwrap_or_default();
            return Err(invalid(format!(
                "a link of kind {} in mode {mode} has its parent's Ethernet address, not one of its own",
                settings.kind()
            )));
        }
        return Ok((Some(mac), mac));
    }
    let inherits = settings.has_parents_mac() || matches!(settings, LinkSettings::Vlan { .. });
    match parent.filter(|_| inherits) {
        Some(parent) => match parent.mac {
            Some(mac) => Ok((None, mac)),
            None => Err(invalid(format!(
                "link {:?} has no Ethernet address that one upon it could have",
                parent.name
            ))),
        },
        None => {
            let mac = random::mac_address(world);
            Ok((Some(mac), mac))
        }
    }
}
