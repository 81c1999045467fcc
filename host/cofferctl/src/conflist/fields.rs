//! Configurations held against what the plugins say of theirs.

use cofferdam_broker::Installation;
use cofferdam_policy::closest_word;
use cofferdam_protocol::{NetworkList, json::Node};
use cofferdam_schema::{Schema, UnknownKey};

use super::{
    findings::Finding,
    schemas::{Known, known},
};

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

/// Keys that nobody reads, and values that a plugin refuses. A plugin that is
/// not known may have any.
pub(super) fn misfits(installation: &Installation, list: &Node, network: &NetworkList) -> Vec<Finding> {
    let mut findings = Vec::new();
    // What a single plugin was wrapped into has no other keys.
    for (key, _) in list.entries() {
        if !OF_LIST.contains(&key.as_str()) {
            findings.push(Finding::warning(key, superfluous("a network", key, &OF_LIST)));
        }
    }
    for (number, plugin) in network.plugins.iter().enumerate() {
        let place = format!("plugins[{number}]");
        let mut all_known = Vec::new();
        for part in parts(&place, &plugin.plugin_type, &plugin.config) {
            let known = known(installation, &part.plugin);
            for finding in part.findings(&known) {
                // Of `ipam` two plugins may say the same.
                if !findings.contains(&finding) {
                    findings.push(finding);
                }
            }
            all_known.push(known);
        }
        findings.extend(unread_capabilities(&place, &plugin.capabilities, &all_known));
    }
    findings
}

/// Capabilities that none of the plugins of an object reads, where all of them
/// say what they read, and one of them says what it has of capabilities.
fn unread_capabilities(place: &str, capabilities: &[String], known: &[Known]) -> Vec<Finding> {
    let mut read = Vec::new();
    for known in known {
        let (Known::Component(schema) | Known::Keys(schema)) = known else {
            return Vec::new();
        };
        let names = schema.fields().into_iter().filter_map(|field| {
            let below = field.path.strip_prefix("runtimeConfig.")?;
            Some(below.split(['.', '[']).next()?.to_owned())
        });
        read.extend(names);
    }
    read.sort();
    read.dedup();
    let read: Vec<&str> = read.iter().map(String::as_str).collect();
    let unread = capabilities.iter().filter(|name| !read.contains(&name.as_str()));
    let told = |name: &String| {
        let problem = match closest_word(name, &read) {
            Some(meant) => format!("no plugin here reads the capability {name:?}; did you mean {meant:?}?"),
            None => format!("no plugin here reads the capability {name:?}, but {}", read.join(", ")),
        };
        Finding::warning(format!("{place}.capabilities.{name}"), problem)
    };
    unread.filter(|_| !read.is_empty()).map(told).collect()
}

/// A plugin of a list, and the configuration that it gets.
struct Part {
    place: String,
    plugin: String,
    config: Node,
}

/// The plugins that an object of a list is for: its own, those of its chain,
/// and the address management plugins.
fn parts(place: &str, plugin_type: &str, config: &Node) -> Vec<Part> {
    let mut found = Vec::new();
    let mut add = |plugin: &str, config: &Node| {
        found.push(Part {
            place: place.to_owned(),
            plugin: plugin.to_owned(),
            config: config.clone(),
        });
    };
    let stand_in = config.get("plugin").and_then(Node::as_str);
    match stand_in.filter(|_| plugin_type == "cofferdam") {
        // What `cofferdam` runs in its own place has its keys there.
        Some(name) => {
            let mut own = config.clone();
            own.remove("plugin");
            add(name, &own);
        }
        None => add(plugin_type, config),
    }
    let ipam = config.get("ipam").and_then(|ipam| ipam.get("type"));
    if let Some(name) = ipam.and_then(Node::as_str) {
        add(name, config);
    }
    if let Some(Node::Array(members)) = config.get("chain").filter(|_| plugin_type == "cofferdam") {
        for (number, member) in members.iter().enumerate() {
            let name = member.get("type").and_then(Node::as_str).unwrap_or_default();
            found.extend(parts(&format!("{place}.chain[{number}]"), name, member));
        }
    }
    found
}

impl Part {
    fn findings(&self, known: &Known) -> Vec<Finding> {
        match known {
            Known::Component(schema) => {
                let mut findings = self.refused(schema);
                findings.extend(self.without_effect(schema));
                findings
            }
            Known::Keys(schema) => self.without_effect(schema),
            Known::Nothing => Vec::new(),
        }
    }

    fn refused(&self, schema: &Schema) -> Vec<Finding> {
        let violations = schema.check(&self.config).into_iter();
        violations
            .map(|violation| {
                let problem = format!("{}; {}", violation.problem, violation.way_out);
                Finding::error(self.at(&violation.path), problem)
            })
            .collect()
    }

    fn without_effect(&self, schema: &Schema) -> Vec<Finding> {
        let who = format!("plugin {:?}", self.plugin);
        let keys = schema.unknown_keys(&self.config).into_iter();
        keys.map(|UnknownKey { path, key, known }| {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            Finding::warning(self.at(&path), superfluous(&who, &key, &known))
        })
        .collect()
    }

    fn at(&self, path: &str) -> String {
        match path {
            "" => self.place.clone(),
            path => format!("{}.{path}", self.place),
        }
    }
}

fn superfluous(who: &str, key: &str, known: &[&str]) -> String {
    match closest_word(key, known) {
        Some(meant) => format!("{who} has no key {key:?}; did you mean {meant:?}?"),
        None => format!("{who} has no key {key:?}, so it has no effect"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// Where no component is installed.
    fn told(text: &str) -> Vec<String> {
        let empty = tempfile::tempdir().unwrap();
        let network = NetworkList::parse(text).unwrap();
        let findings = misfits(
            &Installation::below(empty.path()),
            &Node::parse(text).unwrap(),
            &network,
        );
        findings.iter().map(Finding::line).collect()
    }

    #[test]
    fn a_slip_is_told_with_what_was_meant() {
        assert_eq!(
            told(
                r#"{"name":"n","disablecheck":true,"plugins":[
                    {"type":"bridge","isGatway":true,"ISGATEWAY":true,"ipam":{"type":"host-local","subnets":"10.0.0.0/8",
                        "ranges":[[{"subnets":"10.0.0.0/8"}]]}},
                    {"type":"cofferdam","chain":[{"type":"portmap","snatt":true}],"chian":1},
                    {"type":"cofferdam","plugin":"vlan","vlanID":1,"mastr":"eth0"},
                    {"type":"someones","anything":1,"ipam":{"type":"someones","anything":1}},
                    {"type":"tuning","cni.dev/x":1,"colour":"blue","dataDir":"/x","sysctl":{"net.x":"1"}}]}"#
            ),
            [
                r#"warning: disablecheck: a network has no key "disablecheck"; did you mean "disableCheck"?"#,
                r#"warning: plugins[0].isGatway: plugin "bridge" has no key "isGatway"; did you mean "isGateway"?"#,
                r#"warning: plugins[0].ipam.subnets: plugin "host-local" has no key "subnets"; did you mean "subnet"?"#,
                r#"warning: plugins[0].ipam.ranges[0][0].subnets: plugin "host-local" has no key "subnets"; did you mean "subnet"?"#,
                r#"warning: plugins[1].chian: plugin "cofferdam" has no key "chian"; did you mean "chain"?"#,
                r#"warning: plugins[1].chain[0].snatt: plugin "portmap" has no key "snatt"; did you mean "snat"?"#,
                r#"warning: plugins[2].mastr: plugin "vlan" has no key "mastr"; did you mean "master"?"#,
                r#"warning: plugins[4].colour: plugin "tuning" has no key "colour", so it has no effect"#,
            ]
        );
    }

    #[test]
    fn a_capability_that_nobody_reads_is_told() {
        let warning = "warning: plugins[0].capabilities.portMapping: no plugin here reads the capability \
                       \"portMapping\"; did you mean \"portMappings\"?";
        assert_eq!(
            told(r#"{"name":"n","plugins":[{"type":"portmap","capabilities":{"portMapping":true,"mac":false}}]}"#),
            [warning]
        );
        for read_by in [
            r#"{"type":"portmap","capabilities":{"portMappings":true}}"#,
            r#"{"type":"bridge","capabilities":{"ipRanges":true},"ipam":{"type":"host-local"}}"#,
            r#"{"type":"someones","capabilities":{"anything":true}}"#,
            r#"{"type":"portmap","capabilities":{"anything":true},"ipam":{"type":"someones"}}"#,
            r#"{"type":"cofferdam","capabilities":{"bandwidth":true},"chain":[{"type":"bandwidth"},{"type":"portmap"}]}"#,
        ] {
            let list = format!(r#"{{"name":"n","plugins":[{read_by}]}}"#);
            assert!(told(&list).is_empty(), "{list}");
        }
    }

    #[test]
    fn executables_that_are_no_components_may_take_other_values() {
        assert!(told(r#"{"name":"n","plugins":[{"type":"bridge","mtu":"1500"}]}"#).is_empty());
    }

    #[test]
    fn what_a_component_refuses_is_an_error_with_its_place() {
        let schema = Schema::parse(r#"{"properties":{"mtu":{"type":"integer"}}}"#).unwrap();
        let part = Part {
            place: "plugins[0]".to_owned(),
            plugin: "bridge".to_owned(),
            config: Node::parse(r#"{"mtu":"1500"}"#).unwrap(),
        };
        let findings = part.findings(&Known::Component(schema));
        let lines: Vec<String> = findings.iter().map(Finding::line).collect();
        assert_eq!(
            lines,
            ["error: plugins[0].mtu: expected an integer, found \"1500\"; write 1500 without quotation marks",]
        );
    }

    proptest! {
        #[test]
        fn whatever_a_plugin_is_called_and_has_is_looked_at(name in "[a-z-]{1,8}", key in ".{0,80}") {
            let config = Node::Object(vec![(key, Node::Object(vec![(name.clone(), Node::Null)]))]);
            let empty = Installation::below("/nonexistent");
            for plugin in ["bridge", &name] {
                for part in parts("plugins[0]", plugin, &config) {
                    let _ = part.findings(&known(&empty, &part.plugin));
                }
            }
        }
    }
}
