//! Which keys go with which operations.

use cofferdam_protocol::Place;
use serde_json::{Value, json};

use super::{forms, keys, meanings};
use crate::{
    dimension::{Bound, Dimension, Required},
    operation::Operation,
    selection::Selection,
};

/// Every rule about the operations of a grant.
pub(super) fn all() -> Vec<Value> {
    let mut rules: Vec<Value> = groups()
        .iter()
        .map(|(bounds, operations)| rule(bounds, operations))
        .collect();
    rules.extend(keys().into_iter().flat_map(conflicts));
    rules
}

/// Operations that are bounded alike.
fn groups() -> Vec<(&'static [Bound], Vec<Operation>)> {
    let mut groups: Vec<(&'static [Bound], Vec<Operation>)> = Vec::new();
    for operation in Operation::ALL {
        match groups.iter_mut().find(|(bounds, _)| *bounds == operation.bounds()) {
            Some((_, operations)) => operations.push(operation),
            None => groups.push((operation.bounds(), vec![operation])),
        }
    }
    groups
}

/// What holds for a grant that allows one of the operations.
fn rule(bounds: &[Bound], operations: &[Operation]) -> Value {
    let mut known = vec!["allow", Selection::NETWORKS, Selection::TENANTS];
    known.extend(bounds.iter().map(|(dimension, _)| dimension.key()));
    let of = |wanted: Required| -> Vec<&str> {
        let bounds = bounds.iter().filter(|(_, required)| *required == wanted);
        bounds.map(|(dimension, _)| dimension.key()).collect()
    };
    let mut then = json!({ "propertyNames": { "enum": known } });
    let always = of(Required::Always);
    if !always.is_empty() {
        then["required"] = json!(always);
    }
    let ambiguous = bounds
        .iter()
        .filter(|(dimension, _)| meanings(dimension.key()).len() > 1);
    for (dimension, _) in ambiguous {
        then["properties"][dimension.key()] = forms::of(*dimension);
    }
    let in_host = of(Required::InHost);
    if !in_host.is_empty() {
        let host = json!({ "properties": { Dimension::Place.key(): { "const": Place::Host.to_string() } } });
        then["if"] = host;
        then["then"] = json!({ "required": in_host });
    }
    let pair = [Dimension::Hooks, Dimension::HookPriorities];
    if pair
        .iter()
        .all(|half| bounds.iter().any(|(dimension, _)| dimension == half))
    {
        let [hooks, priorities] = pair.map(Dimension::key);
        then["dependencies"] = json!({ hooks: [priorities], priorities: [hooks] });
    }
    json!({ "if": allows(operations), "then": then })
}

/// That a grant allows one of the operations.
fn allows(operations: &[Operation]) -> Value {
    let mut names: Vec<String> = operations.iter().map(|operation| operation.name().to_owned()).collect();
    for operation in operations {
        let all = format!("{}.*", operation.subject());
        if !names.contains(&all) {
            names.push(all);
        }
    }
    let one = json!({ "enum": names });
    json!({ "properties": { "allow": { "anyOf": [one, { "type": "array", "contains": one }] } } })
}

/// A key may not be used where it would mean two things.
fn conflicts(key: &'static str) -> Vec<Value> {
    let meanings = meanings(key);
    let with = |meaning: Dimension| -> Vec<Operation> {
        let all = Operation::ALL.into_iter();
        all.filter(|operation| operation.dimension(key) == Some(meaning))
            .collect()
    };
    let mut rules = Vec::new();
    for (index, one) in meanings.iter().enumerate() {
        for other in &meanings[index + 1..] {
            let both = [allows(&with(*one)), allows(&with(*other))];
            rules.push(json!({ "if": { "allOf": both }, "then": { "properties": { key: false } } }));
        }
    }
    rules
}
