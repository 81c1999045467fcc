//! What is told to whoever asked for something that is not granted.

mod grant_line;
mod need_line;
mod target;

pub(crate) use grant_line::write as grant_line;
use grant_line::write_lasting;
pub(crate) use target::describe;
use thiserror::Error;

use crate::{question::Question, quoted::Quoted};

/// What was asked is not allowed: by no grant, or not by what the component
/// declares to need.
///
/// The texts depend on the question and the component only, never on what else
/// the policy holds or whether the object exists: they go to the plugin.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{operation} of {target} is not granted; the policy lacks {missing}")]
pub struct Denial {
    /// In the policy's words: `link.create`.
    pub operation: String,
    /// What it was to be done to: `bridge "cni0" in the host namespace`.
    pub target: String,
    /// The grant that would allow exactly this, as TOML in one line; or why
    /// none would.
    pub missing: String,
}

/// What is missing where the component, not the policy, is in the way.
const UNDECLARED: &str = "nothing: the component does not declare to need this, and no grant makes up for that; its \
                          author adds it to what the component declares: ";

impl Denial {
    pub(crate) fn missing_grant(question: &Question<'_>) -> Self {
        Self::new(question, write_lasting(question))
    }

    /// The policy is for other attachments only, so no grant would help. By
    /// which of the two it is for others is not told.
    pub(crate) fn not_covered(question: &Question<'_>, plugin: &str, network: &str, tenant: Option<&str>) -> Self {
        Self::new(question, missing_policy(plugin, network, tenant))
    }

    /// The component did not say that it may ask for this, so no grant would
    /// help.
    #[must_use]
    pub fn undeclared(question: &Question<'_>) -> Self {
        Self::new(question, format!("{UNDECLARED}{}", need_line::write(question)))
    }

    /// Whether it is the component that is in the way.
    #[must_use]
    pub fn is_undeclared(&self) -> bool {
        self.missing.starts_with(UNDECLARED)
    }

    fn new(question: &Question<'_>, missing: String) -> Self {
        Self {
            operation: question.operation().to_string(),
            target: target::describe(question),
            missing,
        }
    }
}

/// What is missing where a policy is for other attachments only.
pub(crate) fn missing_policy(plugin: &str, network: &str, tenant: Option<&str>) -> String {
    let tenant = match tenant {
        Some(tenant) => format!("and tenant {}", Quoted(tenant)),
        None => "without tenants".to_owned(),
    };
    format!("a [plugin.{plugin}] for network {} {tenant}", Quoted(network))
}
