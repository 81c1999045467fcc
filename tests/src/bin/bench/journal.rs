use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use cofferdam_journal::{AttachmentSummary, Entry, Header, StateDirectory};
use cofferdam_tests::Installation;
use tempfile::TempDir;

use crate::{side::Side, workload::Workload};

/// Enough for a median that stays.
const ROUNDS: usize = 1000;
/// More than any lock here takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// What an ADD wrote.
struct Written {
    header: Header,
    entries: Vec<Entry>,
    result: String,
}

/// Prints what the journal of one ADD of this workload takes: its lock, the
/// records, and the commit, written again as they were into a state directory
/// in memory.
pub(crate) fn print_cost(installation: &Installation, workload: &Workload) -> Result<()> {
    let written = written_by(installation, workload)?;
    let memory = TempDir::with_prefix_in("cofferdam-bench-", "/dev/shm").context("a directory in memory")?;
    let state = StateDirectory::open(&memory.path().join("state"))?;
    let mut times = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        times.push(write_again(&state, &written, round)?);
    }
    times.sort_unstable();
    let percentile = |which: usize| times.get(times.len() * which / 100).copied().unwrap_or_default();
    println!();
    println!(
        "journal of a {} ADD: {} operations, p50 {} µs, p90 {} µs (without fsync, in memory, as /run is)",
        workload.name,
        written.entries.len(),
        percentile(50).as_micros(),
        percentile(90).as_micros()
    );
    Ok(())
}

fn written_by(installation: &Installation, workload: &Workload) -> Result<Written> {
    let mut side = Side::cofferdam(installation, workload)?;
    side.call("ADD", 0)?;
    let summaries = StateDirectory::open(&installation.state())?.attachments(None)?;
    let of_call = |summary: &AttachmentSummary| {
        let header = summary.header.as_ref();
        header.is_some_and(|header| header.attachment.container_id == "container-0")
    };
    let summary = summaries.into_iter().find(of_call);
    side.call("DEL", 0)?;
    side.finish()?;
    let Some(AttachmentSummary {
        header: Some(header),
        history: Some(history),
        ..
    }) = summary
    else {
        bail!("an ADD left no journal");
    };
    Ok(Written {
        header,
        entries: history.entries().to_vec(),
        result: history.result().context("the journal is not committed")?.to_owned(),
    })
}

fn write_again(state: &StateDirectory, written: &Written, round: usize) -> Result<Duration> {
    let mut header = written.header.clone();
    header.attachment.container_id = format!("container-{round}");
    let id = header.attachment.clone();
    let started = Instant::now();
    let mut journal = state.lock(&id, started + PATIENCE)?.begin(header)?;
    for entry in &written.entries {
        let sequence = journal.intend(&entry.plugin, &entry.operation, &entry.inverse)?;
        journal.done(sequence, entry.outcome);
    }
    journal.commit(&written.result)?;
    Ok(started.elapsed())
}
