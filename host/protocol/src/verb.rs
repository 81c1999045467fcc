use std::{fmt, str::FromStr};

use thiserror::Error;

/// What a runtime asks a plugin to do (`CNI_COMMAND`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Attach a container.
    Add,
    /// Detach a container.
    Del,
    /// Compare an attachment with what ADD reported.
    Check,
    /// Remove what belongs to no attachment any more.
    Gc,
    /// Tell whether an ADD would be served.
    Status,
    /// Tell the supported versions of the specification.
    Version,
}

/// `CNI_COMMAND` names no verb.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("unknown CNI_COMMAND: {0}")]
pub struct UnknownVerb(pub String);

impl Verb {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Add, Self::Del, Self::Check, Self::Gc, Self::Status, Self::Version];

    /// As in `CNI_COMMAND`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Del => "DEL",
            Self::Check => "CHECK",
            Self::Gc => "GC",
            Self::Status => "STATUS",
            Self::Version => "VERSION",
        }
    }
}

impl FromStr for Verb {
    type Err = UnknownVerb;

    fn from_str(text: &str) -> Result<Self, UnknownVerb> {
        Self::ALL
            .into_iter()
            .find(|verb| verb.as_str() == text)
            .ok_or_else(|| UnknownVerb(text.to_owned()))
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_upper_case_names_a_verb() {
        for verb in Verb::ALL {
            assert_eq!(verb.to_string().parse::<Verb>().unwrap(), verb);
            let lower = verb.to_string().to_lowercase();
            assert_eq!(
                lower.parse::<Verb>().unwrap_err().to_string(),
                format!("unknown CNI_COMMAND: {lower}")
            );
        }
    }
}
