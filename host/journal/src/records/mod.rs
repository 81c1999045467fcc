//! The records of addresses, one directory per network, in the layout of the
//! reference plugin host-local: a node can change over, both ways, with
//! containers running.
//!
//! * `lock`: its `flock(2)` is the lock of them all;
//! * one file per claimed address, named by it, holding container and
//!   interface of the owner;
//! * values that all share, as `last_reserved_ip.0`.
//!
//! What is found there is never trusted to be whole: the other plugin writes
//! in place. Anything that is not named by an address is left alone.

mod claim_file;
mod index;
mod open;
mod owner;
mod survey;
mod value;

use std::{
    fs::File,
    net::IpAddr,
    path::{Path, PathBuf},
};

use nix::errno::Errno;

use claim_file::{read_claim, write_claim};
use index::Index;
pub use owner::Owner;
use survey::Survey;

use crate::{Error, Result, fs::remove_at};

/// The records of one network, locked until this is dropped.
#[derive(Debug)]
pub struct Records {
    path: PathBuf,
    directory: File,
    /// Holds the lock.
    _lock: File,
    network: String,
    owner: Owner,
    /// The directory of indexes.
    claims: PathBuf,
    survey: Survey,
    problems: Vec<String>,
}

impl Records {
    /// Where they are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.path
    }

    /// Claims an address. False when somebody has it, the owner included, and
    /// also when its file is empty or garbage, which is reported among the
    /// problems.
    ///
    /// # Errors
    /// The claim or its index can't be written; the address is not claimed.
    pub fn claim(&mut self, address: &IpAddr) -> Result<bool> {
        let name = address.to_string();
        // The index may list what is not there, but must not miss anything.
        self.index(&self.owner).add(&self.path, *address)?;
        let written = write_claim(&self.directory, &name, &self.owner)
            .map_err(|error| Error::io("claim", &self.path.join(&name), error));
        if !matches!(written, Ok(true)) {
            let owner = self.owner(address).unwrap_or_default();
            if owner.as_ref() != Some(&self.owner) {
                let _ = self.index(&self.owner).remove(&self.path, *address);
            }
        }
        written
    }

    /// The owner of an address. One whose file is empty or garbage has an
    /// owner without a name.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn owner(&mut self, address: &IpAddr) -> Result<Option<Owner>> {
        let name = address.to_string();
        let path = self.path.join(&name);
        let owner = read_claim(&self.directory, &name).map_err(|error| Error::io("read", &path, error))?;
        if owner.as_ref().is_some_and(Owner::is_nobody) {
            let text = format!(
                "{} names no owner; the address counts as taken until the file is removed",
                path.display()
            );
            if !self.problems.contains(&text) {
                self.problems.push(text);
            }
        }
        Ok(owner)
    }

    /// Gives up a claim of the attachment that these records were opened for.
    /// False when it has none on the address.
    ///
    /// # Errors
    /// The file can't be read or removed.
    pub fn release(&mut self, address: &IpAddr) -> Result<bool> {
        let owner = self.owner.clone();
        self.release_of(address, &owner)
    }

    /// Gives up a claim of somebody else, if it still is theirs. For GC.
    ///
    /// # Errors
    /// The file can't be read or removed.
    pub fn release_for(&mut self, address: &IpAddr, owner: &Owner) -> Result<()> {
        self.release_of(address, owner).map(|_| ())
    }

    fn release_of(&mut self, address: &IpAddr, owner: &Owner) -> Result<bool> {
        let held = self.owner(address)?;
        let theirs = held.is_some_and(|held| owner.holds(&held));
        if theirs {
            let name = address.to_string();
            remove_at(&self.directory, &name).map_err(|errno| Error::io("release", &self.path.join(&name), errno))?;
        }
        // An index that lists too much does no harm.
        let _ = self.index(owner).remove(&self.path, *address);
        Ok(theirs)
    }

    /// The addresses that the attachment holds. Reads the claims that the
    /// index lists; all of them only when somebody else wrote in the
    /// directory since the last look.
    ///
    /// # Errors
    /// The directory can't be read.
    pub fn owned(&mut self) -> Result<Vec<IpAddr>> {
        let mut listed = self.index(&self.owner).addresses(&self.path);
        self.look_at_all_if_needed()?;
        listed.extend(self.survey.claims_of(&self.owner));
        listed.sort_unstable();
        listed.dedup();
        let mut owned = Vec::with_capacity(listed.len());
        for address in listed {
            let held = self.owner(&address)?;
            if held.is_some_and(|held| self.owner.holds(&held)) {
                owned.push(address);
            }
        }
        Ok(owned)
    }

    /// All claims. Reads every file.
    ///
    /// # Errors
    /// The directory can't be read.
    pub fn claims(&mut self) -> Result<Vec<(IpAddr, Owner)>> {
        let mut claims = Vec::new();
        for address in claim_file::claimed_addresses(&self.path)? {
            if let Some(owner) = self.owner(&address)? {
                claims.push((address, owner));
            }
        }
        Ok(claims)
    }

    /// Reads a value that all attachments of the network share. An empty file
    /// holds none.
    ///
    /// # Errors
    /// [`Error::InvalidName`], or the file can't be read.
    pub fn get(&mut self, name: &str) -> Result<Option<String>> {
        value::check_name(name)?;
        value::read(&self.directory, name).map_err(|error| Error::io("read", &self.path.join(name), error))
    }

    /// Writes such a value when it still is `expected`. True when it was
    /// written.
    ///
    /// # Errors
    /// [`Error::InvalidName`], or the file can't be read or written.
    pub fn compare_and_set(&mut self, name: &str, expected: Option<&str>, value: &str) -> Result<bool> {
        if self.get(name)?.as_deref() != expected {
            return Ok(false);
        }
        value::write(&self.directory, name, value).map_err(|error| Error::io("write", &self.path.join(name), error))?;
        Ok(true)
    }

    /// What was found wrong since this was asked last, one text each.
    pub fn take_problems(&mut self) -> Vec<String> {
        std::mem::take(&mut self.problems)
    }

    /// Removes lock, values and directory, if Cofferdam made the directory
    /// and nobody holds a claim. True when it was removed.
    ///
    /// # Errors
    /// Something can't be removed.
    pub fn tidy(mut self) -> Result<bool> {
        if self.survey.made == 0 || !claim_file::claimed_addresses(&self.path)?.is_empty() {
            return Ok(false);
        }
        for name in claim_file::other_names(&self.path)? {
            if name == open::LOCK || name == claim_file::NEXT || value::check_name(&name).is_ok() {
                remove_at(&self.directory, &name)
                    .map_err(|errno| Error::io("remove", &self.path.join(&name), errno))?;
            }
        }
        open::remove_made(&self.path, self.survey.made)?;
        self.survey.remove()?;
        Ok(true)
    }

    fn index(&self, owner: &Owner) -> Index {
        Index::of(&self.claims, &self.network, owner)
    }

    /// Brings the survey up to date with what others wrote.
    fn look_at_all_if_needed(&mut self) -> Result<()> {
        if self.survey.is_current(&self.directory) {
            return Ok(());
        }
        let claims = self.claims()?;
        self.survey.replace(claims, &self.directory)
    }
}

impl Drop for Records {
    /// What changed since the records were opened was changed here.
    fn drop(&mut self) {
        self.survey.stamp(&self.directory);
    }
}

/// For directories of which something is missing.
fn is_missing(errno: Errno) -> bool {
    matches!(errno, Errno::ENOENT | Errno::ENOTDIR)
}
