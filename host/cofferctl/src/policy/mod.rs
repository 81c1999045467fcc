//! What the operator grants to plugins: checked, explained, shown, learned.

mod check;
mod explain;
#[cfg(target_os = "linux")]
mod learn;
mod show;

use std::{path::PathBuf, process::ExitCode};

use anyhow::bail;
#[cfg(target_os = "linux")]
pub(crate) use check::components;
use clap::{Args, Subcommand};
use cofferdam_broker::Installation;
use cofferdam_policy::PolicyDirectory;

use crate::output::say;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Looks through the policy of all plugins; fails if one can't be used.
    Check {
        #[command(flatten)]
        place: Place,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Tells whether something is allowed, and by which grant, or why not.
    Explain(explain::Arguments),
    /// Shows a policy as it is understood, or what one attachment is granted.
    Show(show::Arguments),
    /// Attaches a container on a node of its own and says which policy that
    /// takes, proven by doing it again under that policy.
    #[cfg(target_os = "linux")]
    Learn(learn::Arguments),
    /// Prints a JSON Schema of policy files, for editors.
    Schema,
}

/// Where policies are.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// A policy directory other than the node's.
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// Whose attachment it is about.
#[derive(Debug, Args)]
pub(crate) struct Attachment {
    /// The name of the network.
    #[arg(long)]
    network: Option<String>,
    /// The Kubernetes namespace of the pod; without it, an attachment that
    /// has none.
    #[arg(long)]
    tenant: Option<String>,
}

impl Place {
    fn policies(&self, installation: &Installation) -> anyhow::Result<PolicyDirectory> {
        match &self.directory {
            Some(directory) if directory.is_dir() => Ok(PolicyDirectory::new(directory.clone())),
            Some(directory) => bail!("{}: there is no such directory", directory.display()),
            None => Ok(installation.policies()),
        }
    }
}

pub(crate) fn run(installation: &Installation, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check { place, json } => check::run(installation, &place, json),
        Command::Explain(arguments) => explain::run(installation, &arguments),
        Command::Show(arguments) => show::run(installation, &arguments),
        #[cfg(target_os = "linux")]
        Command::Learn(arguments) => learn::run(installation, arguments),
        Command::Schema => {
            say(&serde_json::to_string_pretty(&cofferdam_policy::schema())?);
            Ok(ExitCode::SUCCESS)
        }
    }
}
