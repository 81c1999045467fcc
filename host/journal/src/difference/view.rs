use std::collections::BTreeMap;

use cofferdam_network::{Error, LinkId, LinkInfo, Neighbor, Network, Result, Route, Rule};
use cofferdam_protocol::{IpPrefix, Place};

/// The kernel as it was when it was first asked: a link with a hundred routes
/// is asked for once.
pub(super) struct View<'a> {
    pub(super) network: &'a mut dyn Network,
    links: BTreeMap<LinkId, Option<LinkInfo>>,
    addresses: BTreeMap<LinkId, Vec<IpPrefix>>,
    routes: BTreeMap<(LinkId, u32), Vec<Route>>,
    neighbors: BTreeMap<LinkId, Vec<Neighbor>>,
    rules: BTreeMap<Place, Vec<Rule>>,
}

impl<'a> View<'a> {
    pub(super) fn new(network: &'a mut dyn Network) -> Self {
        Self {
            network,
            links: BTreeMap::new(),
            addresses: BTreeMap::new(),
            routes: BTreeMap::new(),
            neighbors: BTreeMap::new(),
            rules: BTreeMap::new(),
        }
    }

    pub(super) fn link(&mut self, link: LinkId) -> Result<Option<LinkInfo>> {
        if let Some(known) = self.links.get(&link) {
            return Ok(known.clone());
        }
        let found = self.network.link(link)?;
        self.links.insert(link, found.clone());
        Ok(found)
    }

    pub(super) fn addresses(&mut self, link: LinkId) -> Result<&[IpPrefix]> {
        if !self.addresses.contains_key(&link) {
            let found = none_of_missing(self.network.addresses(link))?;
            let found = found.into_iter().map(|info| info.address).collect();
            self.addresses.insert(link, found);
        }
        Ok(self.addresses.get(&link).map_or(&[], Vec::as_slice))
    }

    pub(super) fn routes(&mut self, link: LinkId, table: u32) -> Result<&[Route]> {
        if !self.routes.contains_key(&(link, table)) {
            let found = none_of_missing(self.network.routes(link, table))?;
            self.routes.insert((link, table), found);
        }
        Ok(self.routes.get(&(link, table)).map_or(&[], Vec::as_slice))
    }

    pub(super) fn neighbors(&mut self, link: LinkId) -> Result<&[Neighbor]> {
        if !self.neighbors.contains_key(&link) {
            let found = none_of_missing(self.network.neighbors(link))?;
            self.neighbors.insert(link, found);
        }
        Ok(self.neighbors.get(&link).map_or(&[], Vec::as_slice))
    }

    pub(super) fn rules(&mut self, place: Place) -> Result<&[Rule]> {
        if !self.rules.contains_key(&place) {
            let found = self.network.rules(place)?;
            self.rules.insert(place, found);
        }
        Ok(self.rules.get(&place).map_or(&[], Vec::as_slice))
    }

    /// Whether there is a namespace at all.
    pub(super) fn has(&mut self, place: Place) -> Result<bool> {
        match self.network.link_by_name(place, "lo") {
            Err(Error::NoNamespace(_)) => Ok(false),
            found => found.map(|_| true),
        }
    }
}

/// A link that went meanwhile has nothing.
fn none_of_missing<T>(found: Result<Vec<T>>) -> Result<Vec<T>> {
    match found {
        Err(Error::NotFound(_)) => Ok(Vec::new()),
        found => found,
    }
}
