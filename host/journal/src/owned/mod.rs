//! What attachments own: `<state>/owned/` holds a symbolic link for each
//! thing, named by it, that leads to the owner's name, in a directory with its
//! like.
//!
//! A link is made with its content, or not at all where there is one: to own
//! a thing takes one system call and no lock. Things are taken when the
//! operation that makes them is on record, before the kernel is asked, and
//! given up when the operation is undone. [`Scope::things`] tells from an
//! operation what it takes, so that nothing else needs to be on record.

mod owned_by;
mod owner_links;
mod scope;
mod shelf;
mod survey;
mod thing;

use std::{path::Path, time::Instant};

pub use owned_by::OwnedBy;
pub(crate) use owner_links::{Found, OwnerLinks, shared_target};
pub use scope::Scope;
pub use survey::Survey;
pub use thing::Thing;

use crate::{AttachmentId, Result};

/// The registry of what attachments own.
#[derive(Clone, Debug)]
pub struct Owned {
    things: OwnerLinks,
}

/// What came of taking several things at once.
// Looked at once and gone: no allocation for the common case.
#[allow(clippy::large_enum_variant)]
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
            self.give_up_path(&thing.path(), owner);
        }
    }

    /// The same by the path of a thing's file.
    pub(crate) fn give_up_path(&self, path: &str, owner: &AttachmentId) {
        if matches!(self.things.read(path), Ok(Found::By(by)) if by.attachment == *owner) {
            let _ = self.things.remove(path);
        }
    }

    /// Gives up all that is this attachment's, whether or not a journal tells
    /// of it. Reads the whole registry.
    ///
    /// # Errors
    /// The registry can't be read.
    pub(crate) fn give_up_all(&self, owner: &AttachmentId) -> Result<()> {
        self.things.remove_all_of(owner)
    }

    /// Whose a thing is; `None` when it is nobody's.
    ///
    /// # Errors
    /// The registry can't be read.
    pub fn owner(&self, thing: &Thing) -> Result<Option<OwnedBy>> {
        match self.things.read(&thing.path())? {
            Found::By(by) if self.things.is_live(&by) => Ok(Some(by)),
            _ => Ok(None),
        }
    }

    /// Links that lead to owners who are gone, below the directory of the
    /// registry. They stand in nobody's way.
    ///
    /// # Errors
    /// The registry can't be read.
    pub(crate) fn left(&self) -> Result<Vec<String>> {
        let mut left = Vec::new();
        for path in self.things.paths("")? {
            if self.things.is_left(&self.things.read(&path)?) {
                left.push(path);
            }
        }
        Ok(left)
    }

    /// For looks at what can't be asked by a name.
    #[must_use]
    pub fn survey(&self) -> Survey<'_> {
        Survey::new(&self.things)
    }

    fn take_one(&self, thing: &Thing, by: &OwnedBy, text: &str, deadline: Instant) -> Result<One> {
        let name = thing.path();
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
