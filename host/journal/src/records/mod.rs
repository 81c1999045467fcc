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
mod earlier_boot;
mod index;
mod open;
mod owner;
mod survey;
mod value;

use std::{
    ffi::OsString,
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Instant,
};

use claim_file::{Found, read_claim, write_claim};
use cofferdam_system::{
    Errno,
    files::{self, File, OpenFlags},
};
use index::Index;
pub use owner::Owner;
use survey::Survey;

use crate::{Error, Result, fs::remove_at};

/// Problems that are told of at once; a guest may look at any number of files.
const MOST_PROBLEMS: usize = 20;

/// Values that a network may have: host-local has one for
/// each set of ranges.
const VALUES: usize = 64;

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
    /// also when its file does not tell who, which is reported among the
    /// problems. So is a file that a crash left empty, and that is taken over.
    ///
    /// # Errors
    /// The claim or its index can't be written; the address is not claimed.
    pub fn claim(&mut self, address: &IpAddr) -> Result<bool> {
        let name = address.to_string();
        let path = self.path.join(&name);
        let failed = |error: io::Error| Error::io("claim", &path, error);
        match self.look(address)? {
            Found::Claim(_) => return Ok(false),
            Found::Empty => {
                remove_at(&self.directory, &name).map_err(|errno| failed(errno.into()))?;
            }
            Found::Nothing => {}
        }
        // The index may list what is not there, but must not miss anything.
        let index = self.index(&self.owner);
        index.add(&self.path, *address)?;
        let written = write_claim(&self.directory, &name, &self.owner);
        if !matches!(written, Ok(true)) {
            let _ = index.remove(&self.path, *address);
        }
        written.map_err(failed)
    }

    /// The owner of an address by a network's records, without their lock:
    /// what is seen may be changing. `None` where nobody has it, there are no
    /// records, or this process may not read them: then it claims nothing there.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn holder(directory: &Path, address: &IpAddr) -> Result<Option<Owner>> {
        let name = address.to_string();
        let failed = |error: io::Error| Error::io("read", &directory.join(&name), error);
        let opened = match files::open(directory, OpenFlags::O_PATH | OpenFlags::O_DIRECTORY, 0) {
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => return Ok(None),
            opened => opened.map_err(|errno| failed(errno.into()))?,
        };
        match read_claim(&opened, &name) {
            Ok(Found::Claim(owner)) => Ok(Some(owner)),
            Ok(Found::Empty | Found::Nothing) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// The owner of an address. One whose file does not tell whose it is has
    /// an owner without a name; one whose file is empty has none.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn owner(&mut self, address: &IpAddr) -> Result<Option<Owner>> {
        Ok(match self.look(address)? {
            Found::Claim(owner) => Some(owner),
            Found::Empty | Found::Nothing => None,
        })
    }

    fn look(&mut self, address: &IpAddr) -> Result<Found> {
        let name = address.to_string();
        let path = self.path.join(&name);
        let found = read_claim(&self.directory, &name).map_err(|error| Error::io("read", &path, error))?;
        let problem = match &found {
            Found::Claim(owner) if owner.is_nobody() => {
                "does not tell who has the address, which counts as taken until the file is removed"
            }
            Found::Empty => "is empty, as a crash leaves it; the address is free",
            _ => return Ok(found),
        };
        let text = format!("{} {problem}", path.display());
        if self.problems.len() < MOST_PROBLEMS && !self.problems.contains(&text) {
            self.problems.push(text);
        }
        Ok(found)
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
        let mut listed = match self.survey.claims_of(&self.owner) {
            Some(known) => known,
            None => {
                let claims = self.claims()?;
                self.survey.replace(&claims);
                let own = claims.into_iter().filter(|(_, holder)| self.owner.holds(holder));
                own.map(|(address, _)| address).collect()
            }
        };
        listed.extend(self.index(&self.owner).addresses(&self.path));
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

    /// Gives up what attachments of an earlier boot held, and tells what and
    /// whose: their containers went with it. Does so once in a boot. A claim
    /// that does not say its boot stays, and so does each one where another
    /// machine may write.
    ///
    /// # Errors
    /// [`Error::Unfinished`] when there was more to do at the deadline; the
    /// directory can't be read, or a file can't be removed. The next caller
    /// goes on.
    pub fn reclaim_earlier_boot(&mut self, deadline: Instant, mut tell: impl FnMut(&IpAddr, &Owner)) -> Result<()> {
        if self.survey.is_of_this_boot() {
            return Ok(());
        }
        if earlier_boot::is_of_this_machine(&self.directory) {
            for address in claim_file::claimed_addresses(&self.path)? {
                if Instant::now() >= deadline {
                    return Err(Error::Unfinished(self.path.clone()));
                }
                let name = address.to_string();
                if earlier_boot::is_of_earlier_boot(&self.directory, &name) {
                    let owner = self.owner(&address)?.unwrap_or_default();
                    remove_at(&self.directory, &name)
                        .map_err(|errno| Error::io("reclaim", &self.path.join(&name), errno))?;
                    // Where the state directory outlived the boot.
                    let _ = self.index(&owner).remove(&self.path, address);
                    tell(&address, &owner);
                }
            }
        }
        self.survey.set_of_this_boot();
        Ok(())
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
    /// [`Error::InvalidName`], [`Error::TooManyValues`], or the file can't be
    /// read or written.
    pub fn compare_and_set(&mut self, name: &str, expected: Option<&str>, value: &str) -> Result<bool> {
        let current = self.get(name)?;
        if current.as_deref() != expected {
            return Ok(false);
        }
        if current.is_none() && self.count_values()? >= VALUES {
            return Err(Error::TooManyValues(self.path.clone()));
        }
        value::write(&self.directory, name, value).map_err(|error| Error::io("write", &self.path.join(name), error))?;
        Ok(true)
    }

    fn count_values(&self) -> Result<usize> {
        let names = claim_file::names(&self.path)?;
        let is_value = |name: &&OsString| name.to_str().is_some_and(|name| value::check_name(name).is_ok());
        Ok(names.iter().filter(is_value).count())
    }

    /// What was found wrong since this was asked last, one text each.
    pub fn take_problems(&mut self) -> Vec<String> {
        std::mem::take(&mut self.problems)
    }

    /// Removes lock, values and directory, if Cofferdam made the directory,
    /// nobody holds a claim, and there is nothing else in it. True when it was
    /// removed.
    ///
    /// # Errors
    /// Something can't be removed.
    pub fn tidy(mut self) -> Result<bool> {
        if self.survey.made() == 0 || !self.claims()?.is_empty() {
            return Ok(false);
        }
        let mut names = Vec::new();
        for name in claim_file::names(&self.path)? {
            match name.into_string() {
                Ok(name) if self.is_of_records(&name) => names.push(name),
                _ => return Ok(false),
            }
        }
        for name in names {
            remove_at(&self.directory, &name).map_err(|errno| Error::io("remove", &self.path.join(&name), errno))?;
        }
        open::remove_made(&self.path, self.survey.made())?;
        self.survey.remove()?;
        Ok(true)
    }

    /// Whether it is a file that belongs here, besides live claims.
    fn is_of_records(&self, name: &str) -> bool {
        let expected = name == open::LOCK
            || name == claim_file::NEXT
            || value::check_name(name).is_ok()
            || claim_file::parse_name(name).is_some();
        expected && files::symlink_metadata(self.path.join(name)).is_ok_and(|found| found.is_file())
    }

    fn index(&self, owner: &Owner) -> Index {
        Index::of(&self.claims, &self.network, owner)
    }
}

impl Drop for Records {
    /// What changed since the records were opened was changed here.
    fn drop(&mut self) {
        self.survey.stamp(&self.directory);
    }
}
