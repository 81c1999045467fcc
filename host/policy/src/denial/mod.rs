//! What is told to whoever asked for something that is not granted.

mod grant_line;
mod target;

pub(crate) use grant_line::write as grant_line;
pub(crate) use target::describe;
use thiserror::Error;

use crate::{question::Question, quoted::Quoted};

/// No grant allows what was asked.
///
/// The texts depend on the question only, never on what else the policy holds
/// or whether the object exists: they go to the plugin.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{operation} of {target} is not granted; the policy lacks {missing}")]
pub struct Denial {
    /// In the policy's words: `link.create`.
    pub operation: String,
    /// What it was to be done to: `bridge "cni0" in the host namespace`.
    pub target: String,
    /// The grant that would allow exactly this, as TOML in one line.
    pub missing: String,
}

impl Denial {
    pub(crate) fn missing_grant(question: &Question<'_>) -> Self {
        Self::new(question, grant_line::write(question))
    }

    /// The policy is for other attachments only, so no grant would help. By
    /// which of the two it is for others is not told.
    pub(crate) fn not_covered(question: &Question<'_>, plugin: &str, network: &str, tenant: Option<&str>) -> Self {
        let tenant = match tenant {
            Some(tenant) => format!("and tenant {}", Quoted(tenant)),
            None => "without tenants".to_owned(),
        };
        let missing = format!("a [plugin.{plugin}] for network {} {tenant}", Quoted(network));
        Self::new(question, missing)
    }

    fn new(question: &Question<'_>, missing: String) -> Self {
        Self {
            operation: question.operation().to_string(),
            target: target::describe(question),
            missing,
        }
    }
}
