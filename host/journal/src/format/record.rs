use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Header;
use crate::model::{Inverse, Operation, Outcome, Sequence};

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Record<'a> {
    /// The first line.
    Header(Cow<'a, Header>),
    /// An operation is about to be done.
    Intend {
        sequence: Sequence,
        plugin: Cow<'a, str>,
        operation: Cow<'a, Operation>,
        inverse: Cow<'a, Inverse>,
    },
    /// It was done.
    Done { sequence: Sequence, outcome: Outcome },
    /// It failed, and nothing happened.
    Abandon { sequence: Sequence },
    /// The attachment is complete.
    Commit { result: Cow<'a, str> },
    /// Somebody began to undo it: it is not complete any more.
    RollBack { pid: u32, started: u64 },
    /// One operation is undone.
    Undone { sequence: Sequence },
}

/// The format of a first line that may be too new to be understood.
pub(crate) fn format_of(json: &[u8]) -> Option<u32> {
    #[derive(Deserialize)]
    struct Line {
        header: Version,
    }
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    serde_json::from_slice::<Line>(json)
        .ok()
        .map(|line| line.header.version)
}
