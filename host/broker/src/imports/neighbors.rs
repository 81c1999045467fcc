use cofferdam_journal::{Inverse, Operation, Thing};
use cofferdam_network::{LinkId, Neighbor};
use cofferdam_policy::Question;
use cofferdam_protocol::Place;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{
        neighbors::{Host, Neighbor as WitNeighbor},
        types::{Error, IpAddress},
    },
    handle::Link,
};
use wasmtime::component::Resource;

use crate::{
    convert::{ip_address, mac_address, wit_ip_address, wit_mac_address},
    mediator::Mediator,
};

impl Host for Mediator {
    fn add(&mut self, link: Resource<Link>, neighbor: WitNeighbor) -> Result<(), CallError> {
        self.enter()?;
        self.require_creation()?;
        let neighbor = Neighbor {
            address: ip_address(neighbor.address),
            mac: mac_address(neighbor.mac),
        };
        let id = self.link_id(&link)?;
        let name = self.link_name(id)?;
        self.permit(&Question::NeighborAdd {
            place: id.place,
            link: &name,
            address: neighbor.address,
        })?;
        if id.place == Place::Host
            && let Some(thing) = self.session().scope().address(neighbor.address)
        {
            self.refuse_others(&thing)?;
        }
        let own = self.is_own(id);
        if !own {
            // On record, what was there before would be undone after a crash.
            let entries = self.seen_on(|network| network.neighbors(id))?;
            if entries.contains(&neighbor) {
                let text = format!("neighbour {} of link {name:?}", neighbor.address);
                return Err(CallError::Guest(Error::AlreadyExists(text)));
            }
        }
        let inverse = if own {
            Inverse::WithLink { link: id }
        } else {
            Inverse::DeleteNeighbor {
                link: id,
                name: name.clone(),
                neighbor: neighbor.clone(),
            }
        };
        let operation = Operation::AddNeighbor {
            link: id,
            name,
            neighbor: neighbor.clone(),
        };
        self.change(&operation, &inverse, |network| network.add_neighbor(id, &neighbor))
    }

    fn delete(&mut self, link: Resource<Link>, address: IpAddress) -> Result<(), CallError> {
        self.enter()?;
        let address = ip_address(address);
        let id = self.link_id(&link)?;
        let name = self.link_name(id)?;
        let own = self.is_own(id);
        if !own {
            self.permit(&Question::NeighborDelete {
                place: id.place,
                link: &name,
                address,
            })?;
        }
        let entries = self.neighbors_in_reach(id)?;
        let neighbor = entries
            .into_iter()
            .find(|entry| entry.address == address)
            .ok_or_else(|| CallError::Guest(Error::NotFound(format!("neighbour {address} of link {name:?}"))))?;
        let operation = Operation::DeleteNeighbor {
            link: id,
            name: name.clone(),
            neighbor: neighbor.clone(),
        };
        let inverse = if own {
            Inverse::WithLink { link: id }
        } else {
            Inverse::AddNeighbor {
                link: id,
                name,
                neighbor: neighbor.clone(),
            }
        };
        self.change(&operation, &inverse, |network| network.delete_neighbor(id, &neighbor))
    }

    fn list(&mut self, link: Resource<Link>) -> Result<Vec<WitNeighbor>, CallError> {
        self.enter()?;
        let id = self.link_id(&link)?;
        if !self.is_own(id) {
            let name = self.link_name(id)?;
            self.permit(&Question::NeighborSee {
                place: id.place,
                link: &name,
            })?;
        }
        let entries = self.neighbors_in_reach(id)?;
        Ok(entries
            .into_iter()
            .map(|entry| WitNeighbor {
                address: wit_ip_address(entry.address),
                mac: wit_mac_address(entry.mac),
            })
            .collect())
    }
}

impl Mediator {
    /// The permanent neighbours of a link but for those of the node that other
    /// attachments own.
    fn neighbors_in_reach(&mut self, id: LinkId) -> Result<Vec<Neighbor>, CallError> {
        let entries = self.seen_on(|network| network.neighbors(id))?;
        if id.place == Place::Container || self.is_own(id) {
            return Ok(entries);
        }
        let link = self.link_name(id)?;
        self.without_others(entries, |entry| Thing::Neighbor {
            link: link.clone(),
            address: entry.address,
        })
    }
}
