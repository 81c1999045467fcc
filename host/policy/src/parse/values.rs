use std::{
    path::{Component, Path, PathBuf},
    str::FromStr as _,
};

use cofferdam_protocol::{IpPrefix, Place};
use toml::de::DeValue;

use super::{
    reader::{Entry, Reader},
    suggestion,
};
use crate::{audit::Audit, key_pattern::KeyPattern, name, pattern::Pattern, quoted::Quoted, range::Range};

/// What a policy calls the kind of `lo` or a network card, for which the
/// kernel has no word.
pub(crate) const DEVICE_WITHOUT_KIND: &str = "none";

const SETTINGS: [&str; 8] = [
    "up",
    "mtu",
    "mac",
    "promiscuous",
    "master",
    "ports",
    "hairpin",
    "isolated",
];
const FAMILIES: [&str; 4] = ["inet", "ip", "ip6", "bridge"];
const HOOKS: [&str; 5] = ["prerouting", "input", "forward", "output", "postrouting"];

pub(super) fn digest(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<String> {
    let text = reader.string(entry)?;
    let digest = text.strip_prefix("sha256:").filter(|digest| {
        let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        digest.len() == 64 && digest.bytes().all(hexadecimal)
    });
    if digest.is_none() {
        let way_out = "sha256: and 64 digits of 0-9 and a-f, as sha256sum prints them".to_owned();
        reader.problem(entry.span(), &entry.field, "it is not a digest", Some(way_out));
    }
    digest.map(str::to_owned)
}

pub(super) fn key_name(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<String> {
    let text = reader.string(entry)?;
    if !name::is_plain(text) {
        let problem = format!("{} is not the name of a key", Quoted(text));
        let way_out = "KEY for the file keys/KEY.pub of the policy directory: 1 to 64 letters, digits, - and _";
        reader.problem(entry.span(), &entry.field, problem, Some(way_out.to_owned()));
        return None;
    }
    Some(text.to_owned())
}

pub(super) fn audit(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<Audit> {
    let word = word(reader, entry, &Audit::WORDS)?;
    [Audit::Denied, Audit::All]
        .into_iter()
        .find(|audit| audit.word() == word)
}

pub(super) fn place(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<Place> {
    match word(reader, entry, &["host", "container"])?.as_str() {
        "host" => Some(Place::Host),
        _ => Some(Place::Container),
    }
}

pub(super) fn setting(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<String> {
    word(reader, entry, &SETTINGS)
}

pub(super) fn family(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<String> {
    word(reader, entry, &FAMILIES)
}

pub(super) fn hook(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<String> {
    word(reader, entry, &HOOKS)
}

/// A link kind, as the kernel will have it.
pub(super) fn kind(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<String> {
    let kind = reader.string(entry)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if kind.is_empty() || !kind.bytes().all(plain) {
        let problem = format!("{} is not a kind of link", Quoted(kind));
        let way_out =
            format!("such as bridge or veth; {DEVICE_WITHOUT_KIND} for lo and network cards; patterns are for names");
        reader.problem(entry.span(), &entry.field, problem, Some(way_out));
        return None;
    }
    Some(if kind == DEVICE_WITHOUT_KIND {
        String::new()
    } else {
        kind.to_owned()
    })
}

pub(super) fn text(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<String> {
    reader.string(entry).map(str::to_owned)
}

pub(super) fn pattern(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<Pattern> {
    let text = reader.string(entry)?;
    match Pattern::from_str(text) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let problem = format!("{} is not a name or pattern: {error}", Quoted(text));
            reader.problem(entry.span(), &entry.field, problem, None);
            None
        }
    }
}

pub(super) fn key_pattern(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<KeyPattern> {
    let text = reader.string(entry)?;
    match KeyPattern::from_str(text) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let problem = format!("{} is not a sysctl key: {error}", Quoted(text));
            let way_out = "as in net/ipv4/ip_forward or net/ipv4/conf/*/arp_notify".to_owned();
            reader.problem(entry.span(), &entry.field, problem, Some(way_out));
            None
        }
    }
}

/// A network. An address in it would read as if only that one were granted.
pub(super) fn prefix(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<IpPrefix> {
    let text = reader.string(entry)?;
    let Ok(prefix) = IpPrefix::from_str(text) else {
        let problem = format!("{} is not a network in CIDR notation", Quoted(text));
        reader.problem(
            entry.span(),
            &entry.field,
            problem,
            Some("as in 10.22.0.0/16 or fd00::/64".to_owned()),
        );
        return None;
    };
    if prefix.network() != prefix {
        let problem = format!("{} has bits after its prefix", Quoted(text));
        let way_out = format!(
            "{} is the network, {} the address",
            prefix.network(),
            IpPrefix::host(prefix.address())
        );
        reader.problem(entry.span(), &entry.field, problem, Some(way_out));
        return None;
    }
    Some(prefix)
}

pub(super) fn path(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<PathBuf> {
    let text = reader.string(entry)?;
    let path = Path::new(text);
    let plain = |part: Component<'_>| matches!(part, Component::RootDir | Component::Normal(_));
    if !path.is_absolute() || !path.components().all(plain) || text.contains('\0') {
        let problem = format!("{} is not an absolute path without `..`", Quoted(text));
        reader.problem(entry.span(), &entry.field, problem, None);
        return None;
    }
    Some(path.to_owned())
}

/// A number, or two in brackets for all from the first to the second.
pub(super) fn range(reader: &mut Reader<'_>, entry: &Entry<'_, '_>, whole: Range) -> Option<Range> {
    let range = match entry.value.get_ref() {
        DeValue::Array(ends) => match ends.as_ref() {
            [first, last] => integer(first.get_ref())
                .zip(integer(last.get_ref()))
                .map(|(first, last)| Range { first, last }),
            _ => None,
        },
        number => integer(number).map(Range::only),
    };
    let limits = || format!("whole numbers from {} to {}", whole.first, whole.last);
    let Some(range) = range else {
        let way_out = format!("100, or [100, 199] for all of these; {}", limits());
        reader.wrong_type(entry, "a number or a pair of numbers", Some(way_out));
        return None;
    };
    if range.first > range.last {
        reader.problem(
            entry.span(),
            &entry.field,
            "the range ends before it begins",
            Some(format!("[{}, {}]", range.last, range.first)),
        );
        return None;
    }
    if !whole.contains(range.first) || !whole.contains(range.last) {
        reader.problem(entry.span(), &entry.field, "the number is out of range", Some(limits()));
        return None;
    }
    Some(range)
}

pub(super) fn max(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<u32> {
    let Some(number) = integer(entry.value.get_ref()) else {
        reader.wrong_type(entry, "a whole number", None);
        return None;
    };
    let max = u32::try_from(number).ok().filter(|max| *max > 0);
    if max.is_none() {
        let way_out = format!("1 to {}; without the key there is no limit", u32::MAX);
        reader.problem(entry.span(), &entry.field, "the number is out of range", Some(way_out));
    }
    max
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn word(reader: &mut Reader<'_>, entry: &Entry<'_, '_>, known: &[&str]) -> Option<String> {
    let word = reader.string(entry)?;
    if !known.contains(&word) {
        let problem = format!("{} is not one of the known words", Quoted(word));
        reader.problem(
            entry.span(),
            &entry.field,
            problem,
            Some(suggestion::closest_or_all(word, known)),
        );
        return None;
    }
    Some(word.to_owned())
}
