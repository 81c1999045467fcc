//! The command that operators and plugin authors type.

mod component;
mod metadata;
mod output;
mod policy;
mod run;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use cofferdam_broker::Installation;

/// Runs CNI plugins as sandboxed WebAssembly components.
#[derive(Debug, Parser)]
#[command(version, name = "cofferctl")]
struct Arguments {
    /// Where all of Cofferdam's directories are: DIR/var/lib/cofferdam,
    /// DIR/etc/cofferdam, DIR/run/cofferdam, DIR/var/lib/cni.
    #[arg(long, value_name = "DIR", default_value = "/", global = true)]
    root: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The components that plugins are made of.
    #[command(subcommand)]
    Component(component::Command),
    /// What the operator grants to plugins.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Runs a command in a new network namespace that has joined networks.
    Run(run::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let installation = Installation::below(&arguments.root);
    let outcome = match arguments.command {
        Command::Component(command) => component::run(&installation, command).map(|()| ExitCode::SUCCESS),
        Command::Policy(command) => policy::run(&installation, command),
        Command::Run(arguments) => run::run(&installation, arguments),
    };
    outcome.unwrap_or_else(|error| {
        output::complain(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}
