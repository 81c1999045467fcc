//! What a plugin gets on standard input.

use serde_json::{Map, Value, json};

use super::{
    CniResult, NetworkConfigList, RuntimeConf, go_json,
    list::{PluginConfig, folded},
};

/// For the verbs that are about one attachment.
pub(super) fn of_attachment(
    list: &NetworkConfigList,
    plugin: &PluginConfig,
    previous: Option<&CniResult>,
    conf: &RuntimeConf,
) -> Vec<u8> {
    let mut config = injected(list, plugin);
    if let Some(previous) = previous {
        config.insert("prevResult".to_owned(), previous.document().clone());
    }
    let capabilities = folded(&config, "capabilities").and_then(Value::as_object);
    let wanted = capabilities
        .into_iter()
        .flatten()
        .filter(|(_, wanted)| **wanted == true);
    let mut taken: Map<String, Value> = wanted
        .filter_map(|(name, _)| Some((name.clone(), conf.capability_args.get(name)?.clone())))
        .collect();
    taken.sort_keys();
    if taken.is_empty() {
        // The result in it is a struct still, whose fields have an order of their own.
        config.sort_keys();
        return go_json::encode(&Value::Object(config));
    }
    let mut config = Value::Object(config);
    config.sort_all_objects();
    // What the runtime offers is of its own types.
    config["runtimeConfig"] = Value::Object(taken);
    if let Value::Object(config) = &mut config {
        config.sort_keys();
    }
    go_json::encode(&config)
}

/// For the verbs that are about the network as a whole.
pub(super) fn of_network(list: &NetworkConfigList, plugin: &PluginConfig, valid: Option<&Value>) -> Vec<u8> {
    let mut config = injected(list, plugin);
    for key in ["cni.dev/attachments", "cni.dev/valid-attachments"] {
        if let Some(valid) = valid {
            config.insert(key.to_owned(), valid.clone());
        }
    }
    sorted(config)
}

fn injected(list: &NetworkConfigList, plugin: &PluginConfig) -> Map<String, Value> {
    let mut config = plugin.config.clone();
    config.insert("name".to_owned(), json!(list.name));
    config.insert("cniVersion".to_owned(), json!(list.cni_version));
    config
}

fn sorted(config: Map<String, Value>) -> Vec<u8> {
    let mut config = Value::Object(config);
    config.sort_all_objects();
    go_json::encode(&config)
}
