use std::net::IpAddr;

use cofferdam_network::{
    Error, ForwardingLead, LinkId, LinkInfo,
    nftables::{Element, Set, TableId},
};
use cofferdam_protocol::{MacAddress, Place};

use super::{Undo, UndoError, UndoOutcome, Undone, deleted};
use crate::{
    model::{Made, SHARED_ELEMENT, SharedObject, element_text},
    shared::{Left, SharedGuard},
};

impl Undo<'_> {
    /// Takes the attachment off an object's users; after the last one, what
    /// Cofferdam made is removed.
    pub(super) fn leave(&mut self, object: &SharedObject) -> UndoOutcome {
        match self.shared.leave(object, self.id, self.deadline)? {
            Left::StillUsed => Ok(Undone::Nothing),
            Left::Last(guard) => self.remove_last(object, guard),
        }
    }

    fn remove_last(&mut self, object: &SharedObject, guard: SharedGuard) -> UndoOutcome {
        let outcome = match guard.made().cloned() {
            Some(made) => self.remove_made(object, &made),
            None if guard.is_damaged() => Ok(Undone::Left(format!(
                "it can't be read any more whether Cofferdam made {object}"
            ))),
            None => Ok(Undone::Nothing),
        };
        let outcome = match outcome {
            // What was in a namespace went with it.
            Err(UndoError::Network(Error::NoNamespace(_))) => Undone::Nothing,
            other => other?,
        };
        // What was left because it is in use still is ours, and the next user
        // needs to know. A setting that was left is somebody else's by now.
        let in_use = matches!(
            object,
            SharedObject::Bridge { .. }
                | SharedObject::Vrf { .. }
                | SharedObject::Vxlan { .. }
                | SharedObject::Chain { .. }
                | SharedObject::ForwardingLead { .. }
        ) && matches!(outcome, Undone::Left(_))
            && guard.made().is_some();
        if in_use {
            guard.remove_user()?;
        } else {
            guard.remove()?;
        }
        Ok(outcome)
    }

    fn remove_made(&mut self, object: &SharedObject, made: &Made) -> UndoOutcome {
        if made.is_as_found() {
            return Ok(Undone::Nothing);
        }
        match (object, made) {
            (SharedObject::Bridge { place, name }, Made::Bridge { mac, .. }) => {
                self.delete_link_with_ports(*place, name, "bridge", *mac)
            }
            (
                SharedObject::VlanGateway { place, name }
                | SharedObject::Vrf { place, name }
                | SharedObject::Vxlan { place, name },
                Made::Link { kind, mac },
            ) => self.delete_link_with_ports(*place, name, kind, *mac),
            (SharedObject::VxlanPeer { place, peer, .. }, Made::VxlanPeer { index }) => self.delete_vxlan_peer(
                LinkId {
                    place: *place,
                    index: *index,
                },
                *peer,
            ),
            (SharedObject::Address { place, link, address }, Made::Address { index }) => {
                match self.link_of(*place, link, *index)? {
                    Some(link) => self.delete_address(link.id, *address),
                    None => Ok(Undone::Nothing),
                }
            }
            (SharedObject::LinkSetting { place, link, setting }, Made::LinkSetting { old, new, index }) => {
                match self.link_of(*place, link, *index)? {
                    Some(link) => self.restore_number(link.id, *setting, *old, Some(*new)),
                    None => Ok(Undone::Nothing),
                }
            }
            (SharedObject::Sysctl { place, key }, Made::Sysctl { old, new }) => {
                self.restore_sysctl(*place, key, old, new)
            }
            (SharedObject::Table { place, table }, Made::Table { chains, .. }) => {
                self.delete_table(*place, table, chains)
            }
            (SharedObject::Chain { place, table, chain }, Made::Chain { .. }) => {
                match self.network.delete_chain(*place, table, chain) {
                    Err(Error::Conflict(_)) => {
                        let text = format!("something that is not ours refers to chain {chain} of {table}");
                        Ok(Undone::Left(text))
                    }
                    result => deleted(result),
                }
            }
            (SharedObject::Element { place, table, .. }, Made::Element { set, element }) => {
                self.delete_shared_element(*place, table, set, element)
            }
            (SharedObject::ForwardingLead { lead }, Made::ForwardingLead { with_chain }) => {
                self.delete_lead(lead, *with_chain)
            }
            _ => Ok(Undone::Left(format!("what is on record of {object} does not fit it"))),
        }
    }

    /// With the VXLAN its peers went.
    fn delete_vxlan_peer(&mut self, link: LinkId, peer: IpAddr) -> UndoOutcome {
        match self.network.link(link)? {
            Some(info) if info.kind == "vxlan" => deleted(self.network.delete_vxlan_peer(link, peer)),
            _ => Ok(Undone::Nothing),
        }
    }

    fn delete_shared_element(&mut self, place: Place, table: &TableId, set: &Set, element: &Element) -> UndoOutcome {
        match self.network.element_comment(place, table, set, element) {
            Ok(Some(comment)) if comment == SHARED_ELEMENT => {
                deleted(
                    self.network
                        .delete_elements(place, table, set, std::slice::from_ref(element)),
                )
            }
            Ok(Some(_)) => Ok(Undone::Left(format!(
                "element {} of {} of {table} is somebody else's by now",
                element_text(element),
                set.name
            ))),
            Ok(None) | Err(Error::NotFound(_)) => Ok(Undone::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    /// What others put into a chain of ours is not ours to delete.
    fn delete_lead(&mut self, lead: &ForwardingLead, with_chain: bool) -> UndoOutcome {
        let table = lead.table();
        let count = match with_chain {
            true => self.network.rule_count(Place::Host, &table, &lead.chain)?,
            false => None,
        };
        // Without the way to them they would do nothing any more.
        if let Some(count) = count.filter(|count| *count > 0) {
            let text = format!("chain {} of {table} has {count} rules that are not ours", lead.chain);
            return Ok(Undone::Left(text));
        }
        let undone = deleted(self.network.delete_forwarding_lead(lead))?;
        if count.is_none() {
            return Ok(undone);
        }
        match self.network.delete_chain(Place::Host, &table, &lead.chain) {
            Err(Error::Conflict(_)) => Ok(Undone::Left(format!(
                "something that is not ours refers to chain {} of {table}",
                lead.chain
            ))),
            result => deleted(result),
        }
    }

    /// One that has none of our chains was made by somebody else since.
    fn delete_table(&mut self, place: Place, table: &TableId, chains: &[String]) -> UndoOutcome {
        if !self.network.has_table(place, table)? {
            return Ok(Undone::Nothing);
        }
        let mut is_ours = chains.is_empty();
        for chain in chains {
            is_ours = is_ours || self.network.has_chain(place, table, chain)?;
        }
        if !is_ours {
            return Ok(Undone::Left(format!(
                "{table} is another one by now, or has lost all its chains"
            )));
        }
        deleted(self.network.delete_table(place, table))
    }

    /// The link that the object is of: by its number, since somebody may have
    /// made another of that name.
    fn link_of(&mut self, place: Place, name: &str, index: Option<u32>) -> Result<Option<LinkInfo>, UndoError> {
        Ok(match index {
            Some(index) => self.network.link(LinkId { place, index })?,
            None => self.network.link_by_name(place, name)?,
        })
    }

    /// A bridge or VRF that has ports of others is still somebody's. It may have
    /// got another name; its address was chosen for it alone.
    fn delete_link_with_ports(&mut self, place: Place, name: &str, kind: &str, mac: MacAddress) -> UndoOutcome {
        let links = self.network.links(place)?;
        let is_made = |link: &&LinkInfo| link.kind == kind && link.mac == Some(mac);
        let named = links.iter().filter(is_made).find(|link| link.name == name);
        let Some(link) = named.or_else(|| links.iter().find(is_made)) else {
            return Ok(Undone::Nothing);
        };
        if let Some(port) = links.iter().find(|other| other.master == Some(link.id.index)) {
            return Ok(Undone::Left(format!(
                "{kind} {} has a port that is not ours: {}",
                link.name, port.name
            )));
        }
        deleted(self.network.delete_link(link.id))
    }
}
