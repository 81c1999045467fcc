use std::{
    collections::BTreeSet,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::bail;
use clap::Args;
use cofferdam_broker::{
    Installation,
    collect::{self, Abandoned, Inhabited},
    printable,
};
use cofferdam_journal::{AttachmentId, AttachmentSummary, Error, Header, HeldLocks, Report, StateDirectory};
use serde::Serialize;
use serde_json::json;

use crate::{
    attachments::{summaries, unreadable},
    output::{complain, cut, say, say_json, say_line},
};

/// Characters of a line.
const LINE: usize = 4000;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only of this network.
    #[arg(long, value_name = "NAME")]
    network: Option<String>,
    /// Attachments younger than this stay.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = humantime::parse_duration)]
    grace: Duration,
    /// Goes on where there are several containers and not one has its
    /// namespace.
    #[arg(long)]
    all_gone: bool,
    /// Tells what would go, and changes nothing.
    #[arg(long)]
    dry_run: bool,
    /// For programs.
    #[arg(long)]
    json: bool,
}

/// What was seen of the node's processes, once for all attachments.
struct Seen {
    locks: HeldLocks,
    inhabited: Inhabited,
}

/// An attachment that nobody will detach, and what came of it.
#[derive(Debug, Serialize)]
struct Item {
    network: String,
    container: String,
    interface: String,
    unit: String,
    reason: String,
    /// Why it stays, where it does.
    kept: Option<String>,
    /// What was undone; absent in a dry run.
    report: Option<Report>,
    /// It was to go, and could not.
    #[serde(skip)]
    failed: bool,
}

pub(crate) fn run(installation: &Installation, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (state, summaries) = summaries(installation, arguments.network.as_deref())?;
    let inhabited = Inhabited::default();
    let mut items = Vec::new();
    let mut failed = false;
    if !arguments.dry_run && !arguments.all_gone {
        refuse_where_none_is_there(&summaries, &inhabited)?;
    }
    if let Some(state) = &state {
        let seen = Seen {
            locks: HeldLocks::read(),
            inhabited,
        };
        for summary in &summaries {
            items.extend(look_at(installation, state, summary, &seen, arguments));
        }
        if !arguments.dry_run
            && let Err(error) = state.clear_empty(arguments.network.as_deref())
        {
            complain(&format!("empty journals stay: {error}"));
            failed = true;
        }
    }
    let passed_over: Vec<_> = summaries.iter().filter_map(unreadable).collect();
    if arguments.json {
        say_json(&json!({ "dry_run": arguments.dry_run, "attachments": items, "unreadable": passed_over }));
    } else {
        for summary in summaries.iter().filter(|summary| summary.header.is_none()) {
            let problem = summary.problem.as_deref().unwrap_or_default();
            let text = format!("passed over: {}: {problem}", summary.path.display());
            complain(&printable(&cut(&text, LINE)));
        }
        items.iter().for_each(|item| say_line(&item.text(), LINE));
        say(&total(&items, arguments.dry_run));
    }
    failed |= items.iter().any(Item::has_failed);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Where all containers seem to be gone, this is most likely not where they
/// are seen: in a container, or in another mount namespace.
fn refuse_where_none_is_there(summaries: &[AttachmentSummary], inhabited: &Inhabited) -> anyhow::Result<()> {
    let histories = summaries.iter().filter_map(|summary| summary.history.as_ref());
    let mut containers = BTreeSet::new();
    for history in histories.filter(|history| !history.is_of_earlier_boot()) {
        // In another process namespace the path may lead to anybody's.
        let is_gone = [Abandoned::NamespaceGone, Abandoned::NamespaceReplaced].map(Some);
        if !is_gone.contains(&Abandoned::of(history, inhabited)) {
            return Ok(());
        }
        containers.extend(history.header().map(|header| header.attachment.container_id.as_str()));
    }
    if containers.len() > 1 {
        bail!(
            "none of {} containers has its namespace here; run this where the runtime's files and processes are seen, or \
             give --all-gone if that is so",
            containers.len()
        );
    }
    Ok(())
}

/// Collects an attachment, if it may go.
fn look_at(
    installation: &Installation,
    state: &StateDirectory,
    summary: &AttachmentSummary,
    seen: &Seen,
    arguments: &Arguments,
) -> Option<Item> {
    let header = summary.header.as_ref()?;
    let reason = Abandoned::of(summary.history.as_ref()?, &seen.inhabited)?;
    let mut item = Item::new(&header.attachment, reason);
    if let Some(holder) = seen.locks.holder(&summary.path) {
        item.kept = Some(format!("it is held by {holder}"));
    } else if is_young(header, arguments.grace) {
        item.kept = Some(young(arguments.grace));
    } else if !arguments.dry_run {
        return collect(installation, state, item, header, &seen.inhabited);
    }
    Some(item)
}

/// Does it, if all still is so now that its lock is had. `None` when it is gone
/// meanwhile, or was attached anew.
fn collect(
    installation: &Installation,
    state: &StateDirectory,
    mut item: Item,
    header: &Header,
    inhabited: &Inhabited,
) -> Option<Item> {
    let locked = match state.lock_existing(&header.attachment, Instant::now()) {
        Ok(locked) => locked?,
        Err(Error::Busy { holder, .. }) => {
            item.kept = Some(format!("it is held by {holder}"));
            return Some(item);
        }
        Err(error) => return Some(item.failed(&error)),
    };
    if locked.history().header() != Some(header) {
        return None;
    }
    Abandoned::of(locked.history(), inhabited)?;
    match collect::undo(state, locked, || collect::host_kernel(installation)) {
        Ok(report) => item.report = Some(report),
        Err(error) => item = item.failed(&error),
    }
    Some(item)
}

fn is_young(header: &Header, grace: Duration) -> bool {
    collect::age(header) < grace
}

fn young(grace: Duration) -> String {
    format!("it is younger than {}", humantime::format_duration(grace))
}

impl Item {
    fn new(id: &AttachmentId, reason: Abandoned) -> Self {
        Self {
            network: id.network.clone(),
            container: id.container_id.clone(),
            interface: id.interface_name.clone(),
            unit: id.unit.clone(),
            reason: reason.to_string(),
            kept: None,
            report: None,
            failed: false,
        }
    }

    fn failed(self, error: &Error) -> Self {
        Self {
            kept: Some(error.to_string()),
            failed: true,
            ..self
        }
    }

    fn text(&self) -> String {
        let Self {
            network,
            container,
            interface,
            unit,
            reason,
            ..
        } = self;
        let outcome = match (&self.kept, &self.report) {
            (Some(why), _) => format!("stays, since {why}"),
            (None, Some(report)) if report.is_clean() => format!("collected; {report}"),
            (None, Some(report)) => format!("not wholly undone, and stays on record; {report}"),
            (None, None) => "would be collected".to_owned(),
        };
        let text = format!("{network}/{container}/{interface} ({unit}): {reason}: {outcome}");
        text.trim_end_matches([' ', ';']).to_owned()
    }

    fn has_failed(&self) -> bool {
        self.failed || self.report.as_ref().is_some_and(|report| !report.is_clean())
    }
}

fn total(items: &[Item], dry_run: bool) -> String {
    let gone = items
        .iter()
        .filter(|item| item.kept.is_none() && !item.has_failed())
        .count();
    let kept = items.len() - gone;
    let verb = if dry_run { "would be collected" } else { "collected" };
    format!("{gone} {verb}, {kept} kept that nobody will detach")
}
