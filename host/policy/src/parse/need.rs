use std::path::Path;

use super::{
    document::{Table, Value, read_json},
    grant::{Sort, dimension, operations, refuse_contradictions},
    reader::{Entry, Field, Reader},
    values,
};
use crate::{
    dimension::Dimension,
    error::Problem,
    needs::Need,
    operation::{Operation, Operations},
};

/// Needs that a component may declare.
const MOST: usize = 256;
/// Characters of the words that say when something is needed.
const LONGEST_WHEN: usize = 200;

const ALLOW: &str = "allow";
const WHEN: &str = "when";

/// How many there may be, and how requests are sent, is for the operator to say.
const OPERATORS: [Dimension; 5] = [
    Dimension::Max,
    Dimension::MaxPerNetwork,
    Dimension::MaxPerTenant,
    Dimension::Credential,
    Dimension::Authority,
];

const NEEDS: Sort = Sort {
    name: "need",
    known_keys,
};

/// Reads a list of needs: each a grant's keys without selection, limits and manner,
/// none of them but `allow` and `in` required, and `when`.
///
/// `null` is none.
pub(crate) fn needs(source: &Path, json: &str) -> Result<Option<Vec<Need>>, Vec<Problem>> {
    let item = read_json(json).map_err(|error| {
        let problem = format!("it is not JSON: {error}");
        vec![Problem::of_file(source, &problem, None)]
    })?;
    let mut reader = Reader::new(source, "");
    let list = match &item.value {
        Value::Other("null") => return Ok(None),
        Value::List(items) if items.len() > MOST => {
            let problem = format!("there are {} of them, more than {MOST}", items.len());
            reader.problem(0..0, &Field::ROOT.key("needs"), problem, None);
            None
        }
        Value::List(items) => Some(items),
        _ => {
            let field = Field::ROOT.key("needs");
            reader.wrong_type(&Entry { field, item: &item }, "a list", None);
            None
        }
    };
    let mut needs = Vec::new();
    for (index, item) in list.into_iter().flatten().enumerate() {
        let name = format!("needs[{index}]");
        let entry = Entry {
            field: Field::ROOT.key(&name),
            item,
        };
        if let Some(table) = reader.table(&entry) {
            needs.extend(need(&mut reader, &entry, table));
        }
    }
    reader.finish(Some(Some(needs))).map_err(without_lines)
}

fn need(reader: &mut Reader<'_>, entry: &Entry<'_>, table: &Table<'_>) -> Option<Need> {
    let Some(allow) = Entry::find(table, &entry.field, ALLOW) else {
        let way_out = "which operation it is about: \"link.create\"".to_owned();
        reader.problem(entry.span(), &entry.field, "allow is missing", Some(way_out));
        return None;
    };
    let mut need = Need {
        operations: operations(reader, &allow)?,
        place: None,
        bounds: Vec::new(),
        when: Entry::find(table, &entry.field, WHEN).and_then(|entry| when(reader, &entry)),
    };
    let mut present = Vec::new();
    for member in table
        .iter()
        .filter(|member| ![ALLOW, WHEN].contains(&member.key.as_ref()))
    {
        let (key, span) = (member.key.as_ref(), member.key_span.clone());
        match dimension(reader, &NEEDS, &entry.field, need.operations, key, span.clone()) {
            Some(operators) if OPERATORS.contains(&operators) => {
                reader.unknown_key(&entry.field, key, span, &known_keys(need.operations));
            }
            Some(dimension) => {
                let entry = Entry {
                    field: entry.field.key(key),
                    item: &member.item,
                };
                bound(reader, &mut need, dimension, &entry);
                present.push(dimension);
            }
            None => {}
        }
    }
    refuse_contradictions(reader, entry, need.place, &need.bounds, &present);
    if need.place.is_none() && table.get(Dimension::Place.key()).is_none() {
        require_place(reader, entry, need.operations);
    }
    Some(need)
}

fn bound(reader: &mut Reader<'_>, need: &mut Need, dimension: Dimension, entry: &Entry<'_>) {
    if dimension == Dimension::Place {
        need.place = values::place(reader, entry);
        return;
    }
    let bound = values::bound(reader, entry, dimension.form());
    need.bounds.extend(bound.map(|bound| (dimension, bound)));
}

fn require_place(reader: &mut Reader<'_>, entry: &Entry<'_>, operations: Operations) {
    let key = Dimension::Place.key();
    let in_place = operations.iter().find(|operation| operation.dimension(key).is_some());
    if let Some(operation) = in_place {
        let problem = format!("{key} is missing: {operation} needs it");
        let way_out = Some(Dimension::Place.example().to_owned());
        reader.problem(entry.span(), &entry.field, problem, way_out);
    }
}

/// Words for people, on one line.
fn when(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Box<str>> {
    let text = reader.string(entry)?;
    if text.trim().is_empty() || text.chars().count() > LONGEST_WHEN || text.contains(char::is_control) {
        let problem = format!("it has to be one line of 1 to {LONGEST_WHEN} characters");
        reader.problem(entry.span(), &entry.field, problem, Some("as in \"ipMasq\"".to_owned()));
        return None;
    }
    Some(text.into())
}

fn known_keys(operations: Operations) -> Vec<&'static str> {
    let mut keys = vec![ALLOW, WHEN];
    for (dimension, _) in operations.iter().flat_map(Operation::bounds) {
        if !OPERATORS.contains(dimension) && !keys.contains(&dimension.key()) {
            keys.push(dimension.key());
        }
    }
    keys
}

/// A section of a component has no lines.
fn without_lines(problems: Vec<Problem>) -> Vec<Problem> {
    let all = problems.into_iter();
    all.map(|problem| Problem { line: None, ..problem }).collect()
}
