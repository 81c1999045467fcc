use std::time::Instant;

use cofferdam_broker::{collect::Abandoned, repair};
use cofferdam_journal::{AttachmentId, AttachmentSummary, Repaired, StateDirectory};

use super::{Finding, Node};

const CHECK: &str = "differences";

/// What others took away or changed of complete attachments.
pub(super) fn look(node: &Node<'_>) -> Vec<Finding> {
    let Some(state) = node.state() else { return Vec::new() };
    let complete = node.summaries().iter().filter_map(|summary| complete(node, summary));
    complete.flat_map(|id| of_attachment(node, state, id)).collect()
}

/// The others are told of as attachments that somebody has to undo.
fn complete<'s>(node: &Node<'_>, summary: &'s AttachmentSummary) -> Option<&'s AttachmentId> {
    let history = summary.history.as_ref()?;
    let is_complete = history.is_committed() && Abandoned::of(history, &node.inhabited).is_none();
    summary
        .header
        .as_ref()
        .filter(|_| is_complete)
        .map(|header| &header.attachment)
}

fn of_attachment(node: &Node<'_>, state: &StateDirectory, id: &AttachmentId) -> Vec<Finding> {
    let place = format!("{} ({})", id.label(), id.unit);
    // Who has the lock is at work, and nobody waits for that.
    let Ok(Repaired { mended, left }) = repair(node.installation, state, id, true, Instant::now()) else {
        return Vec::new();
    };
    let mendable = mended.iter().map(|difference| {
        let way_out = format!("cofferctl repair {} (`--dry-run` first)", id.label());
        Finding::warning(CHECK, &place, difference).way_out(way_out)
    });
    let others = left.iter().map(|unmended| {
        let way_out = "see whose that is; where it is nobody's, detach the container and attach it again";
        Finding::warning(CHECK, &place, unmended).way_out(way_out)
    });
    mendable.chain(others).collect()
}
