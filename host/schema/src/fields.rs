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
pub(crate) struct Part<'r> {
    pub(crate) path: String,
    pub(crate) is_required: bool,
    pub(crate) rule: &'r Rule,
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
    let is_told = |part: &&Part<'_>| !part.path.ends_with("[]");
    parts(root).iter().filter(is_told).map(field).collect()
}

/// Every rule below the root, in the order of the schema.
pub(crate) fn parts(root: &Rule) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    collect(root, "", &mut found);
    found
}

fn collect<'r>(rule: &'r Rule, path: &str, found: &mut Vec<Part<'r>>) {
    let mut add = |path: String, is_required: bool, rule: &'r Rule| {
        found.push(Part {
            path: path.clone(),
            is_required,
            rule,
        });
        collect(rule, &path, found);
    };
    let within = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    for property in &rule.properties {
        add(within(&property.name), property.is_required, &property.rule);
    }
    if let Additional::Like(rule) = &rule.additional {
        add(within("*"), false, rule);
    }
    if let Some(rule) = &rule.items {
        add(format!("{path}[]"), false, rule);
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
