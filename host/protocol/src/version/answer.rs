use serde::Deserialize;
use thiserror::Error;

use super::SpecVersion;
use crate::{CniError, json, quoting::quote};

/// What VERSION prints: one line. Its `cniVersion` is always the newest one,
/// as that of the reference plugins; stdin is not read.
#[must_use]
pub fn version_answer(supported: &[SpecVersion]) -> String {
    let quoted: Vec<String> = supported.iter().map(|version| quote(version.as_str())).collect();
    format!(
        "{{\"cniVersion\":\"{}\",\"supportedVersions\":[{}]}}\n",
        SpecVersion::NEWEST,
        quoted.join(",")
    )
}

/// A plugin's answer to VERSION makes no sense.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum VersionAnswerError {
    /// It is not JSON, or of another shape.
    #[error("decoding the answer to VERSION: {0}")]
    Json(#[from] json::Error),
    /// It has no `cniVersion`.
    #[error("the answer to VERSION has no \"cniVersion\"")]
    NoVersion,
    /// It lists nothing, and is too new for that.
    #[error("the answer to VERSION has no \"supportedVersions\" (its \"cniVersion\" is {0:?})")]
    NothingSupported(String),
    /// The plugin failed.
    #[error("VERSION failed: {0}")]
    Failed(CniError),
}

/// What a plugin supports, from its answer to VERSION: what it printed, or the
/// error that it failed with. The versions need not be known ones.
///
/// # Errors
/// The plugin failed, or its answer makes no sense.
pub fn supported_versions(answer: Result<&str, CniError>) -> Result<Vec<String>, VersionAnswerError> {
    match answer {
        Ok(text) => listed(text),
        // A plugin of the time before VERSION.
        Err(error) if error.message == "unknown CNI_COMMAND: VERSION" => Ok(vec![SpecVersion::V0_1_0.to_string()]),
        Err(error) => Err(VersionAnswerError::Failed(error)),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Answer {
    cni_version: String,
    supported_versions: Vec<String>,
}

fn listed(text: &str) -> Result<Vec<String>, VersionAnswerError> {
    let answer: Answer = json::from_str(text)?;
    match answer.cni_version.as_str() {
        "" => Err(VersionAnswerError::NoVersion),
        _ if !answer.supported_versions.is_empty() => Ok(answer.supported_versions),
        "0.2.0" => Ok(vec!["0.1.0".to_owned(), "0.2.0".to_owned()]),
        _ => Err(VersionAnswerError::NothingSupported(answer.cni_version)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_answer_is_one_compact_line() {
        assert_eq!(
            version_answer(SpecVersion::supported()),
            "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":[\"0.1.0\",\"0.2.0\",\"0.3.0\",\
             \"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n"
        );
        assert_eq!(
            supported_versions(Ok(&version_answer(&[SpecVersion::V1_0_0]))).unwrap(),
            ["1.0.0"]
        );
    }

    #[test]
    fn old_plugins_need_not_list_their_versions() {
        let supported = |text| supported_versions(Ok(text)).map_err(|error| error.to_string());
        assert_eq!(supported(r#"{"cniVersion":"0.2.0"}"#).unwrap(), ["0.1.0", "0.2.0"]);
        assert_eq!(
            supported(r#"{"cniVersion":"0.2.0","supportedVersions":[]}"#).unwrap(),
            ["0.1.0", "0.2.0"]
        );
        assert_eq!(
            supported(r#"{"cniVersion":"0.3.0"}"#).unwrap_err(),
            "the answer to VERSION has no \"supportedVersions\" (its \"cniVersion\" is \"0.3.0\")"
        );
        assert_eq!(
            supported(r#"{"supportedVersions":["0.3.0"]}"#).unwrap_err(),
            "the answer to VERSION has no \"cniVersion\""
        );
    }

    #[test]
    fn a_plugin_that_does_not_know_the_verb_speaks_the_first_version() {
        let unknown = CniError::new(4, "unknown CNI_COMMAND: VERSION");
        assert_eq!(supported_versions(Err(unknown)).unwrap(), ["0.1.0"]);
        let other = CniError::new(4, "unknown CNI_COMMAND: version");
        assert!(supported_versions(Err(other)).is_err());
    }

    proptest! {
        #[test]
        fn any_answer_is_read_or_refused(text in ".*") {
            let _ = supported_versions(Ok(&text));
        }
    }
}
