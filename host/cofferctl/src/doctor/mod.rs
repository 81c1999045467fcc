//! What is wrong on a node, where, and the way out.

mod addresses;
mod attachments;
mod components;
mod differences;
mod executables;
mod finding;
mod kernel;
mod leftovers;
mod locks;
mod node;
mod policies;
mod state;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Args;
use cofferdam_broker::Installation;
use finding::{Finding, Severity};
use node::Node;
use serde_json::json;

use crate::output::{say, say_json, say_line};

/// Characters of a line.
const LINE: usize = 1000;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Where runtimes look for plugins; can be given several times.
    #[arg(long, value_name = "DIR", default_value = "/opt/cni/bin")]
    plugin_directory: Vec<PathBuf>,
    /// A lock is told of when its holder runs for longer than this.
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = humantime::parse_duration)]
    held: Duration,
    /// For programs.
    #[arg(long)]
    json: bool,
}

/// Looks at one side of a node. None of them stops at what it finds, or keeps
/// another one from looking.
type Check = fn(&Node<'_>) -> Vec<Finding>;

/// In the order in which findings are told.
const CHECKS: [Check; 10] = [
    state::look,
    kernel::look,
    components::look,
    policies::look,
    executables::look,
    attachments::look,
    differences::look,
    addresses::look,
    locks::look,
    leftovers::look,
];

pub(crate) fn run(installation: &Installation, arguments: &Arguments) -> ExitCode {
    let node = Node::new(installation, arguments);
    let findings: Vec<Finding> = CHECKS.iter().flat_map(|check| finding::bounded(check(&node))).collect();
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if arguments.json {
        say_json(&json!({ "healthy": errors == 0, "findings": findings }));
    } else if findings.is_empty() {
        say("nothing is wrong");
    } else {
        for finding in &findings {
            say_line(&finding.to_string(), LINE);
            say_line(&format!("    {}", finding.way_out), LINE);
        }
        let notes = count(Severity::Information);
        say(&format!("{errors} errors, {warnings} warnings, {notes} notes"));
    }
    if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
