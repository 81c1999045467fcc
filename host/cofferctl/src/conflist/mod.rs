//! Configurations of networks, before a node uses them.

mod check;
mod fields;
mod findings;
mod fuse;
mod node;
mod schemas;
mod subnets;

use std::process::ExitCode;

use clap::Subcommand;
use cofferdam_broker::Installation;

pub(crate) use fuse::fuse;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tells what is wrong with a network's configuration on this node.
    Check(check::Arguments),
    /// Prints a list whose neighbouring components run in one process.
    #[cfg(target_os = "linux")]
    Fuse(fuse::Arguments),
}

pub(crate) fn run(installation: &Installation, command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(arguments) => check::run(installation, arguments),
        #[cfg(target_os = "linux")]
        Command::Fuse(arguments) => fuse::run(installation, arguments).map(|()| ExitCode::SUCCESS),
    }
}
