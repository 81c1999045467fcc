use std::{net::IpAddr, path::Path};

use cofferdam_network::{Error as NetworkError, ForwardingLead, LinkId, Neighbor, nftables::Table};
use cofferdam_protocol::Place;

use super::Repair;
use crate::{
    ComparisonError, Owner, Records, SharedGuard,
    difference::{Agreed, Drift, Remedy, Value},
    digest_of,
    model::Made,
};

type Outcome = Result<(), ComparisonError>;

/// What came of a remedy that did not fail.
pub(super) enum Mending {
    Done,
    /// Others agreed on something else since it was looked at.
    Overtaken,
}

impl Repair<'_> {
    /// Mends a drift. What is shared is under its object's lock meanwhile, as
    /// in an ADD, and stays as it is where others agreed on something else
    /// since it was looked at.
    pub(super) fn put_back(&mut self, drift: &Drift, remedy: &Remedy) -> Result<Mending, ComparisonError> {
        let mut guard = match &drift.agreed {
            Some(agreed) => Some(self.locked(agreed)?),
            None => None,
        };
        let agreed = drift.agreed.as_ref().and_then(|agreed| agreed.made.as_ref());
        if guard.as_ref().is_some_and(|guard| guard.made() != agreed) {
            return Ok(Mending::Overtaken);
        }
        self.carry_out(&drift.difference.plugin, remedy, guard.as_mut())?;
        Ok(Mending::Done)
    }

    /// The lock of an object that the attachment shares. Its DEL leaves the
    /// object, so that it counts among the users also where it was lost there.
    fn locked(&self, agreed: &Agreed) -> Result<SharedGuard, ComparisonError> {
        Ok(self.shared.join(&agreed.object, self.id, self.deadline)?)
    }

    fn carry_out(&mut self, plugin: &str, remedy: &Remedy, guard: Option<&mut SharedGuard>) -> Outcome {
        match remedy {
            Remedy::Setting { link, value } => self.set(*link, *value),
            Remedy::PortVlans { link, vlans } => Ok(self.network.set_port_vlans(*link, vlans)?),
            Remedy::VxlanPeer { link, peer } => Ok(self.network.add_vxlan_peer(*link, *peer)?),
            Remedy::Address {
                link,
                address,
                skip_duplicate_detection,
            } => there_now(self.network.add_address(*link, *address, *skip_duplicate_detection)),
            Remedy::Route { link, route, mode } => Ok(self.network.add_route(*link, route, *mode)?),
            Remedy::Rule { place, rule } => Ok(self.network.add_rule(*place, rule)?),
            Remedy::Neighbor { link, neighbor } => self.add_neighbor(*link, neighbor),
            Remedy::Sysctl { place, key, value } => Ok(self.network.set_sysctl(*place, key, value)?),
            Remedy::Table { place, table } => self.make_table(plugin, *place, table, guard),
            Remedy::Chains { place, table } => Ok(self.network.refill_chains(*place, table)?),
            Remedy::Chain {
                place,
                table,
                sets,
                chain,
            } => there_now(self.network.create_chain(*place, table, sets, chain)),
            Remedy::Element {
                place,
                table,
                set,
                element,
                comment,
            } => {
                let one = std::slice::from_ref(element);
                Ok(self.network.add_elements(*place, table, set, one, comment)?)
            }
            Remedy::RateLimit { link, limit } => Ok(self.network.limit_rate(*link, limit)?),
            Remedy::Redirect { link, to } => Ok(self.network.redirect_incoming(*link, *to)?),
            Remedy::ForwardingLead(lead) => self.lead(lead),
            Remedy::Forwarding(address, what) => Ok(self.network.accept_forwarding(*address, *what)?),
            Remedy::Zone(address, zone) => Ok(self.network.join_zone(*address, zone)?),
            Remedy::Claim { directory, address } => self.claim(directory, *address),
        }
    }

    fn set(&mut self, link: LinkId, value: Value) -> Outcome {
        let network = &mut self.network;
        Ok(match value {
            Value::Up(up) => network.set_link_up(link, up),
            Value::Mtu(mtu) => network.set_link_mtu(link, mtu),
            Value::Mac(mac) => network.set_link_mac(link, mac),
            Value::Promiscuous(on) => network.set_link_promiscuous(link, on),
            Value::AllMulticast(on) => network.set_link_all_multicast(link, on),
            Value::QueueLength(packets) => network.set_link_queue_length(link, packets),
            Value::Master(master) => network.set_link_master(link, master),
            Value::Hairpin(on) => network.set_port_hairpin(link, on),
            Value::Isolated(on) => network.set_port_isolated(link, on),
        }?)
    }

    /// An entry that the kernel learned meanwhile makes room.
    fn add_neighbor(&mut self, link: LinkId, neighbor: &Neighbor) -> Outcome {
        match self.network.add_neighbor(link, neighbor) {
            Err(NetworkError::AlreadyExists(_)) => {
                self.network.delete_neighbor(link, neighbor)?;
                Ok(self.network.add_neighbor(link, neighbor)?)
            }
            added => Ok(added?),
        }
    }

    /// A declaration other than the last one is the one on record from now on.
    fn make_table(&mut self, plugin: &str, place: Place, table: &Table, guard: Option<&mut SharedGuard>) -> Outcome {
        match self.network.create_table(place, table) {
            // It is somebody's who was faster, and none of ours.
            Err(NetworkError::AlreadyExists(_)) => return Ok(()),
            made => made?,
        }
        if let Some(guard) = guard {
            let digest = digest_of(table);
            let is_on_record = matches!(guard.made(), Some(Made::Table { digest: last, .. }) if *last == digest);
            if !is_on_record {
                guard.set_made(Made::Table {
                    plugin: plugin.to_owned(),
                    digest,
                    sets: table.sets.clone(),
                    chains: table.chains.iter().map(|chain| chain.name.clone()).collect(),
                })?;
            }
        }
        Ok(())
    }

    fn lead(&mut self, lead: &ForwardingLead) -> Outcome {
        // With another's rule the chain came back already.
        if self.network.has_forwarding_lead(lead)? {
            return Ok(());
        }
        Ok(self.network.add_forwarding_lead(lead)?)
    }

    fn claim(&mut self, directory: &Path, address: IpAddr) -> Outcome {
        let owner = Owner {
            container_id: self.id.container_id.clone(),
            interface_name: Some(self.id.interface_name.clone()),
        };
        let mut records = Records::open(directory, self.shared.state(), self.id, owner, self.deadline)?;
        // Where somebody has it by now the next look tells.
        records.claim(&address)?;
        Ok(())
    }
}

/// The kernel may have put it back itself, with something else that was.
fn there_now(made: cofferdam_network::Result<()>) -> Outcome {
    match made {
        Err(NetworkError::AlreadyExists(_)) => Ok(()),
        made => Ok(made?),
    }
}
