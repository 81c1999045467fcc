//! Going back: what a journal holds is undone, whoever wrote it.

use std::time::{Duration, Instant};

use cofferdam_journal::{AttachmentId, Journal, Report, Shared, StateDirectory, Undo};
use cofferdam_network::Network;
use cofferdam_protocol::CniError;

/// Time for going back, on top of what the call had.
pub(crate) const TIME: Duration = Duration::from_secs(10);

/// Undoes everything that the journal holds, and removes the journal when
/// nothing is left of it.
pub(crate) fn roll_back(mut journal: Journal, network: &mut dyn Network, shared: &Shared, id: &AttachmentId) -> Report {
    let mut undo = Undo {
        network,
        shared,
        id,
        deadline: Instant::now() + TIME,
    };
    let report = journal.roll_back(&mut undo);
    if report.is_clean()
        && let Err(error) = journal.finish()
    {
        crate::log::emit(&format!(
            "cofferdam: warn: the journal of {id} can't be removed: {error}"
        ));
    }
    report
}

/// Leaves what the attachment uses by the registry of shared objects alone,
/// since its journal does not tell of everything. Nothing when there is one
/// again: another ADD was faster.
pub(crate) fn leave_unrecorded(
    state: &StateDirectory,
    network: &mut dyn Network,
    id: &AttachmentId,
) -> cofferdam_journal::Result<Report> {
    let deadline = Instant::now() + TIME;
    let locked = state.lock(id, deadline)?;
    if !locked.history().is_empty() {
        return Ok(Report::default());
    }
    let mut undo = Undo {
        network,
        shared: &state.shared(),
        id,
        deadline,
    };
    undo.leave_unrecorded()
}

/// Adds to an error what was rolled back.
pub(crate) fn describe(error: CniError, report: &Report) -> CniError {
    if report.items.is_empty() {
        return error;
    }
    let details: Vec<String> = error.details.clone().into_iter().chain([report.to_string()]).collect();
    error.with_details(details.join("; "))
}
