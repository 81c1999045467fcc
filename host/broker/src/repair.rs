//! Mending of attachments on an operator's word: without runtime, component,
//! configuration or policy.

use std::time::Instant;

use cofferdam_journal::{AttachmentId, ComparisonError, History, Repair, Repaired, State, StateDirectory};
use thiserror::Error;

use crate::{Installation, collect::host_kernel, container::kernel_where_made};

/// Why an attachment was not looked at, or not mended to its end.
#[derive(Debug, Error)]
pub enum RepairError {
    /// It has no journal by now.
    #[error("it is not attached, or another program attached it")]
    NotAttached,
    /// Only what is complete can be made whole again.
    #[error("{0}; DEL undoes what there is of it, and ADD attaches it anew")]
    Incomplete(&'static str),
    /// Its lock can't be had, or its journal not be read.
    #[error(transparent)]
    Journal(#[from] cofferdam_journal::Error),
    /// The kernel did not tell, or a file could not be read.
    #[error(transparent)]
    Comparison(#[from] ComparisonError),
}

/// Puts back what others took away or changed of an attachment, under its
/// lock, which is waited for until `deadline`. A dry run only says what it
/// would put back.
///
/// The container's namespace is looked for at the path that the attachment was
/// made with; without it nothing of the container is mended.
///
/// # Errors
/// The attachment is not complete, its lock is held, or the kernel does not
/// answer.
pub fn repair(
    installation: &Installation,
    state: &StateDirectory,
    id: &AttachmentId,
    dry_run: bool,
    deadline: Instant,
) -> Result<Repaired, RepairError> {
    let locked = state.lock_existing(id, deadline)?.ok_or(RepairError::NotAttached)?;
    let history = locked.history();
    refuse_incomplete(history)?;
    let path = history.namespace().map(|namespace| namespace.path.as_str());
    let mut kernel = kernel_where_made(|| host_kernel(installation), path, history);
    let mut repair = Repair {
        network: &mut kernel,
        shared: &state.shared(),
        id,
        deadline,
    };
    Ok(if dry_run {
        repair.foresee(history)?
    } else {
        repair.run(history)?
    })
}

fn refuse_incomplete(history: &History) -> Result<(), RepairError> {
    match history.state() {
        State::Committed => Ok(()),
        State::None => Err(RepairError::NotAttached),
        State::Uncommitted => Err(RepairError::Incomplete("its ADD did not end")),
        State::Torn => Err(RepairError::Incomplete(
            "its ADD did not end, and a part of its journal can't be read",
        )),
        State::RollingBack => Err(RepairError::Incomplete("its DEL did not end")),
    }
}
