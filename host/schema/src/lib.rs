//! The schema of a plugin's configuration: a part of JSON Schema, read as CNI
//! configurations are.
//!
//! The schema comes from a component, which nobody has to trust: its text,
//! depth, number of rules, and the work of holding a configuration against it
//! are bounded, and there is nothing in it that runs (no regular expressions,
//! no references).
//!
//! Where this differs from JSON Schema, it is since plugins read their
//! configurations as Go does:
//!
//! * Keys match whatever their letter case, and the last one wins. The keys of
//!   an object that has `additionalProperties` with a schema stay as they are.
//! * `null` is as good as absent, and fits everything that is not required.
//! * `1500.0` is no integer.
//! * The empty text has any `format`.
//! * The keys that CNI itself has ([`CNI_KEYS`]) are always there to be used.
//! * Without `additionalProperties` unknown keys are taken, and have no effect;
//!   with `true` others may read them.
//!
//! ```
//! use cofferdam_protocol::json::Node;
//! use cofferdam_schema::Schema;
//!
//! let schema = Schema::parse(r#"{ "properties": { "mtu": { "type": "integer", "minimum": 0 } } }"#)?;
//! let check = |text| schema.check(&Node::parse(text).unwrap());
//! assert_eq!(check(r#"{ "type": "bridge", "MTU": 1500 }"#), []);
//! assert_eq!(
//!     check(r#"{ "type": "bridge", "mtu": "1500" }"#)[0].to_string(),
//!     "mtu: expected an integer, found \"1500\"; write 1500 without quotation marks"
//! );
//! # Ok::<(), cofferdam_schema::SchemaError>(())
//! ```

mod check;
mod compare;
mod compiled;
mod error;
mod fields;
mod format;
mod keyword;
mod number;
mod place;
mod read;
mod rule;
mod unknown;
mod violation;

#[cfg(test)]
mod tests;

use cofferdam_protocol::json::{Node, is_same_key};
use thiserror::Error;

pub use compare::{Change, Changed};
pub use error::SchemaError;
pub use fields::Field;
pub use keyword::KEYWORDS;
pub use unknown::UnknownKey;
pub use violation::Violation;

use place::Place;
use rule::Rule;

/// Keys of a configuration that are CNI's own, or the host's, whichever plugin
/// it is for. Those that begin with [`CNI_PREFIX`] are so as well.
pub const CNI_KEYS: [&str; 9] = [
    "cniVersion",
    "name",
    "type",
    "capabilities",
    "ipam",
    "dns",
    "args",
    "runtimeConfig",
    "prevResult",
];

/// What all other keys of CNI begin with.
pub const CNI_PREFIX: &str = "cni.dev/";

/// What a configuration of a plugin has to be like.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    root: Rule,
    compiled: Vec<u8>,
}

/// Bytes are no compiled schema of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is no compiled schema of this version")]
pub struct NotCompiled;

/// Holds a configuration against a schema in its [compiled](Schema::compiled)
/// form, as [`Schema::check`] does.
///
/// # Errors
/// The bytes are of another form.
pub fn check(compiled: &[u8], configuration: &Node) -> Result<Vec<Violation>, NotCompiled> {
    check::check(compiled, configuration).ok_or(NotCompiled)
}

impl Schema {
    /// Bytes that the text of a schema may have.
    pub const LIMIT: usize = 64 << 10;

    /// Reads a schema.
    ///
    /// # Errors
    /// It is not JSON, too large, has a keyword that is not known here, or
    /// makes no sense.
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        let root = read::schema(text)?;
        let compiled = compiled::compile(&root);
        Ok(Self { root, compiled })
    }

    /// What in the configuration does not fit, in the order of the schema; the
    /// first few of it where there is a lot.
    #[must_use]
    pub fn check(&self, configuration: &Node) -> Vec<Violation> {
        check(&self.compiled, configuration).unwrap_or_default()
    }

    /// The keys of a configuration that the schema has not and that have no
    /// effect.
    #[must_use]
    pub fn unknown_keys(&self, configuration: &Node) -> Vec<UnknownKey> {
        unknown::keys(&self.root, configuration)
    }

    /// The fields of a configuration, in the order of the schema.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        fields::of(&self.root)
    }

    /// What is another in a newer version's schema.
    #[must_use]
    pub fn changes(&self, newer: &Self) -> Vec<Change> {
        compare::changes(&self.root, &newer.root)
    }

    /// What of it decides, in a form that a request can read in little time.
    #[must_use]
    pub fn compiled(&self) -> &[u8] {
        &self.compiled
    }
}

/// Whether a key at a place of a configuration is CNI's own: at its top, or the
/// name of the address management plugin.
fn is_cni_key(place: &Place<'_>, key: &str) -> bool {
    match place {
        Place::Root => key.starts_with(CNI_PREFIX) || CNI_KEYS.iter().any(|known| is_same_key(key, known)),
        Place::Key(Place::Root, parent) => is_same_key(parent, "ipam") && is_same_key(key, "type"),
        Place::Key(..) | Place::Index(..) => false,
    }
}
