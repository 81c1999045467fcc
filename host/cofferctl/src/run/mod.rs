//! A command in a network namespace of its own that has joined networks, and
//! nothing of it left afterwards.

mod attach;
pub(crate) mod container;
mod heir;
mod networks;
pub(crate) mod privilege;
mod resolver;
mod tidy;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use cofferdam_broker::Installation;
use cofferdam_protocol::NetworkList;

pub(crate) use self::{attach::Attachments, resolver::Resolver};
use crate::output::complain;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    chosen: Chosen,
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

/// Which networks, and what runs for them.
#[derive(Debug, Args)]
pub(crate) struct Chosen {
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
    /// The executable `cofferdam`; otherwise the one beside this one, or among the plugins.
    #[arg(long, value_name = "FILE")]
    cofferdam: Option<PathBuf>,
}

impl Chosen {
    pub(crate) fn networks(&self) -> anyhow::Result<Vec<NetworkList>> {
        networks::load(&self.networks, &self.conf_dir)
    }

    /// The networks of a container, whose plugins run in this installation.
    pub(crate) fn attachments(
        &self,
        installation: &Installation,
        networks: Vec<NetworkList>,
    ) -> anyhow::Result<Attachments> {
        let resolver = resolver::Resolver::new(installation, self.plugin_dir.clone(), self.cofferdam.clone())?;
        Attachments::new(installation, resolver, networks, &self.cni_args)?.with_capabilities(self.cap_args.as_deref())
    }
}

pub(crate) fn run(installation: &Installation, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let networks = arguments.chosen.networks()?;
    // Before there are threads: a user namespace is the whole process's.
    privilege::ensure(installation)?;
    let signals = container::hold_signals()?;
    let attachments = arguments
        .chosen
        .attachments(installation, networks)?
        .with_id(arguments.id.clone());
    let mut heir = heir::Heir::appoint(|namespace| undo(installation, &attachments.clone().in_namespace(namespace)))?;
    let container = container::Container::create().context("make a network namespace")?;
    heir.bequeath(container.path())?;
    let attachments = attachments.in_namespace(container.path());
    let outcome = match attachments.add_all(arguments.verbose) {
        Ok(()) => container.run(arguments.command, signals),
        Err(error) => Err(error),
    };
    undo(installation, &attachments);
    heir.discharge();
    outcome.map(ExitCode::from)
}

/// Detaches, and removes what only attachments need.
fn undo(installation: &Installation, attachments: &Attachments) {
    for error in attachments.del_all() {
        complain(&format!("{error:#}"));
    }
    if let Err(error) = tidy::tidy(installation, attachments.networks()) {
        complain(&format!("{error:#}"));
    }
}
