use std::path::Path;

use anyhow::Context as _;
use cofferdam_protocol::NetworkList;
use cofferdam_runtime::{load_directory, load_file, load_network};
use serde_json::{Value, json};

/// Loads what is named, in order. Without names, the networks of the CNI
/// project's README, the first one with these plugins besides.
pub(super) fn load(names: &[String], directory: &Path, besides: Vec<Value>) -> anyhow::Result<Vec<NetworkList>> {
    if names.is_empty() {
        return readmes(besides);
    }
    let mut networks = Vec::new();
    for name in names {
        let path = Path::new(name);
        if path.is_dir() {
            networks.extend(load_directory(path)?);
        } else if path.is_file() {
            networks.push(load_file(path)?);
        } else {
            networks.push(load_network(directory, name).with_context(|| format!("network {name:?}"))?);
        }
    }
    Ok(networks)
}

fn readmes(besides: Vec<Value>) -> anyhow::Result<Vec<NetworkList>> {
    let mut mynet = json!({
        "cniVersion": "0.2.0", "name": "mynet", "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true,
        "ipam": { "type": "host-local", "subnet": "10.22.0.0/16", "routes": [{ "dst": "0.0.0.0/0" }] },
    });
    let loopback = json!({ "cniVersion": "0.2.0", "name": "lo", "type": "loopback" });
    let mynet = if besides.is_empty() {
        NetworkList::from_plugin(&mynet.to_string())?
    } else {
        if let Some(bridge) = mynet.as_object_mut() {
            bridge.remove("cniVersion");
            bridge.remove("name");
            // So that a published port is reached from the container, too.
            bridge.insert("hairpinMode".to_owned(), json!(true));
        }
        let plugins: Vec<Value> = std::iter::once(mynet).chain(besides).collect();
        // Lists came with a later version than the README's.
        NetworkList::parse(&json!({ "cniVersion": "1.0.0", "name": "mynet", "plugins": plugins }).to_string())?
    };
    Ok(vec![mynet, NetworkList::from_plugin(&loopback.to_string())?])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn without_names_the_readmes_networks_are_meant() {
        let networks = load(&[], Path::new("/nowhere"), Vec::new()).unwrap();
        let names: Vec<&str> = networks.iter().map(|network| network.name.as_str()).collect();
        assert_eq!(names, ["mynet", "lo"]);
    }

    #[test]
    fn the_readmes_network_can_have_more_plugins() {
        let networks = load(&[], Path::new("/nowhere"), vec![json!({ "type": "portmap" })]).unwrap();
        let plugins = networks.iter().flat_map(|network| &network.plugins);
        let types: Vec<&str> = plugins.map(|plugin| plugin.plugin_type.as_str()).collect();
        assert_eq!(types, ["bridge", "portmap", "loopback"]);
    }

    #[test]
    fn an_unknown_network_is_named() {
        let error = load(&["blue".to_owned()], Path::new("/nowhere"), Vec::new()).unwrap_err();
        assert!(format!("{error:#}").contains("blue"));
    }
}
