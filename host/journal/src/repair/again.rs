use std::{net::IpAddr, path::Path};

use cofferdam_network::{
    Error as NetworkError, LinkId, Neighbor,
    nftables::{Chain, Set, Table, TableId},
};
use cofferdam_protocol::Place;

use super::Repair;
use crate::{
    ComparisonError, Owner, Records, SharedGuard,
    difference::{Remedy, Value},
    digest_of,
    model::{Made, SharedObject},
};

type Outcome = Result<(), ComparisonError>;

impl Repair<'_> {
    /// Carries a remedy out.
    pub(super) fn put_back(&mut self, plugin: &str, remedy: &Remedy) -> Outcome {
        match remedy {
            Remedy::Setting { link, value } => self.set(*link, *value),
            Remedy::Address {
                link,
                address,
                skip_duplicate_detection,
            } => there_now(self.network.add_address(*link, *address, *skip_duplicate_detection)),
            Remedy::Route { link, route, mode } => Ok(self.network.add_route(*link, route, *mode)?),
            Remedy::Rule { place, rule } => Ok(self.network.add_rule(*place, rule)?),
            Remedy::Neighbor { link, neighbor } => self.add_neighbor(*link, neighbor),
            Remedy::Sysctl { place, key, value } => Ok(self.network.set_sysctl(*place, key, value)?),
            Remedy::Table { place, table } => self.make_table(plugin, *place, table),
            Remedy::Chains { place, table } => Ok(self.network.replace_chains(*place, table)?),
            Remedy::Chain {
                place,
                table,
                sets,
                chain,
            } => self.make_chain(*place, table, sets, chain),
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

    /// Under the lock of the table, so that no ADD makes it at the same time.
    /// A declaration other than the last one is the one on record from now on.
    fn make_table(&mut self, plugin: &str, place: Place, table: &Table) -> Outcome {
        let object = SharedObject::Table {
            place,
            table: table.id.clone(),
        };
        let mut guard = self.locked(&object)?;
        match self.network.create_table(place, table) {
            // It is somebody's who was faster, with a declaration of theirs.
            Err(NetworkError::AlreadyExists(_)) => return Ok(()),
            made => made?,
        }
        if let Some(guard) = &mut guard {
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

    fn make_chain(&mut self, place: Place, table: &TableId, sets: &[Set], chain: &Chain) -> Outcome {
        let object = SharedObject::Chain {
            place,
            table: table.clone(),
            chain: chain.name.clone(),
        };
        let _guard = self.locked(&object)?;
        there_now(self.network.create_chain(place, table, sets, chain))
    }

    /// The lock of an object that the attachment shares.
    fn locked(&self, object: &SharedObject) -> Result<Option<SharedGuard>, ComparisonError> {
        if !self.shared.is_user(object, self.id)? {
            return Ok(None);
        }
        Ok(Some(self.shared.join(object, self.id, self.deadline)?))
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
