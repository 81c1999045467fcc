use std::path::Path;

use anyhow::Context as _;
use cofferdam_protocol::NetworkList;
use cofferdam_runtime::{load_directory, load_file, load_network};

/// The networks of the CNI project's README.
const DEFAULT: [&str; 2] = [
    r#"{"cniVersion":"0.2.0","name":"mynet","type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":true,
        "ipam":{"type":"host-local","subnet":"10.22.0.0/16","routes":[{"dst":"0.0.0.0/0"}]}}"#,
    r#"{"cniVersion":"0.2.0","name":"lo","type":"loopback"}"#,
];

/// Loads what is named, in order.
pub(super) fn load(names: &[String], directory: &Path) -> anyhow::Result<Vec<NetworkList>> {
    if names.is_empty() {
        return DEFAULT.iter().map(|text| Ok(NetworkList::from_plugin(text)?)).collect();
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn without_names_the_readmes_networks_are_meant() {
        let networks = load(&[], Path::new("/nowhere")).unwrap();
        let names: Vec<&str> = networks.iter().map(|network| network.name.as_str()).collect();
        assert_eq!(names, ["mynet", "lo"]);
    }

    #[test]
    fn an_unknown_network_is_named() {
        let error = load(&["blue".to_owned()], Path::new("/nowhere")).unwrap_err();
        assert!(format!("{error:#}").contains("blue"));
    }
}
