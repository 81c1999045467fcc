//! The format as a JSON Schema, for editors and for checks elsewhere. It is
//! made of the parser's own tables.

mod forms;
mod rules;

use serde_json::{Map, Value, json};

use crate::{
    audit::Audit,
    dimension::Dimension,
    limits,
    operation::Operation,
    parse::{AUDIT, COMPONENT, CORE_INSTANCES, RECORD, SIGNED_BY},
    recording::Recording,
    selection::Selection,
};

/// The name of a plugin or key (`name::is_plain`).
const NAME: &str = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$";
const DIGEST: &str = "^sha256:[0-9a-f]{64}$";

/// A JSON Schema (draft 7, which editors know) of a policy file.
///
/// It refuses nothing that is a policy. What can't be said in a schema, such
/// as an address with bits after its prefix, is told by
/// [`check_all`](crate::PolicyDirectory::check_all) only.
#[must_use]
pub fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Cofferdam policy",
        "description": "What one plugin may do on a node: /etc/cofferdam/policy.d/NAME.toml",
        "type": "object",
        "required": ["plugin"],
        "additionalProperties": false,
        "properties": {
            "plugin": {
                "description": "The plugin of the file's name.",
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "propertyNames": { "pattern": NAME },
                "additionalProperties": { "$ref": "#/definitions/plugin" },
            },
        },
        "definitions": {
            "plugin": plugin(),
            "grant": grant(),
            "networks": forms::patterns("Names or patterns of networks; without it, every network."),
            "tenants": forms::patterns("Names or patterns of Kubernetes namespaces; without it, also attachments without one."),
        },
    })
}

fn plugin() -> Value {
    let mut properties = selection();
    let text =
        |pattern: &str, description: &str| json!({ "description": description, "type": "string", "pattern": pattern });
    let digest = text(DIGEST, "The SHA-256 digest of the only component that may act.");
    let key = text(
        NAME,
        "KEY for keys/KEY.pub: only components that are signed with it may act.",
    );
    properties.insert(COMPONENT.to_owned(), digest);
    properties.insert(SIGNED_BY.to_owned(), key);
    properties.insert(
        AUDIT.to_owned(),
        json!({ "description": "Which operations go to the audit log.", "enum": Audit::WORDS }),
    );
    properties.insert(
        RECORD.to_owned(),
        json!({ "description": "Which calls are kept, to be run again.", "enum": Recording::WORDS }),
    );
    properties.insert(
        CORE_INSTANCES.to_owned(),
        json!({ "description": "Core instances that the component may be made of, instead of 32.", "type": "integer",
            "minimum": limits::CORE_INSTANCES.start(), "maximum": limits::CORE_INSTANCES.end() }),
    );
    properties.insert(
        "grant".to_owned(),
        json!({ "description": "What is allowed; grants add up.", "type": "array", "items": { "$ref": "#/definitions/grant" } }),
    );
    json!({
        "type": "object",
        "additionalProperties": false,
        "not": { "required": [COMPONENT, SIGNED_BY] },
        "properties": properties,
    })
}

fn grant() -> Value {
    let mut properties = selection();
    properties.insert("allow".to_owned(), allow());
    for key in keys() {
        let meanings: Vec<Value> = meanings(key).into_iter().map(forms::of).collect();
        let schema = match <[Value; 1]>::try_from(meanings) {
            Ok([meaning]) => meaning,
            Err(meanings) => json!({ "anyOf": meanings }),
        };
        properties.insert(key.to_owned(), schema);
    }
    json!({
        "type": "object",
        "required": ["allow"],
        "additionalProperties": false,
        "properties": properties,
        "allOf": rules::all(),
    })
}

fn selection() -> Map<String, Value> {
    [Selection::NETWORKS, Selection::TENANTS]
        .into_iter()
        .map(|key| (key.to_owned(), json!({ "$ref": format!("#/definitions/{key}") })))
        .collect()
}

fn allow() -> Value {
    let mut names: Vec<String> = Vec::new();
    for operation in Operation::ALL {
        let all = format!("{}.*", operation.subject());
        if !names.contains(&all) {
            names.push(all);
        }
        names.push(operation.name().to_owned());
    }
    let one = json!({ "enum": names });
    json!({
        "description": "An operation, all of one subject, or a list of them.",
        "anyOf": [one, { "type": "array", "minItems": 1, "items": one }],
    })
}

/// The keys of bounds, each once.
fn keys() -> Vec<&'static str> {
    let mut keys = Vec::new();
    for (dimension, _) in Operation::ALL.into_iter().flat_map(Operation::bounds) {
        if !keys.contains(&dimension.key()) {
            keys.push(dimension.key());
        }
    }
    keys
}

/// The dimensions that a key stands for, depending on the operation.
fn meanings(key: &str) -> Vec<Dimension> {
    let mut meanings = Vec::new();
    for (dimension, _) in Operation::ALL.into_iter().flat_map(Operation::bounds) {
        if dimension.key() == key && !meanings.contains(dimension) {
            meanings.push(*dimension);
        }
    }
    meanings
}
