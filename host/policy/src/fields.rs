//! A grant as a policy writes it.

use std::fmt;

use crate::{
    bound::list,
    dimension::Dimension,
    grant::Grant,
    operation::{Operation, Operations},
    pattern::Pattern,
    quoted::Whole,
    selection::Selection,
};

/// A key and the text of its value.
pub(crate) type Field = (&'static str, String);

impl Selection {
    pub(crate) fn fields(&self) -> impl Iterator<Item = Field> {
        let fields = [(Self::NETWORKS, &self.networks), (Self::TENANTS, &self.tenants)];
        let text = |patterns: &Vec<Pattern>| Patterns(patterns).to_string();
        fields
            .into_iter()
            .filter_map(move |(key, patterns)| patterns.as_ref().map(|patterns| (key, text(patterns))))
    }
}

impl Grant {
    /// What it allows and its bounds, in the order of the format's tables.
    /// Parsed again, they give the same grant.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let mut fields = vec![("allow", self.operations.to_string())];
        fields.extend(self.selection.fields());
        let written = |dimension: Dimension| self.value(dimension).map(|value| (dimension.key(), value));
        fields.extend(self.operations.dimensions().into_iter().filter_map(written));
        fields
    }

    /// The text of what it says in a dimension, if it says something.
    pub(crate) fn value(&self, dimension: Dimension) -> Option<String> {
        let number = |max: Option<u32>| max.map(|max| max.to_string());
        match dimension {
            Dimension::Place => self.place.map(|place| format!("\"{place}\"")),
            Dimension::Max => number(self.limits.attachment),
            Dimension::MaxPerNetwork => number(self.limits.network),
            Dimension::MaxPerTenant => number(self.limits.tenant),
            _ => self.written_bound(dimension).map(ToString::to_string),
        }
    }
}

/// As a TOML table in one line.
impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<String> = self
            .fields()
            .iter()
            .map(|(key, value)| format!("{key} = {value}"))
            .collect();
        write!(f, "{{ {} }}", fields.join(", "))
    }
}

impl Operations {
    /// In what one of them can be bounded.
    pub(crate) fn dimensions(self) -> Vec<Dimension> {
        let mut dimensions = Vec::new();
        for (dimension, _) in self.iter().flat_map(Operation::bounds) {
            if !dimensions.contains(dimension) {
                dimensions.push(*dimension);
            }
        }
        dimensions
    }
}

/// As a policy writes it: one operation, or a list.
impl fmt::Display for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operations: Vec<Operation> = self.iter().collect();
        match operations.as_slice() {
            [operation] => write!(f, "\"{operation}\""),
            operations => list(f, operations, |f, operation| write!(f, "\"{operation}\"")),
        }
    }
}

/// Patterns as a policy writes them.
pub(crate) struct Patterns<'p>(pub(crate) &'p [Pattern]);

impl fmt::Display for Patterns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, self.0, |f, pattern| write!(f, "{}", Whole(&pattern.to_string())))
    }
}
