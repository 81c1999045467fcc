//! Rules as the JSON that they are read from.

use cofferdam_protocol::json::Node;

use crate::rule::{Additional, Rule, Span};

/// What decides, and nothing that is for people.
pub(crate) fn compact(rule: &Rule) -> Node {
    let mut entries: Vec<(String, Node)> = Vec::new();
    let mut add = |keyword: &str, node: Option<Node>| entries.extend(node.map(|node| (keyword.to_owned(), node)));
    add("type", kinds(rule));
    add("properties", properties(rule));
    add("required", required(rule));
    add("additionalProperties", additional(rule));
    add("items", rule.items.as_deref().map(compact));
    add("enum", rule.values.clone().map(Node::Array));
    add("minimum", rule.minimum.clone().map(Node::Number));
    add("maximum", rule.maximum.clone().map(Node::Number));
    for (span, least, most) in [
        (rule.length, "minLength", "maxLength"),
        (rule.count, "minItems", "maxItems"),
    ] {
        let Span { least: l, most: m } = span;
        add(least, l.map(|count| Node::Number(count.into())));
        add(most, m.map(|count| Node::Number(count.into())));
    }
    add("format", rule.format.map(|format| Node::from(format.name())));
    Node::Object(entries)
}

fn kinds(rule: &Rule) -> Option<Node> {
    match rule.kinds.as_slice() {
        [] => None,
        [kind] => Some(Node::from(kind.name())),
        kinds => Some(Node::Array(kinds.iter().map(|kind| Node::from(kind.name())).collect())),
    }
}

fn properties(rule: &Rule) -> Option<Node> {
    let properties = rule.properties.iter();
    let entries: Vec<_> = properties
        .map(|property| (property.name.clone(), compact(&property.rule)))
        .collect();
    (!entries.is_empty()).then_some(Node::Object(entries))
}

fn required(rule: &Rule) -> Option<Node> {
    let required = rule.properties.iter().filter(|property| property.is_required);
    let names: Vec<Node> = required.map(|property| Node::from(property.name.as_str())).collect();
    (!names.is_empty()).then_some(Node::Array(names))
}

fn additional(rule: &Rule) -> Option<Node> {
    match &rule.additional {
        Additional::Unsaid => None,
        Additional::Allowed => Some(Node::Bool(true)),
        Additional::Refused => Some(Node::Bool(false)),
        Additional::Like(rule) => Some(compact(rule)),
    }
}
