//! Named records that outlive the request, kept by the host in the layout of
//! the reference plugin host-local. Grant: `store.open`.

use crate::{Error, bindings::store};

/// Somebody who holds a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// `CNI_CONTAINERID`.
    pub container_id: String,
    /// `CNI_IFNAME`; absent in claims made by very old plugins.
    pub interface_name: Option<String>,
}

/// A claim on a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What is claimed.
    pub name: String,
    /// Who has it.
    pub owner: Owner,
}

/// The records of the network that the request is about. Their lock is held
/// as long as this lives.
#[derive(Debug)]
pub struct Records(store::Records);

#[allow(clippy::missing_errors_doc)]
impl Records {
    /// Opens them.
    ///
    /// # Errors
    /// [`Error::Busy`] names the holder when the lock can't be had in time.
    pub fn open() -> Result<Self, Error> {
        Ok(Self(store::open()?))
    }

    /// Claims a name, an IP address in its usual form, for the attachment of
    /// this request. False when somebody (this attachment included) has it.
    /// A claim is undone when the ADD fails, and at DEL.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the name is no such address.
    pub fn claim(&self, name: &str) -> Result<bool, Error> {
        Ok(self.0.claim(name)?)
    }

    /// The owner of a claim.
    pub fn owner(&self, name: &str) -> Result<Option<Owner>, Error> {
        Ok(self.0.owner(name)?.map(Into::into))
    }

    /// Gives up a claim of this attachment.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it has none of that name.
    pub fn release(&self, name: &str) -> Result<(), Error> {
        Ok(self.0.release(name)?)
    }

    /// The names that this attachment holds.
    pub fn owned(&self) -> Result<Vec<String>, Error> {
        Ok(self.0.owned()?)
    }

    /// All claims. For GC only.
    pub fn claims(&self) -> Result<Vec<Claim>, Error> {
        let claims = self.0.claims()?.into_iter();
        Ok(claims
            .map(|claim| Claim {
                name: claim.name,
                owner: claim.owner.into(),
            })
            .collect())
    }

    /// Gives up the claim of an attachment that is not in the request's valid
    /// list. For GC only.
    pub fn release_stale(&self, name: &str) -> Result<(), Error> {
        Ok(self.0.release_stale(name)?)
    }

    /// Reads a value that all attachments of the network share.
    ///
    /// Its name is small letters and `_`, then perhaps a dot and up to three
    /// digits, as in `last_reserved_ip.0`. So nothing that a request brings,
    /// such as a pod's name, can be one.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the name is another.
    pub fn get(&self, name: &str) -> Result<Option<String>, Error> {
        Ok(self.0.get(name)?)
    }

    /// Writes such a value, when it still is `expected`. True when it was
    /// written.
    ///
    /// A value is the network's and not the attachment's. What was written is
    /// not in the journal: **it stays when the ADD fails, and after DEL**, and
    /// can be overwritten but not removed. So write what does no harm where
    /// nothing comes of the ADD, such as where to go on looking for an
    /// address; who has what is for [`Records::claim`] to say.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the name is none of [`Records::get`], or the
    /// value has more than 256 bytes, or control characters.
    pub fn compare_and_set(&self, name: &str, expected: Option<&str>, value: &str) -> Result<bool, Error> {
        Ok(self.0.compare_and_set(name, expected, value)?)
    }
}

impl From<store::Owner> for Owner {
    fn from(owner: store::Owner) -> Self {
        Self {
            container_id: owner.container_id,
            interface_name: owner.interface_name,
        }
    }
}
