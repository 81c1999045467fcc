//! The keys that are known here are those that the plugins read.

#![allow(clippy::unwrap_used, clippy::panic)]

use super::{OF_ALL, OF_IPAM, OF_PLUGINS, sources::PluginSources};

/// Keys that no plugin reads itself.
const READ_BY_THE_HOST: [(&str, &[&str]); 4] = [
    ("cofferdam", &["plugin", "chain"]),
    ("host-local", &["type", "dataDir", "resolvConf"]),
    ("static", &["type"]),
    ("dhcp", &["type"]),
];

/// Keys of the reference plugins that nobody reads here: who has them in a configuration made no slip.
const PASSED_OVER: [(&str, &[&str]); 4] = [
    ("bandwidth", &["unshapedSubnets", "shapedSubnets"]),
    ("firewall", &["firewalldZone"]),
    ("tuning", &["dataDir"]),
    ("dhcp", &["daemonSocketPath"]),
];

fn of<'a>(table: &[(&str, &'a [&'a str])], plugin: &str) -> Option<&'a [&'a str]> {
    table.iter().find(|(name, _)| *name == plugin).map(|(_, keys)| *keys)
}

#[test]
fn every_key_that_a_plugin_reads_is_known() {
    let plugins = PluginSources::all();
    assert!(plugins.len() >= 18, "not all plugins were found");
    let mut unknown = Vec::new();
    for plugin in &plugins {
        let name = &plugin.name;
        let (known, read) = match of(&OF_IPAM, name) {
            Some(known) => {
                unknown.extend(besides(name, &plugin.keys(), &[]));
                (known, plugin.keys_within("ipam"))
            }
            None => (
                of(&OF_PLUGINS, name).unwrap_or_else(|| panic!("{name} is not in the table")),
                plugin.keys(),
            ),
        };
        unknown.extend(besides(name, &read, known));
    }
    assert_eq!(unknown, [""; 0]);
}

/// Keys that are neither in the table nor every plugin's.
fn besides(plugin: &str, read: &[String], known: &[&str]) -> Vec<String> {
    let is_known = |key: &str| known.contains(&key) || OF_ALL.contains(&key);
    let unknown = read.iter().filter(|key| !is_known(key));
    unknown.map(|key| format!("{plugin}: {key}")).collect()
}

#[test]
fn every_key_that_is_known_is_read_or_passed_over_on_purpose() {
    let plugins = PluginSources::all();
    let mut stale = Vec::new();
    for (name, known) in OF_PLUGINS.iter().chain(&OF_IPAM) {
        let read = plugins
            .iter()
            .find(|plugin| plugin.name == *name)
            .map(|plugin| match of(&OF_IPAM, name) {
                Some(_) => plugin.keys_within("ipam"),
                None => plugin.keys(),
            });
        let read = read.unwrap_or_default();
        let elsewhere = [of(&READ_BY_THE_HOST, name), of(&PASSED_OVER, name)];
        let elsewhere: Vec<&str> = elsewhere.into_iter().flatten().flatten().copied().collect();
        let is_read = |key: &str| read.iter().any(|read| read == key);
        let nobodys = known.iter().filter(|key| !is_read(key) && !elsewhere.contains(key));
        stale.extend(nobodys.map(|key| format!("{name}: nobody reads {key}")));
        let needless = elsewhere.iter().filter(|key| is_read(key) || !known.contains(key));
        stale.extend(needless.map(|key| format!("{name}: {key} is read by the plugin, or not known")));
    }
    assert_eq!(stale, [""; 0]);
}
