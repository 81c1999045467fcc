use std::{collections::BTreeSet, net::IpAddr};

use cofferdam_protocol::IpPrefix;

use super::{Found, OwnedBy, OwnerLinks, Thing, shelf};
use crate::Result;

/// The registry, for what can't be asked by a name.
#[derive(Debug)]
pub struct Survey<'a> {
    things: &'a OwnerLinks,
}

impl<'a> Survey<'a> {
    pub(super) fn new(things: &'a OwnerLinks) -> Self {
        Self { things }
    }

    /// The addresses of containers within a prefix, and whose they are,
    /// whatever their networks.
    ///
    /// # Errors
    /// The registry can't be read.
    pub fn addresses_within(&self, prefix: &IpPrefix) -> Result<Vec<(IpAddr, OwnedBy)>> {
        let shelf = if *prefix == IpPrefix::host(prefix.address()) {
            shelf::of_address(prefix.address())
        } else {
            shelf::ADDRESSES.to_owned()
        };
        self.owned([shelf], |name| {
            Thing::address_of_name(name).filter(|address| prefix.contains(*address))
        })
    }

    /// Who owns which of these addresses of containers, whatever their
    /// networks.
    ///
    /// # Errors
    /// The registry can't be read.
    pub fn owners_of(&self, addresses: &BTreeSet<IpAddr>) -> Result<Vec<(IpAddr, OwnedBy)>> {
        let shelves: BTreeSet<String> = addresses.iter().copied().map(shelf::of_address).collect();
        self.owned(shelves, |name| {
            Thing::address_of_name(name).filter(|address| addresses.contains(address))
        })
    }

    /// The routes of the node, and the addresses on its links, whose networks
    /// have all of a prefix in them.
    ///
    /// # Errors
    /// The registry can't be read.
    pub fn ways_to(&self, prefix: &IpPrefix) -> Result<Vec<(Thing, OwnedBy)>> {
        let lengths = self.things.directories(shelf::WAYS)?;
        let shelves = lengths.iter().filter_map(|length| shelf::of_ways_to(prefix, length));
        self.owned(shelves, |name| {
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
        self.owned([shelf::WAYS, shelf::NEIGHBORS].map(str::to_owned), |name| {
            Thing::on_link_of_name(name).filter(|thing| thing.link() == Some(link))
        })
    }

    /// What of these shelves is somebody's.
    fn owned<T>(
        &self,
        shelves: impl IntoIterator<Item = String>,
        of_name: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<(T, OwnedBy)>> {
        let mut found = Vec::new();
        for shelf in shelves {
            for path in self.things.paths(&shelf)? {
                let name = path.rsplit('/').next().unwrap_or_default();
                let Some(thing) = of_name(name) else { continue };
                if let Found::By(by) = self.things.read(&path)?
                    && self.things.is_live(&by)
                {
                    found.push((thing, by));
                }
            }
        }
        Ok(found)
    }
}
