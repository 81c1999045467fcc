//! One plugin of a real ADD, in a process of its own, which gives up all that
//! the plugin does not need before it runs, as `cofferdam` does. A process can
//! do so once, and a list has several plugins.

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
    path::PathBuf,
    process::Stdio,
    sync::Arc,
};

use anyhow::{Context as _, bail};
use cofferdam_broker::{
    Answer, Broker, Installation, Reach, Use,
    trace::{Call, Traced, Tracer},
};
use cofferdam_confinement::{Access, Capabilities, Confinement, ConfinementError};
use serde::{Deserialize, Serialize};

use crate::{confine::allow_random_numbers, own_process::again, plan::BUDGET};

/// The command of this executable that runs one plugin.
pub(crate) const COMMAND: &str = "trace-standard-input";
/// By these others can tell who holds a lock.
const TOLD: [&str; 3] = ["CNI_COMMAND", "CNI_CONTAINERID", "CNI_IFNAME"];

/// What a plugin is run with.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Order {
    /// Where all of Cofferdam's directories are.
    pub(super) root: PathBuf,
    /// What the plugin is executed as.
    pub(super) plugin: String,
    /// Those of the request.
    pub(super) variables: BTreeMap<String, String>,
    pub(super) config: String,
}

/// What came of it.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Outcome {
    pub(super) calls: Vec<Call>,
    pub(super) succeeded: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Order {
    /// Has it carried out by a child.
    ///
    /// # Errors
    /// It can't be started, or did not come to its end.
    pub(super) fn carry_out(&self) -> anyhow::Result<Outcome> {
        let told = self.variables.iter().filter(|(name, _)| TOLD.contains(&name.as_str()));
        let started = again().and_then(|mut child| {
            child
                .arg(COMMAND)
                .envs(told)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
        });
        let mut child = started.context("start the process that runs a plugin")?;
        let order = serde_json::to_vec(self)?;
        // One that can't read it says why by its status.
        let _ = child.stdin.take().map(|mut stdin| stdin.write_all(&order));
        let output = child
            .wait_with_output()
            .context("wait for the process that runs a plugin")?;
        if !output.status.success() {
            bail!(
                "the process that ran plugin {:?} ended with {}",
                self.plugin,
                output.status
            );
        }
        serde_json::from_slice(&output.stdout).context("read what the process that ran a plugin tells")
    }
}

/// Carries out the order on standard input.
///
/// # Errors
/// There is none, or nobody reads what came of it.
pub(crate) fn run() -> anyhow::Result<()> {
    let order: Order = serde_json::from_reader(io::stdin().lock()).context("read what is to be run")?;
    let tracer = Arc::new(Tracer::default());
    let traced = Traced::of(Arc::clone(&tracer));
    let Answer { stdout, stderr, exit } =
        tracing::subscriber::with_default(traced, || answer(&order, Arc::clone(&tracer)));
    let outcome = Outcome {
        calls: tracer.take(),
        succeeded: exit == 0,
        stdout,
        stderr,
    };
    serde_json::to_writer(io::stdout().lock(), &outcome).context("tell what came of it")
}

fn answer(order: &Order, tracer: Arc<Tracer>) -> Answer {
    let broker = Broker::new(Installation::below(order.root.clone()), BUDGET)
        .heard_by(tracer)
        .confined_by(confine_to);
    let variable = |name: &str| order.variables.get(name).cloned();
    broker.answer(&order.plugin, variable, || Ok(order.config.clone().into_bytes()))
}

fn confine_to(reach: &Reach) -> Result<(), ConfinementError> {
    let mut confinement = allow_random_numbers(Confinement::new().keep_bounding_set());
    if reach.network {
        confinement = confinement.keep_capability(Capabilities::NET_ADMIN);
    }
    if reach.taps {
        confinement = confinement.allow_taps();
    }
    for (path, how) in &reach.directories {
        let access = match how {
            Use::Read => Access::Read,
            Use::Write => Access::Write,
            Use::WriteAndLink => Access::WriteAndLink,
        };
        confinement = confinement.directory(path, access);
    }
    for path in &reach.files {
        confinement = confinement.file(path);
    }
    confinement.enforce().map(drop)
}
