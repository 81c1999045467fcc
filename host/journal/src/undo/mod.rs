//! Carries out inverses. Each looks before it acts: what is gone is gone, and
//! what is not ours by now is left alone.

mod claims;
mod links;
mod report;
mod settings;
mod shared;

use std::time::Instant;

use cofferdam_network::{Error as NetworkError, LinkId, Network};
use thiserror::Error;

pub use report::{Report, ReportItem};

use crate::{
    AttachmentId, Error,
    model::{Inverse, Outcome},
    shared::Shared,
};

/// What undoing needs.
pub struct Undo<'a> {
    /// The kernel.
    pub network: &'a mut dyn Network,
    /// The registry of shared objects.
    pub shared: &'a Shared,
    /// Whose work is undone.
    pub id: &'a AttachmentId,
    /// When waiting for locks ends.
    pub deadline: Instant,
}

/// How an inverse went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// The kernel is as it was before.
    Restored,
    /// There was nothing to do: it was gone, or goes with something else.
    Nothing,
    /// It was left as it is; the text says why.
    Left(String),
}

/// Why an inverse could not be carried out.
#[derive(Debug, Error)]
pub enum UndoError {
    /// The kernel refused.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A file or a lock.
    #[error(transparent)]
    Record(#[from] Error),
}

/// What came of one inverse.
pub type UndoOutcome = Result<Undone, UndoError>;

impl Undo<'_> {
    /// Carries out one inverse. `outcome` is what only the kernel could tell of
    /// the operation.
    pub(crate) fn carry_out(&mut self, inverse: &Inverse, outcome: Outcome) -> UndoOutcome {
        match self.run(inverse, outcome) {
            // What was in a namespace went with it.
            Err(UndoError::Network(NetworkError::NoNamespace(_))) => Ok(Undone::Nothing),
            other => other,
        }
    }

    /// For what an earlier boot did: the kernel has forgotten it, files have
    /// not.
    pub(crate) fn forget(&mut self, inverse: &Inverse) -> UndoOutcome {
        match inverse {
            Inverse::ReleaseClaim { .. } | Inverse::LeaveShared { .. } => self.run(inverse, Outcome::default()),
            _ => Ok(Undone::Nothing),
        }
    }

    fn run(&mut self, inverse: &Inverse, outcome: Outcome) -> UndoOutcome {
        match inverse {
            Inverse::WithLink { .. } => Ok(Undone::Nothing),
            Inverse::DeleteLink {
                place,
                name,
                kind,
                mac,
                index,
            } => self.delete_link(*place, name, kind, *mac, outcome.index.or(*index)),
            Inverse::LeaveShared { object } => self.leave(object),
            Inverse::ReleaseClaim { directory, address } => self.release_claim(directory, address),
            other => self.restore(other),
        }
    }

    /// Whether a link of somebody else still is the one that was meant.
    fn is_still(&mut self, link: LinkId, name: &str) -> Result<bool, UndoError> {
        let info = self.network.link(link)?;
        Ok(info.is_some_and(|info| info.name == name))
    }
}

/// What is gone needs no undoing.
fn unless_gone(result: cofferdam_network::Result<()>) -> UndoOutcome {
    match result {
        Ok(()) => Ok(Undone::Restored),
        Err(NetworkError::NotFound(_)) => Ok(Undone::Nothing),
        Err(error) => Err(error.into()),
    }
}

/// What is there again needs no putting back.
fn unless_there(result: cofferdam_network::Result<()>) -> UndoOutcome {
    match result {
        Ok(()) => Ok(Undone::Restored),
        Err(NetworkError::AlreadyExists(_)) => Ok(Undone::Nothing),
        Err(error) => Err(error.into()),
    }
}
