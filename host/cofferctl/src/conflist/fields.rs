use cofferdam_policy::closest_word;
use cofferdam_protocol::{NetworkList, json::Node};

use super::findings::Finding;

/// Keys of a list; their letter case counts.
const OF_LIST: [&str; 7] = [
    "cniVersion",
    "cniVersions",
    "name",
    "disableCheck",
    "disableGC",
    "loadOnlyInlinedPlugins",
    "plugins",
];

/// Keys that every plugin may have.
const OF_ALL: [&str; 9] = [
    "type",
    "name",
    "cniVersion",
    "capabilities",
    "ipam",
    "dns",
    "args",
    "runtimeConfig",
    "prevResult",
];

/// Keys of the plugins that are known, besides those of all.
const OF_PLUGINS: [(&str, &[&str]); 16] = [
    ("cofferdam", &["plugin", "chain"]),
    (
        "bridge",
        &[
            "bridge",
            "isGateway",
            "isDefaultGateway",
            "forceAddress",
            "ipMasq",
            "ipMasqBackend",
            "mtu",
            "hairpinMode",
            "promiscMode",
            "vlan",
            "vlanTrunk",
            "preserveDefaultVlan",
            "macspoofchk",
            "enabledad",
            "portIsolation",
            "disableContainerInterface",
        ],
    ),
    ("ptp", &["ipMasq", "ipMasqBackend", "mtu"]),
    (
        "macvlan",
        &["master", "mode", "mtu", "mac", "linkInContainer", "bcqueuelen"],
    ),
    ("ipvlan", &["master", "mode", "mtu", "linkInContainer"]),
    ("vlan", &["master", "vlanId", "mtu", "linkInContainer"]),
    ("dummy", &[]),
    ("loopback", &[]),
    (
        "tap",
        &["multiQueue", "mtu", "mac", "selinuxContext", "owner", "group", "bridge"],
    ),
    ("host-device", &["device", "hwaddr", "kernelpath", "pciBusID"]),
    (
        "portmap",
        &[
            "backend",
            "snat",
            "masqAll",
            "markMasqBit",
            "externalSetMarkChain",
            "conditionsV4",
            "conditionsV6",
        ],
    ),
    (
        "bandwidth",
        &[
            "ingressRate",
            "ingressBurst",
            "egressRate",
            "egressBurst",
            "unshapedSubnets",
            "shapedSubnets",
        ],
    ),
    (
        "firewall",
        &["backend", "iptablesAdminChainName", "firewalldZone", "ingressPolicy"],
    ),
    (
        "tuning",
        &["sysctl", "mac", "promisc", "mtu", "allmulti", "txQLen", "dataDir"],
    ),
    ("sbr", &["table", "gateways", "addSourceHints"]),
    ("vrf", &["vrfname", "table"]),
];

/// Keys of the address management plugins that are known.
const OF_IPAM: [(&str, &[&str]); 3] = [
    (
        "host-local",
        &[
            "type",
            "subnet",
            "rangeStart",
            "rangeEnd",
            "gateway",
            "ranges",
            "routes",
            "dataDir",
            "resolvConf",
        ],
    ),
    ("static", &["type", "addresses", "routes", "dns"]),
    ("dhcp", &["type", "daemonSocketPath", "request", "provide", "priority"]),
];

/// Keys that nobody reads. Plugins that are not known may have any.
pub(super) fn unknown(list: &Node, network: &NetworkList) -> Vec<Finding> {
    let mut findings = Vec::new();
    // What a single plugin was wrapped into has no other keys.
    for (key, _) in list.entries() {
        if !OF_LIST.contains(&key.as_str()) {
            findings.push(Finding::warning(key, superfluous("a network", key, &OF_LIST)));
        }
    }
    for (number, plugin) in network.plugins.iter().enumerate() {
        findings.extend(of_plugin(
            &format!("plugins[{number}]"),
            &plugin.plugin_type,
            &plugin.config,
        ));
    }
    findings
}

fn of_plugin(place: &str, plugin_type: &str, config: &Node) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some((_, own)) = OF_PLUGINS.iter().find(|(name, _)| *name == plugin_type) {
        let known: Vec<&str> = OF_ALL.iter().chain(own.iter()).copied().collect();
        // What `cofferdam` runs in its own place has its keys there.
        let is_stand_in = plugin_type == "cofferdam" && config.get("plugin").is_some();
        if !is_stand_in {
            findings.extend(of_object(place, plugin_type, config, &known));
        }
    }
    if let Some(ipam) = config.get("ipam") {
        let ipam_type = ipam.get("type").and_then(Node::as_str).unwrap_or_default();
        if let Some((_, known)) = OF_IPAM.iter().find(|(name, _)| *name == ipam_type) {
            findings.extend(of_object(&format!("{place}.ipam"), ipam_type, ipam, known));
        }
    }
    if let Some(Node::Array(members)) = config.get("chain").filter(|_| plugin_type == "cofferdam") {
        for (number, member) in members.iter().enumerate() {
            let name = member.get("type").and_then(Node::as_str).unwrap_or_default();
            findings.extend(of_plugin(&format!("{place}.chain[{number}]"), name, member));
        }
    }
    findings
}

fn of_object(place: &str, plugin: &str, object: &Node, known: &[&str]) -> Vec<Finding> {
    let is_known = |key: &str| key.starts_with("cni.dev/") || known.iter().any(|known| known.eq_ignore_ascii_case(key));
    let unknown = object.entries().iter().filter(|(key, _)| !is_known(key));
    unknown
        .map(|(key, _)| {
            Finding::warning(
                format!("{place}.{key}"),
                superfluous(&format!("plugin {plugin:?}"), key, known),
            )
        })
        .collect()
}

fn superfluous(who: &str, key: &str, known: &[&str]) -> String {
    match closest_word(key, known) {
        Some(meant) => format!("{who} has no key {key:?}; did you mean {meant:?}?"),
        None => format!("{who} has no key {key:?}, so it has no effect"),
    }
}

#[cfg(test)]
mod of_sources;
#[cfg(test)]
mod sources;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn told(text: &str) -> Vec<String> {
        let network = NetworkList::parse(text).unwrap();
        let findings = unknown(&Node::parse(text).unwrap(), &network);
        findings.iter().map(Finding::line).collect()
    }

    #[test]
    fn a_slip_is_told_with_what_was_meant() {
        assert_eq!(
            told(
                r#"{"name":"n","disablecheck":true,"plugins":[
                    {"type":"bridge","isGatway":true,"ISGATEWAY":true,"ipam":{"type":"host-local","subnets":"10.0.0.0/8"}},
                    {"type":"cofferdam","chain":[{"type":"portmap","snatt":true}]},
                    {"type":"someones","anything":1},
                    {"type":"tuning","cni.dev/x":1,"colour":"blue"}]}"#
            ),
            [
                r#"warning: disablecheck: a network has no key "disablecheck"; did you mean "disableCheck"?"#,
                r#"warning: plugins[0].isGatway: plugin "bridge" has no key "isGatway"; did you mean "isGateway"?"#,
                r#"warning: plugins[0].ipam.subnets: plugin "host-local" has no key "subnets"; did you mean "subnet"?"#,
                r#"warning: plugins[1].chain[0].snatt: plugin "portmap" has no key "snatt"; did you mean "snat"?"#,
                r#"warning: plugins[3].colour: plugin "tuning" has no key "colour", so it has no effect"#,
            ]
        );
    }

    proptest! {
        #[test]
        fn whatever_a_plugin_is_called_and_has_is_looked_at(name in "[a-z-]{1,8}", key in ".{0,80}") {
            let config = Node::Object(vec![(key, Node::Object(vec![(name.clone(), Node::Null)]))]);
            let _ = of_plugin("plugins[0]", "bridge", &config);
            let _ = of_plugin("plugins[0]", &name, &config);
        }
    }
}
