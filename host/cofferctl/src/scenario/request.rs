//! What the plugin is called with: the configuration and the variables that a
//! runtime would make of a scenario.

use cofferdam_protocol::{
    AttachmentKey, CniError, Environment, Injection, Invocation, NetworkList, PluginConfig, Verb, json::Node,
};
use cofferdam_scenario::{Given, RequestParts};
use serde_json::Value as Json;

use crate::conflist::fuse;

/// A call of a plugin.
pub(super) struct Request {
    /// What the plugin is executed as.
    pub(super) name: String,
    pub(super) environment: Environment,
    pub(super) config: PluginConfig,
}

/// What changes from call to call.
pub(super) struct Occasion<'a> {
    pub(super) verb: Verb,
    pub(super) parts: &'a RequestParts,
    pub(super) previous: Option<&'a Json>,
    pub(super) valid: &'a [(String, String)],
}

impl Request {
    /// Puts a call together.
    ///
    /// # Errors
    /// As the plugin itself would refuse it.
    pub(super) fn new(given: &Given, occasion: &Occasion<'_>) -> Result<Self, CniError> {
        let environment = environment(occasion)?;
        let mut json = given.config.clone();
        for with in &occasion.parts.config_with {
            merge(&mut json, with);
        }
        for path in &occasion.parts.config_without {
            remove(&mut json, path);
        }
        let config = if json.get("plugins").is_some() {
            of_list(&json, occasion)?
        } else {
            of_plugin(&json, occasion)?
        };
        let name = match &given.plugin {
            Some(plugin) => plugin.clone(),
            None => config.plugin_type()?,
        };
        Ok(Self {
            name,
            environment,
            config,
        })
    }
}

/// The path at which a runtime would have the namespace of a container.
fn namespace_path(container_id: &str) -> String {
    format!("/run/netns/{container_id}")
}

fn environment(occasion: &Occasion<'_>) -> Result<Environment, CniError> {
    let parts = occasion.parts;
    let variable = |name: &str| {
        Some(match name {
            "CNI_COMMAND" => occasion.verb.as_str().to_owned(),
            "CNI_CONTAINERID" => parts.container_id.clone(),
            "CNI_NETNS" => namespace_path(&parts.container_id),
            "CNI_IFNAME" => parts.interface.clone(),
            "CNI_ARGS" => parts.args.clone(),
            "CNI_PATH" => "/opt/cni/bin".to_owned(),
            _ => return None,
        })
    };
    match Environment::read(variable)? {
        Invocation::Request(environment) => Ok(environment),
        Invocation::About => Err(CniError::internal("the scenario calls no verb")),
    }
}

/// A list is run as one chain, as `cofferctl conflist fuse` makes it.
fn of_list(json: &Json, occasion: &Occasion<'_>) -> Result<PluginConfig, CniError> {
    let list = NetworkList::parse(&json.to_string()).map_err(|error| CniError::invalid_config(error.to_string()))?;
    let fused = fuse(&list, |_| true);
    let [plugin] = fused.as_slice() else {
        return Err(CniError::invalid_config(
            "a list has to have plugins, each of which is a component",
        ));
    };
    let previous = occasion.previous.map(node).transpose()?;
    let capability_args = occasion.parts.runtime_config.as_ref().map(node).transpose()?;
    let valid = valid(occasion);
    Injection {
        name: &list.name,
        version: &list.version,
        previous: previous.as_ref(),
        capability_args: capability_args.as_ref(),
        valid_attachments: (occasion.verb == Verb::Gc).then_some(valid.as_slice()),
    }
    .apply(plugin)
}

fn of_plugin(json: &Json, occasion: &Occasion<'_>) -> Result<PluginConfig, CniError> {
    let mut config = node(json)?;
    if let Some(previous) = occasion.previous {
        config.set("prevResult", node(previous)?);
    }
    if let Some(runtime_config) = &occasion.parts.runtime_config {
        config.set("runtimeConfig", node(runtime_config)?);
    }
    if occasion.verb != Verb::Gc {
        return PluginConfig::from_tree(config);
    }
    let plain = PluginConfig::from_tree(config.clone())?;
    Injection {
        name: plain.name(),
        version: &plain.version_text()?,
        previous: None,
        capability_args: None,
        valid_attachments: Some(&valid(occasion)),
    }
    .apply(&config)
}

fn valid(occasion: &Occasion<'_>) -> Vec<AttachmentKey> {
    let key = |(container_id, interface_name): &(String, String)| AttachmentKey {
        container_id: container_id.clone(),
        interface_name: interface_name.clone(),
    };
    occasion.valid.iter().map(key).collect()
}

fn node(json: &Json) -> Result<Node, CniError> {
    Node::parse(&json.to_string()).map_err(|error| CniError::decoding(error.to_string()))
}

/// Lays one over another: objects key by key, all else in its place.
fn merge(onto: &mut Json, with: &Json) {
    match (onto, with) {
        (Json::Object(onto), Json::Object(with)) => {
            for (key, value) in with {
                merge(onto.entry(key.clone()).or_insert(Json::Null), value);
            }
        }
        (onto, with) => *onto = with.clone(),
    }
}

/// Leaves out a key: `ipam.gateway` of what `ipam` holds.
fn remove(from: &mut Json, path: &str) {
    let Json::Object(object) = from else { return };
    match path.split_once('.') {
        // In the order in which the others were.
        None => drop(object.shift_remove(path)),
        Some((key, rest)) => {
            if let Some(within) = object.get_mut(key) {
                remove(within, rest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_laid_over_a_configuration_changes_just_that() {
        let mut config = json!({ "mtu": 1500, "ipam": { "type": "static", "gateway": "10.0.0.1" }, "list": [1, 2] });
        merge(
            &mut config,
            &json!({ "mtu": 1400, "ipam": { "type": "other" }, "list": [3] }),
        );
        remove(&mut config, "ipam.gateway");
        remove(&mut config, "nothing.of.it");
        assert_eq!(config, json!({ "mtu": 1400, "ipam": { "type": "other" }, "list": [3] }));
    }
}
