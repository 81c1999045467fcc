//! What attaching a container to a network would do on this node: the network's
//! components run on a picture of the node, in memory, and nothing of the node
//! is changed.

mod answers;
mod copies;
mod given;
mod members;
mod node;
mod tables;
mod tell;
mod watch;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context as _;
use clap::Args;
use cofferdam_broker::{Installation, trace::Tracer};
use cofferdam_protocol::{NetworkList, json};
use cofferdam_runtime::{load_file, load_network};
use cofferdam_scenario::load_answers;

use self::{answers::Answers, copies::Copies, node::Node, watch::Watch};
pub(crate) use self::{
    given::GivenComponent,
    members::{BUDGET, End, Planned, environment, missing},
    tables::rebuild as rebuild_tables,
};
use crate::{
    compiler, confine,
    request::{absolute, capability_args, configurations},
};

// Those of a trace have them among their own.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// The network: a file, or the name of one that is configured.
    network: String,
    /// Where networks are configured; otherwise what NETCONFPATH says, or
    /// /etc/cni/net.d.
    #[arg(long, value_name = "DIR")]
    conf_dir: Option<PathBuf>,
    /// The container's network namespace, which takes the privilege to look
    /// into it; otherwise a new one is imagined.
    #[arg(long, value_name = "PATH")]
    netns: Option<PathBuf>,
    /// The interface's name in the namespace.
    #[arg(short, long = "ifname", value_name = "NAME", default_value = "eth0")]
    interface: String,
    /// The container's id.
    #[arg(long, default_value = "plan")]
    id: String,
    /// Arguments for the plugins.
    #[arg(long, value_name = "K=V;…", default_value = "")]
    args: String,
    /// Capability arguments, a JSON object.
    #[arg(long, value_name = "JSON")]
    cap_args: Option<String>,
    /// A component that is not installed, or another than the installed one, by
    /// the name that it has itself or by this one. Can be given several times.
    #[arg(long, value_name = "[NAME=]FILE")]
    component: Vec<GivenComponent>,
    /// The policy of a plugin, in place of the node's. Can be given several
    /// times, once for each plugin.
    #[arg(long, value_name = "FILE")]
    policy: Vec<PathBuf>,
    /// What services answer to plugins that have requests sent: [[http]] as in
    /// scenarios. A plan asks none.
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    #[command(flatten)]
    limits: compiler::Limits,
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(installation: &Installation, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let planned = make(installation, arguments, None)?;
    if arguments.json {
        tell::as_json(&planned);
    } else {
        tell::in_words(&planned);
    }
    Ok(if planned.succeeds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Makes the plan; `tracer` is told which component runs.
pub(crate) fn make(
    installation: &Installation,
    arguments: &Arguments,
    tracer: Option<Arc<Tracer>>,
) -> anyhow::Result<Planned> {
    let network = arguments.network()?;
    let answers = arguments.answers()?;
    let copies = Copies::of(installation, &network, arguments)?;
    let node = Node::read(installation, arguments, copies.state())?;
    let watch = Watch::new(copies.policies.clone(), &network.name, &arguments.args, tracer);
    let environment = environment(arguments)?;
    confine::to(copies.installation().root(), &[])?;
    Planned::new(&copies, &network, &node, (watch, answers), (arguments, environment))
}

impl Arguments {
    pub(crate) fn wants_json(&self) -> bool {
        self.json
    }

    pub(crate) fn capability_args(&self) -> anyhow::Result<Option<json::Node>> {
        self.cap_args.as_deref().map(capability_args).transpose()
    }

    /// The container, where its namespace is given.
    pub(crate) fn container(&self) -> Option<(&str, &Path)> {
        Some((&self.id, self.netns.as_deref()?))
    }

    /// Whether components, policies or answers are given that are not the
    /// node's and its services'.
    pub(crate) fn has_stand_ins(&self) -> bool {
        !self.component.is_empty() || !self.policy.is_empty() || self.answers.is_some()
    }

    fn answers(&self) -> anyhow::Result<Answers> {
        let given = self.answers.as_deref().map(load_answers).transpose()?;
        Ok(Answers::new(given.unwrap_or_default()))
    }

    pub(crate) fn network(&self) -> anyhow::Result<NetworkList> {
        let path = Path::new(&self.network);
        if path.is_file() {
            return Ok(load_file(path)?);
        }
        let directory = configurations(self.conf_dir.as_deref());
        load_network(&directory, &self.network).with_context(|| format!("network {:?}", self.network))
    }

    /// `CNI_NETNS`. Nothing is at the path of a namespace that is imagined.
    pub(crate) fn namespace_path(&self) -> anyhow::Result<String> {
        match &self.netns {
            Some(path) => absolute(path),
            None => Ok(format!("/run/netns/{}", self.id)),
        }
    }
}
