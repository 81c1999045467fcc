//! A command in a network namespace of its own that has joined networks, and
//! nothing of it left afterwards.

mod attach;
mod container;
mod networks;
mod privilege;
mod resolver;
mod tidy;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use cofferdam_broker::Installation;

use crate::output::complain;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A network: a configuration file, a directory of them, or a name in
    /// --conf-dir. Without any: a bridge with addresses from 10.22.0.0/16, and
    /// the loopback.
    #[arg(long = "net", value_name = "FILE|DIR|NAME")]
    networks: Vec<String>,
    /// Where networks are looked up by name.
    #[arg(long, value_name = "DIR", default_value = "/etc/cni/net.d")]
    conf_dir: PathBuf,
    /// `CNI_ARGS` for the plugins.
    #[arg(long = "args", value_name = "K=V;…", default_value = "")]
    cni_args: String,
    /// Capability arguments: a JSON object.
    #[arg(long, value_name = "JSON")]
    cap_args: Option<String>,
    /// Where plugins that are not components are (`CNI_PATH`).
    #[arg(long, value_name = "DIR", default_value = "/opt/cni/bin")]
    plugin_dir: Vec<PathBuf>,
    /// The executable `cofferdam`; otherwise the one beside this one.
    #[arg(long, value_name = "FILE")]
    cofferdam: Option<PathBuf>,
    /// The container's id; otherwise a random one.
    #[arg(long)]
    id: Option<String>,
    /// Prints the networks' results to standard error.
    #[arg(short, long)]
    verbose: bool,
    /// The command.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(crate) fn run(installation: &Installation, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let networks = networks::load(&arguments.networks, &arguments.conf_dir)?;
    // Before there are threads: a user namespace is the whole process's.
    privilege::ensure(installation)?;
    let signals = container::hold_signals()?;
    let resolver = resolver::Resolver::new(installation, arguments.plugin_dir, arguments.cofferdam)?;
    let container = container::Container::create().context("make a network namespace")?;
    let attachments = attach::Attachments::new(installation, resolver, networks, &arguments.cni_args)?
        .with_container(arguments.id, container.path())
        .with_capabilities(arguments.cap_args.as_deref())?;
    let outcome = match attachments.add_all(arguments.verbose) {
        Ok(()) => container.run(arguments.command, signals),
        Err(error) => Err(error),
    };
    for error in attachments.del_all() {
        complain(&format!("{error:#}"));
    }
    tidy::tidy(installation, attachments.networks())?;
    outcome.map(ExitCode::from)
}
