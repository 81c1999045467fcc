//! The journal of one attachment.

mod attachment_journal;
mod file;
mod locked;

pub use attachment_journal::Journal;
pub(crate) use file::JournalFile;
pub use locked::LockedAttachment;
