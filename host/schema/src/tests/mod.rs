#![allow(clippy::unwrap_used)]

mod changes;
mod check;
mod people;
mod properties;
mod read;

use cofferdam_protocol::json::Node;

use crate::{Schema, Violation};

const EXAMPLE: &str = r#"{
    "title": "An example",
    "type": "object",
    "properties": {
        "bridge": { "type": "string", "maxLength": 15, "description": "its name", "default": "cni0" },
        "mtu": { "type": "integer", "minimum": 68, "maximum": 65535 },
        "ratio": { "type": "number" },
        "isGateway": { "type": "boolean" },
        "mode": { "type": "string", "enum": ["l2", "l3"] },
        "mac": { "type": "string", "format": "mac" },
        "sysctl": { "type": "object", "additionalProperties": { "type": "string" } },
        "strict": { "type": "object", "properties": { "one": {}, "two": {} }, "additionalProperties": false },
        "ipam": {
            "type": "object",
            "additionalProperties": true,
            "properties": {
                "ranges": { "type": "array", "items": { "type": "array", "maxItems": 2, "items": {
                    "type": "object",
                    "properties": {
                        "subnet": { "type": "string", "format": "cidr", "minLength": 1 },
                        "gateway": { "type": "string", "format": "ip" }
                    },
                    "required": ["subnet"]
                } } }
            }
        }
    }
}"#;

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap()
}

fn told(configuration: &str) -> Vec<String> {
    let violations = schema(EXAMPLE).check(&Node::parse(configuration).unwrap());
    violations.iter().map(Violation::to_string).collect()
}
