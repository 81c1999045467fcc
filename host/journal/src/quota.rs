//! What is counted across attachments: `<state>/quota/<counter>/` holds a
//! symbolic link for each slot that is taken, named by its number, that leads
//! to who has it.
//!
//! With a limit of N there are the slots 0 to N-1, and one more object needs
//! one of them: as long as not nearly all are taken that is found without
//! counting. Places beyond exist where the limit was lowered since, or where
//! another grant allowed what this one had no room for; `bound` says that
//! there may be such, and then all are counted.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use cofferdam_system::{
    Errno,
    files::{self, CURRENT_DIRECTORY},
};

use crate::{
    AttachmentId, Error, Journal, OwnedBy, Result,
    fs::{make_directories, without_directory},
    model::{Inverse, Operation, Outcome, Sequence, SharedObject},
    names::file_name,
    owned::{Found, OwnerLinks, shared_target},
    shared::directory_name,
};

/// The link that leads to a number which no slot has, nor a higher one.
const BOUND: &str = "bound";
/// A link that is to replace another.
const NEXT: &str = "next";

/// The registry of what is counted.
#[derive(Clone, Debug)]
pub struct Quota {
    state: PathBuf,
}

/// How many there may be.
#[derive(Clone, Copy, Debug)]
pub struct Limit<'a> {
    /// Names what is counted.
    pub counter: &'a str,
    /// The most that there may be at a time.
    pub max: u32,
}

/// A slot that was taken.
#[derive(Clone, Debug)]
pub struct Slot {
    counter: String,
    number: u32,
    sequence: Sequence,
}

impl Quota {
    pub(crate) fn new(state: &Path) -> Self {
        Self {
            state: state.to_owned(),
        }
    }

    /// Takes a slot for one more object, which is on record before. `None`
    /// when all are taken.
    ///
    /// # Errors
    /// The journal or the registry can't be written, and no slot was taken;
    /// [`Error::Busy`] when the registry's lock was needed, and not to be had
    /// by the deadline.
    pub fn take(
        &self,
        journal: &mut Journal,
        limit: Limit<'_>,
        by: &OwnedBy,
        deadline: Instant,
    ) -> Result<Option<Slot>> {
        let counter = self.counter(limit.counter);
        let has_beyond = counter.raise_bound(limit.max, deadline)? > limit.max;
        if has_beyond && counter.count_all(limit.max, deadline)? >= limit.max {
            return Ok(None);
        }
        let start = start(&by.attachment, limit.max);
        for step in 0..limit.max {
            let number = (start + step) % limit.max;
            if !counter.is_free(number, deadline)? {
                continue;
            }
            let Some(slot) = counter.put(journal, limit.counter, number, by)? else {
                continue;
            };
            // Somebody else may have counted at the same time.
            if has_beyond && self.count(limit.counter)? > limit.max {
                self.give_back(journal, &slot);
                return Ok(None);
            }
            return Ok(Some(slot));
        }
        Ok(None)
    }

    /// Takes a slot beyond the limit, for what another grant allows.
    ///
    /// # Errors
    /// As [`Quota::take`].
    pub fn take_beyond(
        &self,
        journal: &mut Journal,
        limit: Limit<'_>,
        by: &OwnedBy,
        deadline: Instant,
    ) -> Result<Option<Slot>> {
        let counter = self.counter(limit.counter);
        counter.raise_bound(limit.max, deadline)?;
        let _lock = counter.links.lock(deadline)?;
        for number in limit.max..u32::MAX {
            if matches!(counter.links.read(&number.to_string())?, Found::Nothing) {
                counter.set_bound(counter.bound()?.max(number + 1))?;
                return counter.put(journal, limit.counter, number, by);
            }
        }
        Ok(None)
    }

    /// Gives a slot back because nothing came of the object.
    pub fn give_back(&self, journal: &mut Journal, slot: &Slot) {
        self.free(&slot.counter, slot.number, journal.id());
        journal.abandon(slot.sequence);
    }

    /// Makes a slot the shared object's: it is taken as long as the object
    /// exists, whoever uses it.
    ///
    /// # Errors
    /// The registry can't be written; the slot stays the attachment's.
    pub fn hand_over(&self, slot: &Slot, object: &SharedObject, user: &AttachmentId, deadline: Instant) -> Result<()> {
        let counter = self.counter(&slot.counter);
        let target = shared_target(&directory_name(object, &user.container_id));
        let _lock = counter.links.lock(deadline)?;
        counter.replace(&slot.number.to_string(), &target)
    }

    /// How many slots are taken. Reads them all.
    ///
    /// # Errors
    /// The registry can't be read.
    pub fn count(&self, counter: &str) -> Result<u32> {
        let counted = self.counter(counter).survey()?;
        Ok(counted.taken)
    }

    /// Frees a slot, if it is this attachment's. Whether it was.
    pub(crate) fn free(&self, counter: &str, number: u32, owner: &AttachmentId) -> bool {
        let links = self.counter(counter).links;
        let name = number.to_string();
        let own = matches!(links.read(&name), Ok(Found::By(by)) if by.attachment == *owner);
        own && links.remove(&name).is_ok()
    }

    /// Frees all slots of this attachment, whether or not a journal tells of
    /// them.
    pub(crate) fn free_all(&self, owner: &AttachmentId) -> Result<()> {
        let failed = |error| Error::io("read directory", &self.state.join("quota"), error);
        for counter in self.counters().map_err(failed)? {
            counter.links.remove_all_of(owner)?;
        }
        Ok(())
    }

    /// Removes counters that count nothing.
    pub(crate) fn tidy(&self) -> std::io::Result<()> {
        for counter in self.counters()? {
            if counter.survey().is_ok_and(|counted| counted.taken == 0) {
                files::remove_dir_all(counter.directory)?;
            }
        }
        Ok(())
    }

    fn counters(&self) -> std::io::Result<Vec<Counter>> {
        let entries = match files::read_dir(self.state.join("quota")) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        entries
            .map(|entry| entry.map(|entry| Counter::at(&self.state, entry.path())))
            .collect()
    }

    fn counter(&self, name: &str) -> Counter {
        let directory = self.state.join("quota").join(file_name("counter", [name]));
        Counter::at(&self.state, directory)
    }
}

/// Where an attachment begins to look: elsewhere than most others.
fn start(attachment: &AttachmentId, max: u32) -> u32 {
    let digits = attachment.key();
    let number = digits.get(..8).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    number.unwrap_or(0) % max
}

/// One counter's directory.
struct Counter {
    links: OwnerLinks,
    directory: PathBuf,
}

/// What there is in it.
struct Survey {
    taken: u32,
    /// The lowest number that no slot at or above it is taken.
    end: u32,
}

impl Counter {
    fn at(state: &Path, directory: PathBuf) -> Self {
        Self {
            links: OwnerLinks::new(state, directory.clone()),
            directory,
        }
    }

    fn is_free(&self, number: u32, deadline: Instant) -> Result<bool> {
        let name = number.to_string();
        let found = self.links.read(&name)?;
        if self.links.is_left(&found) {
            self.links.clear(&name, deadline)?;
            return Ok(true);
        }
        Ok(matches!(found, Found::Nothing))
    }

    /// Record, then registry. `None` when somebody was faster.
    fn put(&self, journal: &mut Journal, counter: &str, number: u32, by: &OwnedBy) -> Result<Option<Slot>> {
        let counter = counter.to_owned();
        let operation = Operation::TakeSlot {
            counter: counter.clone(),
            number,
        };
        let inverse = Inverse::FreeSlot {
            counter: counter.clone(),
            number,
        };
        let sequence = journal.intend(&by.plugin, &operation, &inverse)?;
        match self.links.make(&number.to_string(), &by.to_text()) {
            Ok(true) => {
                journal.done(sequence, Outcome::default());
                Ok(Some(Slot {
                    counter,
                    number,
                    sequence,
                }))
            }
            other => {
                journal.abandon(sequence);
                other.map(|_| None)
            }
        }
    }

    /// Counts all, and forgets that there were slots beyond the limit when
    /// there are none any more.
    fn count_all(&self, max: u32, deadline: Instant) -> Result<u32> {
        let _lock = self.links.lock(deadline)?;
        let survey = self.survey()?;
        if survey.end <= max {
            self.set_bound(max)?;
        }
        Ok(survey.taken)
    }

    fn survey(&self) -> Result<Survey> {
        let mut survey = Survey { taken: 0, end: 0 };
        for name in self.links.paths("")? {
            let Ok(number) = name.parse::<u32>() else { continue };
            let found = self.links.read(&name)?;
            if !matches!(found, Found::Nothing) && !self.links.is_left(&found) {
                survey.taken += 1;
                survey.end = survey.end.max(number.saturating_add(1));
            }
        }
        Ok(survey)
    }

    fn bound(&self) -> Result<u32> {
        let path = self.directory.join(BOUND);
        match files::link_target(&path) {
            Ok(text) => Ok(text.to_str().and_then(|text| text.parse().ok()).unwrap_or(u32::MAX)),
            Err(Errno::ENOENT) => Ok(0),
            // It is no link, which nobody here makes: it is not known.
            Err(Errno::EINVAL) => Ok(u32::MAX),
            Err(errno) => Err(Error::io("read", &path, errno)),
        }
    }

    /// The bound, at least this.
    fn raise_bound(&self, least: u32, deadline: Instant) -> Result<u32> {
        let bound = self.bound()?;
        if bound >= least {
            return Ok(bound);
        }
        make_directories(&self.directory, 0o700)
            .map_err(|errno| Error::io("make directory", &self.directory, errno))?;
        let _lock = self.links.lock(deadline)?;
        let bound = self.bound()?.max(least);
        self.set_bound(bound)?;
        Ok(bound)
    }

    /// Under the lock.
    fn set_bound(&self, bound: u32) -> Result<()> {
        self.replace(BOUND, &bound.to_string())
    }

    /// Puts a link in the place of another. Under the lock.
    fn replace(&self, name: &str, target: &str) -> Result<()> {
        let (next, path) = (self.directory.join(NEXT), self.directory.join(name));
        self.links.remove(NEXT)?;
        files::make_link(target, &next).map_err(|errno| Error::io("write", &path, errno))?;
        without_directory(&path, || Ok(files::rename_at(CURRENT_DIRECTORY, &next, &path)?))
            .map_err(|error| Error::io("write", &path, error))
    }
}
