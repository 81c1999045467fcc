//! A recorded call, run again in memory: by whoever has its file and the
//! components, on any machine.

mod comparison;
mod ground;
mod network;
mod tell;

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::Args;
use cofferdam_broker::{
    Again, Broker, Installation,
    recording::Recording,
    trace::{Call, Traced, Tracer},
};
use cofferdam_journal::assume_boot;

use self::{comparison::Comparison, ground::Ground};
use crate::{compiler, confine, plan::GivenComponent, recordings};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The recording.
    file: PathBuf,
    /// Components, by the names that they have themselves or by these. Those
    /// that are not given are taken from this machine's store, if they are the
    /// recorded ones.
    #[arg(value_name = "[NAME=]FILE.wasm")]
    components: Vec<GivenComponent>,
    /// The same.
    #[arg(long, value_name = "[NAME=]FILE.wasm")]
    component: Vec<GivenComponent>,
    #[command(flatten)]
    limits: compiler::Limits,
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(installation: &Installation, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let file = arguments.file.display();
    let (recording, _) = recordings::read(&arguments.file)?;
    // What is on record of other attachments is of that node's boot.
    assume_boot(&recording.boot);
    let given = arguments.components.iter().chain(&arguments.component);
    let ground = Ground::of(&recording, installation, given, arguments.limits).with_context(|| file.to_string())?;
    let replayed = replay(&recording, &ground).with_context(|| file.to_string())?;
    let comparison = Comparison::of(&recording, replayed, ground);
    if arguments.json {
        tell::as_json(&recording, &comparison);
    } else {
        tell::in_words(&recording, &comparison);
    }
    Ok(if comparison.is_same() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What happened this time.
struct Replayed {
    calls: Vec<Call>,
    again: Again,
    took: Duration,
}

fn replay(recording: &Recording, ground: &Ground) -> anyhow::Result<Replayed> {
    let network = network::beginning(recording, ground.installation())?;
    let follower = network::Following(network.clone());
    let tracer = Arc::new(Tracer::default());
    let broker = Broker::new(ground.installation().clone(), ground::budget(recording));
    confine::to(ground.installation().root(), &[])?;
    let started = Instant::now();
    let again = tracing::subscriber::with_default(Traced::of(Arc::clone(&tracer)), || {
        let listener = Arc::clone(&tracer) as Arc<_>;
        broker.again(recording, Box::new(network), Box::new(follower), listener)
    })?;
    Ok(Replayed {
        calls: tracer.take(),
        again,
        took: started.elapsed(),
    })
}
