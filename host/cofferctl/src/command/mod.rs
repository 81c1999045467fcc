//! What this command can be told to do.

mod author;
#[cfg(target_os = "linux")]
mod node;

use std::process::ExitCode;

use clap::Subcommand;
use cofferdam_broker::Installation;

/// What the help says of commands that are not among its own.
#[cfg(target_os = "linux")]
pub(crate) const ELSEWHERE: Option<&str> = None;
#[cfg(not(target_os = "linux"))]
pub(crate) const ELSEWHERE: Option<&str> = Some(
    "On Linux there are also the commands about a node: component, attachments, show, gc, doctor, repair, keep, net, \
     recordings, run, docker-run, conflist fuse, policy learn, and trace --real.",
);

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[cfg(target_os = "linux")]
    #[command(flatten)]
    Node(node::Command),
    #[command(flatten)]
    Author(author::Command),
}

impl Command {
    /// Does it. `typed` is what clap knows of all commands.
    ///
    /// # Errors
    /// It can't be done, and the error says why.
    pub(crate) fn run(self, installation: &Installation, typed: clap::Command) -> anyhow::Result<ExitCode> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Node(command) => command.run(installation),
            Self::Author(command) => command.run(installation, typed),
        }
    }
}
