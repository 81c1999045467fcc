//! A picture of a namespace, taken through any [`Network`].

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use cofferdam_network::{AddressInfo, Error, LinkInfo, LinkSettings, Neighbor, Network, PortVlans, Result, Route};
use cofferdam_protocol::Place;

use super::{KeptRoute, Origin, Side, routes::MAIN_TABLE};

impl Side {
    /// What there is in a namespace: links, addresses, routes, rules,
    /// neighbours, the VLANs of ports and the peers of VXLANs.
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
            let id = link.id;
            match Belongings::read(network, &link, &tables) {
                Ok(belongings) => side.keep_link(link, belongings),
                // Links come and go meanwhile: it is as if it had gone before.
                Err(Error::NotFound(_)) if network.link(id)?.is_none() => {}
                Err(error) => return Err(error),
            }
        }
        side.forget_masters_that_are_gone();
        side.count_links_from_here();
        Ok(side)
    }

    fn keep_link(&mut self, link: LinkInfo, belongings: Belongings) {
        let index = link.id.index;
        self.routes.extend(belongings.routes);
        keep(&mut self.addresses, index, belongings.addresses);
        keep(&mut self.neighbors, index, belongings.neighbors);
        keep(&mut self.vxlan_peers, index, belongings.vxlan_peers);
        if belongings.vlans != PortVlans::default() {
            self.vlans.insert(index, belongings.vlans);
        }
        self.links.insert(index, link);
    }

    /// A bridge that goes gives up its ports.
    fn forget_masters_that_are_gone(&mut self) {
        let present: BTreeSet<u32> = self.links.keys().copied().collect();
        for link in self.links.values_mut() {
            link.master = link.master.filter(|master| present.contains(master));
        }
    }
}

/// What belongs to a link.
struct Belongings {
    addresses: Vec<AddressInfo>,
    routes: Vec<KeptRoute>,
    neighbors: Vec<Neighbor>,
    vlans: PortVlans,
    vxlan_peers: Vec<IpAddr>,
}

impl Belongings {
    fn read(network: &mut dyn Network, link: &LinkInfo, tables: &BTreeSet<u32>) -> Result<Self> {
        let addresses = network.addresses(link.id)?;
        let mut routes = Vec::new();
        for table in tables {
            let of_table = network.routes(link.id, *table)?.into_iter();
            routes.extend(of_table.map(|route| KeptRoute {
                link: link.id.index,
                origin: origin(&route, &addresses),
                route,
            }));
        }
        Ok(Self {
            routes,
            neighbors: network.neighbors(link.id)?,
            vlans: match link.master {
                Some(_) => network.port_vlans(link.id)?,
                None => PortVlans::default(),
            },
            vxlan_peers: match link.kind.as_str() {
                "vxlan" => network.vxlan_peers(link.id)?,
                _ => Vec::new(),
            },
            addresses,
        })
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
