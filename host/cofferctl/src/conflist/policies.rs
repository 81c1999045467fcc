use std::path::Path;

use cofferdam_broker::Installation;
use cofferdam_policy::Needs;
use cofferdam_protocol::{NetworkList, json::Node};

use super::findings::Finding;

/// What the network's components always need and the policy does not grant.
/// Plugins that are no components have no policy.
pub(super) fn unmet(installation: &Installation, network: &NetworkList) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, plugin) in network.plugins.iter().enumerate() {
        for (place, name) in components(&format!("plugins[{number}]"), &plugin.plugin_type, &plugin.config) {
            let Some(problem) = problem(installation, network, &name) else {
                continue;
            };
            findings.push(Finding::error(place, problem));
        }
    }
    findings
}

/// The places where plugins are named, with their names: `type`, what is in a
/// `chain`, and the address management plugin.
pub(super) fn components(place: &str, plugin_type: &str, config: &Node) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if plugin_type != "cofferdam" {
        found.push((format!("{place}.type"), plugin_type.to_owned()));
    } else if let Some(name) = config.get("plugin").and_then(Node::as_str) {
        found.push((format!("{place}.plugin"), name.to_owned()));
    }
    if let Some(Node::Array(members)) = config.get("chain").filter(|_| plugin_type == "cofferdam") {
        for (number, member) in members.iter().enumerate() {
            if let Some(name) = member
                .get("type")
                .and_then(Node::as_str)
                .filter(|name| *name != "cofferdam")
            {
                found.extend(components(&format!("{place}.chain[{number}]"), name, member));
            }
        }
    }
    let ipam = config
        .get("ipam")
        .and_then(|ipam| ipam.get("type"))
        .and_then(Node::as_str);
    if let Some(name) = ipam.filter(|name| !name.is_empty()) {
        found.push((format!("{place}.ipam.type"), name.to_owned()));
    }
    found
}

fn problem(installation: &Installation, network: &NetworkList, plugin: &str) -> Option<String> {
    let store = installation.components();
    let artifact = store.artifact(store.resolve(plugin).ok()?);
    let artifact = match artifact {
        Ok(artifact) => artifact,
        Err(error) => return Some(format!("component {plugin:?} can't be run: {error}")),
    };
    let needs = match Needs::parse(Path::new(plugin), artifact.needs()) {
        Ok(needs) => needs,
        Err(error) => return Some(format!("component {plugin:?}: {error}")),
    };
    match installation.policies().plugin(plugin) {
        Err(error) => Some(format!("the policy of {plugin:?} can't be used: {error}")),
        Ok(policy) => {
            let unmet = policy.satisfy_on_network(&network.name, &needs).err()?;
            Some(format!(
                "plugin {plugin:?} needs for every attachment what is not granted: {unmet}"
            ))
        }
    }
}
