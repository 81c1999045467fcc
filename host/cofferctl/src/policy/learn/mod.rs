//! Attaches a container on a node that is made for it, sees what the plugins
//! do, and says which policy that takes.

mod observed;
mod scratch;
mod written;

use std::{
    ffi::OsString,
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::{Context as _, bail};
use clap::Args;
use cofferdam_broker::Installation;
use cofferdam_protocol::NetworkList;

use self::{observed::Observed, scratch::Scratch};
use crate::{
    output::complain,
    run::{
        Chosen,
        container::{Container, Signals, Task, enter_own_namespaces, hold_signals},
        privilege,
    },
    used::Used,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    chosen: Chosen,
    /// A shell command that prepares the node's namespace, which is empty.
    #[arg(long, value_name = "COMMAND")]
    setup: Option<String>,
    /// Where to write the policies; otherwise they are printed. No file is
    /// replaced.
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// A command to run in the container while it is attached.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(super) fn run(installation: &Installation, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let networks = arguments.chosen.networks()?;
    let mut used = Used::by(&networks)?;
    for name in used.drop_missing(installation) {
        complain(&format!("{name} is no component here, and nothing is learned of it"));
    }
    if let Some(directory) = &arguments.directory {
        written::refuse_existing(directory, &used)?;
    }
    // Before there are threads: a user namespace is the whole process's.
    privilege::acquire()?;
    enter_own_namespaces().context("make a network namespace for the node")?;
    let signals = hold_signals()?;
    let scratch = Scratch::new(installation, &used)?;
    prepare_node(arguments.setup.as_deref())?;

    let lesson = Lesson {
        chosen: &arguments.chosen,
        scratch: &scratch,
        networks: &networks,
    };
    let command = (!arguments.command.is_empty()).then_some((arguments.command, signals));
    scratch.allow_everything(&used)?;
    lesson
        .attach_and_detach(command)
        .context("with everything allowed, nothing can be learned")?;
    let observed = Observed::read(&scratch)?;
    if observed.policies.is_empty() {
        bail!("no plugin asked for anything, so there is nothing to learn");
    }
    lesson.prove(&observed)?;
    tell_limits(&networks, &observed);
    written::put(arguments.directory.as_deref(), &observed)?;
    Ok(ExitCode::SUCCESS)
}

/// What is done with everything allowed, and again to see whether what was
/// learned from it is enough.
struct Lesson<'l> {
    chosen: &'l Chosen,
    scratch: &'l Scratch,
    networks: &'l [NetworkList],
}

impl Lesson<'_> {
    /// ADD, CHECK, the command, DEL: of a container of its own.
    fn attach_and_detach(&self, command: Option<(Vec<OsString>, Signals)>) -> anyhow::Result<()> {
        let attachments = self
            .chosen
            .attachments(self.scratch.installation(), self.networks.to_vec())?;
        let container = Container::create().context("make a network namespace for the container")?;
        let attachments = attachments.with_container(None, container.path());
        let used = attachments.add_all(false).and_then(|results| {
            attachments.check_all()?;
            let Some((command, signals)) = command else {
                return Ok(());
            };
            let resolver_file = self.chosen.resolver_file_instead(&results);
            run_in(&container, Task { command, resolver_file }, signals)
        });
        let detached = attachments.del_all();
        used?;
        match detached.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Does it all again with what was learned, and nothing else, allowed.
    fn prove(&self, observed: &Observed) -> anyhow::Result<()> {
        const UNPROVEN: &str = "the policy that was learned is not enough, and is not given out";
        self.scratch.allow_only(observed).context(UNPROVEN)?;
        let outcome = self.attach_and_detach(None);
        // A DEL gets over what it is denied, and a plugin may as well.
        let complaints = Observed::read(self.scratch)?.complaints;
        if !complaints.is_empty() {
            complaints.iter().for_each(|complaint| complain(complaint));
            outcome.context(UNPROVEN)?;
            bail!(UNPROVEN);
        }
        outcome.context(UNPROVEN)
    }
}

fn run_in(container: &Container, task: Task, signals: Signals) -> anyhow::Result<()> {
    match container.run(task, signals)? {
        0 => {}
        status => complain(&format!("the command ended with status {status}")),
    }
    Ok(())
}

fn prepare_node(setup: Option<&str>) -> anyhow::Result<()> {
    let Some(setup) = setup else { return Ok(()) };
    let status = Command::new("/bin/sh")
        .args(["-c", setup])
        .status()
        .context("run /bin/sh")?;
    if !status.success() {
        bail!("--setup failed: {status}");
    }
    Ok(())
}

/// What the operator has to know of what was not seen.
fn tell_limits(networks: &[NetworkList], observed: &Observed) {
    observed.complaints.iter().for_each(|complaint| complain(complaint));
    for network in networks {
        let has_check = network.version.parse::<cofferdam_protocol::SpecVersion>();
        if !has_check.is_ok_and(|version| version.has_check()) {
            complain(&format!(
                "network {:?}: CHECK was not seen, its version {:?} has none",
                network.name, network.version
            ));
        }
    }
    for (plugin, not_seen) in &observed.not_seen {
        for need in not_seen {
            complain(&format!(
                "{plugin} did not ask for what it declares to need for some: {need}"
            ));
        }
    }
    complain(
        "learned from one ADD, CHECK and DEL of these configurations, with the interfaces eth0, eth1, …: other \
         configurations, interfaces and arguments may take more, and so may a DEL of what another plugin left behind",
    );
}
