use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::bail;
use clap::Args;
use cofferdam_broker::{Installation, RepairError, repair};
use cofferdam_journal::{AttachmentId, AttachmentSummary, Difference, Repaired, StateDirectory, Unmended};
use serde::Serialize;
use serde_json::json;

use crate::{
    attachments::Name,
    output::{complain, say, say_json, say_line},
};

/// Time for the lock of each attachment.
const WAIT: Duration = Duration::from_secs(10);
/// Characters of a line.
const LINE: usize = 1000;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The attachment; the beginning of the container's id will do.
    #[arg(value_name = "NETWORK/CONTAINER/INTERFACE", required_unless_present_any = ["network", "all"])]
    attachment: Option<Name>,
    /// All attachments of a network.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["attachment", "all"])]
    network: Option<String>,
    /// All attachments of the node.
    #[arg(long, conflicts_with = "attachment")]
    all: bool,
    /// Tells what would be put back, and changes nothing.
    #[arg(long)]
    dry_run: bool,
    /// For programs.
    #[arg(long)]
    json: bool,
}

/// An attachment that is not as it was made, and what came of it.
#[derive(Debug, Serialize)]
struct Item {
    network: String,
    container: String,
    interface: String,
    unit: String,
    /// What was put back, or would be.
    mended: Vec<Difference>,
    left: Vec<Unmended>,
    /// Why it was not looked at, or not to its end.
    error: Option<String>,
}

pub(crate) fn run(installation: &Installation, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (mut items, mut looked_at, mut passed_over) = (Vec::new(), 0, Vec::new());
    // Where nothing was ever attached nothing is made.
    if installation.state().is_dir() {
        let state = StateDirectory::open(&installation.state())?;
        let (wanted, unreadable) = wanted(&state, arguments)?;
        passed_over = unreadable;
        looked_at = wanted.len();
        for id in &wanted {
            match repair(installation, &state, id, arguments.dry_run, Instant::now() + WAIT) {
                // It was detached meanwhile.
                Err(RepairError::NotAttached) => {}
                Err(error) => items.push(Item::new(id, Repaired::default(), Some(error.to_string()))),
                Ok(repaired) => items.push(Item::new(id, repaired, None)),
            }
        }
    } else if let Some(name) = &arguments.attachment {
        bail!("{name} is not attached");
    }
    items.retain(|item| !item.is_whole());
    if arguments.json {
        let document = json!({
            "dry_run": arguments.dry_run,
            "looked_at": looked_at,
            "attachments": items,
            "unreadable": passed_over,
        });
        say_json(&document);
    } else {
        for text in &passed_over {
            complain(&format!("passed over: {text}"));
        }
        items
            .iter()
            .flat_map(|item| item.lines(arguments.dry_run))
            .for_each(|line| say_line(&line, LINE));
        say(&total(&items, looked_at, arguments.dry_run));
    }
    let is_left = !passed_over.is_empty() || items.iter().any(Item::is_left);
    Ok(if is_left { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The attachments that are meant, and the journals that don't tell whose they
/// are.
fn wanted(state: &StateDirectory, arguments: &Arguments) -> anyhow::Result<(Vec<AttachmentId>, Vec<String>)> {
    let name = arguments.attachment.as_ref();
    let network = arguments.network.as_deref().or(name.map(Name::network));
    let summaries = state.attachments(network)?;
    if let Some(name) = name {
        return Ok((ids(name.find(&summaries)?), Vec::new()));
    }
    let unreadable = summaries
        .iter()
        .filter(|summary| summary.header.is_none())
        .map(|summary| {
            let why = summary.problem.as_deref().unwrap_or_default();
            format!("{}: {why}", summary.path.display())
        });
    Ok((ids(&summaries), unreadable.collect()))
}

fn ids<'a>(summaries: impl IntoIterator<Item = &'a AttachmentSummary>) -> Vec<AttachmentId> {
    let headers = summaries.into_iter().filter_map(|summary| summary.header.as_ref());
    let mut ids: Vec<AttachmentId> = headers.map(|header| header.attachment.clone()).collect();
    ids.sort();
    ids
}

impl Item {
    fn new(id: &AttachmentId, repaired: Repaired, error: Option<String>) -> Self {
        Self {
            network: id.network.clone(),
            container: id.container_id.clone(),
            interface: id.interface_name.clone(),
            unit: id.unit.clone(),
            mended: repaired.mended,
            left: repaired.left,
            error,
        }
    }

    fn is_whole(&self) -> bool {
        self.mended.is_empty() && !self.is_left()
    }

    fn is_left(&self) -> bool {
        !self.left.is_empty() || self.error.is_some()
    }

    fn lines(&self, dry_run: bool) -> Vec<String> {
        let Self {
            network,
            container,
            interface,
            unit,
            ..
        } = self;
        let line = |text: String| format!("{network}/{container}/{interface} ({unit}): {text}");
        let verb = if dry_run { "to mend" } else { "mended" };
        let mended = self
            .mended
            .iter()
            .map(|difference| line(format!("{verb}: {}", put_back(difference))));
        let left = self.left.iter().map(|unmended| line(format!("left: {unmended}")));
        let error = self.error.iter().map(|error| line(format!("left: {error}")));
        mended.chain(left).chain(error).collect()
    }
}

fn put_back(difference: &Difference) -> String {
    let Difference {
        object,
        expected,
        found,
        ..
    } = difference;
    if expected == "present" {
        format!("{object}, which was {found}")
    } else {
        format!("{object}: {expected}, which was {found}")
    }
}

fn total(items: &[Item], looked_at: usize, dry_run: bool) -> String {
    let mended: usize = items.iter().map(|item| item.mended.len()).sum();
    let left: usize = items
        .iter()
        .map(|item| item.left.len() + usize::from(item.error.is_some()))
        .sum();
    let noun = if looked_at == 1 { "attachment" } else { "attachments" };
    let verb = if dry_run { "to mend" } else { "mended" };
    format!("{looked_at} {noun} looked at: {mended} {verb}, {left} left")
}
