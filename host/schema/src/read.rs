//! From the text of a schema to its rules.

use cofferdam_protocol::json::{Node, is_same_key};
use serde_json::Number;

use crate::{
    Schema, SchemaError,
    format::Format,
    keyword::KEYWORDS,
    number::compare,
    place::Place,
    rule::{Additional, Kind, Property, Rule, Span},
};

/// Rules within rules.
const DEEPEST: usize = 16;
/// Rules of a schema.
const MOST_RULES: usize = 1000;

pub(crate) fn schema(text: &str) -> Result<Rule, SchemaError> {
    if text.len() > Schema::LIMIT {
        let problem = format!("it has {} bytes, more than {}", text.len(), Schema::LIMIT);
        return Err(error(&Place::Root, problem));
    }
    let node = Node::parse(text).map_err(|fault| error(&Place::Root, fault.to_string()))?;
    let root = Reader::default().rule(&node, &Place::Root, 0)?;
    if root.kinds.iter().any(|kind| *kind != Kind::Object) {
        let problem = "a configuration is an object: leave the type out, or write \"object\"";
        return Err(error(&Place::Root, problem));
    }
    Ok(root)
}

fn error(place: &Place<'_>, problem: impl Into<String>) -> SchemaError {
    SchemaError {
        path: place.to_string(),
        problem: problem.into(),
    }
}

#[derive(Default)]
struct Reader {
    rules: usize,
}

impl Reader {
    fn rule(&mut self, node: &Node, place: &Place<'_>, depth: usize) -> Result<Rule, SchemaError> {
        let Node::Object(entries) = node else {
            return Err(expected("an object of keywords", node, place));
        };
        self.rules += 1;
        if depth > DEEPEST {
            return Err(error(place, format!("more than {DEEPEST} schemas within one another")));
        }
        if self.rules > MOST_RULES {
            return Err(error(place, format!("more than {MOST_RULES} schemas in one")));
        }
        let mut rule = Rule::default();
        let mut required = Vec::new();
        for (number, (keyword, value)) in entries.iter().enumerate() {
            if entries.iter().take(number).any(|(earlier, _)| earlier == keyword) {
                return Err(error(place, format!("the keyword {keyword:?} is there twice")));
            }
            let place = Place::Key(place, keyword);
            match keyword.as_str() {
                "required" => required = texts(value, &place)?,
                keyword => self.keyword(&mut rule, keyword, value, &place, depth)?,
            }
        }
        require(&mut rule, &required, place)?;
        sense(&rule, place)?;
        Ok(rule)
    }

    fn keyword(
        &mut self,
        rule: &mut Rule,
        keyword: &str,
        value: &Node,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<(), SchemaError> {
        match keyword {
            "$schema" | "$comment" => drop(text(value, place)?),
            "examples" => drop(list(value, place)?),
            "title" => rule.title = Some(text(value, place)?),
            "description" => rule.description = Some(text(value, place)?),
            "default" => rule.default = Some(value.clone()),
            "type" => rule.kinds = kinds(value, place)?,
            "properties" => rule.properties = self.properties(value, place, depth)?,
            "additionalProperties" => {
                rule.additional = match value {
                    Node::Bool(true) => Additional::Allowed,
                    Node::Bool(false) => Additional::Refused,
                    schema => Additional::Like(Box::new(self.rule(schema, place, depth + 1)?)),
                }
            }
            "items" => rule.items = Some(Box::new(self.rule(value, place, depth + 1)?)),
            "enum" => rule.values = Some(scalars(list(value, place)?, place)?),
            "const" => rule.values = Some(scalars(std::slice::from_ref(value), place)?),
            "minimum" => rule.minimum = Some(number(value, place)?),
            "maximum" => rule.maximum = Some(number(value, place)?),
            "minLength" => rule.length.least = Some(count(value, place)?),
            "maxLength" => rule.length.most = Some(count(value, place)?),
            "minItems" => rule.count.least = Some(count(value, place)?),
            "maxItems" => rule.count.most = Some(count(value, place)?),
            "format" => rule.format = Some(format(value, place)?),
            _ => {
                let problem = format!("this keyword is not understood; there are {}", KEYWORDS.join(", "));
                return Err(error(place, problem));
            }
        }
        Ok(())
    }

    fn properties(&mut self, node: &Node, place: &Place<'_>, depth: usize) -> Result<Vec<Property>, SchemaError> {
        let Node::Object(entries) = node else {
            return Err(expected("an object", node, place));
        };
        let mut properties: Vec<Property> = Vec::new();
        for (name, schema) in entries {
            if let Some(other) = properties.iter().find(|other| is_same_key(name, &other.name)) {
                let other = &other.name;
                let problem = format!("{name:?} and {other:?} are one key: letter case does not tell them apart");
                return Err(error(place, problem));
            }
            properties.push(Property {
                name: name.clone(),
                is_required: false,
                rule: self.rule(schema, &Place::Key(place, name), depth + 1)?,
            });
        }
        Ok(properties)
    }
}

/// Marks the properties that have to be there.
fn require(rule: &mut Rule, names: &[String], place: &Place<'_>) -> Result<(), SchemaError> {
    let place = Place::Key(place, "required");
    if names.len() > rule.properties.len() {
        return Err(error(&place, "there are more names than properties"));
    }
    for name in names {
        let property = rule.property(name).and_then(|number| rule.properties.get_mut(number));
        let Some(property) = property else {
            let problem = format!("{name:?} is none of the properties, so nobody knows what it has to be like");
            return Err(error(&place, problem));
        };
        property.is_required = true;
    }
    Ok(())
}

/// What each keyword allows, and all of them together do not.
fn sense(rule: &Rule, place: &Place<'_>) -> Result<(), SchemaError> {
    let crossed = |what: &str| {
        error(
            place,
            format!("the least {what} is more than the most, so nothing fits"),
        )
    };
    if let (Some(minimum), Some(maximum)) = (&rule.minimum, &rule.maximum)
        && compare(minimum, maximum).is_gt()
    {
        return Err(crossed("value"));
    }
    for (span, what) in [(rule.length, "length"), (rule.count, "number of items")] {
        if span.is_crossed() {
            return Err(crossed(what));
        }
    }
    Ok(())
}

impl Span {
    fn is_crossed(self) -> bool {
        matches!((self.least, self.most), (Some(least), Some(most)) if least > most)
    }
}

fn expected(what: &str, found: &Node, place: &Place<'_>) -> SchemaError {
    error(place, format!("expected {what}, found {}", found.shown()))
}

fn text(node: &Node, place: &Place<'_>) -> Result<String, SchemaError> {
    let text = node.as_str().ok_or_else(|| expected("a string", node, place))?;
    Ok(text.to_owned())
}

fn list<'n>(node: &'n Node, place: &Place<'_>) -> Result<&'n [Node], SchemaError> {
    match node {
        Node::Array(elements) => Ok(elements),
        other => Err(expected("an array", other, place)),
    }
}

fn texts(node: &Node, place: &Place<'_>) -> Result<Vec<String>, SchemaError> {
    let elements = list(node, place)?.iter().enumerate();
    elements
        .map(|(index, element)| text(element, &Place::Index(place, index)))
        .collect()
}

/// `null` fits wherever nothing is required, whether it is named or not.
fn kinds(node: &Node, place: &Place<'_>) -> Result<Vec<Kind>, SchemaError> {
    const NULL: &str = "null";
    let names = match node {
        Node::String(name) if name != NULL => vec![name.clone()],
        other => texts(other, place)?,
    };
    let named = |name: &String| {
        Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            error(place, format!("{name:?} is none of {}", known.join(", ")))
        })
    };
    let kinds: Vec<Kind> = names
        .iter()
        .filter(|name| *name != NULL)
        .map(named)
        .collect::<Result<_, _>>()?;
    if kinds.is_empty() {
        return Err(error(place, "it names no type of a value"));
    }
    Ok(kinds)
}

fn scalars(nodes: &[Node], place: &Place<'_>) -> Result<Vec<Node>, SchemaError> {
    let is_scalar = |node: &&Node| matches!(node, Node::Bool(_) | Node::Number(_) | Node::String(_));
    match nodes.iter().find(|node| !is_scalar(node)) {
        Some(node) => Err(expected("strings, numbers and booleans only", node, place)),
        None if nodes.is_empty() => Err(error(place, "the list is empty, so nothing fits")),
        None => Ok(nodes.to_vec()),
    }
}

fn number(node: &Node, place: &Place<'_>) -> Result<Number, SchemaError> {
    match node {
        Node::Number(number) => Ok(number.clone()),
        other => Err(expected("a number", other, place)),
    }
}

fn count(node: &Node, place: &Place<'_>) -> Result<u64, SchemaError> {
    match node {
        Node::Number(number) if let Some(count) = number.as_u64() => Ok(count),
        other => Err(expected("a whole number", other, place)),
    }
}

fn format(node: &Node, place: &Place<'_>) -> Result<Format, SchemaError> {
    let name = text(node, place)?;
    Format::ALL
        .into_iter()
        .find(|format| format.name() == name)
        .ok_or_else(|| {
            let known: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
            error(place, format!("{name:?} is none of {}", known.join(", ")))
        })
}
