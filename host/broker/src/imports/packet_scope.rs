//! Whose packets rules and elements may be about, in the node's namespace.
//! In the container's all packets are the attachment's own.

use std::{collections::BTreeSet, net::IpAddr};

use cofferdam_network::{
    Network,
    nftables::{Chain, Element, Set, TableId},
};
use cofferdam_policy::Question;
use cofferdam_protocol::Place;
use cofferdam_sandbox::CallError;

use super::nftables::hooks_of;
use crate::{
    convert::{ip_prefix, network_error},
    mediator::{Mediator, Task, journal_error},
    packet_scope::{Parts, can_be_own, decided_packets, marks_set, parts_of},
};

/// So many addresses are looked for one by one. Of more than that, which a
/// container may give itself, the list of all that the node has tells sooner.
const FEW: usize = 8;

impl Mediator {
    /// Asks the policy for the packets that rules decide on, where not every
    /// one of these is known to be an attachment's, and for the marks that they
    /// set on any.
    pub(super) fn permit_rules(
        &mut self,
        place: Place,
        table: &TableId,
        sets: &[Set],
        chains: &[Chain],
    ) -> Result<(), CallError> {
        if place == Place::Container {
            return Ok(());
        }
        let packets = decided_packets(sets, chains);
        let marks = marks_set(chains);
        if packets.is_empty() && marks.is_empty() {
            return Ok(());
        }
        let family = table.family.to_string();
        self.permit(&Question::NftTable {
            place,
            family: &family,
            table: &table.name,
            hooks: &hooks_of(chains),
            packets: &packets,
            marks: &marks,
        })
    }

    /// Asks the policy for what elements hold that is not this attachment's
    /// own: addresses, links, and ports in any case.
    pub(super) fn permit_parts(
        &mut self,
        place: Place,
        table: &TableId,
        set: &str,
        elements: &[Element],
    ) -> Result<(), CallError> {
        if place == Place::Container {
            return Ok(());
        }
        // One after the other: two grants do not make up for each other in one.
        let mut asked = BTreeSet::new();
        for element in elements {
            let parts = self.parts_of_others(parts_of(element))?;
            if !parts.is_empty() && !asked.contains(&parts) {
                self.permit_part(place, table, set, &parts)?;
                asked.insert(parts);
            }
        }
        Ok(())
    }

    fn permit_part(&mut self, place: Place, table: &TableId, set: &str, parts: &Parts) -> Result<(), CallError> {
        let family = table.family.to_string();
        self.permit(&Question::NftElement {
            place,
            family: &family,
            table: &table.name,
            set,
            addresses: &parts.addresses.iter().copied().collect::<Vec<_>>(),
            links: &parts.links.iter().cloned().collect::<Vec<_>>(),
            ports: &parts.ports.iter().copied().collect::<Vec<_>>(),
        })
    }

    /// Leaves out what is the attachment's own.
    fn parts_of_others(&mut self, parts: Parts) -> Result<Parts, CallError> {
        Ok(Parts {
            addresses: self.addresses_of_others(parts.addresses)?,
            links: self.links_of_others(parts.links),
            ports: parts.ports,
        })
    }

    /// Those of the addresses that are not the attachment's. Its own are on a
    /// link of its container, and it owns them. An address that another plugin
    /// of its chain put there, which Cofferdam did not run, is on no record but
    /// the previous result.
    pub(super) fn addresses_of_others(&mut self, asked: BTreeSet<IpAddr>) -> Result<BTreeSet<IpAddr>, CallError> {
        if !asked.is_subset(&self.session().own_addresses) {
            self.session().own_addresses = self.find_own_addresses()?;
        }
        let own = &self.session().own_addresses;
        Ok(asked.difference(own).copied().collect())
    }

    /// The container itself chooses what else is on its links. The node's own
    /// addresses are not the attachment's, wherever they are besides.
    fn find_own_addresses(&mut self) -> Result<BTreeSet<IpAddr>, CallError> {
        let network = self.network();
        let there = network.addresses_in(Place::Container).map_err(network_error)?;
        let there = there.iter().filter(|info| !info.duplicate);
        let there = there.map(|info| info.address.address());
        let there = there.filter(|address| can_be_own(*address)).collect();
        let inside = not_on_the_node(network, there).map_err(network_error)?;
        let session = self.session();
        let owners = session.owned.survey().owners_of(&inside).map_err(journal_error)?;
        let attachment = &session.attachment;
        let of_others = |address: &IpAddr| owners.iter().any(|(of, by)| of == address && !by.is_of(attachment));
        let owned = |address: &IpAddr| owners.iter().any(|(of, by)| of == address && by.is_of(attachment));
        let (owned, unknown): (BTreeSet<IpAddr>, BTreeSet<IpAddr>) = inside
            .into_iter()
            .filter(|address| !of_others(address))
            .partition(owned);
        let mut own = owned;
        for address in unknown.intersection(&self.previous_addresses()) {
            if self.lease_of_other(*address)?.is_none() {
                own.insert(*address);
            }
        }
        Ok(own)
    }

    /// The addresses of the result that the plugin was given.
    fn previous_addresses(&self) -> BTreeSet<IpAddr> {
        let Task::Attachment(request) = &self.task else {
            return BTreeSet::new();
        };
        let addresses = request.previous.iter().flat_map(|previous| &previous.addresses);
        let addresses = addresses.filter_map(|ip| ip_prefix(ip.address).ok());
        addresses.map(|prefix| prefix.address()).collect()
    }

    /// Those of the links that this request did not make in the node's
    /// namespace.
    fn links_of_others(&mut self, asked: BTreeSet<String>) -> BTreeSet<String> {
        let links = &self.session().links;
        let others = asked.into_iter().filter(|name| !links.has_own(Place::Host, name));
        others.collect()
    }
}

/// Those of the addresses that no link of the node has.
fn not_on_the_node(
    network: &mut dyn Network,
    addresses: BTreeSet<IpAddr>,
) -> cofferdam_network::Result<BTreeSet<IpAddr>> {
    if addresses.len() > FEW {
        let node = network.addresses_in(Place::Host)?;
        let node: BTreeSet<IpAddr> = node.iter().map(|info| info.address.address()).collect();
        return Ok(addresses.difference(&node).copied().collect());
    }
    let mut others = BTreeSet::new();
    for address in addresses {
        if !network.has_address(Place::Host, address)? {
            others.insert(address);
        }
    }
    Ok(others)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::picture::Picture;

    #[test]
    fn the_nodes_addresses_are_found_among_few_and_among_many() {
        let mut node = Picture::default()
            .with_link(Place::Host, "up0")
            .with_address("10.0.0.1/24")
            .with_address("fd00::1/64")
            .with_link(Place::Container, "eth0")
            .with_address("10.0.0.2/24");
        for count in [3, 100] {
            let mut asked: BTreeSet<IpAddr> = (2..count).map(|last| [10, 0, 0, last].into()).collect();
            let others = asked.clone();
            asked.extend(["10.0.0.1", "fd00::1"].map(|address| address.parse::<IpAddr>().unwrap()));
            assert_eq!(not_on_the_node(&mut node, asked).unwrap(), others, "{count}");
        }
    }
}
