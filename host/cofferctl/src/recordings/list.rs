use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use cofferdam_broker::{Installation, recording::Recording};
use serde_json::{Value, json};

use super::{attachment, outcome, read, variable};
use crate::output::{cut, say, say_json, say_line, say_table};

/// Characters of a cell that somebody else may have filled.
const CELL: usize = 80;
/// Characters of a line.
const LINE: usize = 400;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(installation: &Installation, arguments: &Arguments) -> anyhow::Result<()> {
    let directory = installation.recordings();
    let files = directory
        .files()
        .with_context(|| format!("read {}", directory.path().display()))?;
    // Each is large: one after the other.
    let read: Vec<(PathBuf, anyhow::Result<Entry>)> = files
        .into_iter()
        .map(|path| {
            let entry = read(&path).map(|(recording, bytes)| Entry::of(&recording, bytes));
            (path, entry)
        })
        .collect();
    if arguments.json {
        let documents: Vec<Value> = read.iter().map(|(path, entry)| document(path, entry)).collect();
        say_json(&json!({ "recordings": documents }));
    } else if read.is_empty() {
        say("nothing is recorded");
    } else {
        tell(&read);
    }
    Ok(())
}

/// One line of the list.
struct Entry {
    time: String,
    verb: String,
    attachment: String,
    plugins: String,
    outcome: String,
    bytes: usize,
}

impl Entry {
    fn of(recording: &Recording, bytes: usize) -> Self {
        let plugins: Vec<&str> = recording.plugins.iter().map(|plugin| plugin.name.as_str()).collect();
        Self {
            time: recording.time.clone(),
            verb: variable(recording, "CNI_COMMAND").to_owned(),
            attachment: attachment(recording),
            plugins: plugins.join(", "),
            outcome: outcome(&recording.outcome),
            bytes,
        }
    }
}

fn tell(read: &[(PathBuf, anyhow::Result<Entry>)]) {
    let heading = ["TIME", "VERB", "ATTACHMENT", "PLUGINS", "KB", "FILE", "OUTCOME"].map(str::to_owned);
    let rows = read.iter().filter_map(|(path, entry)| {
        let entry = entry.as_ref().ok()?;
        Some([
            cut(&entry.time, CELL),
            cut(&entry.verb, CELL),
            cut(&entry.attachment, CELL),
            cut(&entry.plugins, CELL),
            (entry.bytes / 1000).to_string(),
            path.display().to_string(),
            cut(&entry.outcome, LINE),
        ])
    });
    say_table(&[heading].into_iter().chain(rows).collect::<Vec<_>>());
    for (_, entry) in read {
        if let Err(error) = entry {
            say_line(&format!("not listed: {error:#}"), LINE);
        }
    }
}

fn document(path: &Path, entry: &anyhow::Result<Entry>) -> Value {
    let path = path.to_string_lossy();
    match entry {
        Ok(entry) => json!({
            "path": path, "time": entry.time, "verb": entry.verb, "attachment": entry.attachment,
            "plugins": entry.plugins, "outcome": entry.outcome, "bytes": entry.bytes,
        }),
        Err(error) => json!({ "path": path, "problem": format!("{error:#}") }),
    }
}
