//! Zones of firewalld: an address is in one of them, or in none. Each name is
//! that of a zone.

use std::net::IpAddr;

use cofferdam_network::{Error, Result};
use cofferdam_protocol::Place;

use crate::Sides;

impl Sides {
    pub(super) fn is_in_zone(&self, address: IpAddr, zone: &str) -> bool {
        let zones = self.at(Place::Host).zones.as_ref();
        zones.and_then(|zones| zones.get(&address)).is_some_and(|of| of == zone)
    }

    pub(super) fn join_zone(&mut self, address: IpAddr, zone: &str) -> Result<()> {
        let Some(zones) = &mut self.at_mut(Place::Host).zones else {
            return Err(Error::Unsupported("firewalld does not run on this node".to_owned()));
        };
        match zones.get(&address) {
            None => {
                zones.insert(address, zone.to_owned());
                Ok(())
            }
            Some(of) if of == zone => Err(Error::AlreadyExists(format!("{address} in zone {zone} of firewalld"))),
            Some(_) => Err(Error::Conflict(format!(
                "{address} can't be in zone {zone} of firewalld, since it is in another one"
            ))),
        }
    }

    pub(super) fn leave_zone(&mut self, address: IpAddr, zone: &str) -> Result<()> {
        if !self.is_in_zone(address, zone) {
            return Err(Error::NotFound(format!("{address} in zone {zone} of firewalld")));
        }
        if let Some(zones) = &mut self.at_mut(Place::Host).zones {
            zones.remove(&address);
        }
        Ok(())
    }
}
