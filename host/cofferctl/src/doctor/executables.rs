use std::{fs, path::Path};

use super::{Finding, Node};

const CHECK: &str = "plugin-directory";
/// What plugins' names lead to.
const COFFERDAM: &str = "cofferdam";

/// The names under which runtimes find plugins.
pub(super) fn look(node: &Node<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for directory in node.plugin_directories() {
        let entries = fs::read_dir(&directory).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        findings.extend(paths.iter().filter_map(|path| of_link(node, path)));
    }
    findings
}

fn of_link(node: &Node<'_>, path: &Path) -> Option<Finding> {
    let target = fs::read_link(path).ok()?;
    let Ok(executable) = fs::canonicalize(path) else {
        let problem = format!("it leads to {}, where there is nothing", target.display());
        let way_out = format!(
            "install what it should lead to, or remove the link; for Cofferdam: ln -sf cofferdam {}",
            path.display()
        );
        return Some(Finding::error(CHECK, path.display(), problem).way_out(way_out));
    };
    let name = path.file_name()?.to_str()?;
    if executable.file_name()? != COFFERDAM || name == COFFERDAM {
        return None;
    }
    let error = node.installation.components().resolve(name).err()?;
    let problem = format!("runtimes call Cofferdam by this name, and it has no such plugin: {error}");
    let way_out = "install the component, or put the executable back that was there before";
    Some(Finding::error(CHECK, path.display(), problem).way_out(way_out))
}
