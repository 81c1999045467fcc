use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::bail;
use clap::Args;
use cofferdam_broker::{Installation, RepairError, repair};
use cofferdam_journal::{AttachmentId, Difference, Repaired, StateDirectory, Unmended};
use serde::Serialize;
use serde_json::json;

use crate::output::{complain, say};

/// Time for the lock of each attachment.
const WAIT: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The attachment; the beginning of the container's id will do.
    #[arg(value_name = "NETWORK/CONTAINER/INTERFACE", required_unless_present_any = ["network", "all"])]
    attachment: Option<String>,
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
            match repair(&state, id, arguments.dry_run, Instant::now() + WAIT) {
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
        say(&serde_json::to_string_pretty(&document)?);
    } else {
        for text in &passed_over {
            complain(&format!("passed over: {text}"));
        }
        items
            .iter()
            .flat_map(|item| item.lines(arguments.dry_run))
            .for_each(|line| say(&line));
        say(&total(&items, looked_at, arguments.dry_run));
    }
    let is_left = !passed_over.is_empty() || items.iter().any(Item::is_left);
    Ok(if is_left { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The attachments that are meant, and the journals that don't tell whose they
/// are.
fn wanted(state: &StateDirectory, arguments: &Arguments) -> anyhow::Result<(Vec<AttachmentId>, Vec<String>)> {
    let network = arguments.network.as_deref();
    let name = arguments.attachment.as_deref();
    let of_name = name.and_then(|name| name.split('/').next());
    let (mut ids, mut unreadable) = (Vec::new(), Vec::new());
    for summary in state.attachments(network.or(of_name))? {
        match summary.header {
            Some(header) => ids.push(header.attachment),
            None => {
                let why = summary.problem.unwrap_or_default();
                unreadable.push(format!("{}: {why}", summary.path.display()));
            }
        }
    }
    ids.sort();
    let Some(name) = name else {
        return Ok((ids, unreadable));
    };
    Ok((named(name, ids)?, Vec::new()))
}

/// The units of the one attachment of that name; the beginning of a
/// container's id names it where no other begins so.
fn named(name: &str, ids: Vec<AttachmentId>) -> anyhow::Result<Vec<AttachmentId>> {
    let [network, container, interface] = name.split('/').collect::<Vec<_>>()[..] else {
        bail!("{name:?} is no attachment: give NETWORK/CONTAINER/INTERFACE");
    };
    let mut ids: Vec<AttachmentId> = ids
        .into_iter()
        .filter(|id| id.network == network && id.interface_name == interface && id.container_id.starts_with(container))
        .collect();
    if ids.iter().any(|id| id.container_id == container) {
        ids.retain(|id| id.container_id == container);
    }
    let mut labels: Vec<String> = ids.iter().map(AttachmentId::label).collect();
    labels.dedup();
    match labels.as_slice() {
        [] => bail!("{name} is not attached"),
        [_] => Ok(ids),
        several => {
            let shown = several.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
            bail!("{name} can be any of {} attachments: {shown}", several.len())
        }
    }
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
        let line = |text: String| one_line(&format!("{network}/{container}/{interface} ({unit}): {text}"));
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

/// Names may hold anything, a line's end too.
fn one_line(text: &str) -> String {
    text.replace('\n', "\\n")
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
