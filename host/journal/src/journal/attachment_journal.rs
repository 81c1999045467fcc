use std::borrow::Cow;

use super::{JournalFile, LockedAttachment};
use crate::{
    AttachmentId, Error, Result,
    format::{Header, Record, append_line, now},
    history::{Entry, History, Progress},
    model::{Inverse, Operation, Outcome, Sequence},
    undo::{Kept, Report, Undo, Undone},
};

/// The journal of an attachment that is being made or undone, with the
/// attachment's lock.
///
/// Dropped before [`Journal::finish`] it stays, for the next call to undo.
#[derive(Debug)]
pub struct Journal {
    id: AttachmentId,
    file: JournalFile,
    history: History,
    /// Lines that go out with the next write.
    buffer: Vec<u8>,
    /// What is owned still, since its undoing could not be recorded.
    kept: Option<Kept>,
}

impl Journal {
    pub(super) fn start(file: JournalFile, header: Header) -> Result<Self> {
        let id = header.attachment.clone();
        let mut journal = Self::resume(id, file, History::nothing());
        journal.file.clear()?;
        journal.add(&Record::Header(Cow::Borrowed(&header)))?;
        journal.write()?;
        journal.history.start(header);
        Ok(journal)
    }

    pub(super) fn resume(id: AttachmentId, file: JournalFile, history: History) -> Self {
        Self {
            id,
            file,
            history,
            buffer: Vec::with_capacity(4096),
            kept: None,
        }
    }

    /// Whose journal this is.
    #[must_use]
    pub fn id(&self) -> &AttachmentId {
        &self.id
    }

    /// What is on record.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Records what is about to be done, and how to go back. It is on record
    /// when this returns; only then may the kernel be asked.
    ///
    /// # Errors
    /// It can't be recorded (the disk is full, read-only or broken), so it
    /// must not be done.
    pub fn intend(&mut self, plugin: &str, operation: &Operation, inverse: &Inverse) -> Result<Sequence> {
        let sequence = self.history.next_sequence();
        let before = self.buffer.len();
        self.add(&Record::Intend {
            sequence,
            plugin: Cow::Borrowed(plugin),
            operation: Cow::Borrowed(operation),
            inverse: Cow::Borrowed(inverse),
        })?;
        if let Err(error) = self.write() {
            self.buffer.truncate(before);
            return Err(error);
        }
        self.history.push(sequence, plugin, operation.clone(), inverse.clone());
        Ok(sequence)
    }

    /// Notes that an operation was done. It is written with the next record:
    /// without it the operation counts as perhaps done.
    pub fn done(&mut self, sequence: Sequence, outcome: Outcome) {
        if self.history.set_done(sequence, outcome).is_some() {
            // Such a record can't fail to become JSON.
            let _ = self.add(&Record::Done { sequence, outcome });
        }
    }

    /// Notes that an operation failed and nothing happened. It is written at
    /// once: what somebody else made must not be taken for the outcome of an
    /// operation that failed because of it. If it can't be, the next record
    /// takes it along.
    pub fn abandon(&mut self, sequence: Sequence) {
        if self.history.set_progress(sequence, Progress::Abandoned).is_some() {
            let _ = self.add(&Record::Abandon { sequence });
            let _ = self.write();
        }
    }

    /// Records that the attachment is complete; `result` is what ADD prints.
    ///
    /// # Errors
    /// It can't be recorded; the attachment has to be undone.
    pub fn commit(&mut self, result: &str) -> Result<()> {
        let before = self.buffer.len();
        self.add(&Record::Commit {
            result: Cow::Borrowed(result),
        })?;
        if let Err(error) = self.write() {
            self.buffer.truncate(before);
            return Err(error);
        }
        self.history.set_committed(result);
        Ok(())
    }

    /// Undoes all that is on record, last first, whatever fails on the way.
    /// What was undone is recorded one by one, so that it is not undone
    /// twice; a journal that can't be written does not stop it.
    pub fn roll_back(&mut self, undo: &mut Undo<'_>) -> Report {
        let pending: Vec<Entry> = self.history.pending().rev().cloned().collect();
        let earlier_boot = self.history.is_of_earlier_boot();
        let mut report = Report::new(self.history.damaged_lines());
        let mut holdings = undo.holdings(self.history.namespace().cloned(), &pending);
        holdings.give_up_left(self.history.entries());
        if pending.is_empty() {
            return report;
        }
        let (pid, started) = (std::process::id(), now());
        self.history.set_rolling_back(pid, started);
        let _ = self.add(&Record::RollBack { pid, started });
        let mut is_recorded = true;
        for (number, entry) in pending.iter().enumerate() {
            let earlier = pending.get(number + 1..).unwrap_or_default();
            let outcome = if is_left_to(entry, earlier) || holdings.are_anothers(entry) {
                Ok(Undone::Nothing)
            } else if earlier_boot {
                undo.forget(entry)
            } else {
                undo.carry_out(entry)
            };
            // What is not as we left it may be so because a later change of
            // ours still stands; then it is looked at again.
            let undone = match &outcome {
                Ok(Undone::Left(_)) => report.is_clean(),
                outcome => outcome.is_ok(),
            };
            report.push(entry, outcome);
            if undone {
                self.history.set_progress(entry.sequence, Progress::Undone);
                let _ = self.add(&Record::Undone {
                    sequence: entry.sequence,
                });
            }
            // Who comes after a kill must not undo what somebody else has by
            // then. What is kept here goes with the journal.
            match self.write() {
                Ok(()) if undone => holdings.give_up(entry),
                Ok(()) => {}
                Err(_) => is_recorded = false,
            }
        }
        if !is_recorded {
            self.kept = Some(holdings.all_of(self.history.entries()));
        }
        report
    }

    /// Removes the journal when everything is undone.
    ///
    /// # Errors
    /// [`Error::NotUndone`] when something is left, [`Error::Io`] when the
    /// file can't be removed.
    pub fn finish(self) -> Result<()> {
        self.give_up_kept()?;
        self.file.remove()
    }

    /// The same, but the attachment's lock stays held, so that no other call
    /// begins before this one is through.
    ///
    /// # Errors
    /// As [`Journal::finish`].
    pub fn finish_locked(mut self) -> Result<LockedAttachment> {
        self.give_up_kept()?;
        self.file.clear()?;
        Ok(LockedAttachment::of_none(self.id, self.file))
    }

    /// What is kept by a journal goes with it; after that these names may be
    /// another ADD's.
    fn give_up_kept(&self) -> Result<()> {
        let left = self.history.pending().count();
        if left > 0 {
            return Err(Error::NotUndone {
                attachment: self.id.to_string(),
                left,
            });
        }
        if let Some(kept) = &self.kept {
            kept.give_up(&self.id);
        }
        Ok(())
    }

    fn add(&mut self, record: &Record<'_>) -> Result<()> {
        append_line(&mut self.buffer, record).map_err(|error| Error::io("append to", self.file.path(), error))
    }

    fn write(&mut self) -> Result<()> {
        self.file.append(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

/// Whether a shared object was joined before, too: it is left once, when
/// everything that was done with it is undone.
fn is_left_to(entry: &Entry, earlier: &[Entry]) -> bool {
    matches!(entry.inverse, Inverse::LeaveShared { .. }) && earlier.iter().any(|other| other.inverse == entry.inverse)
}
