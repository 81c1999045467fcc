//! A picture of a namespace, taken through any [`Network`].

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_network::{AddressInfo, LinkSettings, Network, PortVlans, Result, Route};
use cofferdam_protocol::Place;

use super::{KeptRoute, Origin, Side, routes::MAIN_TABLE};

impl Side {
    /// What there is in a namespace: links, addresses, routes, rules,
    /// neighbours and the VLANs of ports.
    ///
    /// Routes are those of the main table, of the tables that rules look into,
    /// and of VRFs. No settings, nftables and queueing disciplines: the first
    /// have no list, and the others none that a [`Network`] tells.
    ///
    /// # Errors
    /// The network can't be read.
    pub fn read(network: &mut dyn Network, place: Place) -> Result<Self> {
        let mut side = Self::default();
        side.rules = network.rules(place)?;
        let links = network.links(place)?;
        let vrfs = links.iter().filter_map(|link| match link.settings {
            Some(LinkSettings::Vrf { table }) => Some(table),
            _ => None,
        });
        let mut tables: BTreeSet<u32> = side.rules.iter().map(|rule| rule.table).chain(vrfs).collect();
        tables.insert(MAIN_TABLE);
        tables.remove(&0);
        for link in links {
            let (id, index) = (link.id, link.id.index);
            let addresses = network.addresses(id)?;
            for table in &tables {
                let routes = network.routes(id, *table)?.into_iter();
                side.routes.extend(routes.map(|route| KeptRoute {
                    link: index,
                    origin: origin(&route, &addresses),
                    route,
                }));
            }
            keep(&mut side.addresses, index, addresses);
            keep(&mut side.neighbors, index, network.neighbors(id)?);
            if link.master.is_some() {
                let vlans = network.port_vlans(id)?;
                if vlans != PortVlans::default() {
                    side.vlans.insert(index, vlans);
                }
            }
            side.links.insert(index, link);
        }
        side.count_links_from_here();
        Ok(side)
    }
}

/// A [`Network`] does not tell who made a route. What leads to a network of the
/// link's own the kernel made.
fn origin(route: &Route, addresses: &[AddressInfo]) -> Origin {
    let is_of = |info: &AddressInfo| info.address.network() == route.destination;
    if route.gateway.is_none() && addresses.iter().any(is_of) {
        Origin::Kernel
    } else {
        Origin::Given
    }
}

/// A link without any has no entry.
fn keep<T>(all: &mut BTreeMap<u32, Vec<T>>, index: u32, some: Vec<T>) {
    if !some.is_empty() {
        all.insert(index, some);
    }
}
