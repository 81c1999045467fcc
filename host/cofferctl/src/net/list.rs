use std::{collections::BTreeSet, path::PathBuf, process::ExitCode};

use clap::Args;
use cofferdam_broker::Installation;
use cofferdam_protocol::{NetworkList, json::Node};
use cofferdam_runtime::{CachedAttachment, LoadError, ResultCache, load_file, network_files};
use serde_json::{Value, json};

use super::options::{Place, cache};
use crate::output::{say_json, say_table};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The network whose attachments are listed; otherwise the networks are.
    network: Option<String>,
    #[command(flatten)]
    place: Place,
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(installation: &Installation, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let cache = cache(installation);
    match &arguments.network {
        Some(network) => attachments(&cache.attachments(network), arguments.json),
        None => networks(&files(arguments)?, &cache, arguments.json),
    }
    Ok(ExitCode::SUCCESS)
}

/// A file, and what is in it.
type Loaded = (PathBuf, Result<NetworkList, LoadError>);

/// In the order in which networks are looked up by name: lists first.
fn files(arguments: &Arguments) -> anyhow::Result<Vec<Loaded>> {
    let mut paths = network_files(&arguments.place.networks())?;
    paths.sort_by_key(|path| path.extension().is_none_or(|extension| extension != "conflist"));
    Ok(paths
        .into_iter()
        .map(|path| {
            let network = load_file(&path);
            (path, network)
        })
        .collect())
}

fn networks(files: &[Loaded], cache: &ResultCache, as_json: bool) {
    let mut rows = vec![["NETWORK", "VERSION", "ATTACHED", "PLUGINS", "FILE"].map(str::to_owned)];
    let mut documents = Vec::new();
    let mut seen = BTreeSet::new();
    for (path, network) in files {
        let file = path.display().to_string();
        match network {
            Ok(network) => {
                let attached = cache.attachments(&network.name).len();
                let hidden = !seen.insert(&network.name);
                let plugins: Vec<&str> = network
                    .plugins
                    .iter()
                    .map(|plugin| plugin.plugin_type.as_str())
                    .collect();
                documents.push(json!({
                    "network": network.name, "version": network.version, "attached": attached,
                    "plugins": plugins, "file": file, "hidden": hidden, "problem": Value::Null,
                }));
                let note = if hidden { " (hidden by one above)" } else { "" };
                rows.push([
                    network.name.clone(),
                    network.version.clone(),
                    attached.to_string(),
                    plugins.join(","),
                    format!("{file}{note}"),
                ]);
            }
            Err(error) => {
                documents.push(json!({ "network": Value::Null, "file": file, "problem": error.to_string() }));
                let none = || "-".to_owned();
                rows.push([none(), none(), none(), none(), error.to_string()]);
            }
        }
    }
    if as_json {
        say_json(&json!({ "networks": documents }));
    } else {
        say_table(&rows);
    }
}

fn attachments(attached: &[CachedAttachment], as_json: bool) {
    if as_json {
        let document = |attachment: &CachedAttachment| {
            json!({
                "container": attachment.request.container_id,
                "interface": attachment.request.interface_name,
                "namespace": attachment.request.netns,
                "addresses": addresses(attachment),
            })
        };
        say_json(&json!({ "attachments": attached.iter().map(document).collect::<Vec<_>>() }));
        return;
    }
    let mut rows = vec![["CONTAINER", "INTERFACE", "ADDRESSES", "NAMESPACE"].map(str::to_owned)];
    rows.extend(attached.iter().map(|attachment| {
        [
            attachment.request.container_id.clone(),
            attachment.request.interface_name.clone(),
            addresses(attachment).join(","),
            attachment.request.netns.clone(),
        ]
    }));
    say_table(&rows);
}

/// The addresses of a result of any version.
fn addresses(attachment: &CachedAttachment) -> Vec<String> {
    let Some(result) = &attachment.result else {
        return Vec::new();
    };
    let listed = match result.get("ips") {
        Some(Node::Array(ips)) => ips.iter().filter_map(|ip| ip.get("address")).collect(),
        _ => Vec::new(),
    };
    let single = ["ip4", "ip6"].into_iter().filter_map(|key| result.get(key)?.get("ip"));
    let all = listed.into_iter().chain(single);
    all.filter_map(Node::as_str).map(str::to_owned).collect()
}
