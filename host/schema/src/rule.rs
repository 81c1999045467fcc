use std::fmt;

use cofferdam_protocol::json::{Node, is_same_key};
use serde_json::Number;

use crate::format::Format;

/// What one value has to be like.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rule {
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    /// What absence means; for people.
    pub(crate) default: Option<Node>,
    /// None: of any.
    pub(crate) kinds: Vec<Kind>,
    pub(crate) properties: Vec<Property>,
    pub(crate) additional: Additional,
    pub(crate) items: Option<Box<Rule>>,
    /// `enum`, and `const` as one of one.
    pub(crate) values: Option<Vec<Node>>,
    pub(crate) minimum: Option<Number>,
    pub(crate) maximum: Option<Number>,
    pub(crate) length: Span,
    pub(crate) count: Span,
    pub(crate) format: Option<Format>,
}

/// A key that an object may have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) is_required: bool,
    pub(crate) rule: Rule,
}

/// What becomes of keys that are not among an object's properties.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Additional {
    /// They are taken, and have no effect.
    #[default]
    Unsaid,
    /// They are for others to read.
    Allowed,
    Refused,
    /// They are a map's.
    Like(Box<Rule>),
}

/// The least and the most of something that is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) least: Option<u64>,
    pub(crate) most: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [
        Self::Object,
        Self::Array,
        Self::String,
        Self::Integer,
        Self::Number,
        Self::Boolean,
    ];

    /// As JSON Schema calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }

    pub(crate) fn holds(self, node: &Node) -> bool {
        match self {
            Self::Object => matches!(node, Node::Object(_)),
            Self::Array => matches!(node, Node::Array(_)),
            Self::String => matches!(node, Node::String(_)),
            Self::Integer => matches!(node, Node::Number(number) if !number.is_f64()),
            Self::Number => matches!(node, Node::Number(_)),
            Self::Boolean => matches!(node, Node::Bool(_)),
        }
    }
}

/// With its article.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let article = match self {
            Self::Object | Self::Array | Self::Integer => "an",
            Self::String | Self::Number | Self::Boolean => "a",
        };
        write!(f, "{article} {}", self.name())
    }
}

impl Rule {
    /// The place of the property that a key of a configuration means.
    pub(crate) fn property(&self, key: &str) -> Option<usize> {
        let place = |is_it: &dyn Fn(&str) -> bool| self.properties.iter().position(|property| is_it(&property.name));
        place(&|name| name == key).or_else(|| place(&|name| is_same_key(key, name)))
    }
}
