use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Finding, Node};

const CHECK: &str = "locks";

/// Locks whose holders run for longer than any call should.
pub(super) fn look(node: &Node<'_>) -> Vec<Finding> {
    let journals = node.summaries().iter().map(|summary| summary.path.clone());
    let registries = node.state().map(|state| below(state.path())).unwrap_or_default();
    let records = below(&node.installation.records())
        .into_iter()
        .map(|network| network.join("lock"));
    let mut paths: Vec<PathBuf> = journals.chain(registries).chain(records).collect();
    paths.sort();
    paths.dedup();
    paths.iter().filter_map(|path| of_path(node, path)).collect()
}

fn of_path(node: &Node<'_>, path: &Path) -> Option<Finding> {
    let holder = node.locks.holder(path)?;
    if holder.age.is_none_or(|age| age < node.arguments.held) {
        return None;
    }
    let finding = Finding::warning(CHECK, path.display(), format!("it is locked by {holder}"));
    let pid = holder.pid.map_or_else(String::new, |pid| format!(" {pid}"));
    Some(finding.way_out(format!(
        "calls wait for it and fail; see what process{pid} is at. The lock goes with it, and what it began is undone by the \
         next call"
    )))
}

/// The directories that are locked as wholes: all in the state directory, two
/// levels deep; those of networks in the records.
fn below(directory: &Path) -> Vec<PathBuf> {
    let subdirectories = |directory: &Path| {
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
            .collect::<Vec<_>>()
    };
    let first = subdirectories(directory);
    let second: Vec<PathBuf> = first.iter().flat_map(|path| subdirectories(path)).collect();
    first.into_iter().chain(second).collect()
}
