use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, SeqAccess, Visitor},
    ser::SerializeMap,
};
use serde_json::Number;

use super::{Error, fold};

/// A JSON document as it came: keys in their order, duplicates included.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number; one with a fraction or an exponent is no integer.
    Number(Number),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(Vec<(String, Self)>),
}

impl Node {
    /// Reads a JSON document.
    ///
    /// # Errors
    /// The text is not one JSON document, or nested deeper than 128.
    pub fn parse(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| Error::new(error.to_string()))
    }

    /// The document without any white space.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Keys are strings and numbers are finite: nothing here can fail.
        serde_json::to_string(self).expect("a node is always printable")
    }

    /// The value of a key of an object, in any letter case, as Go's structs
    /// are filled. `None` when there is none.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.last(|candidate| fold::matches(candidate, key))
    }

    /// The value of a key of an object, in this letter case only, as in Go's
    /// maps. `None` when there is none.
    #[must_use]
    pub fn get_exact(&self, key: &str) -> Option<&Self> {
        self.last(|candidate| candidate == key)
    }

    fn last(&self, wanted: impl Fn(&str) -> bool) -> Option<&Self> {
        self.entries()
            .iter()
            .rev()
            .find(|(key, _)| wanted(key))
            .map(|(_, node)| node)
    }

    /// The keys and values of an object; nothing for anything else.
    #[must_use]
    pub fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Object(entries) => entries,
            _ => &[],
        }
    }

    /// Gives a key of an object this value, in place of all its spellings.
    /// Whatever was not an object becomes one.
    pub fn set(&mut self, key: &str, value: Self) {
        self.remove(key);
        if !matches!(self, Self::Object(_)) {
            *self = Self::Object(Vec::new());
        }
        if let Self::Object(entries) = self {
            entries.push((key.to_owned(), value));
        }
    }

    /// Removes a key of an object, in all its spellings.
    pub fn remove(&mut self, key: &str) {
        if let Self::Object(entries) = self {
            entries.retain(|(candidate, _)| !fold::matches(candidate, key));
        }
    }

    /// Writes whole numbers without a point or an exponent, as Go's generic maps do: its decoder takes `1500`, not
    /// `1500.0`, for an integer. Beyond what a float holds exactly a number stays as it is.
    pub fn write_whole_numbers_plainly(&mut self) {
        match self {
            Self::Number(number) => {
                if let Some(whole) = number.as_f64().filter(|_| number.is_f64()).and_then(whole) {
                    *number = whole.into();
                }
            }
            Self::Array(elements) => elements.iter_mut().for_each(Self::write_whole_numbers_plainly),
            Self::Object(entries) => {
                for (_, value) in entries {
                    value.write_whole_numbers_plainly();
                }
            }
            _ => {}
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// What an error text shows of it: a short value itself, of others the kind.
    /// A text is shown whole or not at all, so that whoever keeps secrets from
    /// being told finds them.
    #[must_use]
    pub fn shown(&self) -> String {
        /// Bytes of a text that is shown.
        const SHORT: usize = 48;
        match self {
            Self::Bool(truth) => truth.to_string(),
            Self::Number(number) => number.to_string(),
            Self::String(text) if text.len() <= SHORT => format!("{text:?}"),
            _ => self.kind().to_owned(),
        }
    }

    /// What an error text calls it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// A float as an integer, where it is one.
#[allow(clippy::cast_possible_truncation)] // within the range that is looked for
fn whole(float: f64) -> Option<i64> {
    /// Above it, not every integer is a float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i64)
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<serde_json::Value> for Node {
    fn from(value: serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(truth),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::String(text),
            Value::Array(elements) => Self::Array(elements.into_iter().map(Self::from).collect()),
            Value::Object(map) => Self::Object(map.into_iter().map(|(key, value)| (key, Self::from(value))).collect()),
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(elements) => serializer.collect_seq(elements),
            Self::Object(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Node, E> {
        Ok(Node::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Number::from_f64(number).map_or(Node::Null, Node::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Node, E> {
        Ok(Node::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = access.next_element()? {
            elements.push(element);
        }
        Ok(Node::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Object(entries))
    }
}
