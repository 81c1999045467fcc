//! A picture of a namespace, taken through any [`Network`].

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_network::{LinkSettings, Network, PortVlans, Result};
use cofferdam_protocol::Place;

use super::Side;

/// `RT_TABLE_MAIN`.
const MAIN_TABLE: u32 = 254;

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
        let mut side = Self {
            rules: network.rules(place)?,
            ..Self::default()
        };
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
            keep(&mut side.addresses, index, network.addresses(id)?);
            let mut routes = Vec::new();
            for table in &tables {
                routes.extend(network.routes(id, *table)?);
            }
            keep(&mut side.routes, index, routes);
            keep(&mut side.neighbors, index, network.neighbors(id)?);
            if link.master.is_some() {
                let vlans = network.port_vlans(id)?;
                if vlans != PortVlans::default() {
                    side.vlans.insert(index, vlans);
                }
            }
            side.last_index = side.last_index.max(index);
            side.links.insert(index, link);
        }
        Ok(side)
    }
}

/// A link without any has no entry.
fn keep<T>(all: &mut BTreeMap<u32, Vec<T>>, index: u32, some: Vec<T>) {
    if !some.is_empty() {
        all.insert(index, some);
    }
}
