use cofferdam_protocol::Place;
use toml::de::{DeTable, DeValue};

use super::{
    reader::{Entry, Reader},
    suggestion, values,
};
use crate::{
    dimension::{Dimension, Required},
    grant::{Grant, RULE_PRIORITIES},
    operation::{Operation, Operations},
    quoted::Quoted,
    range::Range,
    selection::Selection,
};

const EVERY_TABLE: Range = Range {
    first: 1,
    last: u32::MAX as i64,
};
const EVERY_HOOK_PRIORITY: Range = Range {
    first: i32::MIN as i64,
    last: i32::MAX as i64,
};

/// Reads one `[[plugin.NAME.grant]]`.
pub(super) fn read(reader: &mut Reader<'_>, entry: &Entry<'_, '_>, table: &DeTable<'_>) -> Option<Grant> {
    let Some(allow) = Entry::find(table, &entry.field, "allow") else {
        let way_out = "which operations it grants: allow = \"link.create\"".to_owned();
        reader.problem(entry.span(), &entry.field, "allow is missing", Some(way_out));
        return None;
    };
    let mut grant = Grant {
        selection: super::selection(reader, &entry.field, table),
        operations: operations(reader, &allow)?,
        ..Grant::default()
    };
    let mut present = Vec::new();
    let read_above = ["allow", Selection::NETWORKS, Selection::TENANTS];
    for (key, value) in table
        .iter()
        .filter(|(key, _)| !read_above.contains(&key.get_ref().as_ref()))
    {
        let known = dimension(reader, &entry.field, grant.operations, key.get_ref(), key.span());
        if let Some(dimension) = known {
            present.push(dimension);
            let entry = Entry {
                field: format!("{}.{}", entry.field, key.get_ref()),
                value,
            };
            bound(reader, &mut grant, dimension, &entry);
        }
    }
    require(reader, entry, &grant, &present);
    Some(grant)
}

/// One operation or a list of them.
fn operations(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<Operations> {
    let each = match entry.value.get_ref() {
        DeValue::String(_) => vec![named(reader, entry)?],
        DeValue::Array(_) => reader.list(entry, named)?,
        _ => {
            reader.wrong_type(entry, "an operation or a list of operations", None);
            return None;
        }
    };
    let mut operations = Operations::default();
    each.into_iter()
        .flatten()
        .for_each(|operation| operations.insert(operation));
    Some(operations)
}

/// The operations that a name such as `link.create` or `link.*` stands for.
fn named(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<Vec<Operation>> {
    let name = reader.string(entry)?;
    let found: Vec<Operation> = match name.strip_suffix(".*") {
        Some(subject) => Operation::ALL
            .into_iter()
            .filter(|operation| operation.subject() == subject)
            .collect(),
        None => Operation::from_name(name).into_iter().collect(),
    };
    if found.is_empty() {
        let problem = format!("there is no operation {}", Quoted(name));
        reader.problem(entry.span(), &entry.field, problem, Some(operation_meant(name)));
        return None;
    }
    Some(found)
}

fn operation_meant(name: &str) -> String {
    if name == "*" {
        return "name each operation, or all of one subject, as in \"link.*\"".to_owned();
    }
    let mut names: Vec<String> = Operation::ALL
        .iter()
        .map(|operation| operation.name().to_owned())
        .collect();
    if name.ends_with(".*") {
        names = Operation::ALL
            .iter()
            .map(|operation| format!("{}.*", operation.subject()))
            .collect();
        names.dedup();
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    suggestion::closest_or_all(name, &names)
}

/// What a key means for the operations of a grant. It has to mean the same
/// for each of them: a reader must not take for bounded what is not.
fn dimension(
    reader: &mut Reader<'_>,
    parent: &str,
    operations: Operations,
    key: &str,
    span: std::ops::Range<usize>,
) -> Option<Dimension> {
    let meanings: Vec<Option<Dimension>> = operations.iter().map(|operation| operation.dimension(key)).collect();
    let Some(first) = meanings.iter().flatten().next().copied() else {
        reader.unknown_key(parent, key, span, &known_keys(operations));
        return None;
    };
    let unlike = operations
        .iter()
        .zip(&meanings)
        .find(|(_, meaning)| **meaning != Some(first));
    let Some((operation, meaning)) = unlike else {
        return Some(first);
    };
    let problem = match meaning {
        None => format!("it does not bound {operation}"),
        Some(_) => format!("it means something else for {operation}"),
    };
    let way_out = format!("give {operation} a grant of its own");
    reader.problem(span, &format!("{parent}.{key}"), problem, Some(way_out));
    None
}

fn known_keys(operations: Operations) -> Vec<&'static str> {
    let mut keys = vec!["allow", Selection::NETWORKS, Selection::TENANTS];
    for (dimension, _) in operations.iter().flat_map(|operation| operation.bounds()) {
        if !keys.contains(&dimension.key()) {
            keys.push(dimension.key());
        }
    }
    keys
}

fn bound(reader: &mut Reader<'_>, grant: &mut Grant, dimension: Dimension, entry: &Entry<'_, '_>) {
    match dimension {
        Dimension::Place => grant.place = values::place(reader, entry),
        Dimension::Kinds => grant.kinds = reader.list(entry, values::kind),
        Dimension::LinkNames => grant.names = reader.list(entry, values::pattern),
        Dimension::Settings => grant.settings = reader.list(entry, values::setting),
        Dimension::Prefixes => grant.prefixes = reader.list(entry, values::prefix),
        Dimension::Destinations => grant.destinations = reader.list(entry, values::prefix),
        Dimension::RoutingTables => grant.routing_tables = ranges(reader, entry, EVERY_TABLE),
        Dimension::RulePriorities => grant.rule_priorities = ranges(reader, entry, RULE_PRIORITIES),
        Dimension::Keys => grant.keys = reader.list(entry, values::key_pattern).unwrap_or_default(),
        Dimension::Values => grant.values = reader.list(entry, values::text),
        Dimension::Family => grant.family = values::family(reader, entry),
        Dimension::TableNames => grant.table_names = reader.list(entry, values::pattern).unwrap_or_default(),
        Dimension::Hooks => grant.hooks = reader.list(entry, values::hook).unwrap_or_default(),
        Dimension::HookPriorities => {
            grant.hook_priorities = ranges(reader, entry, EVERY_HOOK_PRIORITY).unwrap_or_default();
        }
        Dimension::Sets => grant.sets = reader.list(entry, values::pattern).unwrap_or_default(),
        Dimension::Locations => grant.locations = reader.list(entry, values::path),
        Dimension::Files => grant.files = reader.list(entry, values::path).unwrap_or_default(),
        Dimension::Plugins => grant.plugins = reader.list(entry, values::pattern).unwrap_or_default(),
        Dimension::Max => grant.limits.attachment = values::max(reader, entry),
        Dimension::MaxPerNetwork => grant.limits.network = values::max(reader, entry),
        Dimension::MaxPerTenant => grant.limits.tenant = values::max(reader, entry),
    }
}

fn ranges(reader: &mut Reader<'_>, entry: &Entry<'_, '_>, whole: Range) -> Option<Vec<Range>> {
    reader.list(entry, |reader, entry| values::range(reader, entry, whole))
}

/// Reports the keys that the operations need and that are not there.
fn require(reader: &mut Reader<'_>, entry: &Entry<'_, '_>, grant: &Grant, present: &[Dimension]) {
    let mut reported: Vec<Dimension> = Vec::new();
    for operation in grant.operations.iter() {
        for (dimension, required) in operation.bounds() {
            let needed = match required {
                Required::No => needed_by_its_pair(*dimension, present),
                Required::InHost => grant.place == Some(Place::Host),
                Required::Always => true,
            };
            if needed && !present.contains(dimension) && !reported.contains(dimension) {
                reported.push(*dimension);
                let whereby = if *required == Required::InHost {
                    " in the host namespace"
                } else {
                    ""
                };
                let problem = format!("{} is missing: {operation}{whereby} needs it", dimension.key());
                reader.problem(
                    entry.span(),
                    &entry.field,
                    problem,
                    Some(dimension.example().to_owned()),
                );
            }
        }
    }
}

/// A hook says nothing without its priorities, nor they without it.
fn needed_by_its_pair(dimension: Dimension, present: &[Dimension]) -> bool {
    match dimension {
        Dimension::Hooks => present.contains(&Dimension::HookPriorities),
        Dimension::HookPriorities => present.contains(&Dimension::Hooks),
        _ => false,
    }
}
