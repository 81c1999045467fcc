//! JSON as Go's `encoding/json` decodes it, since that is what callers of CNI
//! plugins have come to rely on (containerd sends `HostPort` where the
//! convention says `hostPort`).
//!
//! * The keys of a struct match in any letter case, and the last one in the
//!   document wins. Unknown keys are ignored.
//! * `null` counts as left out: a field takes its `#[serde(default)]`, an
//!   element of a list is empty or zero.
//! * A wrong type is an error that names the place:
//!   `ipam.ranges[0][0].subnet: expected a string, found 10`.
//!   `1500.0` is no integer.
//! * The keys of maps ([`std::collections::BTreeMap`], [`Node`],
//!   [`serde_json::Value`]) stay as they are.
//!
//! Since a type with `#[serde(flatten)]`, `#[serde(untagged)]` or an internal
//! tag asks serde for a map, its keys match exactly. `deny_unknown_fields`
//! never sees an unknown key. Nesting deeper than 128 is an error; the size of
//! the text is the caller's to bound.

pub mod de;
mod deserializer;
mod error;
mod fold;
mod node;
mod object;
mod print;

use serde::de::DeserializeOwned;

pub use error::Error;
pub use fold::matches as is_same_key;
pub use node::Node;
pub(crate) use print::pretty;

use deserializer::NodeDeserializer;

/// Decodes a JSON document.
///
/// # Errors
/// The text is not JSON, or does not fit `T`.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    from_value(&Node::parse(text)?)
}

/// Decodes a document, or a part of one, that was read before.
///
/// # Errors
/// The document does not fit `T`.
pub fn from_value<T: DeserializeOwned>(node: &Node) -> Result<T, Error> {
    T::deserialize(NodeDeserializer::new(node))
}

#[cfg(test)]
mod tests;
