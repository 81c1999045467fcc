//! What a grant allows that no call can ask for.

use std::collections::BTreeSet;

use cofferdam_protocol::identifier::INTERFACE_NAME_BYTES;

use crate::{
    bound::Bound, dimension::Dimension, key_pattern::KeyPattern, name, pattern::Pattern, selection::Selection,
    written::WrittenGrant,
};

/// A key of a grant, and why one of its values, or all together, stand for
/// nothing.
pub(super) struct Unusable {
    pub(super) key: &'static str,
    pub(super) problem: String,
}

/// The longest name of a Kubernetes namespace (a label of RFC 1123).
const TENANT_BYTES: usize = 63;
/// The longest value that a plugin can write, and the longest part of a key.
const VALUE_BYTES: usize = 256;
const KEY_PART_BYTES: usize = 64;

const VALUES: &str = "a value is plain text in one line, of at most 256 bytes";

/// What is wrong with a selection by itself.
pub(super) fn in_selection(selection: &Selection) -> Vec<Unusable> {
    let networks = selection.networks.iter().flatten().filter_map(|pattern| {
        let problem = not_of(pattern, is_name_character, usize::MAX)
            .then(|| format!("no network is called \"{pattern}\": names have letters, digits, '.', '-' and '_'"))?;
        Some(unusable(Selection::NETWORKS, problem))
    });
    let tenants = selection.tenants.iter().flatten().filter_map(|pattern| {
        let problem = not_of(pattern, is_label_character, TENANT_BYTES).then(|| {
            format!("no tenant is called \"{pattern}\": a Kubernetes namespace has 1 to 63 of a-z, 0-9 and '-'")
        })?;
        Some(unusable(Selection::TENANTS, problem))
    });
    networks.chain(tenants).collect()
}

/// What is wrong with a grant.
pub(super) fn in_grant(written: &WrittenGrant) -> Vec<Unusable> {
    let mut found = in_selection(&written.grant.selection);
    found.extend(never_selected(&written.origin.selection, &written.grant.selection));
    for (dimension, bound) in &written.grant.bounds {
        let problems: BTreeSet<String> = in_bound(*dimension, bound).into_iter().collect();
        found.extend(problems.into_iter().map(|problem| unusable(dimension.key(), problem)));
    }
    found
}

fn unusable(key: &'static str, problem: String) -> Unusable {
    Unusable { key, problem }
}

/// A grant that is for none of those that its file is for.
fn never_selected(file: &Selection, grant: &Selection) -> Vec<Unusable> {
    let both = [
        (Selection::NETWORKS, "networks", &file.networks, &grant.networks),
        (Selection::TENANTS, "tenants", &file.tenants, &grant.tenants),
    ];
    let apart = both.into_iter().filter_map(|(key, what, file, grant)| {
        let (file, grant) = (file.as_ref()?, grant.as_ref()?);
        let meet = grant.iter().any(|grant| file.iter().any(|file| file.overlaps(grant)));
        (!meet).then(|| {
            let problem = format!("none of these {what} is among those of the file, so the grant is never used");
            unusable(key, problem)
        })
    });
    apart.collect()
}

fn in_bound(dimension: Dimension, bound: &Bound) -> Vec<String> {
    match bound {
        Bound::Patterns(patterns) if dimension == Dimension::LinkNames => {
            let impossible = patterns.iter().filter(|pattern| !is_possible_link(pattern));
            let told = |pattern| {
                format!(
                    "no link is called \"{pattern}\": a name has at most {INTERFACE_NAME_BYTES} bytes, no blank, '/' or ':'"
                )
            };
            impossible.map(told).collect()
        }
        Bound::Patterns(patterns) if dimension == Dimension::Plugins => {
            let impossible = patterns
                .iter()
                .filter(|pattern| not_of(pattern, is_plugin_character, name::LONGEST));
            let told = |pattern| {
                format!("no plugin with a policy is called \"{pattern}\": names have letters, digits, '-' and '_'")
            };
            impossible.map(told).collect()
        }
        Bound::Keys(keys) => {
            let impossible = keys.iter().filter(|key| !is_possible_key(key));
            let told = |key: &KeyPattern| {
                format!(
                    "no setting is called \"{}\": a part has at most {KEY_PART_BYTES} bytes, and no blank",
                    key.as_str()
                )
            };
            impossible.map(told).collect()
        }
        Bound::Texts(values) => {
            let impossible = values.iter().filter(|value| !is_possible_value(value));
            let told = |value| format!("no plugin can write {value:?}: {VALUES}");
            impossible.map(told).collect()
        }
        _ => Vec::new(),
    }
}

fn is_name_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

fn is_plugin_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn is_label_character(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

/// Whether no name of these characters, the first of them no sign, is of the
/// pattern.
fn not_of(pattern: &Pattern, allowed: fn(u8) -> bool, longest: usize) -> bool {
    let bytes: usize = pattern.pieces().map(str::len).sum();
    let first = pattern.pieces().next().and_then(|piece| piece.bytes().next());
    bytes > longest
        || first.is_some_and(|byte| !byte.is_ascii_alphanumeric())
        || !pattern.pieces().flat_map(str::bytes).all(allowed)
}

fn is_possible_link(pattern: &Pattern) -> bool {
    let bytes: usize = pattern.pieces().map(str::len).sum();
    let plain = |character: char| !matches!(character, '/' | ':' | '\0') && !character.is_whitespace();
    bytes <= INTERFACE_NAME_BYTES
        && pattern.pieces().flat_map(str::chars).all(plain)
        && !matches!(pattern.only_name(), Some("." | ".."))
}

fn is_possible_key(key: &KeyPattern) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic();
    key.as_str()
        .split('/')
        .all(|part| part.len() <= KEY_PART_BYTES && part.bytes().all(plain))
}

fn is_possible_value(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t');
    value.len() <= VALUE_BYTES && value.bytes().all(plain)
}
