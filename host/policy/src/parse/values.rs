use std::{
    path::{Component, Path},
    str::FromStr as _,
};

use cofferdam_protocol::{IpPrefix, Origin, PathPrefix, Place};

use super::{
    document::Value,
    reader::{Entry, Reader},
};
use crate::{
    audit::Audit,
    bound::Bound,
    dimension::Form,
    key_pattern::KeyPattern,
    limits::CORE_INSTANCES,
    mark::MarkPattern,
    name,
    pattern::Pattern,
    quoted::Quoted,
    range::Range,
    recording::Recording,
    suggestion,
    words::{DEVICE_WITHOUT_KIND, PLACES},
};

pub(super) fn digest(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<String> {
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

pub(super) fn key_name(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<String> {
    let text = reader.string(entry)?;
    if !name::is_plain(text) {
        let problem = format!("{} is not the name of a key", Quoted(text));
        let way_out = "KEY for the file keys/KEY.pub of the policy directory: 1 to 64 letters, digits, - and _";
        reader.problem(entry.span(), &entry.field, problem, Some(way_out.to_owned()));
        return None;
    }
    Some(text.to_owned())
}

pub(super) fn audit(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Audit> {
    let word = word(reader, entry, &Audit::WORDS)?;
    [Audit::Denied, Audit::All]
        .into_iter()
        .find(|audit| audit.word() == word)
}

pub(super) fn recording(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Recording> {
    let word = word(reader, entry, &Recording::WORDS)?;
    [Recording::Never, Recording::Failures, Recording::Always]
        .into_iter()
        .find(|recording| recording.word() == word)
}

pub(super) fn place(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Place> {
    match word(reader, entry, &PLACES)? {
        "host" => Some(Place::Host),
        _ => Some(Place::Container),
    }
}

/// Reads what a grant says in a dimension.
pub(super) fn bound(reader: &mut Reader<'_>, entry: &Entry<'_>, form: Form) -> Option<Bound> {
    match form {
        Form::Word(known) => word(reader, entry, known).map(Bound::Word),
        Form::Words(known) => {
            let words = reader.list(entry, |reader, entry| word(reader, entry, known));
            words.map(Bound::Words)
        }
        Form::Kinds => reader.list(entry, kind).map(Bound::Kinds),
        Form::Texts => reader.list(entry, text).map(Bound::Texts),
        Form::Patterns => reader.list(entry, pattern).map(Bound::Patterns),
        Form::Prefixes => reader.list(entry, prefix).map(Bound::Prefixes),
        Form::Ranges(whole) => {
            let ranges = reader.list(entry, |reader, entry| range(reader, entry, whole));
            ranges.map(Bound::Ranges)
        }
        Form::Keys => reader.list(entry, key_pattern).map(Bound::Keys),
        Form::Paths => reader.list(entry, path).map(Bound::Paths),
        Form::Marks => reader.list(entry, mark).map(Bound::Marks),
        Form::Origins => reader.list(entry, origin).map(Bound::Origins),
        Form::UrlPaths => reader.list(entry, url_path).map(Bound::UrlPaths),
        Form::Name => kept_name(reader, entry).map(Bound::Name),
        // Kept apart from the bounds.
        Form::Count => None,
    }
}

/// A link kind, as the kernel will have it.
fn kind(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Box<str>> {
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
        "".into()
    } else {
        kind.into()
    })
}

fn text(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Box<str>> {
    reader.string(entry).map(Into::into)
}

pub(super) fn pattern(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Pattern> {
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

fn key_pattern(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<KeyPattern> {
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

fn mark(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<MarkPattern> {
    let text = reader.string(entry)?;
    match MarkPattern::from_str(text) {
        Ok(mark) => Some(mark),
        Err(error) => {
            let problem = format!("{} is not a mark: {error}", Quoted(text));
            let way_out = "as in 0x2000/0x2000, which leaves all other bits as they are, or */0xff00".to_owned();
            reader.problem(entry.span(), &entry.field, problem, Some(way_out));
            None
        }
    }
}

fn origin(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Origin> {
    let text = reader.string(entry)?;
    match Origin::from_str(text) {
        Ok(origin) => Some(origin),
        Err(error) => {
            let problem = format!("{} is not an origin: {error}", Quoted(text));
            let way_out = "as in https://ipam.example or http://10.1.2.3:8080".to_owned();
            reader.problem(entry.span(), &entry.field, problem, Some(way_out));
            None
        }
    }
}

fn url_path(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<PathPrefix> {
    let text = reader.string(entry)?;
    match PathPrefix::from_str(text) {
        Ok(prefix) => Some(prefix),
        Err(error) => {
            let problem = format!("{} is not the beginning of a path: {error}", Quoted(text));
            let way_out = "as in /v1/addresses, which is for /v1/addresses/7 too; patterns are for names".to_owned();
            reader.problem(entry.span(), &entry.field, problem, Some(way_out));
            None
        }
    }
}

/// The name of a file in a directory for its kind.
fn kept_name(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Box<str>> {
    let text = reader.string(entry)?;
    if !name::is_plain(text) {
        let problem = format!("{} is not a name", Quoted(text));
        let way_out = "1 to 64 letters, digits, - and _; the file of that name is where docs/policy.md says";
        reader.problem(entry.span(), &entry.field, problem, Some(way_out.to_owned()));
        return None;
    }
    Some(text.into())
}

/// A network. An address in it would read as if only that one were granted.
fn prefix(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<IpPrefix> {
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

fn path(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Box<Path>> {
    let text = reader.string(entry)?;
    let path = Path::new(text);
    let plain = |part: Component<'_>| matches!(part, Component::RootDir | Component::Normal(_));
    if !path.has_root() || !path.components().all(plain) || text.contains('\0') {
        let problem = format!("{} is not an absolute path without `..`", Quoted(text));
        reader.problem(entry.span(), &entry.field, problem, None);
        return None;
    }
    Some(path.into())
}

/// A number, or two in brackets for all from the first to the second.
fn range(reader: &mut Reader<'_>, entry: &Entry<'_>, whole: Range) -> Option<Range> {
    let range = match entry.value() {
        Value::List(ends) => match ends.as_slice() {
            [first, last] => integer(&first.value)
                .zip(integer(&last.value))
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

pub(super) fn max(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<u32> {
    let Some(number) = integer(entry.value()) else {
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

pub(super) fn core_instances(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<u32> {
    let Some(number) = integer(entry.value()) else {
        reader.wrong_type(entry, "a whole number", None);
        return None;
    };
    let count = u32::try_from(number)
        .ok()
        .filter(|count| CORE_INSTANCES.contains(count));
    if count.is_none() {
        let way_out = format!("{} to {}", CORE_INSTANCES.start(), CORE_INSTANCES.end());
        reader.problem(entry.span(), &entry.field, "the number is out of range", Some(way_out));
    }
    count
}

fn integer(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Integer(integer) => *integer,
        _ => None,
    }
}

fn word(reader: &mut Reader<'_>, entry: &Entry<'_>, known: &[&'static str]) -> Option<&'static str> {
    let word = reader.string(entry)?;
    let found = known.iter().find(|known| **known == word);
    if found.is_none() {
        let problem = format!("{} is not one of the known words", Quoted(word));
        reader.problem(
            entry.span(),
            &entry.field,
            problem,
            Some(suggestion::closest_or_all(word, known)),
        );
    }
    found.copied()
}
