//! Named records that outlive the request, kept by the host in the layout of
//! the reference plugin host-local. Grant: `store.open`.
//!
//! ```no_run
//! use cofferdam_guest_sdk::{Failure, codes, store::Records};
//!
//! /// Takes the first of these addresses that nobody has.
//! fn take(candidates: &[&'static str]) -> Result<&'static str, Failure> {
//!     let records = Records::open()?;
//!     for candidate in candidates {
//!         if records.claim(candidate)? {
//!             return Ok(candidate);
//!         }
//!     }
//!     Err(Failure::new(codes::NOT_AVAILABLE, "all addresses are in use"))
//! }
//! ```

use crate::{Error, bindings::store};

/// Somebody who holds a claim.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Error, log, store::{Owner, Records}};
/// # fn example(records: &Records) -> Result<(), Error> {
/// if let Some(Owner { container_id, .. }) = records.owner("10.22.0.2")? {
///     log::info(&format!("10.22.0.2 is of {container_id}"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// `CNI_CONTAINERID`.
    pub container_id: String,
    /// `CNI_IFNAME`; absent in claims made by very old plugins.
    pub interface_name: Option<String>,
}

/// A claim on a name.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Error, store::{Claim, Records}};
/// # fn example(records: &Records) -> Result<(), Error> {
/// let of_c1: Vec<Claim> = records.claims()?.into_iter().filter(|claim| claim.owner.container_id == "c1").collect();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What is claimed.
    pub name: String,
    /// Who has it.
    pub owner: Owner,
}

/// The records of the network that the request is about. Their lock is held
/// as long as this lives.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Error, store::Records};
/// # fn example() -> Result<(), Error> {
/// let records = Records::open()?;
/// let is_ours = records.claim("10.22.0.2")?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Records(store::Records);

#[allow(clippy::missing_errors_doc)]
impl Records {
    /// Opens them.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Outcome, store::Records};
    /// # fn example() -> Result<(), Error> {
    /// // Outside of ADD there may be none.
    /// let Some(records) = Records::open().optional()? else {
    ///     return Ok(());
    /// };
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, store::Records};
    /// # fn example(records: &Records) -> Result<(), Error> {
    /// let is_ours = records.claim("10.22.0.2")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn claim(&self, name: &str) -> Result<bool, Error> {
        Ok(self.0.claim(name)?)
    }

    /// The owner of a claim.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, store::Records};
    /// # fn example(records: &Records) -> Result<(), Error> {
    /// let is_free = records.owner("10.22.0.2")?.is_none();
    /// # Ok(())
    /// # }
    /// ```
    pub fn owner(&self, name: &str) -> Result<Option<Owner>, Error> {
        Ok(self.0.owner(name)?.map(Into::into))
    }

    /// Gives up a claim of this attachment.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, store::Records};
    /// # fn example(records: &Records) -> Result<(), Error> {
    /// for name in records.owned()? {
    ///     records.release(&name)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] when it has none of that name.
    pub fn release(&self, name: &str) -> Result<(), Error> {
        Ok(self.0.release(name)?)
    }

    /// The names that this attachment holds.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, store::Records};
    /// # fn example(records: &Records) -> Result<(), Error> {
    /// let addresses = records.owned()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn owned(&self) -> Result<Vec<String>, Error> {
        Ok(self.0.owned()?)
    }

    /// All claims. For GC only.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, store::Records};
    /// # fn example(records: &Records) -> Result<(), Error> {
    /// let count = records.claims()?.len();
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{config::Nothing, Error, NetworkRequest, store::Records};
    /// # fn example(request: &NetworkRequest<Nothing>, records: &Records) -> Result<(), Error> {
    /// for claim in records.claims()? {
    ///     let id = &claim.owner.container_id;
    ///     if !request.valid_attachments.iter().any(|valid| valid.container_id == *id) {
    ///         records.release_stale(&claim.name)?;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn release_stale(&self, name: &str) -> Result<(), Error> {
        Ok(self.0.release_stale(name)?)
    }

    /// Reads a value that all attachments of the network share.
    ///
    /// Its name is small letters and `_`, then perhaps a dot and up to three
    /// digits, as in `last_reserved_ip.0`, at most 64 bytes in all, and not
    /// `lock`. So nothing that a request brings, such as a pod's name, can be
    /// one.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the name is another.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, store::Records};
    /// # fn example(records: &Records) -> Result<(), Error> {
    /// let last = records.get("last")?;
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, store::Records};
    /// # fn example(records: &Records) -> Result<(), Error> {
    /// let last = records.get("last")?;
    /// let is_written = records.compare_and_set("last", last.as_deref(), "10.22.0.2")?;
    /// # Ok(())
    /// # }
    /// ```
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
