use std::fmt;

use serde::Serialize;

use super::{UndoOutcome, Undone};
use crate::{history::Entry, model::SharedObject};

/// What came of undoing an attachment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Each operation that was to be undone, last first.
    pub items: Vec<ReportItem>,
    /// Lines of the journal that could not be read.
    pub damaged_lines: usize,
}

/// What came of undoing one operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportItem {
    /// The operation, in words.
    pub operation: String,
    /// Whether the kernel had to be changed.
    pub restored: bool,
    /// Why it was left as it is, where it was.
    pub left: Option<String>,
    /// Why it could not be undone, where it could not.
    pub error: Option<String>,
}

impl Report {
    pub(crate) fn new(damaged_lines: usize) -> Self {
        Self {
            items: Vec::new(),
            damaged_lines,
        }
    }

    pub(crate) fn push(&mut self, entry: &Entry, outcome: UndoOutcome) {
        self.add(entry.operation.to_string(), outcome);
    }

    fn add(&mut self, operation: String, outcome: UndoOutcome) {
        let (restored, left, error) = match outcome {
            Ok(Undone::Restored) => (true, None, None),
            Ok(Undone::Nothing) => (false, None, None),
            Ok(Undone::Left(why)) => (false, Some(why), None),
            Err(error) => (false, None, Some(error.to_string())),
        };
        self.items.push(ReportItem {
            operation,
            restored,
            left,
            error,
        });
    }

    /// What came of an object that no operation on record tells of.
    pub(crate) fn push_unrecorded(&mut self, object: &SharedObject, outcome: UndoOutcome) {
        if matches!(outcome, Ok(Undone::Nothing)) {
            return;
        }
        self.add(format!("use {object}"), outcome);
    }

    /// Whether an operator should know: something was left as it is, or part
    /// of the journal could not be read, so that something may be left.
    #[must_use]
    pub fn has_remarks(&self) -> bool {
        self.damaged_lines > 0 || self.items.iter().any(|item| item.left.is_some())
    }

    /// Whether everything is as it was, as far as it can be.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.items.iter().all(|item| item.error.is_none())
    }
}

/// One sentence; empty when there was nothing to undo, and nothing to tell.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.items.is_empty() && self.damaged_lines == 0 {
            return Ok(());
        }
        let failed: Vec<String> = self
            .items
            .iter()
            .filter_map(|item| item.error.as_ref().map(|error| format!("{}: {error}", item.operation)))
            .collect();
        let done = self.items.len() - failed.len();
        write!(f, "rolled back: {done} of {} operations", self.items.len())?;
        let operations: Vec<&str> = self
            .items
            .iter()
            .filter(|item| item.restored)
            .map(|item| item.operation.as_str())
            .collect();
        if !operations.is_empty() {
            write!(f, " ({})", operations.join(", "))?;
        }
        if !failed.is_empty() {
            write!(f, "; not undone: {}", failed.join(", "))?;
        }
        for item in &self.items {
            if let Some(left) = &item.left {
                write!(f, "; left alone: {left}")?;
            }
        }
        if self.damaged_lines > 0 {
            write!(
                f,
                "; {} lines of the journal could not be read, and what they say was done is not undone",
                self.damaged_lines
            )?;
        }
        Ok(())
    }
}
