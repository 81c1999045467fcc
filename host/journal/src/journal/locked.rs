use super::{Journal, JournalFile};
use crate::{
    AttachmentId, Error, Result, State,
    format::{FORMAT_VERSION, Header},
    history::{History, NewerFormat},
};

/// An attachment with its lock, and what an earlier call left of it.
#[derive(Debug)]
pub struct LockedAttachment {
    id: AttachmentId,
    file: JournalFile,
    history: History,
}

impl LockedAttachment {
    pub(crate) fn read(id: AttachmentId, mut file: JournalFile) -> Result<Self> {
        let bytes = file.read()?;
        let history = History::parse(&bytes).map_err(|NewerFormat(found)| Error::NewerFormat {
            path: file.path().to_owned(),
            found,
            known: FORMAT_VERSION,
        })?;
        Ok(Self { id, file, history })
    }

    /// One whose journal was made empty.
    pub(super) fn of_none(id: AttachmentId, file: JournalFile) -> Self {
        Self {
            id,
            file,
            history: History::nothing(),
        }
    }

    /// Which attachment.
    #[must_use]
    pub fn id(&self) -> &AttachmentId {
        &self.id
    }

    /// What an earlier call left.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Starts the journal of a fresh ADD. The header is on record when this
    /// returns.
    ///
    /// # Errors
    /// [`Error::AlreadyAttached`] when the attachment is complete,
    /// [`Error::NotUndone`] when an earlier call left operations that are not
    /// undone, [`Error::Io`] when nothing can be written.
    pub fn begin(self, header: Header) -> Result<Journal> {
        if self.history.state() == State::Committed {
            return Err(Error::AlreadyAttached(self.id.to_string()));
        }
        let left = self.history.pending().count();
        if left > 0 {
            return Err(Error::NotUndone {
                attachment: self.id.to_string(),
                left,
            });
        }
        Journal::start(
            self.file,
            Header {
                version: FORMAT_VERSION,
                attachment: self.id,
                ..header
            },
        )
    }

    /// Goes on with the journal that is there, to undo what it holds.
    ///
    /// # Errors
    /// None at present; a journal that can't be written can be undone.
    pub fn reopen(self) -> Result<Journal> {
        Ok(Journal::resume(self.id, self.file, self.history))
    }

    /// Gives up the lock. A journal that holds nothing is removed.
    ///
    /// # Errors
    /// [`Error::Io`] when it can't be removed.
    pub fn release(self) -> Result<()> {
        if self.history.is_empty() {
            self.file.remove()
        } else {
            Ok(())
        }
    }
}
