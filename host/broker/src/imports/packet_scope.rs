//! Whose packets rules and elements may be about, in the node's namespace.
//! In the container's all packets are the attachment's own.

use std::{collections::BTreeSet, net::IpAddr};

use cofferdam_network::nftables::{Chain, Element, Set, TableId};
use cofferdam_policy::Question;
use cofferdam_protocol::Place;
use cofferdam_sandbox::CallError;

use super::nftables::hooks_of;
use crate::{
    convert::network_error,
    mediator::Mediator,
    packet_scope::{can_be_own, decided_packets, parts_of},
};

/// How many addresses, links or ports are asked for at once, so that a denial
/// names no more of them.
const AT_ONCE: usize = 16;

impl Mediator {
    /// Asks the policy for the packets that rules decide on, where not every
    /// one of these is known to be an attachment's.
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
        if packets.is_empty() {
            return Ok(());
        }
        let family = table.family.to_string();
        self.permit(&Question::NftTable {
            place,
            family: &family,
            table: &table.name,
            hooks: &hooks_of(chains),
            packets: &packets,
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
        let parts = parts_of(elements);
        let addresses = self.addresses_of_others(parts.addresses)?;
        let links = self.links_of_others(parts.links);
        let ports: Vec<u16> = parts.ports.into_iter().collect();
        let most = addresses.len().max(links.len()).max(ports.len());
        let family = table.family.to_string();
        for start in (0..most).step_by(AT_ONCE) {
            self.permit(&Question::NftElement {
                place,
                family: &family,
                table: &table.name,
                set,
                addresses: some_from(&addresses, start),
                links: some_from(&links, start),
                ports: some_from(&ports, start),
            })?;
        }
        Ok(())
    }

    /// Those of the addresses that are not the attachment's. Its own are on a
    /// link of its container: what a plugin may put there is granted, unlike
    /// what it may claim. The node's own are not, wherever they are besides.
    fn addresses_of_others(&mut self, asked: BTreeSet<IpAddr>) -> Result<Vec<IpAddr>, CallError> {
        if !asked.is_subset(&self.session().own_addresses) {
            let network = self.network();
            let inside = network.addresses_in(Place::Container).map_err(network_error)?;
            let node = network.addresses_in(Place::Host).map_err(network_error)?;
            let node: BTreeSet<IpAddr> = node.iter().map(|info| info.address.address()).collect();
            let own = inside.iter().filter(|info| !info.duplicate);
            let own = own.map(|info| info.address.address());
            self.session().own_addresses = own
                .filter(|address| can_be_own(*address) && !node.contains(address))
                .collect();
        }
        let own = &self.session().own_addresses;
        Ok(asked.into_iter().filter(|address| !own.contains(address)).collect())
    }

    /// Those of the links that this request did not make in the node's
    /// namespace.
    fn links_of_others(&mut self, asked: BTreeSet<String>) -> Vec<String> {
        let links = &self.session().links;
        let others = asked.into_iter().filter(|name| !links.has_own(Place::Host, name));
        others.collect()
    }
}

fn some_from<T>(all: &[T], start: usize) -> &[T] {
    let rest = all.get(start..).unwrap_or_default();
    &rest[..rest.len().min(AT_ONCE)]
}
