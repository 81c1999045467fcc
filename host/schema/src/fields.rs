//! The fields of a configuration as a table, for people.

use cofferdam_protocol::json::Node;

use crate::rule::{Additional, Kind, Rule, Span};

/// One field that a configuration may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// `ipam.ranges[][].subnet`: `[]` is each element, `*` each key of a map.
    pub path: String,
    /// `string`, `list of objects`, …
    pub kind: String,
    /// Whether it has to be there wherever the object is that holds it.
    pub is_required: bool,
    /// What its value has to be like besides, in a few words; may be empty.
    pub bounds: String,
    /// What absence means, as JSON.
    pub default: Option<String>,
    /// In the author's words.
    pub description: Option<String>,
}

/// A rule, and where in a configuration it is for.
#[derive(Clone)]
pub(crate) struct Part<'r> {
    /// For people: two parts may have the same.
    pub(crate) path: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) is_required: bool,
    pub(crate) rule: &'r Rule,
}

/// From a value to what is in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// A property; in lower case, since that tells none apart.
    Key(String),
    /// Each element of a list.
    Element,
    /// Each value of a map.
    Value,
}

pub(crate) fn of(root: &Rule) -> Vec<Field> {
    let field = |part: &Part<'_>| Field {
        path: part.path.clone(),
        kind: kind(part.rule),
        is_required: part.is_required,
        bounds: innermost(part.rule).bounds(),
        default: part.rule.default.as_ref().map(Node::to_text),
        description: part.rule.description.clone().or_else(|| part.rule.title.clone()),
    };
    // Elements have a row of their own only by their keys.
    let is_told = |part: &&Part<'_>| part.steps.last() != Some(&Step::Element);
    parts(root).iter().filter(is_told).map(field).collect()
}

/// Every rule below the root, in the order of the schema.
pub(crate) fn parts(root: &Rule) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let whole = Part {
        path: String::new(),
        steps: Vec::new(),
        is_required: true,
        rule: root,
    };
    collect(&whole, &mut found);
    found
}

fn collect<'r>(part: &Part<'r>, found: &mut Vec<Part<'r>>) {
    let mut add = |step: Step, name: &str, is_required: bool, rule: &'r Rule| {
        let within = Part {
            path: joined(&part.path, name),
            steps: part.steps.iter().cloned().chain([step]).collect(),
            is_required,
            rule,
        };
        found.push(within.clone());
        collect(&within, found);
    };
    for property in &part.rule.properties {
        let step = Step::Key(property.name.to_ascii_lowercase());
        add(step, &property.name, property.is_required, &property.rule);
    }
    if let Additional::Like(rule) = &part.rule.additional {
        add(Step::Value, "*", false, rule);
    }
    if let Some(rule) = &part.rule.items {
        add(Step::Element, "[]", false, rule);
    }
}

fn joined(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path if name == "[]" => format!("{path}[]"),
        path => format!("{path}.{name}"),
    }
}

/// `list of lists of strings`.
fn kind(rule: &Rule) -> String {
    let name = |kind: &Kind| match (kind, &rule.items) {
        (Kind::Array, Some(items)) => format!("list of {}", plural(items)),
        (Kind::Array, None) => "list".to_owned(),
        (kind, _) => kind.name().to_owned(),
    };
    let names: Vec<String> = rule.kinds.iter().map(name).collect();
    match names.as_slice() {
        [] => "anything".to_owned(),
        names => names.join(" or "),
    }
}

fn plural(rule: &Rule) -> String {
    match (rule.kinds.as_slice(), &rule.items) {
        ([Kind::Array], Some(items)) => format!("lists of {}", plural(items)),
        ([Kind::Array], None) => "lists".to_owned(),
        ([kind], _) => format!("{}s", kind.name()),
        _ => "values".to_owned(),
    }
}

/// What is said of a list's elements is told with the list.
fn innermost(rule: &Rule) -> &Rule {
    match &rule.items {
        Some(items) if rule.bounds().is_empty() => innermost(items),
        _ => rule,
    }
}

impl Rule {
    /// What a value has to be like besides its kind.
    pub(crate) fn bounds(&self) -> String {
        let mut bounds = Vec::new();
        if let Some(values) = &self.values {
            let values: Vec<String> = values.iter().map(Node::shown).collect();
            bounds.push(values.join(" or "));
        }
        let number = |number: &Option<serde_json::Number>| number.as_ref().map(ToString::to_string);
        bounds.extend(range(number(&self.minimum), number(&self.maximum), ""));
        bounds.extend(self.length.words("characters"));
        bounds.extend(self.count.words("elements"));
        bounds.extend(self.format.map(|format| format.name().to_owned()));
        bounds.join(", ")
    }
}

impl Span {
    fn words(self, what: &str) -> Option<String> {
        if self.least == Some(1) && self.most.is_none() {
            return Some("not empty".to_owned());
        }
        let text = |count: Option<u64>| count.map(|count| count.to_string());
        range(text(self.least), text(self.most), what)
    }
}

fn range(least: Option<String>, most: Option<String>, what: &str) -> Option<String> {
    let words = match (least, most) {
        (None, None) => return None,
        (Some(least), Some(most)) if least == most => least,
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
    };
    Some(format!("{words} {what}").trim_end().to_owned())
}
