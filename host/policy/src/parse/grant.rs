use cofferdam_protocol::Place;

use super::{
    document::{Table, Value},
    reader::{Entry, Field, Reader},
    values,
};
use crate::{
    bound::Bound,
    dimension::{Dimension, Required},
    grant::Grant,
    operation::{Operation, Operations},
    quoted::Quoted,
    selection::Selection,
    suggestion,
    words::ALL,
};

/// What is bounded by keys of dimensions: grants, or needs.
pub(super) struct Sort {
    pub(super) name: &'static str,
    pub(super) known_keys: fn(Operations) -> Vec<&'static str>,
}

const GRANTS: Sort = Sort {
    name: "grant",
    known_keys,
};

/// Reads one `[[plugin.NAME.grant]]`.
pub(super) fn read(reader: &mut Reader<'_>, entry: &Entry<'_>, table: &Table<'_>) -> Option<Grant> {
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
    let mut present = Vec::with_capacity(8);
    let read_above = ["allow", Selection::NETWORKS, Selection::TENANTS];
    for member in table.iter().filter(|member| !read_above.contains(&member.key.as_ref())) {
        let (key, span) = (member.key.as_ref(), member.key_span.clone());
        if let Some(dimension) = dimension(reader, &GRANTS, &entry.field, grant.operations, key, span) {
            present.push(dimension);
            let entry = Entry {
                field: entry.field.key(key),
                item: &member.item,
            };
            bound(reader, &mut grant, dimension, &entry);
        }
    }
    require(reader, entry, &grant, &present);
    refuse_contradictions(reader, entry, grant.place, &grant.bounds, &present);
    Some(grant)
}

/// One operation or a list of them.
pub(super) fn operations(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Operations> {
    let each = match entry.value() {
        Value::Text(_) => vec![named(reader, entry)?],
        Value::List(_) => reader.list(entry, named)?,
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
fn named(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Vec<Operation>> {
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

/// What a key means for the operations of a grant or need. It has to mean the same
/// for each of them: a reader must not take for bounded what is not.
pub(super) fn dimension(
    reader: &mut Reader<'_>,
    sort: &Sort,
    parent: &Field<'_>,
    operations: Operations,
    key: &str,
    span: std::ops::Range<usize>,
) -> Option<Dimension> {
    let meanings = || operations.iter().map(|operation| (operation, operation.dimension(key)));
    let Some(first) = meanings().find_map(|(_, meaning)| meaning) else {
        reader.unknown_key(parent, key, span, &(sort.known_keys)(operations));
        return None;
    };
    let Some((operation, meaning)) = meanings().find(|(_, meaning)| *meaning != Some(first)) else {
        return Some(first);
    };
    let problem = match meaning {
        None => format!("it does not bound {operation}"),
        Some(_) => format!("it means something else for {operation}"),
    };
    let way_out = format!("give {operation} a {} of its own", sort.name);
    reader.problem(span, &parent.key(key), problem, Some(way_out));
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

fn bound(reader: &mut Reader<'_>, grant: &mut Grant, dimension: Dimension, entry: &Entry<'_>) {
    match dimension {
        Dimension::Place => grant.place = values::place(reader, entry),
        Dimension::Max => grant.limits.attachment = values::max(reader, entry),
        Dimension::MaxPerNetwork => grant.limits.network = values::max(reader, entry),
        Dimension::MaxPerTenant => grant.limits.tenant = values::max(reader, entry),
        _ => {
            let bound = values::bound(reader, entry, dimension.form());
            grant.bounds.extend(bound.map(|bound| (dimension, bound)));
        }
    }
}

/// Reports the keys that the operations need and that are not there.
fn require(reader: &mut Reader<'_>, entry: &Entry<'_>, grant: &Grant, present: &[Dimension]) {
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

/// Reports bounds that bound nothing: nobody must take for bounded what is
/// not. `present` has what could not be read, too.
pub(super) fn refuse_contradictions(
    reader: &mut Reader<'_>,
    entry: &Entry<'_>,
    place: Option<Place>,
    bounds: &[(Dimension, Bound)],
    present: &[Dimension],
) {
    let is_for_all = bounds.contains(&(Dimension::PacketScope, Bound::Word(ALL)));
    let of_packets = present
        .iter()
        .filter(|dimension| Dimension::OF_PACKETS.contains(dimension));
    for dimension in of_packets {
        let why = if place == Some(Place::Container) {
            "all packets of the container namespace are the attachment's own"
        } else if is_for_all && *dimension != Dimension::PacketScope {
            "scope is \"all\" packets already"
        } else {
            continue;
        };
        let problem = format!("{} bounds nothing: {why}", dimension.key());
        let way_out = format!("remove {}", dimension.key());
        reader.problem(entry.span(), &entry.field, problem, Some(way_out));
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
