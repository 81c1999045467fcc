//! What is attached on this node, as far as it is on record.

mod name;
mod show;
mod view;

use clap::Args;
use cofferdam_broker::{Installation, collect::Inhabited};
use cofferdam_journal::{AttachmentSummary, HeldLocks, StateDirectory};
pub(crate) use name::Name;
use serde_json::json;
pub(crate) use show::show;
pub(crate) use view::View;

use crate::output::{cut, say, say_json, say_line, say_table};

/// Characters of a cell that somebody else may have filled.
const CELL: usize = 120;

/// Characters of a line.
const LINE: usize = 400;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only of this network.
    #[arg(long, value_name = "NAME")]
    network: Option<String>,
    /// For programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// Which: the beginning of the container's id is enough.
    #[arg(value_name = "NETWORK/CONTAINER/INTERFACE")]
    attachment: Name,
    /// For programs.
    #[arg(long)]
    json: bool,
}

/// All that is on record, of one network or of all. A node on which nothing
/// ran has nothing on record.
pub(crate) fn summaries(
    installation: &Installation,
    network: Option<&str>,
) -> anyhow::Result<(Option<StateDirectory>, Vec<AttachmentSummary>)> {
    let state = StateDirectory::open_existing(&installation.state())?;
    let summaries = match &state {
        Some(state) => state.attachments(network)?,
        None => Vec::new(),
    };
    Ok((state, summaries))
}

/// What a journal that can't be read means for who reads the list.
pub(crate) fn unreadable(summary: &AttachmentSummary) -> Option<serde_json::Value> {
    let problem = summary.problem.as_deref().unwrap_or("its header can't be read");
    let told = summary.header.is_none();
    told.then(|| json!({ "path": summary.path.to_string_lossy(), "problem": problem }))
}

pub(crate) fn list(installation: &Installation, arguments: &Arguments) -> anyhow::Result<()> {
    let (_, summaries) = summaries(installation, arguments.network.as_deref())?;
    let (locks, inhabited) = (HeldLocks::read(), Inhabited::default());
    let views: Vec<View> = summaries
        .iter()
        .filter_map(|summary| View::of(summary, &locks, &inhabited))
        .collect();
    let unreadable: Vec<_> = summaries.iter().filter_map(unreadable).collect();
    if arguments.json {
        say_json(&json!({ "attachments": views, "unreadable": unreadable }));
        return Ok(());
    }
    if views.is_empty() {
        say("nothing is attached");
    } else {
        let heading = ["ATTACHMENT", "PLUGINS", "STATE", "SINCE", "MADE", "NAMESPACE"].map(str::to_owned);
        let rows: Vec<_> = [heading].into_iter().chain(views.iter().map(row)).collect();
        say_table(&rows);
    }
    for summary in summaries.iter().filter(|summary| summary.header.is_none()) {
        let problem = summary.problem.as_deref().unwrap_or_default();
        say_line(&format!("not listed: {}: {problem}", summary.path.display()), LINE);
    }
    Ok(())
}

fn row(view: &View) -> [String; 6] {
    [
        cut(&view.label(), CELL),
        cut(&view.plugins_text(), CELL),
        cut(&view.state_text(), CELL),
        view.since.clone(),
        view.made.to_string(),
        cut(&view.namespace_text(), CELL),
    ]
}
