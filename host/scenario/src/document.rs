//! A TOML document whose parts know their lines, so that whatever is wrong
//! with one can be told as `file:line`.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use cofferdam_policy::closest_word;
use serde_json::Value as Json;
use thiserror::Error;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// What is wrong with a file of scenarios.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}:{line}: {problem}", path.display())]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// The first line is 1.
    pub line: usize,
    /// In words.
    pub problem: String,
}

pub(crate) type Result<T> = std::result::Result<T, FileError>;

/// Where a text comes from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'t> {
    pub(crate) path: &'t Path,
    pub(crate) text: &'t str,
}

impl<'t> Source<'t> {
    /// Reads the text, and has `read` make something of it.
    pub(crate) fn read<T>(self, read: impl FnOnce(&Table<'_>) -> Result<T>) -> Result<T> {
        let document = DeTable::parse(self.text).map_err(|error| {
            let at = error.span().unwrap_or(0..0);
            self.error(&at, error.message())
        })?;
        read(&Table {
            source: self,
            entries: document.get_ref(),
            field: String::new(),
            span: 0..0,
        })
    }

    fn error(&self, at: &Range<usize>, problem: impl Into<String>) -> FileError {
        FileError {
            path: self.path.to_owned(),
            line: self.line(at),
            problem: problem.into(),
        }
    }

    fn line(&self, at: &Range<usize>) -> usize {
        let before = self.text.as_bytes().get(..at.start).unwrap_or_default();
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }
}

/// A table of the document.
pub(crate) struct Table<'t> {
    source: Source<'t>,
    entries: &'t DeTable<'t>,
    /// What it is called: `scenario.step`. Empty for the document.
    field: String,
    span: Range<usize>,
}

impl<'t> Table<'t> {
    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<Value<'t>> {
        self.iter().find_map(|(name, value)| (name == key).then_some(value))
    }

    /// All keys and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'t str, Value<'t>)> {
        self.entries.iter().map(|(key, value)| {
            let value = Value::new(self.source, self.name_of(key.get_ref()), value);
            (key.get_ref().as_ref(), value)
        })
    }

    /// Refuses keys that are not among these.
    pub(crate) fn refuse_unknown(&self, known: &[&str]) -> Result<()> {
        let unknown = self.entries.keys().find(|key| !known.contains(&key.get_ref().as_ref()));
        match unknown {
            None => Ok(()),
            Some(key) => {
                let word = key.get_ref().as_ref();
                let problem = format!("{}: there is no such key; {}", self.name_of(word), advice(word, known));
                Err(self.source.error(&key.span(), problem))
            }
        }
    }

    /// An error about the table as a whole.
    pub(crate) fn error(&self, problem: impl std::fmt::Display) -> FileError {
        let problem = match self.field.as_str() {
            "" => problem.to_string(),
            field => format!("{field}: {problem}"),
        };
        self.source.error(&self.span, problem)
    }

    pub(crate) fn line(&self) -> usize {
        self.source.line(&self.span)
    }

    fn name_of(&self, key: &str) -> String {
        match self.field.as_str() {
            "" => key.to_owned(),
            field => format!("{field}.{key}"),
        }
    }
}

/// "did you mean …?" where one of the known words is close, else all of them.
pub(crate) fn advice(word: &str, known: &[&str]) -> String {
    match closest_word(word, known) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => format!("known: {}", known.join(", ")),
    }
}

/// A value of the document.
#[derive(Clone)]
pub(crate) struct Value<'t> {
    source: Source<'t>,
    value: &'t DeValue<'t>,
    field: String,
    span: Range<usize>,
}

impl<'t> Value<'t> {
    fn new(source: Source<'t>, field: String, value: &'t Spanned<DeValue<'t>>) -> Self {
        Self {
            source,
            value: value.get_ref(),
            field,
            span: value.span(),
        }
    }

    pub(crate) fn error(&self, problem: impl std::fmt::Display) -> FileError {
        self.source.error(&self.span, format!("{}: {problem}", self.field))
    }

    fn expected(&self, what: &str) -> FileError {
        self.error(format!(
            "expected {what}, found {} {}",
            article(self.value.type_str()),
            self.value.type_str()
        ))
    }

    pub(crate) fn text(&self) -> Result<&'t str> {
        match self.value {
            DeValue::String(text) => Ok(text.as_ref()),
            _ => Err(self.expected("a string")),
        }
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self.value, DeValue::String(_))
    }

    pub(crate) fn boolean(&self) -> Result<bool> {
        match self.value {
            DeValue::Boolean(value) => Ok(*value),
            _ => Err(self.expected("true or false")),
        }
    }

    pub(crate) fn number(&self) -> Result<u32> {
        match self.value {
            DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix())
                .map_err(|_| self.error("expected a whole number from 0 to 4294967295")),
            _ => Err(self.expected("a number")),
        }
    }

    pub(crate) fn list(&self) -> Result<Vec<Value<'t>>> {
        match self.value {
            DeValue::Array(items) => {
                let item = |item| Self::new(self.source, self.field.clone(), item);
                Ok(items.iter().map(item).collect())
            }
            _ => Err(self.expected("a list, in brackets")),
        }
    }

    /// The items of a list, each a string.
    pub(crate) fn texts(&self) -> Result<Vec<String>> {
        self.list()?.iter().map(|item| item.text().map(str::to_owned)).collect()
    }

    pub(crate) fn table(&self) -> Result<Table<'t>> {
        match self.value {
            DeValue::Table(entries) => Ok(Table {
                source: self.source,
                entries,
                field: self.field.clone(),
                span: self.span.clone(),
            }),
            _ => Err(self.expected("a table")),
        }
    }

    /// What is written as JSON in a string, or as TOML.
    pub(crate) fn json(&self) -> Result<Json> {
        let Self { value, .. } = self;
        if let DeValue::String(text) = value {
            return serde_json::from_str(text)
                .map_err(|error| self.error(format!("the string is not JSON: {error} of it")));
        }
        self.toml_as_json(value)
    }

    /// What is written as TOML.
    pub(crate) fn plain_json(&self) -> Result<Json> {
        self.toml_as_json(self.value)
    }

    fn toml_as_json(&self, value: &DeValue<'_>) -> Result<Json> {
        Ok(match value {
            DeValue::String(text) => Json::from(text.as_ref()),
            DeValue::Boolean(value) => Json::from(*value),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map(Json::from)
                .map_err(|_| self.error("the number has more than 64 bits"))?,
            DeValue::Float(number) => number
                .as_str()
                .parse::<f64>()
                .map(Json::from)
                .map_err(|_| self.error("expected a number"))?,
            DeValue::Array(items) => {
                let items = items.iter().map(|item| self.toml_as_json(item.get_ref()));
                Json::Array(items.collect::<Result<Vec<Json>>>()?)
            }
            DeValue::Table(entries) => {
                let entries = entries.iter().map(|(key, value)| {
                    let value = self.toml_as_json(value.get_ref())?;
                    Ok((key.get_ref().as_ref().to_owned(), value))
                });
                Json::Object(entries.collect::<Result<serde_json::Map<String, Json>>>()?)
            }
            DeValue::Datetime(_) => return Err(self.error("JSON has no dates; put it in quotes")),
        })
    }
}

fn article(word: &str) -> &'static str {
    if matches!(word, "integer" | "array") { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn problem(text: &str) -> String {
        let source = Source {
            path: Path::new("a.toml"),
            text,
        };
        let read = source.read(|table| {
            table.refuse_unknown(&["name", "count", "step"])?;
            if let Some(name) = table.get("name") {
                name.text()?;
            }
            if let Some(count) = table.get("count") {
                count.number()?;
            }
            if let Some(steps) = table.get("step") {
                for step in steps.list()? {
                    step.table()?.refuse_unknown(&["do"])?;
                }
            }
            Ok(())
        });
        read.unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, words) in [
            (
                "\nnmae = 1",
                "a.toml:2: nmae: there is no such key; did you mean \"name\"?",
            ),
            ("\n\nname = 1", "a.toml:3: name: expected a string, found an integer"),
            ("count = -1", "a.toml:1: count: expected a whole number"),
            (
                "name = \"a\"\n[[step]]\n[[step]]\nzzz = 1",
                "a.toml:4: step.zzz: there is no such key; known: do",
            ),
            ("step = 1", "expected a list, in brackets, found an integer"),
            ("name =", "a.toml:1:"),
        ] {
            let found = problem(text);
            assert!(found.contains(words), "{text}: {found}");
        }
    }
}
