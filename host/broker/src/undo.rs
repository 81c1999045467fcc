//! Going back: what a journal holds is undone, whoever wrote it.

use std::time::{Duration, Instant};

use cofferdam_journal::{AttachmentId, Journal, Report, Shared, Undo};
use cofferdam_network::Network;
use cofferdam_protocol::CniError;

/// Time for going back, on top of what the call had.
const TIME: Duration = Duration::from_secs(10);

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

/// Adds to an error what was rolled back.
pub(crate) fn describe(error: CniError, report: &Report) -> CniError {
    let details = match (error.details.clone(), report.to_string()) {
        (details, report) if report.is_empty() => return details.map_or(error.clone(), |_| error.clone()),
        (None, report) => report,
        (Some(details), report) => format!("{details}; {report}"),
    };
    error.with_details(details)
}
