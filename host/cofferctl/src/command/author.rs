use std::process::ExitCode;

use clap::Subcommand;
use cofferdam_broker::Installation;

use crate::{
    conflist, diff, inspect, janitor, key, plan, policy, project, replay, scenario, shell, sign, trace, verify,
};

/// What authors make, try, examine and sign plugins with, and those who grant
/// them something look at them with.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What a component says of itself, what it could ask for, and who signed
    /// it.
    Inspect(inspect::Arguments),
    /// What a newer version of a component asks for that the older did not.
    Diff(diff::Arguments),
    /// What the operator grants to plugins.
    #[command(subcommand)]
    Policy(policy::Command),
    /// The keys that components are signed with.
    #[command(subcommand)]
    Key(key::Command),
    /// Says what attaching a container to a network would do on this node, and
    /// does none of it.
    Plan(plan::Arguments),
    /// Shows each call that a network's components would make to the host in an
    /// ADD, with arguments, result and time. Nothing of it is done.
    Trace(trace::Arguments),
    /// Runs a recorded call again, in memory, and tells what differs.
    Replay(replay::Arguments),
    /// Configurations of networks.
    #[command(subcommand)]
    Conflist(conflist::Command),
    /// Signs components.
    Sign(sign::Arguments),
    /// Says whether components are signed with a key.
    Verify(verify::Arguments),
    /// Makes a project for a plugin of your own.
    New(project::NewArguments),
    /// Builds a plugin's component, checks it, and tells what it is.
    Build(project::BuildArguments),
    /// Runs a plugin's scenarios on a network in memory.
    Test(scenario::Arguments),
    /// Prints what makes a shell complete this command's words.
    Completions(shell::CompletionArguments),
    /// Prints this command's manual page, or writes one for each command.
    Manual(shell::ManualArguments),
    /// What this command executes itself as to remove a directory when it has
    /// come to its end.
    #[command(name = janitor::COMMAND, hide = true)]
    RemoveWhenClosed(janitor::Arguments),
}

impl Command {
    pub(super) fn run(self, installation: &Installation, typed: clap::Command) -> anyhow::Result<ExitCode> {
        let done = |()| ExitCode::SUCCESS;
        match self {
            Self::Inspect(arguments) => inspect::run(installation, &arguments).map(done),
            Self::Diff(arguments) => Ok(diff::run(installation, &arguments)),
            Self::Policy(command) => policy::run(installation, command),
            Self::Key(command) => key::run(command).map(done),
            Self::Plan(arguments) => plan::run(installation, &arguments),
            Self::Trace(arguments) => trace::run(installation, &arguments),
            Self::Replay(arguments) => replay::run(installation, &arguments),
            Self::Conflist(command) => conflist::run(installation, &command),
            Self::Sign(arguments) => sign::run(&arguments).map(done),
            Self::Verify(arguments) => verify::run(&arguments).map(done),
            Self::New(arguments) => project::new(&arguments).map(done),
            Self::Build(arguments) => project::build(&arguments),
            Self::Test(arguments) => scenario::run(&arguments),
            Self::Completions(shell) => shell::completions(typed, &shell).map(done),
            Self::Manual(place) => shell::manual(typed, &place).map(done),
            Self::RemoveWhenClosed(arguments) => janitor::run(&arguments).map(done),
        }
    }
}
