use std::path::Path;

use cofferdam_journal::StateDirectory;
use nix::sys::{
    statfs::{TMPFS_MAGIC, statfs},
    statvfs::statvfs,
};

use super::{Finding, Node};

const CHECK: &str = "state-directory";

/// Bytes that some hundred attachments take.
const LITTLE_SPACE: u64 = 1 << 20;
/// Files that some ten attachments take.
const FEW_FILES: u64 = 200;

/// Whether attachments can be put on record.
pub(super) fn look(node: &Node<'_>) -> Vec<Finding> {
    let path = node.installation.state();
    let state = match &node.state {
        Ok(Some(state)) => state,
        Ok(None) => return Vec::new(),
        Err(error) => {
            let finding = Finding::error(
                CHECK,
                path.display(),
                format!("it is not used, and nothing can be attached: {error}"),
            );
            return vec![finding.way_out("make it root's alone: chown root and chmod 0700")];
        }
    };
    let mut findings: Vec<Finding> = writable(state).into_iter().chain(room(&path)).collect();
    if let Err(error) = &node.summaries {
        let finding = Finding::error(
            CHECK,
            path.display(),
            format!("what is attached can't be listed: {error}"),
        );
        findings.push(finding.way_out("see to the file system, or to the directory that is named"));
    }
    if statfs(&path).is_ok_and(|status| status.filesystem_type() != TMPFS_MAGIC) {
        let problem =
            "it is not in memory, so journals outlive a restart of the node, after which they only say what was";
        findings.push(Finding::information(CHECK, path.display(), problem).way_out("mount a tmpfs on /run"));
    }
    findings
}

fn writable(state: &StateDirectory) -> Option<Finding> {
    let error = state.try_write().err()?;
    let finding = Finding::error(
        CHECK,
        state.path().display(),
        format!("nothing can be attached: {error}"),
    );
    Some(finding.way_out("make room there, or mount it writable"))
}

/// What is nearly full is full soon.
fn room(path: &Path) -> Option<Finding> {
    let status = statvfs(path).ok()?;
    // Some file systems don't count, and say that there is nothing at all.
    let space = status.blocks_available().saturating_mul(status.fragment_size());
    let problem = if status.blocks() > 0 && space < LITTLE_SPACE {
        format!("{space} bytes are left; an attachment takes some ten thousand")
    } else if status.files() > 0 && status.files_available() < FEW_FILES {
        format!(
            "{} files can still be made; an attachment takes some twenty",
            status.files_available()
        )
    } else {
        return None;
    };
    let finding = Finding::warning(CHECK, path.display(), problem);
    Some(finding.way_out("make room: `cofferctl gc`, or a larger file system"))
}
