//! The schemas of the plugins that ship say just what their sources do.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use cofferdam_schema::Schema;
use serde_json::Value;

use super::{SHIPPED, sources::PluginSources};

/// What no plugin reads itself: the host does.
const READ_BY_THE_HOST: [(&str, &str); 5] = [
    ("host-local", "ipam.type: string"),
    ("host-local", "ipam.dataDir: string"),
    ("host-local", "ipam.resolvConf: string"),
    ("static", "ipam.type: string"),
    ("dhcp", "ipam.type: string"),
];

/// Keys of the reference plugins that nobody reads here: who has them in a configuration made no slip.
const PASSED_OVER: [(&str, &str); 4] = [
    ("bandwidth", "unshapedSubnets: anything"),
    ("bandwidth", "shapedSubnets: anything"),
    ("tuning", "dataDir: anything"),
    ("dhcp", "ipam.daemonSocketPath: anything"),
];

/// Keys of CNI that the host has checked before a plugin reads them.
const OF_CNI: [&str; 3] = [
    "cniVersion: string",
    "capabilities: object",
    "capabilities.ipRanges: boolean",
];

#[test]
fn no_field_is_in_the_schema_alone_or_in_the_sources_alone() {
    let plugins = PluginSources::all();
    assert_eq!(plugins.len(), SHIPPED.len());
    let mut differences = Vec::new();
    for plugin in &plugins {
        let name = &plugin.name;
        let (_, text) = SHIPPED.iter().find(|(shipped, _)| shipped == name).unwrap();
        let in_schema = fields_of(&serde_json::from_str(text).unwrap());
        let in_sources = plugin.fields();
        let elsewhere = |line: &str| {
            let mut known = READ_BY_THE_HOST.iter().chain(&PASSED_OVER);
            known.any(|(plugin, known)| plugin == name && *known == line)
        };
        for line in in_schema.difference(&in_sources).filter(|line| !elsewhere(line)) {
            differences.push(format!("{name}: only the schema has {line}"));
        }
        let of_cni = |line: &&String| OF_CNI.contains(&line.as_str());
        for line in in_sources.difference(&in_schema).filter(|line| !of_cni(line)) {
            differences.push(format!("{name}: only the sources have {line}"));
        }
        let stale = READ_BY_THE_HOST
            .iter()
            .chain(&PASSED_OVER)
            .filter(|(plugin, line)| plugin == name && (in_sources.contains(*line) || !in_schema.contains(*line)));
        differences.extend(stale.map(|(_, line)| format!("{name}: {line} is no exception")));
    }
    assert_eq!(differences, [""; 0]);
}

#[test]
fn every_field_is_described() {
    for (name, text) in SHIPPED {
        let schema = Schema::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        for field in schema.fields() {
            // What is in a map is described with the map.
            let is_told = field.path.ends_with(".*") || field.description.is_some_and(|text| text.ends_with('.'));
            assert!(is_told, "{name}: {} is not described by a sentence", field.path);
        }
    }
}

/// As [`PluginSources::fields`] has them.
fn fields_of(schema: &Value) -> BTreeSet<String> {
    let mut fields = BTreeSet::new();
    add_properties("", schema, &mut fields);
    fields
}

fn add_properties(prefix: &str, schema: &Value, fields: &mut BTreeSet<String>) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        add(&format!("{prefix}{name}"), property, fields);
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        fields.insert(format!("{prefix}{}: has to be there", name.as_str().unwrap()));
    }
}

fn add(path: &str, schema: &Value, fields: &mut BTreeSet<String>) {
    let kind = match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("string"), Some(format)) => format.to_owned(),
        (Some("integer"), _) => {
            let bound = |word: &str, keyword: &str| {
                let bound = schema[keyword].as_u64();
                bound.map_or_else(String::new, |bound| format!(" {word} {bound}"))
            };
            format!("integer{}{}", bound("from", "minimum"), bound("to", "maximum"))
        }
        (Some("array"), _) => {
            add(&format!("{path}[]"), &schema["items"], fields);
            "list".to_owned()
        }
        (Some("object"), _) => {
            add_properties(&format!("{path}."), schema, fields);
            if schema["additionalProperties"].is_object() {
                add(&format!("{path}.*"), &schema["additionalProperties"], fields);
            }
            "object".to_owned()
        }
        (Some(other), _) => other.to_owned(),
        (None, _) => "anything".to_owned(),
    };
    fields.insert(format!("{path}: {kind}"));
}
