//! A grant as a policy writes it.

use std::fmt;

use crate::{
    dimension::Dimension, grant::Grant, key_pattern::KeyPattern, operation::Operation, parse::DEVICE_WITHOUT_KIND,
    pattern::Pattern, quoted::Whole, selection::Selection,
};

/// A key and the text of its value.
pub(crate) type Field = (&'static str, String);

impl Selection {
    pub(crate) fn fields(&self) -> impl Iterator<Item = Field> {
        let networks = self.networks.as_deref().map(|all| (Self::NETWORKS, patterns(all)));
        let tenants = self.tenants.as_deref().map(|all| (Self::TENANTS, patterns(all)));
        networks.into_iter().chain(tenants)
    }
}

impl Grant {
    /// What it allows and its bounds, in the order of the format's tables.
    /// Parsed again, they give the same grant.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let mut fields = vec![("allow", self.allow())];
        fields.extend(self.selection.fields());
        let written = |dimension: Dimension| self.value(dimension).map(|value| (dimension.key(), value));
        fields.extend(self.dimensions().into_iter().filter_map(written));
        fields
    }

    /// In what its operations can be bounded.
    pub(crate) fn dimensions(&self) -> Vec<Dimension> {
        let mut dimensions = Vec::new();
        for (dimension, _) in self.operations.iter().flat_map(Operation::bounds) {
            if !dimensions.contains(dimension) {
                dimensions.push(*dimension);
            }
        }
        dimensions
    }

    fn allow(&self) -> String {
        let names: Vec<Whole<'_>> = self
            .operations
            .iter()
            .map(|operation| Whole(operation.name()))
            .collect();
        match names.as_slice() {
            [name] => name.to_string(),
            names => list(names),
        }
    }

    /// The text of the bound, if there is one.
    pub(crate) fn value(&self, dimension: Dimension) -> Option<String> {
        match dimension {
            Dimension::Place => self.place.map(|place| Whole(&place.to_string()).to_string()),
            Dimension::Kinds => self
                .kinds
                .as_deref()
                .map(|kinds| strings(kinds.iter().map(|kind| kind_word(kind)))),
            Dimension::LinkNames => self.names.as_deref().map(patterns),
            Dimension::Settings => self
                .settings
                .as_deref()
                .map(|all| strings(all.iter().map(String::as_str))),
            Dimension::Prefixes => self.prefixes.as_deref().map(texts),
            Dimension::Destinations => self.destinations.as_deref().map(texts),
            Dimension::RoutingTables => self.routing_tables.as_deref().map(list),
            Dimension::RulePriorities => self.rule_priorities.as_deref().map(list),
            Dimension::Keys => some(&self.keys).map(|keys| texts::<KeyPattern>(keys)),
            Dimension::Values => self
                .values
                .as_deref()
                .map(|all| strings(all.iter().map(String::as_str))),
            Dimension::Family => self.family.as_deref().map(|family| Whole(family).to_string()),
            Dimension::TableNames => some(&self.table_names).map(patterns),
            Dimension::Hooks => some(&self.hooks).map(|all| strings(all.iter().map(String::as_str))),
            Dimension::HookPriorities => some(&self.hook_priorities).map(list),
            Dimension::Sets => some(&self.sets).map(patterns),
            Dimension::Locations => self.locations.as_deref().map(paths),
            Dimension::Files => some(&self.files).map(paths),
            Dimension::Plugins => some(&self.plugins).map(patterns),
            Dimension::Max => self.limits.attachment.map(|max| max.to_string()),
            Dimension::MaxPerNetwork => self.limits.network.map(|max| max.to_string()),
            Dimension::MaxPerTenant => self.limits.tenant.map(|max| max.to_string()),
        }
    }
}

/// What a policy calls a kind of link.
fn kind_word(kind: &str) -> &str {
    if kind.is_empty() { DEVICE_WITHOUT_KIND } else { kind }
}

fn some<T>(list: &[T]) -> Option<&[T]> {
    (!list.is_empty()).then_some(list)
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(T::to_string).collect();
    format!("[{}]", items.join(", "))
}

fn strings<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<Whole<'_>> = items.map(Whole).collect();
    list(&items)
}

/// Of what is written as a string.
fn texts<T: fmt::Display>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(T::to_string).collect();
    strings(items.iter().map(String::as_str))
}

fn patterns(items: &[Pattern]) -> String {
    texts(items)
}

fn paths(items: &[std::path::PathBuf]) -> String {
    let items: Vec<_> = items.iter().map(|path| path.to_string_lossy()).collect();
    strings(items.iter().map(AsRef::as_ref))
}
