//! Whose things are. What another attachment owns is out of reach, whatever a
//! grant says: a look finds nothing, and what would get in its way is a
//! conflict that names the owner.

use std::net::IpAddr;

use cofferdam_journal::{OwnedBy, Owner, Records, Thing};
use cofferdam_network::LinkId;
use cofferdam_protocol::{MacAddress, Place};
use cofferdam_sandbox::CallError;

use super::store::records_directories;
use crate::{
    convert::{belongs, conflict, network_error},
    mediator::{Mediator, journal_error},
    ways::Ways,
};

impl Mediator {
    /// The owner of a thing, if that is another attachment.
    pub(super) fn other_owner(&mut self, thing: &Thing) -> Result<Option<OwnedBy>, CallError> {
        let session = self.session();
        let owner = session.owned.owner(thing).map_err(journal_error)?;
        Ok(owner.filter(|owner| !owner.is_of(&session.attachment)))
    }

    /// Whether a thing is another attachment's.
    pub(super) fn is_others(&mut self, thing: &Thing) -> Result<bool, CallError> {
        Ok(self.other_owner(thing)?.is_some())
    }

    /// The same for a link by its name.
    pub(super) fn is_others_link(&mut self, place: Place, name: &str) -> Result<bool, CallError> {
        match self.session().scope().link(place, name) {
            Some(thing) => self.is_others(&thing),
            None => Ok(false),
        }
    }

    /// Leaves out of a list what other attachments own.
    pub(super) fn without_others<T>(&mut self, list: Vec<T>, thing: impl Fn(&T) -> Thing) -> Result<Vec<T>, CallError> {
        let mut visible = Vec::with_capacity(list.len());
        for item in list {
            if !self.is_others(&thing(&item))? {
                visible.push(item);
            }
        }
        Ok(visible)
    }

    pub(super) fn refuse_others(&mut self, thing: &Thing) -> Result<(), CallError> {
        match self.other_owner(thing)? {
            Some(owner) => Err(belongs(thing, &owner)),
            None => Ok(()),
        }
    }

    /// An address that a container is to get must not be one that something
    /// else answers for. Whether another attachment has it, or leads it
    /// elsewhere, shows when it is taken.
    pub(super) fn refuse_taken_address(&mut self, address: IpAddr) -> Result<(), CallError> {
        if self.session().scope().address(address).is_none() {
            return Ok(());
        }
        self.refuse_leased(address)?;
        if self.session().segments.is_beside_node {
            self.refuse_nodes_address(address)?;
        }
        let links: Vec<LinkId> = self.session().segments.links.iter().copied().collect();
        links
            .into_iter()
            .try_for_each(|link| self.refuse_address_of(link, |own| own == address))
    }

    /// The address must not be on record for somebody else, where the
    /// network's addresses are on record.
    fn refuse_leased(&mut self, address: IpAddr) -> Result<(), CallError> {
        let Some(holder) = self.lease_of_other(address)? else {
            return Ok(());
        };
        let network = &self.session().attachment.network;
        let owner = match (holder.is_nobody(), &holder.interface_name) {
            (true, _) => "somebody else".to_owned(),
            (false, Some(interface)) => format!("container {} interface {interface}", holder.container_id),
            (false, None) => format!("container {}", holder.container_id),
        };
        let text = format!("address {address} of network {network} is on record for {owner}");
        Err(conflict(text))
    }

    /// For whom an address of the network is on record, if that is another
    /// attachment.
    pub(super) fn lease_of_other(&mut self, address: IpAddr) -> Result<Option<Owner>, CallError> {
        let own = self.own_record();
        for directory in records_directories(self.session()) {
            let holder = Records::holder(&directory, &address).map_err(journal_error)?;
            if let Some(holder) = holder.filter(|holder| !own.holds(holder)) {
                return Ok(Some(holder));
            }
        }
        Ok(None)
    }

    /// What names this attachment in records of addresses.
    pub(super) fn own_record(&mut self) -> Owner {
        let attachment = &self.session().attachment;
        Owner {
            container_id: attachment.container_id.clone(),
            interface_name: Some(attachment.interface_name.clone()),
        }
    }

    /// A link of the node must not have an address for which `is_taken` holds.
    fn refuse_address_of(&mut self, link: LinkId, is_taken: impl Fn(IpAddr) -> bool) -> Result<(), CallError> {
        let addresses = self.network().addresses(link).map_err(network_error)?;
        let mut addresses = addresses.iter().map(|info| info.address.address());
        match addresses.find(|address| is_taken(*address)) {
            Some(address) => Err(conflict(format!(
                "address {address} belongs to a link of the node that the container is connected to"
            ))),
            None => Ok(()),
        }
    }

    /// The container gets a link upon one of the node: no address that it has
    /// may be any of the node's.
    pub(super) fn connect_beside(&mut self, parent: LinkId) -> Result<(), CallError> {
        self.be_beside_node()?;
        self.connect(parent)
    }

    /// The same of a device that the container gets for itself: the node may
    /// be on its network by another one.
    pub(super) fn be_beside_node(&mut self) -> Result<(), CallError> {
        if !self.session().segments.is_beside_node {
            self.session().segments.is_beside_node = true;
            let held = self.session().segments.addresses.clone();
            held.into_iter()
                .try_for_each(|address| self.refuse_nodes_address(address))?;
        }
        Ok(())
    }

    fn refuse_nodes_address(&mut self, address: IpAddr) -> Result<(), CallError> {
        if self
            .network()
            .has_address(Place::Host, address)
            .map_err(network_error)?
        {
            return Err(conflict(format!("address {address} belongs to the node")));
        }
        Ok(())
    }

    /// The container gets a connection to a link of the node, whose addresses
    /// must not be among those that it has.
    pub(super) fn connect(&mut self, link: LinkId) -> Result<(), CallError> {
        if link.place == Place::Container || !self.session().segments.links.insert(link) {
            return Ok(());
        }
        let held = self.session().segments.addresses.clone();
        if held.is_empty() {
            return Ok(());
        }
        self.refuse_address_of(link, |address| held.contains(&address))?;
        let ways = Ways::new(self.session());
        let network = self.network();
        for address in held {
            ways.refuse_container_address(address, network)?;
        }
        Ok(())
    }

    /// The node must not answer for an address that an attachment of the
    /// network has, this one included.
    pub(super) fn refuse_containers_address(&mut self, address: IpAddr) -> Result<(), CallError> {
        let session = self.session();
        let Some(thing) = session.scope().address(address) else {
            return Ok(());
        };
        match session.owned.owner(&thing).map_err(journal_error)? {
            Some(owner) => Err(belongs(&thing, &owner)),
            None => Ok(()),
        }
    }

    /// An Ethernet address that a guest chose must not be another link's: a
    /// bridge would lead its frames astray. `own` is the link that may have it.
    pub(super) fn refuse_known_mac(&mut self, mac: MacAddress, own: Option<LinkId>) -> Result<(), CallError> {
        self.refuse_others(&Thing::Mac(mac))?;
        let links = self.network().links(Place::Host).map_err(network_error)?;
        let known = links.iter().any(|link| link.mac == Some(mac) && Some(link.id) != own);
        if known {
            return Err(conflict(format!(
                "Ethernet address {mac} belongs to a link of the node"
            )));
        }
        Ok(())
    }
}
