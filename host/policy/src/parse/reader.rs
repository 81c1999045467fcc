use std::{cell::Cell, fmt, ops::Range, path::Path};

use super::document::{Item, Table, Value};
use crate::{error::Problem, suggestion};

/// The name of a place in the document: `plugin.bridge.grant`.
#[derive(Clone, Copy)]
pub(super) struct Field<'f> {
    parent: Option<&'f Field<'f>>,
    key: &'f str,
}

impl<'f> Field<'f> {
    /// The document as a whole.
    pub(super) const ROOT: Field<'static> = Field { parent: None, key: "" };

    pub(super) fn key(&'f self, key: &'f str) -> Self {
        Self {
            parent: Some(self),
            key,
        }
    }
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parent {
            Some(parent) if parent.parent.is_some() => write!(f, "{parent}.{}", self.key),
            _ => f.write_str(self.key),
        }
    }
}

/// A value of the document, and the name of where it is.
#[derive(Clone, Copy)]
pub(super) struct Entry<'t> {
    pub(super) field: Field<'t>,
    pub(super) item: &'t Item<'t>,
}

impl<'t> Entry<'t> {
    pub(super) fn find(table: &'t Table<'t>, parent: &'t Field<'t>, key: &'t str) -> Option<Self> {
        let item = table.get(key)?;
        Some(Self {
            field: parent.key(key),
            item,
        })
    }

    pub(super) fn value(&self) -> &'t Value<'t> {
        &self.item.value
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.item.span.clone()
    }
}

/// Collects the problems of a file while it is read, so that all of them are
/// told at once.
pub(super) struct Reader<'f> {
    file: &'f Path,
    text: &'f str,
    problems: Vec<Problem>,
    /// A position whose line is known, and that line.
    known_line: Cell<(usize, usize)>,
}

impl<'f> Reader<'f> {
    pub(super) fn new(file: &'f Path, text: &'f str) -> Self {
        Self {
            file,
            text,
            problems: Vec::new(),
            known_line: Cell::new((0, 1)),
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
        field: &Field<'_>,
        problem: impl Into<String>,
        suggestion: Option<String>,
    ) {
        self.problems.push(Problem {
            file: self.file.to_owned(),
            line: Some(self.line(span.start)),
            field: field.to_string(),
            problem: problem.into(),
            suggestion,
        });
    }

    /// The line of a position; the first is 1. What is asked in the order of
    /// the text is counted once.
    pub(super) fn line(&self, position: usize) -> usize {
        let (known, line) = self.known_line.get();
        let (from, line) = if known <= position { (known, line) } else { (0, 1) };
        let between = self.text.as_bytes().get(from..position).unwrap_or_default();
        let line = line + between.iter().filter(|byte| **byte == b'\n').count();
        self.known_line.set((position, line));
        line
    }

    pub(super) fn wrong_type(&mut self, entry: &Entry<'_>, expected: &str, suggestion: Option<String>) {
        let found = entry.value().type_name();
        let article = if matches!(found, "integer" | "array") {
            "an"
        } else {
            "a"
        };
        let problem = format!("it has to be {expected}, not {article} {found}");
        self.problem(entry.span(), &entry.field, problem, suggestion);
    }

    pub(super) fn table<'t>(&mut self, entry: &Entry<'t>) -> Option<&'t Table<'t>> {
        let Value::Table(table) = entry.value() else {
            self.wrong_type(entry, "a table", None);
            return None;
        };
        Some(table)
    }

    pub(super) fn string<'t>(&mut self, entry: &Entry<'t>) -> Option<&'t str> {
        let Value::Text(text) = entry.value() else {
            self.wrong_type(entry, "a string", None);
            return None;
        };
        Some(text)
    }

    /// Reads a list that has at least one item. An empty one would grant
    /// nothing, while leaving the key out may grant everything; somebody who
    /// writes it could mean either.
    pub(super) fn list<T>(
        &mut self,
        entry: &Entry<'_>,
        read: impl Fn(&mut Self, &Entry<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Value::List(items) = entry.value() else {
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
        let mut all = Some(Vec::with_capacity(items.len()));
        for item in items {
            let field = entry.field;
            // All items are read, whatever is wrong with the first.
            match (read(self, &Entry { field, item }), &mut all) {
                (Some(value), Some(all)) => all.push(value),
                (Some(_), None) => {}
                (None, _) => all = None,
            }
        }
        all
    }

    /// Reports the keys that are not among the known ones.
    pub(super) fn unknown_keys(&mut self, parent: &Field<'_>, table: &Table<'_>, known: &[&str]) {
        for member in table.iter().filter(|member| !known.contains(&member.key.as_ref())) {
            self.unknown_key(parent, &member.key, member.key_span.clone(), known);
        }
    }

    pub(super) fn unknown_key(&mut self, parent: &Field<'_>, key: &str, span: Range<usize>, known: &[&str]) {
        let suggestion = suggestion::closest_or_all(key, known);
        self.problem(span, &parent.key(key), "there is no such key", Some(suggestion));
    }
}
