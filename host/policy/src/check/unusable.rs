//! What a grant allows that no call can ask for.

use std::collections::BTreeSet;

use cofferdam_protocol::identifier::INTERFACE_NAME_BYTES;

use crate::{
    bound::Bound,
    dimension::Dimension,
    key_pattern::KeyPattern,
    name,
    operation::Operation,
    pattern::Pattern,
    quoted::{Quoted, Whole},
    selection::Selection,
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

const NETWORK_NAMES: &str = "names have letters, digits, '.', '-' and '_'";
const TENANT_NAMES: &str = "a Kubernetes namespace has 1 to 63 of a-z, 0-9 and '-'";
const LINK_NAMES: &str = "a name has at most 15 bytes, no blank, '/' or ':'";
const DEVICE_NAMES: &str =
    "a link's name has at most 15 bytes, no blank, '/' or ':', and a PCI address is as 0000:03:00.1";
const PLUGIN_NAMES: &str = "names have letters, digits, '-' and '_'";
const KEYS: &str = "a part has at most 64 bytes, and no blank";
const VALUES: &str = "a value is plain text in one line, of at most 256 bytes";

/// What is wrong with a selection by itself.
pub(super) fn in_selection(selection: &Selection) -> Vec<Unusable> {
    let networks = selection.networks.as_deref().unwrap_or_default();
    let networks = told("network", networks, NETWORK_NAMES, |pattern| {
        is_possible(pattern, is_name_character, usize::MAX)
    });
    let tenants = selection.tenants.as_deref().unwrap_or_default();
    let tenants = told("tenant", tenants, TENANT_NAMES, |pattern| {
        is_possible(pattern, is_label_character, TENANT_BYTES)
    });
    let networks = networks.map(|problem| unusable(Selection::NETWORKS, problem));
    let tenants = tenants.map(|problem| unusable(Selection::TENANTS, problem));
    networks.chain(tenants).collect()
}

/// Tells those patterns that nothing is called by.
fn told<'p>(
    what: &'p str,
    patterns: &'p [Pattern],
    rule: &'p str,
    possible: impl Fn(&Pattern) -> bool + 'p,
) -> impl Iterator<Item = String> + 'p {
    let impossible = patterns.iter().filter(move |pattern| !possible(pattern));
    impossible.map(move |pattern| format!("no {what} is called {}: {rule}", Whole(&pattern.to_string())))
}

/// What is wrong with a grant.
pub(super) fn in_grant(written: &WrittenGrant) -> Vec<Unusable> {
    let mut found = in_selection(&written.grant.selection);
    found.extend(never_selected(&written.origin.selection, &written.grant.selection));
    let with_devices = written.grant.operations.contains(Operation::DeviceTake);
    for (dimension, bound) in &written.grant.bounds {
        let problems: BTreeSet<String> = in_bound(*dimension, bound, with_devices).into_iter().collect();
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

/// `with_devices`: names may be PCI addresses as well.
fn in_bound(dimension: Dimension, bound: &Bound, with_devices: bool) -> Vec<String> {
    match bound {
        Bound::Patterns(patterns) if dimension == Dimension::LinkNames && with_devices => {
            let possible = |pattern: &Pattern| is_possible_link(pattern) || is_possible_pci_address(pattern);
            told("link or PCI device", patterns, DEVICE_NAMES, possible).collect()
        }
        Bound::Patterns(patterns)
            if matches!(
                dimension,
                Dimension::LinkNames | Dimension::Parents | Dimension::PacketLinks
            ) =>
        {
            told("link", patterns, LINK_NAMES, is_possible_link).collect()
        }
        Bound::Patterns(patterns) if dimension == Dimension::Plugins => {
            let possible = |pattern: &Pattern| is_possible(pattern, is_plugin_character, name::LONGEST);
            told("plugin with a policy", patterns, PLUGIN_NAMES, possible).collect()
        }
        Bound::Keys(keys) => {
            let impossible = keys.iter().filter(|key| !is_possible_key(key));
            let told = |key: &KeyPattern| format!("no setting is called {}: {KEYS}", Whole(key.as_str()));
            impossible.map(told).collect()
        }
        Bound::Texts(values) => {
            let impossible = values.iter().filter(|value| !is_possible_value(value));
            impossible
                .map(|value| format!("no plugin can write {}: {VALUES}", Quoted(value)))
                .collect()
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

/// Whether a name of these characters, the first of them no sign, can be of
/// the pattern.
fn is_possible(pattern: &Pattern, allowed: fn(u8) -> bool, longest: usize) -> bool {
    let bytes: usize = pattern.pieces().map(str::len).sum();
    let first = pattern.pieces().next().and_then(|piece| piece.bytes().next());
    bytes <= longest
        && first.is_none_or(|byte| byte.is_ascii_alphanumeric())
        && pattern.pieces().flat_map(str::bytes).all(allowed)
}

fn is_possible_link(pattern: &Pattern) -> bool {
    let bytes: usize = pattern.pieces().map(str::len).sum();
    let plain = |character: char| !matches!(character, '/' | ':' | '\0') && !character.is_whitespace();
    bytes <= INTERFACE_NAME_BYTES
        && pattern.pieces().flat_map(str::chars).all(plain)
        && !matches!(pattern.only_name(), Some("." | ".."))
}

/// Whether a device on the PCI bus can have an address of the pattern.
fn is_possible_pci_address(pattern: &Pattern) -> bool {
    let plain = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b':' | b'.');
    pattern.pieces().flat_map(str::bytes).all(plain)
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
