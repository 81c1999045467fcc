//! A command in a network namespace of its own that has joined networks, and
//! nothing of it left afterwards.

mod attach;
mod bandwidth;
mod capabilities;
pub(crate) mod container;
mod cover;
pub(crate) mod heir;
mod name_resolution;
mod networks;
pub(crate) mod privilege;
mod publish;
mod resolver;
mod tidy;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use cofferdam_broker::Installation;
use cofferdam_protocol::{Dns, NetworkList, identifier};

pub(crate) use self::{
    attach::{Attachments, random_id},
    name_resolution::FILE as RESOLVER_FILE,
    resolver::Resolver,
};
use crate::output::complain;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    chosen: Chosen,
    /// The container's id for plugins; otherwise a random one.
    #[arg(long, visible_alias = "id", value_parser = container_id)]
    name: Option<String>,
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
    /// --conf-dir; can be given several times. Without any: a bridge with
    /// addresses from 10.22.0.0/16, and the loopback.
    #[arg(long = "net", value_name = "FILE|DIR|NAME")]
    networks: Vec<String>,
    /// Where networks are looked up by name.
    #[arg(long, value_name = "DIR", default_value = "/etc/cni/net.d")]
    conf_dir: PathBuf,
    /// `CNI_ARGS` for the plugins.
    #[arg(long = "args", value_name = "K=V;…", default_value = "")]
    cni_args: String,
    #[command(flatten)]
    capabilities: capabilities::Options,
    /// Where plugins that are not components are (`CNI_PATH`).
    #[arg(long, value_name = "DIR", default_value = "/opt/cni/bin")]
    plugin_dir: Vec<PathBuf>,
    /// The executable `cofferdam`; otherwise the one beside this one, or among the plugins.
    #[arg(long, value_name = "FILE")]
    cofferdam: Option<PathBuf>,
}

impl Chosen {
    pub(crate) fn networks(&self) -> anyhow::Result<Vec<NetworkList>> {
        networks::load(&self.networks, &self.conf_dir, self.capabilities.plugins())
    }

    /// What a command sees as the resolver's file, where these are the
    /// networks' results; `None` where the node's, which it sees otherwise, is
    /// as good.
    pub(crate) fn resolver_file_instead(&self, results: &[Dns]) -> Option<String> {
        self.capabilities.name_resolution().file_instead(results)
    }

    /// The same, for who sees no file otherwise.
    pub(crate) fn resolver_file(&self, results: &[Dns]) -> String {
        self.capabilities.name_resolution().file(results)
    }

    /// The networks of a container, whose plugins run in this installation.
    pub(crate) fn attachments(
        &self,
        installation: &Installation,
        networks: Vec<NetworkList>,
    ) -> anyhow::Result<Attachments> {
        let resolver = resolver::Resolver::new(installation, self.plugin_dir.clone(), self.cofferdam.clone())?;
        let capability_args = self.capabilities.arguments(&networks)?;
        Attachments::new(installation, resolver, networks, capability_args, &self.cni_args)
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
        .with_id(arguments.name.clone());
    attachments.refuse_taken_id()?;
    let mut heir = heir::Heir::appoint(|namespace| {
        if let Some(namespace) = namespace {
            undo(installation, &attachments.clone().in_namespace(namespace));
        }
    })?;
    let container = container::Container::create().context("make a network namespace")?;
    heir.bequeath(container.path())?;
    let attachments = attachments.in_namespace(container.path());
    let outcome = match attachments.add_all(arguments.verbose) {
        Ok(results) => {
            let task = container::Task {
                command: arguments.command,
                resolver_file: arguments.chosen.resolver_file_instead(&results),
            };
            container.run(task, signals)
        }
        Err(error) => Err(error),
    };
    let code = told(outcome);
    undo(installation, &attachments);
    heir.discharge();
    Ok(ExitCode::from(code))
}

/// The exit code. What went wrong is told here: detaching may have more to
/// say, which comes of it.
pub(crate) fn told(outcome: anyhow::Result<u8>) -> u8 {
    outcome.unwrap_or_else(|error| {
        complain(&format!("{error:#}"));
        1
    })
}

/// Detaches, and removes what only attachments need.
pub(crate) fn undo(installation: &Installation, attachments: &Attachments) {
    for error in attachments.del_all() {
        complain(&format!("{error:#}"));
    }
    if let Err(error) = tidy::tidy(installation, attachments.networks()) {
        complain(&format!("{error:#}"));
    }
}

/// What plugins take for a container's id.
pub(crate) fn container_id(text: &str) -> anyhow::Result<String> {
    anyhow::ensure!(
        identifier::container_id(text).is_ok(),
        "write letters, digits, `_`, `.` and `-`, beginning with a letter or digit"
    );
    Ok(text.to_owned())
}
