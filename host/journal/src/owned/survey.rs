use std::{collections::BTreeSet, net::IpAddr};

use cofferdam_protocol::IpPrefix;

use super::{Found, OwnedBy, OwnerLinks, Thing};
use crate::Result;

/// The registry as a whole, for what can't be asked by a name. What is taken
/// later is not in it.
#[derive(Debug)]
pub struct Survey<'a> {
    things: &'a OwnerLinks,
    names: Vec<String>,
}

impl<'a> Survey<'a> {
    pub(super) fn new(things: &'a OwnerLinks) -> Result<Self> {
        let names = things.names()?;
        Ok(Self { things, names })
    }

    /// The addresses of containers within a prefix, and whose they are,
    /// whatever their networks.
    ///
    /// # Errors
    /// The registry can't be read.
    pub fn addresses_within(&self, prefix: &IpPrefix) -> Result<Vec<(IpAddr, OwnedBy)>> {
        self.owned(|name| Thing::address_of_name(name).filter(|address| prefix.contains(*address)))
    }

    /// Who owns which of these addresses of containers, whatever their
    /// networks.
    ///
    /// # Errors
    /// The registry can't be read.
    pub fn owners_of(&self, addresses: &BTreeSet<IpAddr>) -> Result<Vec<(IpAddr, OwnedBy)>> {
        self.owned(|name| Thing::address_of_name(name).filter(|address| addresses.contains(address)))
    }

    /// The routes of the node, and the addresses on its links, whose networks
    /// have all of a prefix in them.
    ///
    /// # Errors
    /// The registry can't be read.
    pub fn ways_to(&self, prefix: &IpPrefix) -> Result<Vec<(Thing, OwnedBy)>> {
        self.owned(|name| {
            let way = Thing::way_of_name(name)?;
            let leads = match &way {
                Thing::Route { destination, .. } => destination.covers(prefix),
                Thing::LinkAddress { address, .. } => address.network().covers(prefix),
                _ => false,
            };
            leads.then_some(way)
        })
    }

    /// What attachments put on a link of the node that they did not make, and
    /// whose it is.
    ///
    /// # Errors
    /// The registry can't be read.
    pub fn on_link(&self, link: &str) -> Result<Vec<(Thing, OwnedBy)>> {
        self.owned(|name| Thing::on_link_of_name(name).filter(|thing| thing.link() == Some(link)))
    }

    fn owned<T>(&self, of_name: impl Fn(&str) -> Option<T>) -> Result<Vec<(T, OwnedBy)>> {
        let mut found = Vec::new();
        for name in &self.names {
            let Some(thing) = of_name(name) else { continue };
            if let Found::By(by) = self.things.read(name)?
                && self.things.is_live(&by)
            {
                found.push((thing, by));
            }
        }
        Ok(found)
    }
}
