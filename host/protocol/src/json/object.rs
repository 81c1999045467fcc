use serde::de::{DeserializeSeed, MapAccess, SeqAccess, value::BorrowedStrDeserializer};

use super::{Error, Node, deserializer::NodeDeserializer, fold};

/// The entries of an object that fill the fields of a struct, each at most
/// once, without those that are `null`.
pub(super) fn fields_of<'de>(entries: &'de [(String, Node)], fields: &[&'static str]) -> Vec<(&'de str, &'de Node)> {
    let mut chosen = vec![None; fields.len()];
    for (key, node) in entries {
        let position = fields
            .iter()
            .position(|field| field == key)
            .or_else(|| fields.iter().position(|field| fold::matches(key, field)));
        if let Some(slot) = position.and_then(|position| chosen.get_mut(position)) {
            *slot = Some(node);
        }
    }
    fields
        .iter()
        .zip(chosen)
        .filter_map(|(field, node)| Some((*field, node?)))
        .filter(|(_, node)| **node != Node::Null)
        .collect()
}

/// The entries of an object as they are.
pub(super) fn entries_of(entries: &[(String, Node)]) -> Vec<(&str, &Node)> {
    entries.iter().map(|(key, node)| (key.as_str(), node)).collect()
}

/// Hands out the entries of an object.
pub(super) struct ObjectAccess<'de> {
    entries: std::vec::IntoIter<(&'de str, &'de Node)>,
    current: Option<(&'de str, &'de Node)>,
}

impl<'de> ObjectAccess<'de> {
    pub(super) fn new(entries: Vec<(&'de str, &'de Node)>) -> Self {
        Self {
            entries: entries.into_iter(),
            current: None,
        }
    }
}

impl<'de> MapAccess<'de> for ObjectAccess<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.current = self.entries.next();
        let Some((key, _)) = self.current else {
            return Ok(None);
        };
        seed.deserialize(BorrowedStrDeserializer::new(key))
            .map(Some)
            .map_err(|error: Error| error.at_key(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (key, node) = self.current.unwrap_or(("", &Node::Null));
        seed.deserialize(NodeDeserializer::new(node))
            .map_err(|error| error.at_key(key))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// Hands out the elements of an array.
pub(super) struct ArrayAccess<'de> {
    elements: std::iter::Enumerate<std::slice::Iter<'de, Node>>,
}

impl<'de> ArrayAccess<'de> {
    pub(super) fn new(elements: &'de [Node]) -> Self {
        Self {
            elements: elements.iter().enumerate(),
        }
    }
}

impl<'de> SeqAccess<'de> for ArrayAccess<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some((index, node)) = self.elements.next() else {
            return Ok(None);
        };
        seed.deserialize(NodeDeserializer::new(node))
            .map(Some)
            .map_err(|error| error.at_index(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.elements.len())
    }
}
