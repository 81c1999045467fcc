use serde::Serialize;

/// Something to know of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// The key, such as `plugins[0].ipam.subnet`; empty for the file.
    pub(super) place: String,
    pub(super) problem: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// No container can be attached.
    Error,
    /// Something has no effect, or may get in the way.
    Warning,
}

impl Finding {
    pub(super) fn error(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            place: place.into(),
            problem: problem.into(),
        }
    }

    pub(super) fn warning(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(place, problem)
        }
    }

    pub(super) fn line(&self) -> String {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        match self.place.as_str() {
            "" => format!("{severity}: {}", self.problem),
            place => format!("{severity}: {place}: {}", self.problem),
        }
    }
}
