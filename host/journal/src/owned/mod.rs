//! What attachments own: `<state>/owned/` holds a symbolic link for each
//! thing, named by it, that leads to the owner's name.
//!
//! A link is made with its content, or not at all where there is one: to own
//! a thing takes one system call and no lock. Things are taken when the
//! operation that makes them is on record, before the kernel is asked, and
//! given up when the operation is undone. [`Scope::things`] tells from an
//! operation what it takes, so that nothing else needs to be on record.

mod owned_by;
mod owner_links;
mod scope;
mod thing;

use std::{collections::BTreeSet, net::IpAddr, path::Path, time::Instant};

use cofferdam_protocol::IpPrefix;
pub use owned_by::OwnedBy;
pub(crate) use owner_links::{Found, OwnerLinks, shared_target};
pub use scope::Scope;
pub use thing::Thing;

use crate::{AttachmentId, Result, names::unescape};

/// The registry of what attachments own.
#[derive(Clone, Debug)]
pub struct Owned {
    things: OwnerLinks,
}

/// What came of taking several things at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// All are the attachment's. These were not before: they are given up if
    /// the operation fails.
    All(Vec<Thing>),
    /// One belongs to another attachment, and none was taken.
    Belongs {
        /// Which.
        thing: Thing,
        /// To whom.
        to: OwnedBy,
    },
}

/// The same for one thing.
enum One {
    Taken,
    Had,
    Other(OwnedBy),
}

impl Owned {
    pub(crate) fn new(state: &Path) -> Self {
        Self {
            things: OwnerLinks::new(state, state.join("owned")),
        }
    }

    /// Makes things the attachment's. What an attachment of the same network,
    /// container and interface has is its own, whichever unit took it. What
    /// belongs to an attachment that has no journal any more, or to one of an
    /// earlier boot, is taken over.
    ///
    /// # Errors
    /// The registry can't be read or written, and nothing was taken;
    /// [`Error::Busy`](crate::Error::Busy) when something was to be taken over, and the registry's
    /// lock was not to be had by the deadline.
    pub fn take(&self, things: Vec<Thing>, by: &OwnedBy, deadline: Instant) -> Result<Taken> {
        let text = by.to_text();
        let mut taken = Vec::with_capacity(things.len());
        for thing in things {
            match self.take_one(&thing, by, &text, deadline) {
                Ok(One::Taken) => taken.push(thing),
                Ok(One::Had) => {}
                Ok(One::Other(to)) => {
                    self.give_up(&taken, &by.attachment);
                    return Ok(Taken::Belongs { thing, to });
                }
                Err(error) => {
                    self.give_up(&taken, &by.attachment);
                    return Err(error);
                }
            }
        }
        Ok(Taken::All(taken))
    }

    /// Gives up what is this attachment's of these things. What can't be given
    /// up is nobody's as soon as the journal is gone.
    pub fn give_up<'a>(&self, things: impl IntoIterator<Item = &'a Thing>, owner: &AttachmentId) {
        for thing in things {
            self.give_up_name(&thing.file_name(), owner);
        }
    }

    /// The same by the name of a thing's file.
    pub(crate) fn give_up_name(&self, name: &str, owner: &AttachmentId) {
        if matches!(self.things.read(name), Ok(Found::By(by)) if by.attachment == *owner) {
            let _ = self.things.remove(name);
        }
    }

    /// Whose a thing is; `None` when it is nobody's.
    ///
    /// # Errors
    /// The registry can't be read.
    pub fn owner(&self, thing: &Thing) -> Result<Option<OwnedBy>> {
        match self.things.read(&thing.file_name())? {
            Found::By(by) if self.things.is_live(&by) => Ok(Some(by)),
            _ => Ok(None),
        }
    }

    /// An address of a network within a prefix that belongs to somebody for
    /// whom `counts` holds. Reads the whole registry.
    ///
    /// # Errors
    /// The registry can't be read.
    pub fn address_within(
        &self,
        network: &str,
        prefix: &IpPrefix,
        counts: impl Fn(&OwnedBy) -> bool,
    ) -> Result<Option<(IpAddr, OwnedBy)>> {
        let beginning = Thing::addresses_of(network);
        for name in self.things.names()? {
            let address = name.strip_prefix(&beginning).and_then(unescape);
            let address: Option<IpAddr> = address.and_then(|text| text.parse().ok());
            let Some(address) = address.filter(|address| prefix.contains(*address)) else {
                continue;
            };
            if let Found::By(by) = self.things.read(&name)?
                && counts(&by)
                && self.things.is_live(&by)
            {
                return Ok(Some((address, by)));
            }
        }
        Ok(None)
    }

    /// Who owns these addresses of containers, in whichever networks. Lists
    /// the whole registry.
    ///
    /// # Errors
    /// The registry can't be read.
    pub fn address_owners(&self, addresses: &BTreeSet<IpAddr>) -> Result<Vec<(IpAddr, OwnedBy)>> {
        let mut owners = Vec::new();
        if addresses.is_empty() {
            return Ok(owners);
        }
        for name in self.things.names()? {
            if !Thing::may_be_address_of(&name, addresses) {
                continue;
            }
            let Found::By(by) = self.things.read(&name)? else {
                continue;
            };
            let address = addresses.iter().find(|address| {
                let network = by.attachment.network.clone();
                let address = **address;
                Thing::Address { network, address }.file_name() == name
            });
            if let Some(address) = address
                && self.things.is_live(&by)
            {
                owners.push((*address, by));
            }
        }
        Ok(owners)
    }

    fn take_one(&self, thing: &Thing, by: &OwnedBy, text: &str, deadline: Instant) -> Result<One> {
        let name = thing.file_name();
        loop {
            if self.things.make(&name, text)? {
                return Ok(One::Taken);
            }
            match self.things.read(&name)? {
                Found::Nothing => {}
                Found::By(other) if other.is_of(&by.attachment) => {
                    // Perhaps it was left, and is being taken over: that is
                    // done under the lock, by whoever does not see our journal.
                    let _lock = self.things.lock(deadline)?;
                    if matches!(self.things.read(&name)?, Found::By(other) if other.is_of(&by.attachment)) {
                        return Ok(One::Had);
                    }
                }
                Found::By(other) if self.things.is_live(&other) => return Ok(One::Other(other)),
                Found::By(_) | Found::Of(_) | Found::Garbage => self.things.clear(&name, deadline)?,
            }
        }
    }
}
