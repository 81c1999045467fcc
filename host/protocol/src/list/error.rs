use thiserror::Error;

use crate::{CniError, json, version::ParseVersionError};

/// A network configuration does not parse.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ListError {
    /// It is not JSON, or of another shape.
    #[error("decoding a network configuration: {0}")]
    Json(#[from] json::Error),
    /// `name` is missing or empty.
    #[error("a network configuration needs a \"name\"")]
    NoName,
    /// `cniVersions` holds something else than versions.
    #[error("cniVersions: {0}")]
    Version(#[from] ParseVersionError),
    /// Neither a boolean nor one as text.
    #[error("{key}: {found} is neither true nor false")]
    Flag {
        /// The key of the list.
        key: &'static str,
        /// What it has, as JSON.
        found: String,
    },
    /// `plugins` is missing, and nothing else may give them.
    #[error("a network configuration with \"loadOnlyInlinedPlugins\" needs \"plugins\"")]
    NoPlugins,
    /// `plugins` is an empty list.
    #[error("plugins: the list is empty; it has to name at least one plugin")]
    EmptyPlugins,
    /// A plugin without a name.
    #[error("a plugin configuration needs a \"type\"")]
    NoType,
    /// A plugin of the list is wrong.
    #[error("plugins[{index}]: {error}")]
    Plugin {
        /// Its position.
        index: usize,
        /// What is wrong.
        error: Box<Self>,
    },
}

impl From<ListError> for CniError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Json(_) => Self::decoding(error.to_string()),
            _ => Self::invalid_config(error.to_string()),
        }
    }
}
