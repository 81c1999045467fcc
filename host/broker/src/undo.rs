//! Going back: what a journal holds is undone, whoever wrote it.

use std::time::{Duration, Instant};

use cofferdam_journal::{AttachmentId, Journal, Report, Shared, Undo};
use cofferdam_network::Network;
use cofferdam_protocol::CniError;

/// Time for going back, on top of what the call had.
pub(crate) const TIME: Duration = Duration::from_secs(10);

/// Undoes everything that the journal holds.
pub(crate) fn undo(journal: &mut Journal, network: &mut dyn Network, shared: &Shared, id: &AttachmentId) -> Report {
    journal.roll_back(&mut undo_of(network, shared, id))
}

/// The same, and removes the journal when nothing is left of it.
pub(crate) fn roll_back(mut journal: Journal, network: &mut dyn Network, shared: &Shared, id: &AttachmentId) -> Report {
    let report = undo(&mut journal, network, shared, id);
    finish(journal, &report, id);
    report
}

/// The same for a journal that another call left, after which no component is
/// asked: where a part of it can't be read, what the attachment uses by the
/// registries is left, too.
pub(crate) fn roll_back_left(
    mut journal: Journal,
    network: &mut dyn Network,
    shared: &Shared,
    id: &AttachmentId,
) -> Report {
    let mut report = undo(&mut journal, network, shared, id);
    if report.is_clean() && report.damaged_lines > 0 {
        match leave_unrecorded(network, shared, id) {
            Ok(more) => report.items.extend(more.items),
            Err(error) => crate::log::emit(&format!("cofferdam: warn: what else {id} uses is not known: {error}")),
        }
    }
    finish(journal, &report, id);
    report
}

fn finish(journal: Journal, report: &Report, id: &AttachmentId) {
    if report.is_clean()
        && let Err(error) = journal.finish()
    {
        crate::log::emit(&format!(
            "cofferdam: warn: the journal of {id} can't be removed: {error}"
        ));
    }
}

/// Leaves what the attachment uses by the registries, since its journal does
/// not tell of everything. Under the attachment's lock: what an ADD makes
/// meanwhile is not to be taken for what was left.
pub(crate) fn leave_unrecorded(
    network: &mut dyn Network,
    shared: &Shared,
    id: &AttachmentId,
) -> cofferdam_journal::Result<Report> {
    undo_of(network, shared, id).leave_unrecorded()
}

fn undo_of<'a>(network: &'a mut dyn Network, shared: &'a Shared, id: &'a AttachmentId) -> Undo<'a> {
    Undo {
        network,
        shared,
        id,
        deadline: Instant::now() + TIME,
    }
}

/// Adds to an error what was rolled back.
pub(crate) fn describe(error: CniError, report: &Report) -> CniError {
    if report.items.is_empty() {
        return error;
    }
    let details: Vec<String> = error.details.clone().into_iter().chain([report.to_string()]).collect();
    error.with_details(details.join("; "))
}
