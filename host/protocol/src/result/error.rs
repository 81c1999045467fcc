use thiserror::Error;

use crate::{CniError, json, quoting::quote};

/// A result could not be read, or not be printed in a version.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ResultError {
    /// The text is not JSON, or of another shape.
    #[error("decoding a CNI result: {0}")]
    Json(#[from] json::Error),
    /// Its version is not a released one.
    #[error("unsupported CNI result version {}", quote(.0))]
    UnsupportedVersion(String),
    /// Its version is of another shape than the one that was expected.
    #[error(
        "result type supports [{}] but unmarshalled CNIVersion is {}",
        .supported.join(" "),
        quote(.found)
    )]
    OtherVersion {
        /// The versions of the expected shape.
        supported: &'static [&'static str],
        /// The result's own.
        found: String,
    },
    /// Before 0.3.0 a result is nothing but addresses.
    #[error("cannot convert: no valid IP addresses")]
    NoAddresses,
}

impl From<ResultError> for CniError {
    fn from(error: ResultError) -> Self {
        let message = error.to_string();
        match error {
            ResultError::Json(_) => Self::decoding(message),
            ResultError::UnsupportedVersion(_) | ResultError::OtherVersion { .. } => {
                Self::incompatible_version(message)
            }
            ResultError::NoAddresses => Self::internal(message),
        }
    }
}
