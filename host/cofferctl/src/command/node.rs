use std::process::ExitCode;

use clap::Subcommand;
use cofferdam_broker::Installation;

use crate::{attachments, compiler, component, docker_run, doctor, gc, keep, net, recordings, repair, run, trace};

/// What is about a node, and so only on Linux.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The components that plugins are made of.
    #[command(subcommand)]
    Component(component::Command),
    /// Lists what is attached on this node.
    Attachments(attachments::Arguments),
    /// Shows all that is on record of one attachment.
    Show(attachments::ShowArguments),
    /// Detaches what nobody will: where the container is gone, or an ADD died.
    Gc(gc::Arguments),
    /// Tells what is wrong on this node, and how to mend it.
    Doctor(doctor::Arguments),
    /// Puts back what others took away or changed of attachments.
    Repair(repair::Arguments),
    /// Looks after what plugins keep while containers are attached: has leases
    /// renewed. Runs until it is ended.
    Keep(keep::Arguments),
    /// What a runtime does with networks, by hand.
    #[command(subcommand)]
    Net(net::Command),
    /// Lists the calls that were recorded on this node.
    Recordings(recordings::Arguments),
    /// Runs a command in a new network namespace that has joined networks.
    Run(run::Arguments),
    /// Runs a container of docker or podman whose network namespace has joined
    /// networks.
    DockerRun(docker_run::Arguments),
    /// What this command executes itself as to compile one component.
    #[command(name = compiler::CHILD, hide = true)]
    CompileStandardInput(compiler::Limits),
    /// What this command executes itself as to run one plugin of a trace.
    #[command(name = trace::CHILD, hide = true)]
    TraceStandardInput,
}

impl Command {
    pub(super) fn run(self, installation: &Installation) -> anyhow::Result<ExitCode> {
        let done = |()| ExitCode::SUCCESS;
        match self {
            Self::Component(command) => component::run(installation, command).map(done),
            Self::Attachments(arguments) => attachments::list(installation, &arguments).map(done),
            Self::Show(arguments) => attachments::show(installation, &arguments).map(done),
            Self::Gc(arguments) => gc::run(installation, &arguments),
            Self::Doctor(arguments) => Ok(doctor::run(installation, &arguments)),
            Self::Repair(arguments) => repair::run(installation, &arguments),
            Self::Keep(arguments) => keep::run(installation, &arguments).map(done),
            Self::Net(command) => net::run(installation, &command),
            Self::Recordings(arguments) => recordings::run(installation, &arguments).map(done),
            Self::Run(arguments) => run::run(installation, arguments),
            Self::DockerRun(arguments) => docker_run::run(installation, &arguments),
            Self::CompileStandardInput(limits) => compiler::run_child(limits),
            Self::TraceStandardInput => trace::run_child().map(done),
        }
    }
}
