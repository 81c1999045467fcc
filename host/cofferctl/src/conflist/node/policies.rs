use std::path::Path;

use cofferdam_broker::{Installation, check_pin};
use cofferdam_policy::{Needs, Question};
use cofferdam_protocol::{NetworkList, json::Node};
use cofferdam_sandbox::StoreError;

use crate::{conflist::findings::Finding, nearest::did_you_mean};

/// What keeps the network's components from running: they are not there, not
/// those that the policy is for, or not granted what they always need.
/// Plugins that are no components have no policy.
pub(super) fn unmet(installation: &Installation, network: &NetworkList) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, plugin) in network.plugins.iter().enumerate() {
        for named in components(&format!("plugins[{number}]"), &plugin.plugin_type, &plugin.config) {
            let problem = match &named.by {
                By::Runtime => unrunnable(installation, network, &named.plugin, false),
                By::Cofferdam => unrunnable(installation, network, &named.plugin, true),
                By::Plugin(caller) => match delegation(installation, network, caller, &named.plugin) {
                    Delegation::NotTold => unrunnable(installation, network, &named.plugin, false),
                    Delegation::None => None,
                    // One that is not there may be a slip, and is no matter of grants.
                    Delegation::Denied(problem) => Some(not_there(installation, &named.plugin).unwrap_or(problem)),
                    Delegation::Allowed => unrunnable(installation, network, &named.plugin, true),
                },
            };
            findings.extend(problem.map(|problem| Finding::error(named.place, problem)));
        }
    }
    findings
}

/// A plugin that a configuration names.
struct Named {
    place: String,
    plugin: String,
    by: By,
}

/// Who is to find it.
enum By {
    /// The runtime, which looks for an executable, too.
    Runtime,
    /// `cofferdam`, which has components.
    Cofferdam,
    /// The plugin that calls it for addresses.
    Plugin(String),
}

/// The places where plugins are named: `type`, what is in a `chain`, and the
/// address management plugin.
fn components(place: &str, plugin_type: &str, config: &Node) -> Vec<Named> {
    let mut found = Vec::new();
    let mut add = |key: &str, plugin: &str, by: By| {
        found.push(Named {
            place: format!("{place}.{key}"),
            plugin: plugin.to_owned(),
            by,
        });
    };
    let stand_in = config.get("plugin").and_then(Node::as_str);
    let stand_in = stand_in.filter(|_| plugin_type == "cofferdam");
    match stand_in {
        Some(name) => add("plugin", name, By::Cofferdam),
        None if plugin_type != "cofferdam" => add("type", plugin_type, By::Runtime),
        None => {}
    }
    let ipam = config.get("ipam").and_then(|ipam| ipam.get("type"));
    if let Some(name) = ipam.and_then(Node::as_str).filter(|name| !name.is_empty()) {
        add(
            "ipam.type",
            name,
            By::Plugin(stand_in.unwrap_or(plugin_type).to_owned()),
        );
    }
    if let Some(Node::Array(members)) = config.get("chain").filter(|_| plugin_type == "cofferdam") {
        for (number, member) in members.iter().enumerate() {
            let name = member.get("type").and_then(Node::as_str);
            if let Some(name) = name.filter(|name| *name != "cofferdam") {
                let mut of_member = components(&format!("{place}.chain[{number}]"), name, member);
                for named in of_member.iter_mut().filter(|named| matches!(named.by, By::Runtime)) {
                    named.by = By::Cofferdam;
                }
                found.extend(of_member);
            }
        }
    }
    found
}

/// Whether a plugin may call another for addresses.
enum Delegation {
    /// It is no component: nobody here knows.
    NotTold,
    /// It is a component that never does.
    None,
    Denied(String),
    Allowed,
}

fn delegation(installation: &Installation, network: &NetworkList, caller: &str, plugin: &str) -> Delegation {
    let store = installation.components();
    let artifact = store.resolve(caller).and_then(|digest| store.artifact(digest));
    let Ok(artifact) = artifact else {
        return Delegation::NotTold;
    };
    let question = Question::IpamDelegate { plugin };
    // Whatever is wrong with the caller is told at its own place.
    if !Needs::parse(Path::new(caller), artifact.needs()).is_ok_and(|needs| needs.covers(&question)) {
        return Delegation::None;
    }
    let Ok(policy) = installation.policies().plugin(caller) else {
        return Delegation::Allowed;
    };
    match policy.decide_on_network(&network.name, &question) {
        Ok(_) => Delegation::Allowed,
        Err(denial) => Delegation::Denied(format!(
            "plugin {caller:?} may not call it; the policy lacks {}",
            denial.missing
        )),
    }
}

/// That no component has the name.
fn not_there(installation: &Installation, plugin: &str) -> Option<String> {
    let store = installation.components();
    let error = store.resolve(plugin).err()?;
    Some(format!("{error}{}", did_you_mean(&store, plugin)))
}

/// Why a component does not run; `has_to_be` one where nothing else would do.
fn unrunnable(installation: &Installation, network: &NetworkList, plugin: &str, has_to_be: bool) -> Option<String> {
    let store = installation.components();
    let digest = match store.resolve(plugin) {
        Ok(digest) => digest,
        Err(StoreError::UnknownPlugin { .. }) if !has_to_be => return None,
        Err(_) => return not_there(installation, plugin),
    };
    let artifact = match store.artifact(digest) {
        Ok(artifact) => artifact,
        Err(error) => return Some(format!("component {plugin:?} can't be run: {error}")),
    };
    let needs = match Needs::parse(Path::new(plugin), artifact.needs()) {
        Ok(needs) => needs,
        Err(error) => return Some(format!("component {plugin:?}: {error}")),
    };
    let policy = match installation.policies().plugin(plugin) {
        Ok(policy) => policy,
        Err(error) => return Some(format!("the policy of {plugin:?} can't be used: {error}")),
    };
    if let Err(refusal) = check_pin(&store, plugin, policy.pin(), digest) {
        return Some(refusal.to_string());
    }
    let unmet = policy.satisfy_on_network(&network.name, &needs).err()?;
    Some(format!(
        "plugin {plugin:?} needs for every attachment what is not granted: {unmet}"
    ))
}
