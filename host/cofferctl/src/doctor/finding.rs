use std::fmt;

use serde::Serialize;

/// Findings of one check that are told; the rest are counted.
const MOST: usize = 50;

/// Something that the operator should know.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// Which check found it; names are listed in docs/cofferctl.md.
    pub(super) check: &'static str,
    /// Where it is: a path, an attachment, a network.
    pub(super) place: String,
    pub(super) problem: String,
    pub(super) way_out: String,
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// Something does not work.
    Error,
    /// Something will not work, or holds what nobody needs.
    Warning,
    /// Good to know.
    Information,
}

impl Finding {
    pub(super) fn error(check: &'static str, place: impl fmt::Display, problem: impl fmt::Display) -> Self {
        Self::new(Severity::Error, check, &place, &problem)
    }

    pub(super) fn warning(check: &'static str, place: impl fmt::Display, problem: impl fmt::Display) -> Self {
        Self::new(Severity::Warning, check, &place, &problem)
    }

    pub(super) fn information(check: &'static str, place: impl fmt::Display, problem: impl fmt::Display) -> Self {
        Self::new(Severity::Information, check, &place, &problem)
    }

    fn new(severity: Severity, check: &'static str, place: &dyn fmt::Display, problem: &dyn fmt::Display) -> Self {
        Self {
            severity,
            check,
            place: place.to_string(),
            problem: problem.to_string(),
            way_out: String::new(),
        }
    }

    /// What to do about it.
    pub(super) fn way_out(self, way_out: impl Into<String>) -> Self {
        Self {
            way_out: way_out.into(),
            ..self
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            severity,
            check,
            place,
            problem,
            ..
        } = self;
        let severity = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information => "note",
        };
        write!(f, "{severity}: {check}: {place}: {problem}")
    }
}

/// A check's findings, of which there may be thousands.
pub(super) fn bounded(mut findings: Vec<Finding>) -> Vec<Finding> {
    let more = findings.len().saturating_sub(MOST);
    if more == 0 {
        return findings;
    }
    // None that matters is left out for one that does not.
    findings.sort_by_key(|finding| finding.severity);
    findings.truncate(MOST);
    if let Some(last) = findings.last().cloned() {
        let rest = Finding {
            place: "elsewhere".to_owned(),
            problem: format!("{more} more of the same check are not listed"),
            way_out: "mend those that are listed, and look again".to_owned(),
            ..last
        };
        findings.push(rest);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_findings_those_that_matter_are_told() {
        let mut findings = vec![Finding::information("check", "here", "a note"); MOST];
        findings.push(Finding::error("check", "there", "an error"));
        let told = bounded(findings);
        assert_eq!(told.len(), MOST + 1);
        assert_eq!(told.first().map(|finding| finding.severity), Some(Severity::Error));
        assert!(told.last().is_some_and(|last| last.problem.starts_with("1 more")));
    }
}
