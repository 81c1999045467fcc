use std::{ops::Range, path::Path};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::suggestion;
use crate::error::Problem;

/// A value of the document, and the name of where it is.
pub(super) struct Entry<'t, 'i> {
    pub(super) field: String,
    pub(super) value: &'t Spanned<DeValue<'i>>,
}

impl<'t, 'i> Entry<'t, 'i> {
    pub(super) fn find(table: &'t DeTable<'i>, parent: &str, key: &str) -> Option<Self> {
        let value = table.get(key)?;
        Some(Self {
            field: join(parent, key),
            value,
        })
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.value.span()
    }
}

/// Collects the problems of a file while it is read, so that all of them are
/// told at once.
pub(super) struct Reader<'f> {
    file: &'f Path,
    text: &'f str,
    problems: Vec<Problem>,
}

impl<'f> Reader<'f> {
    pub(super) fn new(file: &'f Path, text: &'f str) -> Self {
        Self {
            file,
            text,
            problems: Vec::new(),
        }
    }

    /// What was read, if there is no problem in it.
    pub(super) fn finish<T>(mut self, value: Option<T>) -> Result<T, Vec<Problem>> {
        if let Some(value) = value
            && self.problems.is_empty()
        {
            return Ok(value);
        }
        self.problems.sort_by_key(|problem| problem.line);
        Err(self.problems)
    }

    pub(super) fn problem(
        &mut self,
        span: Range<usize>,
        field: &str,
        problem: impl Into<String>,
        suggestion: Option<String>,
    ) {
        self.problems.push(Problem {
            file: self.file.to_owned(),
            line: Some(self.line(span.start)),
            field: field.to_owned(),
            problem: problem.into(),
            suggestion,
        });
    }

    /// The line of a position; the first is 1.
    pub(super) fn line(&self, position: usize) -> usize {
        let before = self.text.as_bytes().iter().take(position);
        1 + before.filter(|byte| **byte == b'\n').count()
    }

    pub(super) fn wrong_type(&mut self, entry: &Entry<'_, '_>, expected: &str, suggestion: Option<String>) {
        let found = entry.value.get_ref().type_str();
        let article = if matches!(found, "integer" | "array") {
            "an"
        } else {
            "a"
        };
        let problem = format!("it has to be {expected}, not {article} {found}");
        self.problem(entry.span(), &entry.field, problem, suggestion);
    }

    pub(super) fn table<'t, 'i>(&mut self, entry: &Entry<'t, 'i>) -> Option<&'t DeTable<'i>> {
        let table = entry.value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(entry, "a table", None);
        }
        table
    }

    pub(super) fn string<'t>(&mut self, entry: &Entry<'t, '_>) -> Option<&'t str> {
        let text = entry.value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(entry, "a string", None);
        }
        text
    }

    /// Reads a list that has at least one item. An empty one would grant
    /// nothing, while leaving the key out may grant everything; somebody who
    /// writes it could mean either.
    pub(super) fn list<T>(
        &mut self,
        entry: &Entry<'_, '_>,
        read: impl Fn(&mut Self, &Entry<'_, '_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let DeValue::Array(items) = entry.value.get_ref() else {
            self.wrong_type(entry, "a list", Some("in brackets: [ ... ]".to_owned()));
            return None;
        };
        if items.is_empty() {
            self.problem(
                entry.span(),
                &entry.field,
                "the list is empty",
                Some("nothing is in it: remove the grant or the key".to_owned()),
            );
            return None;
        }
        // All items are read, whatever is wrong with the first.
        let read: Vec<Option<T>> = items
            .iter()
            .map(|value| {
                read(
                    self,
                    &Entry {
                        field: entry.field.clone(),
                        value,
                    },
                )
            })
            .collect();
        read.into_iter().collect()
    }

    /// Reports the keys that are not among the known ones.
    pub(super) fn unknown_keys(&mut self, parent: &str, table: &DeTable<'_>, known: &[&str]) {
        for (key, _) in table.iter() {
            if !known.contains(&key.get_ref().as_ref()) {
                self.unknown_key(parent, key.get_ref(), key.span(), known);
            }
        }
    }

    pub(super) fn unknown_key(&mut self, parent: &str, key: &str, span: Range<usize>, known: &[&str]) {
        let suggestion = suggestion::closest_or_all(key, known);
        self.problem(span, &join(parent, key), "there is no such key", Some(suggestion));
    }
}

fn join(parent: &str, key: &str) -> String {
    if parent.is_empty() {
        key.to_owned()
    } else {
        format!("{parent}.{key}")
    }
}
