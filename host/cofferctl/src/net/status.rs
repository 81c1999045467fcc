use std::process::ExitCode;

use clap::Args;
use cofferdam_broker::Installation;
use cofferdam_protocol::NetworkList;
use cofferdam_runtime::{PluginResolver, Runtime, RuntimeError, load_directory};
use serde_json::json;

use super::{attach::document, options::Place};
use crate::output::{say_json, say_table};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The networks; otherwise all that are configured.
    networks: Vec<String>,
    #[command(flatten)]
    place: Place,
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(installation: &Installation, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let place = &arguments.place;
    let networks = if arguments.networks.is_empty() {
        load_directory(&place.networks())?
    } else {
        let named = arguments.networks.iter().map(|name| place.network(name));
        named.collect::<anyhow::Result<_>>()?
    };
    let runtime = place.runtime(installation)?;
    let answers: Vec<_> = networks
        .iter()
        .map(|network| (network, status(&runtime, network)))
        .collect();
    if arguments.json {
        let told = |(network, answer): &(&NetworkList, Result<(), RuntimeError>)| {
            json!({
                "network": network.name,
                "ready": answer.is_ok(),
                "error": answer.as_ref().err().map(document),
            })
        };
        say_json(&json!({ "networks": answers.iter().map(told).collect::<Vec<_>>() }));
    } else {
        let mut rows = vec![["NETWORK", "STATUS"].map(str::to_owned)];
        rows.extend(answers.iter().map(|(network, answer)| {
            let answer = answer
                .as_ref()
                .map_or_else(ToString::to_string, |()| "ready".to_owned());
            [network.name.clone(), answer]
        }));
        say_table(&rows);
    }
    Ok(if answers.iter().all(|(_, answer)| answer.is_ok()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// STATUS is asked from 1.1.0 on; before, all that can be known is whether the
/// plugins are there and speak the version.
fn status<R: PluginResolver>(runtime: &Runtime<R>, network: &NetworkList) -> Result<(), RuntimeError> {
    runtime.validate(network)?;
    runtime.status(network)
}
