//! From the text of a policy file to grants, or to every problem in it.

mod grant;
mod reader;
mod suggestion;
mod values;

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::{error::Problem, grant::Grant, selection::Selection};
use reader::{Entry, Reader};

pub(crate) use values::DEVICE_WITHOUT_KIND;

/// What one file says about its plugin.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) component: Option<Pin>,
    pub(crate) selection: Selection,
    /// With their lines.
    pub(crate) grants: Vec<(Grant, usize)>,
}

/// The component's digest, and where that was written.
#[derive(Debug)]
pub(crate) struct Pin {
    pub(crate) digest: String,
    pub(crate) line: usize,
}

const PLUGIN_KEYS: [&str; 4] = ["component", Selection::NETWORKS, Selection::TENANTS, "grant"];

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
    let component = Entry::find(table, &entry.field, "component").and_then(|entry| values::component(reader, &entry));
    let selection = selection(reader, &entry.field, table);
    let grants = Entry::find(table, &entry.field, "grant").map(|entry| grants(reader, &entry));
    Some(Section {
        component,
        selection,
        grants: grants.unwrap_or_default(),
    })
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
