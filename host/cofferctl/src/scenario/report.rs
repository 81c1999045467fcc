//! What a run tells: a line for each scenario, and where one fails what was
//! expected beside what was found.

use std::path::{Path, PathBuf};

use cofferdam_scenario::Scenario;
use serde_json::json;

use super::{
    comparison::Mismatch,
    run::{Ended, Failure},
};
use crate::output::{say, say_json};

/// Characters of a line that stand on the left side.
const LEFT: usize = 58;
/// Lines that are shown of one side.
const MOST_LINES: usize = 60;

/// Collects what came of scenarios.
pub(super) struct Report {
    json: bool,
    file: PathBuf,
    documents: Vec<serde_json::Value>,
    passed: usize,
    failed: usize,
}

impl Report {
    pub(super) fn new(json: bool) -> Self {
        Self {
            json,
            file: PathBuf::new(),
            documents: Vec::new(),
            passed: 0,
            failed: 0,
        }
    }

    /// What is told from here on is of this file.
    pub(super) fn begin(&mut self, file: &Path) {
        file.clone_into(&mut self.file);
        if !self.json {
            say(&file.display().to_string());
        }
    }

    /// A file that can't be read.
    pub(super) fn unreadable(&mut self, why: &str) {
        self.failed += 1;
        if self.json {
            self.documents
                .push(json!({ "file": self.file, "passed": false, "error": why }));
        } else {
            say(&format!("  FAILED  {why}"));
        }
    }

    pub(super) fn tell(&mut self, scenario: &Scenario, ended: &Ended) {
        match ended.failure {
            None => self.passed += 1,
            Some(_) => self.failed += 1,
        }
        if self.json {
            self.documents.push(document(&self.file, scenario, ended));
            return;
        }
        let word = if ended.failure.is_none() { "ok    " } else { "FAILED" };
        say(&format!("  {word}  {} ({} ms)", scenario.name, ended.milliseconds));
        if let Some(failure) = &ended.failure {
            say(&format!(
                "          {}:{}: {}",
                self.file.display(),
                failure.line,
                failure.step
            ));
            failure.mismatches.iter().for_each(tell_mismatch);
        }
    }

    pub(super) fn count(&self) -> usize {
        self.passed + self.failed
    }

    /// Ends it. Whether everything passed.
    pub(super) fn finish(self) -> bool {
        let Self { passed, failed, .. } = self;
        if self.json {
            say_json(&json!({ "scenarios": self.documents, "passed": passed, "failed": failed }));
        } else {
            say(&format!("{passed} passed, {failed} failed"));
        }
        failed == 0
    }
}

/// Both sides beside each other, where they fit, or one below the other.
fn tell_mismatch(mismatch: &Mismatch) {
    say(&format!("          {}", mismatch.what));
    let lines = |text: &str| -> Vec<String> {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if lines.len() > MOST_LINES {
            lines.truncate(MOST_LINES);
            lines.push("…".to_owned());
        }
        lines
    };
    let mut left = lines(&mismatch.expected);
    let mut right = lines(&mismatch.found);
    let width = left.iter().map(|line| line.chars().count()).max().unwrap_or_default();
    left.insert(0, "expected".to_owned());
    right.insert(0, "found".to_owned());
    if width > LEFT {
        left.iter()
            .chain(&right)
            .for_each(|line| say(&format!("            {line}")));
        return;
    }
    let width = width.max("expected".len());
    for number in 0..left.len().max(right.len()) {
        let side = |lines: &[String]| lines.get(number).cloned().unwrap_or_default();
        say(format!("            {:<width$} | {}", side(&left), side(&right)).trim_end());
    }
}

fn document(file: &Path, scenario: &Scenario, ended: &Ended) -> serde_json::Value {
    let milliseconds = u64::try_from(ended.milliseconds).unwrap_or(u64::MAX);
    let failure = ended.failure.as_ref().map(|failure: &Failure| {
        let mismatch = |mismatch: &Mismatch| {
            json!({ "what": mismatch.what, "expected": mismatch.expected, "found": mismatch.found })
        };
        let mismatches: Vec<_> = failure.mismatches.iter().map(mismatch).collect();
        json!({ "line": failure.line, "step": failure.step, "mismatches": mismatches })
    });
    json!({
        "file": file, "line": scenario.line, "name": scenario.name, "passed": ended.failure.is_none(),
        "milliseconds": milliseconds, "failure": failure,
    })
}
