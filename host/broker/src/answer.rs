use cofferdam_protocol::{CniError, SpecVersion};

use crate::log::one_line;

/// What `CNI_COMMAND` unset gets on standard error.
const ABOUT: &str = concat!("CNI plugin host cofferdam ", env!("CARGO_PKG_VERSION"));

/// Bytes of an error's message, and of its details.
const LONGEST_MESSAGE: usize = 4 << 10;
const LONGEST_DETAILS: usize = 16 << 10;
/// Bytes of a version that is none.
const LONGEST_VERSION: usize = 64;

/// What the process has to print, and how it has to exit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// One JSON document, or nothing.
    pub stdout: String,
    /// Text for people.
    pub stderr: String,
    /// 0 for success, 1 for an error.
    pub exit: u8,
}

impl Answer {
    /// What came of a request.
    pub(crate) fn of(outcome: Result<String, CniError>, version: Option<&str>) -> Self {
        match outcome {
            Ok(text) => Self::succeeded(text),
            Err(error) => Self::failed(&error, version),
        }
    }

    /// What there is to say where `CNI_COMMAND` is not set.
    pub(crate) fn about(name: &str) -> Self {
        let versions: Vec<&str> = SpecVersion::supported()
            .iter()
            .map(|version| version.as_str())
            .collect();
        let text = format!(
            "{ABOUT}, as {name}\nCNI protocol versions supported: {}\n",
            versions.join(", ")
        );
        Self {
            stdout: String::new(),
            stderr: text,
            exit: 0,
        }
    }

    pub(crate) fn succeeded(text: String) -> Self {
        Self {
            stdout: text,
            stderr: String::new(),
            exit: 0,
        }
    }

    /// Runtimes write errors into their logs. Parts of a configuration, of
    /// variables and of what a plugin said are in them.
    pub(crate) fn failed(error: &CniError, version: Option<&str>) -> Self {
        let details = error.details.as_deref().unwrap_or_default();
        let plain = CniError::new(error.code, one_line(&error.message, LONGEST_MESSAGE))
            .with_details(one_line(details, LONGEST_DETAILS));
        let version = version.map(|version| one_line(version, LONGEST_VERSION));
        Self {
            stdout: plain.to_json(version.as_deref()),
            stderr: String::new(),
            exit: 1,
        }
    }
}
