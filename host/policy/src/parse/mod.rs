//! From the text of a policy file to grants, or to every problem in it.

mod document;
mod grant;
mod need;
mod reader;
mod values;

use std::{fmt, path::Path};

use crate::{audit::Audit, error::Problem, grant::Grant, recording::Recording, selection::Selection};
#[cfg(feature = "fuzzing")]
pub use document::readers_agree;
use document::{Table, Value};
pub(crate) use need::needs;
use reader::{Entry, Field, Reader};

/// What one file says about its plugin.
#[derive(Debug)]
pub(crate) struct Section {
    /// Of its `[plugin.NAME]`.
    pub(crate) line: usize,
    pub(crate) pin: Option<PinLine>,
    pub(crate) audit: Audit,
    pub(crate) recording: Recording,
    pub(crate) core_instances: Option<u32>,
    pub(crate) selection: Selection,
    /// With their lines.
    pub(crate) grants: Vec<(Grant, usize)>,
}

/// Which component may act, and where that is written.
#[derive(Clone, Debug)]
pub(crate) struct PinLine {
    pub(crate) words: PinWords,
    pub(crate) line: usize,
}

/// What a file says of the component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PinWords {
    Digest(String),
    /// The name of a key.
    SignedBy(String),
}

impl PinWords {
    /// The key that says it.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            Self::Digest(_) => COMPONENT,
            Self::SignedBy(_) => SIGNED_BY,
        }
    }
}

/// As the policy writes it.
impl fmt::Display for PinWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest(digest) => write!(f, "{COMPONENT} = \"sha256:{digest}\""),
            Self::SignedBy(key) => write!(f, "{SIGNED_BY} = \"{key}\""),
        }
    }
}

pub(crate) const COMPONENT: &str = "component";
pub(crate) const SIGNED_BY: &str = "signed-by";
pub(crate) const AUDIT: &str = "audit";
pub(crate) const RECORD: &str = "record";
pub(crate) const CORE_INSTANCES: &str = "core-instances";

const PLUGIN_KEYS: [&str; 8] = [
    COMPONENT,
    SIGNED_BY,
    AUDIT,
    RECORD,
    CORE_INSTANCES,
    Selection::NETWORKS,
    Selection::TENANTS,
    "grant",
];

/// Reads a file that is about one plugin.
pub(crate) fn document(plugin: &str, file: &Path, text: &str) -> Result<Section, Vec<Problem>> {
    let mut reader = Reader::new(file, text);
    match document::read(text) {
        Ok(table) => {
            let section = plugin_section(&mut reader, plugin, &table);
            reader.finish(section)
        }
        Err(faults) => {
            for fault in faults {
                reader.problem(fault.span, &Field::ROOT, fault.message, None);
            }
            reader.finish(None)
        }
    }
}

fn plugin_section(reader: &mut Reader<'_>, plugin: &str, root: &Table<'_>) -> Option<Section> {
    reader.unknown_keys(&Field::ROOT, root, &["plugin"]);
    let missing = format!("there is no [plugin.{plugin}] table");
    let Some(plugins) = Entry::find(root, &Field::ROOT, "plugin") else {
        if root.is_empty() {
            let way_out = Some("it may be empty, and grants nothing then".to_owned());
            reader.problem(0..0, &Field::ROOT.key("plugin"), missing, way_out);
        }
        return None;
    };
    let plugins_table = reader.table(&plugins)?;
    for member in plugins_table.iter().filter(|member| member.key != plugin) {
        let problem = "this file is about another plugin".to_owned();
        let way_out = format!("[plugin.{}] belongs into {}.toml", member.key, member.key);
        let span = member.key_span.clone();
        reader.problem(span, &plugins.field.key(&member.key), problem, Some(way_out));
    }
    let Some(entry) = Entry::find(plugins_table, &plugins.field, plugin) else {
        reader.problem(plugins.span(), &plugins.field, missing, None);
        return None;
    };
    let table = reader.table(&entry)?;
    reader.unknown_keys(&entry.field, table, &PLUGIN_KEYS);
    let pin = pin(reader, &entry.field, table);
    let audit = Entry::find(table, &entry.field, AUDIT).and_then(|entry| values::audit(reader, &entry));
    let recording = Entry::find(table, &entry.field, RECORD).and_then(|entry| values::recording(reader, &entry));
    let core_instances =
        Entry::find(table, &entry.field, CORE_INSTANCES).and_then(|entry| values::core_instances(reader, &entry));
    let selection = selection(reader, &entry.field, table);
    let grants = Entry::find(table, &entry.field, "grant").map(|entry| grants(reader, &entry));
    Some(Section {
        line: reader.line(entry.span().start),
        pin,
        audit: audit.unwrap_or_default(),
        recording: recording.unwrap_or_default(),
        core_instances,
        selection,
        grants: grants.unwrap_or_default(),
    })
}

/// A component is known by its digest or by who signed it.
fn pin(reader: &mut Reader<'_>, field: &Field<'_>, table: &Table<'_>) -> Option<PinLine> {
    let component = Entry::find(table, field, COMPONENT);
    let signed_by = Entry::find(table, field, SIGNED_BY);
    if let (Some(component), Some(signed_by)) = (&component, &signed_by) {
        let line = reader.line(component.span().start);
        let problem = format!("{COMPONENT} in line {line} says already which component it is");
        let way_out = "a digest allows one component, a key every one that its owner signs: keep one of the two";
        reader.problem(signed_by.span(), &signed_by.field, problem, Some(way_out.to_owned()));
        return None;
    }
    let line = |reader: &Reader<'_>, entry: &Entry<'_>| reader.line(entry.span().start);
    match (component, signed_by) {
        (Some(entry), _) => values::digest(reader, &entry).map(|digest| PinLine {
            words: PinWords::Digest(digest),
            line: line(reader, &entry),
        }),
        (None, Some(entry)) => values::key_name(reader, &entry).map(|name| PinLine {
            words: PinWords::SignedBy(name),
            line: line(reader, &entry),
        }),
        (None, None) => None,
    }
}

fn selection(reader: &mut Reader<'_>, field: &Field<'_>, table: &Table<'_>) -> Selection {
    let mut patterns = |key| Entry::find(table, field, key).and_then(|entry| reader.list(&entry, values::pattern));
    Selection {
        networks: patterns(Selection::NETWORKS),
        tenants: patterns(Selection::TENANTS),
    }
}

fn grants(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Vec<(Grant, usize)> {
    let Value::List(items) = entry.value() else {
        let way_out = format!("write [[{}]], with two brackets", entry.field);
        reader.wrong_type(entry, "a list of grants", Some(way_out));
        return Vec::new();
    };
    let mut grants = Vec::with_capacity(items.len());
    for item in items {
        let field = entry.field;
        let entry = Entry { field, item };
        let Some(table) = reader.table(&entry) else { continue };
        if let Some(grant) = grant::read(reader, &entry, table) {
            grants.push((grant, reader.line(entry.span().start)));
        }
    }
    grants
}
