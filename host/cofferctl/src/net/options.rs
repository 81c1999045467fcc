use std::{env, ffi::OsString, path::PathBuf, time::Duration};

use clap::Args;
use cofferdam_broker::Installation;
use cofferdam_protocol::NetworkList;
use cofferdam_runtime::{AttachmentRequest, ResultCache, Runtime, SearchPath, load_network};

use super::identity;
use crate::{
    request::{absolute, capability_args, configurations, pairs, variable},
    run::Resolver,
};

/// Where networks and plugins are.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// Where networks are configured; otherwise what NETCONFPATH says, or
    /// /etc/cni/net.d.
    #[arg(long, value_name = "DIR")]
    conf_dir: Option<PathBuf>,
    /// Where plugins are, can be given several times; otherwise what CNI_PATH
    /// says, or /opt/cni/bin. What is not there is served by an installed
    /// component of that name.
    #[arg(long, value_name = "DIR")]
    plugin_dir: Vec<PathBuf>,
    /// The executable `cofferdam` that serves components; otherwise the one
    /// beside this one.
    #[arg(long, value_name = "FILE")]
    cofferdam: Option<PathBuf>,
    /// How long each plugin may take.
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = humantime::parse_duration)]
    deadline: Duration,
}

impl Place {
    pub(crate) fn networks(&self) -> PathBuf {
        configurations(self.conf_dir.as_deref())
    }

    /// Calls plugins, executables before components, as the node's runtime
    /// would find them.
    pub(crate) fn runtime(&self, installation: &Installation) -> anyhow::Result<Runtime<Resolver>> {
        let directories = if self.plugin_dir.is_empty() {
            search_path().unwrap_or_else(|| vec![PathBuf::from("/opt/cni/bin")])
        } else {
            self.plugin_dir.clone()
        };
        let resolver = Resolver::after_executables(installation, SearchPath::new(directories), self.cofferdam.clone());
        Ok(Runtime::new(resolver, cache(installation)).with_deadline(self.deadline))
    }

    pub(super) fn network(&self, name: &str) -> anyhow::Result<NetworkList> {
        Ok(load_network(&self.networks(), name)?)
    }
}

/// Where results are kept.
pub(super) fn cache(installation: &Installation) -> ResultCache {
    ResultCache::new(installation.root().join("var/lib/cni"))
}

/// What `CNI_PATH` says.
pub(super) fn search_path() -> Option<Vec<PathBuf>> {
    variable("CNI_PATH").map(|path| env::split_paths(&path).collect())
}

/// An attachment, by options or by the variables of `cnitool`.
#[derive(Debug, Args)]
pub(super) struct Target {
    /// The path of the network namespace, such as /run/netns/NAME.
    pub(super) netns: PathBuf,
    /// The interface's name in the namespace; otherwise what CNI_IFNAME says,
    /// or eth0.
    #[arg(short, long = "ifname", value_name = "NAME")]
    pub(super) interface: Option<String>,
    /// The container's id; otherwise one that is made of the namespace's path,
    /// as `cnitool` does.
    #[arg(long)]
    pub(super) id: Option<String>,
    /// Arguments for the plugins; otherwise what CNI_ARGS says.
    #[arg(long, value_name = "K=V;…")]
    pub(super) args: Option<String>,
    /// Capability arguments, a JSON object; otherwise what CAP_ARGS says.
    #[arg(long, value_name = "JSON")]
    pub(super) cap_args: Option<String>,
}

impl Target {
    pub(super) fn request(&self) -> anyhow::Result<AttachmentRequest> {
        let netns = absolute(&self.netns)?;
        let interface_name = match &self.interface {
            Some(name) => name.clone(),
            None => text("CNI_IFNAME")?.unwrap_or_else(|| "eth0".to_owned()),
        };
        let args = match &self.args {
            Some(args) => args.clone(),
            None => text("CNI_ARGS")?.unwrap_or_default(),
        };
        let capabilities = match &self.cap_args {
            Some(text) => Some(text.clone()),
            None => text("CAP_ARGS")?,
        };
        Ok(AttachmentRequest {
            container_id: self.id.clone().unwrap_or_else(|| identity::container_id(&netns)),
            netns,
            interface_name,
            args: pairs(&args)?,
            capability_args: capabilities.as_deref().map(capability_args).transpose()?,
        })
    }
}

fn text(name: &str) -> anyhow::Result<Option<String>> {
    let value = variable(name).map(OsString::into_string).transpose();
    value.map_err(|_| anyhow::anyhow!("{name} is not UTF-8"))
}
