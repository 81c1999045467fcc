use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use thiserror::Error;

use crate::lock::Holder;

/// What an operation of this crate returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be recorded, read or locked.
#[derive(Debug, Error)]
pub enum Error {
    /// A lock could not be had in time.
    #[error("{object} is locked by {holder}; waited {} ms, try again later", waited.as_millis())]
    Busy {
        /// What is locked.
        object: String,
        /// Who has it, as far as that can be known.
        holder: Holder,
        /// How long was waited for it.
        waited: Duration,
    },
    /// An ADD for what is attached.
    #[error("{0} is attached already; a DEL has to come first")]
    AlreadyAttached(String),
    /// There is something left that has to be undone first.
    #[error("{attachment}: {left} recorded operations are not undone yet")]
    NotUndone {
        /// The attachment.
        attachment: String,
        /// How many.
        left: usize,
    },
    /// A newer Cofferdam wrote it.
    #[error(
        "{} was written in format {found}, and this Cofferdam knows formats up to {known}; use the newer one",
        path.display()
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// A directory or file that others can change is not used.
    #[error("{} is not used: {why}", path.display())]
    Untrusted {
        /// The directory or file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// A name that records can't have.
    #[error(
        "{0:?} can't be the name of a value: small letters and _, then perhaps a dot and up to three digits, at most 64 \
         bytes in all, and not \"lock\""
    )]
    InvalidName(String),
    /// Values stay when attachments go; a network has a few.
    #[error("{} holds as many values as a network can have", .0.display())]
    TooManyValues(PathBuf),
    /// A file operation failed.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// To what.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The journal could not be written earlier in this call.
    #[error("{} can't be written any more after an earlier failure", .0.display())]
    Unwritable(PathBuf),
    /// There was not enough time; what was done stays done.
    #[error("there was no time to go through all of {}; the next call goes on", .0.display())]
    Unfinished(PathBuf),
}

impl Error {
    /// A file operation that failed.
    pub(crate) fn io(action: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Io {
            action,
            path: path.to_owned(),
            source: source.into(),
        }
    }
}
