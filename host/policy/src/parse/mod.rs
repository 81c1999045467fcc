//! From the text of a policy file to grants, or to every problem in it.

mod grant;
mod reader;
mod suggestion;
mod values;

use std::{fmt, path::Path};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::{audit::Audit, error::Problem, grant::Grant, selection::Selection};
use reader::{Entry, Reader};

pub(crate) use values::DEVICE_WITHOUT_KIND;

/// What one file says about its plugin.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) pin: Option<PinLine>,
    pub(crate) audit: Audit,
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

const PLUGIN_KEYS: [&str; 6] = [
    COMPONENT,
    SIGNED_BY,
    AUDIT,
    Selection::NETWORKS,
    Selection::TENANTS,
    "grant",
];

/// Reads a file that is about one plugin.
pub(crate) fn document(plugin: &str, file: &Path, text: &str) -> Result<Section, Vec<Problem>> {
    let mut reader = Reader::new(file, text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let section = plugin_section(&mut reader, plugin, table.get_ref());
        return reader.finish(section);
    }
    for error in errors {
        reader.problem(error.span().unwrap_or(0..0), "", error.message(), None);
    }
    reader.finish(None)
}

fn plugin_section(reader: &mut Reader<'_>, plugin: &str, root: &DeTable<'_>) -> Option<Section> {
    reader.unknown_keys("", root, &["plugin"]);
    let missing = format!("there is no [plugin.{plugin}] table");
    let Some(plugins) = Entry::find(root, "", "plugin") else {
        if root.is_empty() {
            reader.problem(
                0..0,
                "plugin",
                missing,
                Some("it may be empty, and grants nothing then".to_owned()),
            );
        }
        return None;
    };
    let plugins_table = reader.table(&plugins)?;
    for (key, _) in plugins_table.iter() {
        if key.get_ref() != plugin {
            let problem = "this file is about another plugin".to_owned();
            let way_out = format!("[plugin.{}] belongs into {}.toml", key.get_ref(), key.get_ref());
            reader.problem(key.span(), &format!("plugin.{}", key.get_ref()), problem, Some(way_out));
        }
    }
    let Some(entry) = Entry::find(plugins_table, "plugin", plugin) else {
        reader.problem(plugins.span(), "plugin", missing, None);
        return None;
    };
    let table = reader.table(&entry)?;
    reader.unknown_keys(&entry.field, table, &PLUGIN_KEYS);
    let pin = pin(reader, &entry.field, table);
    let audit = Entry::find(table, &entry.field, AUDIT).and_then(|entry| values::audit(reader, &entry));
    let selection = selection(reader, &entry.field, table);
    let grants = Entry::find(table, &entry.field, "grant").map(|entry| grants(reader, &entry));
    Some(Section {
        pin,
        audit: audit.unwrap_or_default(),
        selection,
        grants: grants.unwrap_or_default(),
    })
}

/// A component is known by its digest or by who signed it.
fn pin(reader: &mut Reader<'_>, field: &str, table: &DeTable<'_>) -> Option<PinLine> {
    let component = Entry::find(table, field, COMPONENT);
    let signed_by = Entry::find(table, field, SIGNED_BY);
    if let (Some(component), Some(signed_by)) = (&component, &signed_by) {
        let line = reader.line(component.span().start);
        let problem = format!("{COMPONENT} in line {line} says already which component it is");
        let way_out = "a digest allows one component, a key every one that its owner signs: keep one of the two";
        reader.problem(signed_by.span(), &signed_by.field, problem, Some(way_out.to_owned()));
        return None;
    }
    let line = |reader: &Reader<'_>, entry: &Entry<'_, '_>| reader.line(entry.span().start);
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

fn selection(reader: &mut Reader<'_>, field: &str, table: &DeTable<'_>) -> Selection {
    let mut patterns = |key| Entry::find(table, field, key).and_then(|entry| reader.list(&entry, values::pattern));
    Selection {
        networks: patterns(Selection::NETWORKS),
        tenants: patterns(Selection::TENANTS),
    }
}

fn grants(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Vec<(Grant, usize)> {
    let DeValue::Array(items) = entry.value.get_ref() else {
        let way_out = format!("write [[{}]], with two brackets", entry.field);
        reader.wrong_type(entry, "a list of grants", Some(way_out));
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item: &Spanned<DeValue<'_>>| {
            let entry = Entry {
                field: entry.field.clone(),
                value: item,
            };
            let table = reader.table(&entry)?;
            let grant = grant::read(reader, &entry, table)?;
            Some((grant, reader.line(entry.span().start)))
        })
        .collect()
}
