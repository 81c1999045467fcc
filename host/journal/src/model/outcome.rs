use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of an operation within its journal, counted from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sequence(pub u32);

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What only the kernel could tell of an operation that was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Index of the link that was made; of a veth pair, of its first end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub index: Option<u32>,
    /// Index of a veth pair's second end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub second_index: Option<u32>,
}
