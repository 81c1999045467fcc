use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use cofferdam_broker::Installation;
use cofferdam_protocol::{CniError, NetworkList, json::Node};
use cofferdam_runtime::{AddResult, AttachmentRequest, LoadError, RuntimeError};
use serde_json::json;

use super::options::{Place, Target, cache};
use crate::output::{complain, say, say_json, say_table};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The network's name.
    network: String,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    place: Place,
    /// For programs: ADD prints the result, everything that fails the error
    /// document.
    #[arg(long)]
    json: bool,
}

pub(super) fn add(installation: &Installation, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let request = arguments.target.request()?;
    let network = arguments.place.network(&arguments.network)?;
    match arguments.place.runtime(installation)?.add(&network, &request) {
        Ok(result) if arguments.json => say(&result.to_json()?),
        Ok(result) => show(&network, &request, &result),
        Err(error) => return arguments.failed(error),
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn del(installation: &Installation, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let request = arguments.target.request()?;
    let network = match load(arguments) {
        Err(error) => remembered(installation, &arguments.network, &request).ok_or(error)?,
        Ok(network) => network,
    };
    match arguments.place.runtime(installation)?.del(&network, &request) {
        Ok(()) => arguments.done(&request, "detached"),
        Err(error) => return arguments.failed(error),
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn check(installation: &Installation, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let request = arguments.target.request()?;
    let network = arguments.place.network(&arguments.network)?;
    match arguments.place.runtime(installation)?.check(&network, &request) {
        Ok(()) => arguments.done(&request, "as it was attached"),
        Err(error) => return arguments.failed(error),
    }
    Ok(ExitCode::SUCCESS)
}

fn load(arguments: &Arguments) -> Result<NetworkList, LoadError> {
    cofferdam_runtime::load_network(&arguments.place.networks(), &arguments.network)
}

/// The network as it was at the attachment's ADD.
fn remembered(installation: &Installation, network: &str, request: &AttachmentRequest) -> Option<NetworkList> {
    let cached = cache(installation).load(network, &request.key())?;
    cached.network_list().ok().filter(|list| !list.plugins.is_empty())
}

fn show(network: &NetworkList, request: &AttachmentRequest, result: &AddResult) {
    say(&format!(
        "container {} attached to network {} as {}",
        request.container_id, network.name, request.interface_name
    ));
    let mut rows = vec![["ADDRESS", "INTERFACE", "GATEWAY"].map(str::to_owned)];
    for ip in &result.attachment.ips {
        let number = ip.interface.and_then(|number| usize::try_from(number).ok());
        let interface = number.and_then(|number| result.attachment.interfaces.get(number));
        rows.push([
            ip.address.to_string(),
            interface.map_or_else(|| "-".to_owned(), |interface| interface.name.clone()),
            ip.gateway.map_or_else(|| "-".to_owned(), |gateway| gateway.to_string()),
        ]);
    }
    if rows.len() > 1 {
        say_table(&rows);
    }
}

impl Arguments {
    fn done(&self, request: &AttachmentRequest, outcome: &str) {
        let AttachmentRequest {
            container_id,
            interface_name,
            ..
        } = request;
        if self.json {
            say_json(&json!({
                "network": self.network,
                "container": container_id,
                "interface": interface_name,
                "outcome": outcome,
            }));
        } else {
            say(&format!("{}/{container_id}/{interface_name}: {outcome}", self.network));
        }
    }

    fn failed(&self, error: RuntimeError) -> anyhow::Result<ExitCode> {
        if !self.json {
            return Err(error).with_context(|| format!("network {:?}", self.network));
        }
        say_json(&document(&error));
        complain(&error.to_string());
        Ok(ExitCode::FAILURE)
    }
}

/// The error document of the plugin that failed, or what comes next to it.
pub(super) fn document(error: &RuntimeError) -> serde_json::Value {
    let said = error
        .cni()
        .cloned()
        .unwrap_or_else(|| CniError::internal(error.to_string()));
    let text = Node::parse(&said.to_json(None)).map(|node| json!(node));
    text.unwrap_or(serde_json::Value::Null)
}
