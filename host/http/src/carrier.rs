use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Request, Response};

/// Whoever has requests sent.
pub trait Carrier: Send {
    /// Sends a request of a plugin, and waits for the whole response for no
    /// longer than that.
    ///
    /// # Errors
    /// There is none; whether the service got the request is not known then.
    fn carry(&mut self, plugin: &str, request: &Request, time: Duration) -> Result<Response, CarryError>;
}

/// Why there is no response. The texts go to the plugin.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CarryError {
    /// No grant is for it.
    #[error("{0}")]
    Denied(String),
    /// There is no such host.
    #[error("{0}")]
    NotFound(String),
    /// There is more than there may be.
    #[error("{0}")]
    Quota(String),
    /// It took too long.
    #[error("{0}")]
    Deadline(String),
    /// The response has what a plugin must not see.
    #[error("{0}")]
    Conflict(String),
    /// Nothing is sent here.
    #[error("{0}")]
    Unsupported(String),
    /// There is no connection, no trust, or no HTTP.
    #[error("{context}")]
    Os {
        /// As in `errno.h`.
        errno: i32,
        /// What was being done, and what is wrong.
        context: String,
    },
}

impl CarryError {
    /// The same with its text changed.
    #[must_use]
    pub fn hiding(self, hide: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Denied(text) => Self::Denied(hide(&text)),
            Self::NotFound(text) => Self::NotFound(hide(&text)),
            Self::Quota(text) => Self::Quota(hide(&text)),
            Self::Deadline(text) => Self::Deadline(hide(&text)),
            Self::Conflict(text) => Self::Conflict(hide(&text)),
            Self::Unsupported(text) => Self::Unsupported(hide(&text)),
            Self::Os { errno, context } => Self::Os {
                errno,
                context: hide(&context),
            },
        }
    }
}
