use cofferdam_broker::collect::Abandoned;
use cofferdam_journal::{AttachmentSummary, Header, History, State};

use super::{Finding, Node};

const CHECK: &str = "attachments";
const JOURNALS: &str = "journals";

/// What is on record and is not as it should be.
pub(super) fn look(node: &Node<'_>) -> Vec<Finding> {
    node.summaries()
        .iter()
        .flat_map(|summary| match (&summary.header, &summary.history) {
            (Some(header), Some(history)) => of_attachment(node, summary, header, history),
            _ => vec![unreadable(summary)],
        })
        .collect()
}

fn unreadable(summary: &AttachmentSummary) -> Finding {
    let problem = summary.problem.as_deref().unwrap_or("its header can't be read");
    let way_out = if summary.history.is_some() {
        "its attachment can't be undone: look with `ip` and `nft` for what it may have made, remove that and the file"
    } else if problem.contains("format") {
        "use the newer Cofferdam, which can undo it"
    } else {
        "it does not belong there: move it away"
    };
    Finding::error(JOURNALS, summary.path.display(), problem).way_out(way_out)
}

fn of_attachment(node: &Node<'_>, summary: &AttachmentSummary, header: &Header, history: &History) -> Vec<Finding> {
    let id = &header.attachment;
    let place = format!("{} ({})", id.label(), id.unit);
    let mut findings = Vec::new();
    if history.damaged_lines() > 0 {
        let problem = format!("{} lines of its journal can't be read", history.damaged_lines());
        let way_out = "detach it soon: what those lines say was done is not undone, and has to be looked for by hand";
        findings.push(Finding::warning(JOURNALS, &place, problem).way_out(way_out));
    }
    // Who has the lock is at work, and will be through with it.
    if node.locks.holder(&summary.path).is_some() {
        return findings;
    }
    if let Some(reason) = Abandoned::of(history, &node.inhabited) {
        let problem = match (reason, history.state()) {
            (Abandoned::Unfinished, State::RollingBack) => "it was not wholly undone".to_owned(),
            (Abandoned::Unfinished, _) => "an ADD was begun and did not end".to_owned(),
            (reason, _) => reason.to_string(),
        };
        let way_out = "the runtime's next DEL undoes it, or `cofferctl gc` (`--dry-run` first)";
        findings.push(Finding::warning(CHECK, &place, problem).way_out(way_out));
    }
    findings
}
