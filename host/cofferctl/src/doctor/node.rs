use std::path::PathBuf;

use cofferdam_broker::{Installation, collect::Inhabited};
use cofferdam_journal::{AttachmentSummary, Error, HeldLocks, StateDirectory};

use super::Arguments;

/// What all checks look at, read once.
pub(super) struct Node<'a> {
    pub(super) installation: &'a Installation,
    pub(super) arguments: &'a Arguments,
    /// Absent where nothing ran yet.
    pub(super) state: Result<Option<StateDirectory>, Error>,
    pub(super) summaries: Result<Vec<AttachmentSummary>, Error>,
    pub(super) locks: HeldLocks,
    pub(super) inhabited: Inhabited,
}

impl<'a> Node<'a> {
    pub(super) fn new(installation: &'a Installation, arguments: &'a Arguments) -> Self {
        let state = StateDirectory::open_existing(&installation.state());
        let summaries = match &state {
            Ok(Some(state)) => state.attachments(None),
            Ok(None) | Err(_) => Ok(Vec::new()),
        };
        Self {
            installation,
            arguments,
            state,
            summaries,
            locks: HeldLocks::read(),
            inhabited: Inhabited::default(),
        }
    }

    /// The state directory, if it can be used.
    pub(super) fn state(&self) -> Option<&StateDirectory> {
        self.state.as_ref().ok()?.as_ref()
    }

    /// What is on record, as far as it can be read.
    pub(super) fn summaries(&self) -> &[AttachmentSummary] {
        self.summaries.as_deref().unwrap_or_default()
    }

    /// Where runtimes look for plugins, below the installation's root.
    pub(super) fn plugin_directories(&self) -> impl Iterator<Item = PathBuf> {
        let directories = self.arguments.plugin_directory.iter();
        directories.map(|directory| self.installation.resolve(directory))
    }
}
