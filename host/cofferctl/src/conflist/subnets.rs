use std::{path::Path, time::Duration};

use cofferdam_network::{Kernel, Network as _};
use cofferdam_protocol::{IpPrefix, NetworkList, Place, json::Node};
use cofferdam_runtime::{load_file, network_files};

use super::findings::Finding;

/// How long the kernel may take to answer.
const REQUEST: Duration = Duration::from_secs(5);

/// A subnet that a network gives addresses of, and whose it is.
struct Subnet {
    place: String,
    prefix: IpPrefix,
    /// The bridge that it is on, which has an address of it.
    bridge: Option<String>,
}

/// Subnets that are also the node's, or another network's in the directory, so
/// that packets would go astray.
pub(super) fn overlapping(file: &Path, directory: &Path, network: &NetworkList) -> Vec<Finding> {
    let mut findings = Vec::new();
    let others = others(file, directory, network);
    let node = node_addresses();
    for own in subnets(network) {
        for (name, other) in &others {
            // One bridge in two networks is one network to the kernel.
            if own.prefix.overlaps(&other.prefix) && (own.bridge.is_none() || own.bridge != other.bridge) {
                let problem = format!("{} overlaps with {} of network {name:?}", own.prefix, other.prefix);
                findings.push(Finding::warning(&own.place, problem));
            }
        }
        for (link, address) in &node {
            if own.prefix.overlaps(&address.network()) && own.bridge.as_ref() != Some(link) {
                let problem = format!("{} overlaps with {address} of link {link:?} of this node", own.prefix);
                findings.push(Finding::warning(&own.place, problem));
            }
        }
    }
    findings
}

/// Subnets of the other networks that are configured.
fn others(file: &Path, directory: &Path, network: &NetworkList) -> Vec<(String, Subnet)> {
    let same = file.canonicalize().ok();
    let paths = network_files(directory).unwrap_or_default();
    let others = paths.iter().filter(|path| path.canonicalize().ok() != same);
    others
        .filter_map(|path| load_file(path).ok())
        .filter(|other| other.name != network.name)
        .flat_map(|other| {
            let name = other.name.clone();
            subnets(&other).into_iter().map(move |subnet| (name.clone(), subnet))
        })
        .collect()
}

/// Addresses of the node's links but loopback's and link-local ones. Where the
/// kernel can't be asked there are none.
fn node_addresses() -> Vec<(String, IpPrefix)> {
    let mut kernel = Kernel::new(REQUEST);
    let Ok(links) = kernel.links(Place::Host) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for link in links {
        let addresses = kernel.addresses(link.id).unwrap_or_default();
        let told = addresses.into_iter().map(|address| address.address);
        found.extend(
            told.filter(|address| !is_local(address))
                .map(|address| (link.name.clone(), address)),
        );
    }
    found
}

fn is_local(address: &IpPrefix) -> bool {
    match address.address() {
        std::net::IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
        std::net::IpAddr::V6(address) => address.is_loopback() || address.is_unicast_link_local(),
    }
}

fn subnets(network: &NetworkList) -> Vec<Subnet> {
    let mut found = Vec::new();
    for (number, plugin) in network.plugins.iter().enumerate() {
        let place = format!("plugins[{number}]");
        of_plugin(&place, &plugin.config, &mut found);
        if let Some(Node::Array(members)) = plugin.config.get("chain") {
            for (number, member) in members.iter().enumerate() {
                of_plugin(&format!("{place}.chain[{number}]"), member, &mut found);
            }
        }
    }
    found
}

/// What `host-local` is told: `subnet`, and those of `ranges`.
fn of_plugin(place: &str, config: &Node, found: &mut Vec<Subnet>) {
    let Some(ipam) = config.get("ipam") else {
        return;
    };
    let bridge = config.get("bridge").and_then(Node::as_str).map(str::to_owned);
    let mut add = |place: String, subnet: Option<&Node>| {
        let prefix = subnet
            .and_then(Node::as_str)
            .and_then(|text| text.parse::<IpPrefix>().ok());
        found.extend(prefix.map(|prefix| Subnet {
            place,
            prefix: prefix.network(),
            bridge: bridge.clone(),
        }));
    };
    add(format!("{place}.ipam.subnet"), ipam.get("subnet"));
    let Some(Node::Array(sets)) = ipam.get("ranges") else {
        return;
    };
    for (outer, set) in sets.iter().enumerate() {
        let Node::Array(ranges) = set else {
            continue;
        };
        for (inner, range) in ranges.iter().enumerate() {
            add(
                format!("{place}.ipam.ranges[{outer}][{inner}].subnet"),
                range.get("subnet"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    fn list(name: &str, bridge: &str, ipam: &str) -> String {
        format!(
            r#"{{"cniVersion":"1.0.0","name":"{name}","plugins":[{{"type":"bridge","bridge":"{bridge}","ipam":{ipam}}}]}}"#
        )
    }

    fn told(own: &str, other: &str) -> Vec<String> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("10.conflist");
        fs::write(&file, own).unwrap();
        fs::write(directory.path().join("20.conflist"), other).unwrap();
        let network = load_file(&file).unwrap();
        overlapping(&file, directory.path(), &network)
            .iter()
            .map(super::Finding::line)
            .collect()
    }

    #[test]
    fn networks_that_share_addresses_are_told_of_unless_they_share_the_bridge() {
        let own = list(
            "a",
            "br-a",
            r#"{"type":"host-local","ranges":[[{"subnet":"198.18.0.0/24"}]]}"#,
        );
        let wide = r#"{"type":"host-local","subnet":"198.18.0.0/16"}"#;
        assert_eq!(
            told(&own, &list("b", "br-b", wide)),
            [
                "warning: plugins[0].ipam.ranges[0][0].subnet: 198.18.0.0/24 overlaps with 198.18.0.0/16 of network \"b\""
            ]
        );
        assert!(told(&own, &list("b", "br-a", wide)).is_empty());
        let apart = r#"{"type":"host-local","subnet":"198.19.0.0/24"}"#;
        assert!(told(&own, &list("b", "br-b", apart)).is_empty());
    }
}
