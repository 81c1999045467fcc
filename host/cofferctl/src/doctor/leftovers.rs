use std::{
    fs,
    path::{Path, PathBuf},
};

use cofferdam_journal::{Leftover, LeftoverKind};

use super::{Finding, Node};

const CHECK: &str = "leftovers";

/// What interrupted calls left, and nobody needs.
pub(super) fn look(node: &Node<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(state) = node.state() {
        match state.leftovers() {
            Ok(leftovers) => findings.extend(leftovers.iter().map(told)),
            Err(error) => {
                let finding = Finding::error(CHECK, state.path().display(), error);
                findings.push(finding.way_out("see to the directory that is named"));
            }
        }
    }
    findings.extend(temporary_files(node).iter().map(|path| {
        let finding = Finding::information(CHECK, path.display(), "a write to it was interrupted");
        finding.way_out("remove it")
    }));
    findings
}

fn told(leftover: &Leftover) -> Finding {
    let place = leftover.path.display();
    match leftover.kind {
        LeftoverKind::EmptyDirectory => {
            Finding::information(CHECK, place, "an empty directory that nobody needs").way_out("remove it")
        }
        LeftoverKind::Temporary => {
            Finding::information(CHECK, place, "a write to it was interrupted").way_out("remove it")
        }
        LeftoverKind::EmptyJournal => {
            let problem = "a journal that nothing was ever written to";
            Finding::information(CHECK, place, problem).way_out("`cofferctl gc` removes it")
        }
        LeftoverKind::UserWithoutJournal => {
            let problem =
                "it counts an attachment as user that is not on record, so the object stays after its last user";
            Finding::warning(CHECK, place, problem)
                .way_out("remove the file; the next DEL of a user removes the object")
        }
        LeftoverKind::OwnerWithoutJournal => {
            let problem = "it belongs to an attachment that is not on record, which is as good as nobody's";
            Finding::information(CHECK, place, problem).way_out("remove it, or leave it to whoever takes the name next")
        }
    }
}

/// What was to be renamed in the store of components and in the records of
/// addresses.
fn temporary_files(node: &Node<'_>) -> Vec<PathBuf> {
    let store = node.installation.components().path();
    let components = entries(&store.join("components"));
    let records = entries(&node.installation.records());
    let of_store = components
        .into_iter()
        .chain([store.join("plugins")])
        .flat_map(|directory| entries(&directory))
        .filter(|path| name_of(path).is_some_and(is_of_process));
    let of_records = records
        .into_iter()
        .flat_map(|directory| entries(&directory))
        .filter(|path| name_of(path) == Some(".cofferdam.next"));
    let mut found: Vec<PathBuf> = of_store.chain(of_records).collect();
    found.sort();
    found
}

/// `.NAME.PID`, of a process that is gone.
fn is_of_process(name: &str) -> bool {
    let pid = name
        .strip_prefix('.')
        .and_then(|rest| rest.rsplit_once('.'))
        .map(|(_, pid)| pid);
    pid.and_then(|pid| pid.parse::<u32>().ok())
        .is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists())
}

fn name_of(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}
