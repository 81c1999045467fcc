use std::collections::BTreeSet;

use cofferdam_network::{Error, LinkInfo, LinkSettings, Network, Result};
use cofferdam_protocol::Place;

/// The table of routes that all look into.
const MAIN_TABLE: u32 = 254;

/// Asks for all that a network in memory begins with, of both namespaces, in
/// the order in which that asks (`cofferdam_simulation::Side::read`). The
/// container's may be gone.
pub(super) fn look_around(network: &mut dyn Network) -> Result<()> {
    look_into(network, Place::Host)?;
    match look_into(network, Place::Container) {
        Err(Error::NoNamespace(Place::Container)) => Ok(()),
        looked => looked,
    }
}

fn look_into(network: &mut dyn Network, place: Place) -> Result<()> {
    let rules = network.rules(place)?;
    let links = network.links(place)?;
    let vrfs = links.iter().filter_map(|link| match link.settings {
        Some(LinkSettings::Vrf { table }) => Some(table),
        _ => None,
    });
    let mut tables: BTreeSet<u32> = rules.iter().map(|rule| rule.table).chain(vrfs).collect();
    tables.insert(MAIN_TABLE);
    tables.remove(&0);
    for link in &links {
        match look_at(network, link, &tables) {
            Err(Error::NotFound(_)) if network.link(link.id)?.is_none() => {}
            looked => looked?,
        }
    }
    Ok(())
}

fn look_at(network: &mut dyn Network, link: &LinkInfo, tables: &BTreeSet<u32>) -> Result<()> {
    network.addresses(link.id)?;
    for table in tables {
        network.routes(link.id, *table)?;
    }
    network.neighbors(link.id)?;
    if link.master.is_some() {
        network.port_vlans(link.id)?;
    }
    if link.kind == "vxlan" {
        network.vxlan_peers(link.id)?;
    }
    Ok(())
}
