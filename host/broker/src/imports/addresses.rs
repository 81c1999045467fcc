use std::{
    thread,
    time::{Duration, Instant},
};

use cofferdam_journal::{Inverse, Made, Operation, SharedObject, Thing};
use cofferdam_network::{AddressInfo, LinkId};
use cofferdam_policy::Question;
use cofferdam_protocol::{IpPrefix, Place};
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{
        addresses::{AddressInfo as WitAddressInfo, AddressOptions, Host},
        types::{Error, IpPrefix as WitPrefix},
    },
    handle::Link,
};
use wasmtime::component::Resource;

use super::shared::Found;
use crate::{
    convert::{ip_prefix, link_error, wit_ip_prefix},
    mediator::Mediator,
    session::Ownership,
    ways::Ways,
};

/// Between two looks at duplicate detection.
const POLL: Duration = Duration::from_millis(20);

impl Host for Mediator {
    fn add(&mut self, link: Resource<Link>, address: WitPrefix, options: AddressOptions) -> Result<(), CallError> {
        self.enter()?;
        self.require_creation()?;
        let address = ip_prefix(address)?;
        let id = self.link_id(&link)?;
        let name = self.link_name(id)?;
        let ownership = self.known_link(id).map(|known| known.ownership);
        let shared = matches!(ownership, Some(Ownership::Shared { .. }));
        let object = shared.then(|| shared_address(id, &name, address));
        let question = Question::AddressAdd {
            place: id.place,
            link: &name,
            address,
        };
        self.permit_sharing(&question, object.as_ref())?;
        match id.place {
            Place::Container => self.refuse_taken_address(address.address())?,
            Place::Host => self.refuse_containers_address(address.address())?,
        }
        match ownership {
            Some(Ownership::Own | Ownership::Taken) => {
                self.add_address(id, name, address, options, &Inverse::WithLink { link: id })
            }
            Some(Ownership::Shared { .. }) => self.share_address(id, name, address, options),
            None => self.add_foreign_address(id, name, address, options),
        }?;
        if id.place == Place::Container {
            self.session().segments.addresses.insert(address.address());
        }
        Ok(())
    }

    fn delete(&mut self, link: Resource<Link>, address: WitPrefix) -> Result<(), CallError> {
        self.enter()?;
        let address = ip_prefix(address)?;
        let id = self.link_id(&link)?;
        let name = self.link_name(id)?;
        if !self.is_own(id) {
            self.permit(&Question::AddressDelete {
                place: id.place,
                link: &name,
                address,
            })?;
            let thing = link_address(&name, address);
            if id.place == Place::Host && self.is_others(&thing)? {
                return Err(self.missing_address(id, address));
            }
        }
        let operation = Operation::DeleteAddress {
            link: id,
            name: name.clone(),
            address,
        };
        let inverse = if self.is_own(id) {
            Inverse::WithLink { link: id }
        } else {
            Inverse::AddAddress {
                link: id,
                name,
                address,
            }
        };
        self.change(&operation, &inverse, |network| network.delete_address(id, address))
    }

    fn list(&mut self, link: Resource<Link>) -> Result<Vec<WitAddressInfo>, CallError> {
        self.enter()?;
        let id = self.link_id(&link)?;
        let addresses = self.seen_addresses(id)?;
        Ok(addresses.into_iter().map(wit_address_info).collect())
    }

    fn wait_usable(&mut self, link: Resource<Link>, milliseconds: u32) -> Result<(), CallError> {
        self.enter()?;
        let id = self.link_id(&link)?;
        let wait = Duration::from_millis(milliseconds.into()).min(self.session().time_left());
        let end = Instant::now() + wait;
        loop {
            let addresses = self.seen_addresses(id)?;
            if let Some(taken) = addresses.iter().find(|address| address.duplicate) {
                let text = format!("another node has the address {}", taken.address);
                return Err(CallError::Guest(Error::Conflict(text)));
            }
            if !addresses.iter().any(|address| address.tentative) {
                return Ok(());
            }
            if Instant::now() >= end {
                let text = format!("duplicate detection is not done after {} ms", wait.as_millis());
                return Err(CallError::Guest(Error::Deadline(text)));
            }
            thread::sleep(POLL);
        }
    }
}

impl Mediator {
    /// Whether this plugin made the link for this attachment.
    pub(super) fn is_own(&mut self, id: LinkId) -> bool {
        self.known_link(id)
            .is_some_and(|known| known.ownership.is_attachments())
    }

    /// The name of a link behind a handle.
    pub(super) fn link_name(&mut self, id: LinkId) -> Result<String, CallError> {
        match self.known_link(id) {
            Some(known) => Ok(known.name),
            None => Ok(self.link_info_of(id)?.name),
        }
    }

    /// In the kernel's words: whose it is can't be told from them.
    fn missing_address(&mut self, link: LinkId, address: IpPrefix) -> CallError {
        let missing = cofferdam_network::Error::NotFound(format!("address {address} of {link}"));
        link_error(missing, &self.session().deeds)
    }

    fn seen_addresses(&mut self, id: LinkId) -> Result<Vec<AddressInfo>, CallError> {
        if !self.is_own(id) {
            let name = self.link_name(id)?;
            self.permit(&Question::AddressSee {
                place: id.place,
                link: &name,
            })?;
        }
        let addresses = self.seen_on(|network| network.addresses(id))?;
        // Where the link is this attachment's, or shared, so are they.
        if id.place == Place::Container || self.known_link(id).is_some() {
            return Ok(addresses);
        }
        let name = self.link_name(id)?;
        self.without_others(addresses, |info| link_address(&name, info.address))
    }

    /// To a link that somebody else made.
    fn add_foreign_address(
        &mut self,
        id: LinkId,
        name: String,
        address: IpPrefix,
        options: AddressOptions,
    ) -> Result<(), CallError> {
        // On record, what was there before would be undone after a crash.
        let present = self.seen_on(|network| network.addresses(id))?;
        if present.iter().any(|info| info.address == address) {
            let text = format!("address {address} on link {name:?}");
            return Err(CallError::Guest(Error::AlreadyExists(text)));
        }
        let inverse = Inverse::DeleteAddress {
            link: id,
            name: name.clone(),
            address,
        };
        self.add_address(id, name, address, options, &inverse)
    }

    fn add_address(
        &mut self,
        id: LinkId,
        name: String,
        address: IpPrefix,
        options: AddressOptions,
        inverse: &Inverse,
    ) -> Result<(), CallError> {
        let skip = options.skip_duplicate_detection;
        let operation = Operation::AddAddress {
            link: id,
            name,
            address,
            skip_duplicate_detection: skip,
        };
        self.change(&operation, inverse, |network| network.add_address(id, address, skip))?;
        self.session().deeds.added.push((id, address));
        Ok(())
    }

    /// An address of a shared link is shared, too. One that was there before
    /// is its maker's, and the guest is told that it exists.
    fn share_address(
        &mut self,
        id: LinkId,
        name: String,
        address: IpPrefix,
        options: AddressOptions,
    ) -> Result<(), CallError> {
        let skip = options.skip_duplicate_detection;
        let object = shared_address(id, &name, address);
        let exists = format!("address {address} on link {name:?}");
        let ways = Ways::new(self.session());
        let operation = Operation::AddAddress {
            link: id,
            name,
            address,
            skip_duplicate_detection: skip,
        };
        let made = Made::Address { index: Some(id.index) };
        let (found, _) = self.share(
            &object,
            &operation,
            made.clone(),
            |network, on_record| {
                let there = network.addresses(id)?.into_iter().any(|info| info.address == address);
                Ok((there.then_some(()), on_record == Some(&made)))
            },
            |network| {
                // An address that was there led where it leads before.
                ways.refuse(&operation, network)?;
                network.add_address(id, address, skip).map(Some)
            },
        )?;
        match found {
            Found::Ours | Found::New => {
                self.session().deeds.added.push((id, address));
                Ok(())
            }
            Found::Foreign => Err(CallError::Guest(Error::AlreadyExists(exists))),
        }
    }
}

fn shared_address(id: LinkId, link: &str, address: IpPrefix) -> SharedObject {
    SharedObject::Address {
        place: id.place,
        link: link.to_owned(),
        address,
    }
}

fn link_address(link: &str, address: IpPrefix) -> Thing {
    Thing::LinkAddress {
        link: link.to_owned(),
        address,
    }
}

fn wit_address_info(info: AddressInfo) -> WitAddressInfo {
    WitAddressInfo {
        address: wit_ip_prefix(info.address),
        scope: info.scope,
        tentative: info.tentative,
        duplicate: info.duplicate,
    }
}
