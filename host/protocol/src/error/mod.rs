//! The error document of the specification.

pub mod code;
mod output;

use std::fmt;

use serde_json::{Map, Value};

use crate::{UnknownVerb, json};

/// An error as a plugin prints it and a runtime reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CniError {
    /// One of [`code`], or the plugin's own from 100 on.
    pub code: u32,
    /// A short sentence.
    pub message: String,
    /// More of it.
    pub details: Option<String>,
}

impl CniError {
    /// An error without details.
    pub fn new(code: u32, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: None,
        }
    }

    /// The same with details; an empty text means none.
    #[must_use]
    pub fn with_details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into()).filter(|details| !details.is_empty());
        self
    }

    /// Variables are missing or not valid (4).
    pub fn invalid_environment(message: impl Into<String>) -> Self {
        Self::new(code::INVALID_ENVIRONMENT, message)
    }

    /// JSON does not decode (6).
    pub fn decoding(message: impl Into<String>) -> Self {
        Self::new(code::DECODING_FAILURE, message)
    }

    /// The network configuration is not valid (7).
    pub fn invalid_config(message: impl Into<String>) -> Self {
        Self::new(code::INVALID_CONFIG, message)
    }

    /// Reading or writing failed (5).
    pub fn io(message: impl Into<String>) -> Self {
        Self::new(code::IO_FAILURE, message)
    }

    /// Versions do not fit (1).
    pub fn incompatible_version(message: impl Into<String>) -> Self {
        Self::new(code::INCOMPATIBLE_VERSION, message)
    }

    /// `CNI_NETNS` names the plugin's own namespace (8). The message is the
    /// reference library's.
    #[must_use]
    pub fn same_netns() -> Self {
        Self::new(
            code::INVALID_NETNS,
            "plugin's netns and netns from CNI_NETNS should not be the same",
        )
    }

    /// A passing condition (11).
    pub fn try_again_later(message: impl Into<String>) -> Self {
        Self::new(code::TRY_AGAIN_LATER, message)
    }

    /// Anything else (999).
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(code::INTERNAL, message)
    }

    /// The document that goes to stdout: indented with four spaces, without a
    /// newline at the end.
    #[must_use]
    pub fn to_json(&self, spec_version: Option<&str>) -> String {
        let mut document = Map::new();
        if let Some(version) = spec_version {
            document.insert("cniVersion".to_owned(), Value::from(version));
        }
        document.insert("code".to_owned(), Value::from(self.code));
        document.insert("msg".to_owned(), Value::from(self.message.as_str()));
        if let Some(details) = self.details.as_deref().filter(|details| !details.is_empty()) {
            document.insert("details".to_owned(), Value::from(details));
        }
        json::pretty(&Value::Object(document))
    }
}

impl fmt::Display for CniError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.details {
            Some(details) => write!(f, "{}; {details}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for CniError {}

impl From<UnknownVerb> for CniError {
    fn from(error: UnknownVerb) -> Self {
        Self::invalid_environment(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_document_is_printed_like_the_reference_plugins_do() {
        let error = CniError::new(7, "bad <name>").with_details("a & b");
        assert_eq!(
            error.to_json(Some("1.0.0")),
            "{\n    \"cniVersion\": \"1.0.0\",\n    \"code\": 7,\n    \
             \"msg\": \"bad \\u003cname\\u003e\",\n    \"details\": \"a \\u0026 b\"\n}"
        );
        assert_eq!(
            CniError::new(4, "m").with_details("").to_json(None),
            "{\n    \"code\": 4,\n    \"msg\": \"m\"\n}"
        );
    }

    #[test]
    fn as_text_the_details_follow_the_message() {
        assert_eq!(CniError::new(1, "m").to_string(), "m");
        assert_eq!(CniError::new(1, "m").with_details("d").to_string(), "m; d");
    }

    #[test]
    fn an_unknown_verb_is_an_invalid_environment() {
        let error = CniError::from(UnknownVerb("FOO".to_owned()));
        assert_eq!((error.code, error.message.as_str()), (4, "unknown CNI_COMMAND: FOO"));
    }
}
