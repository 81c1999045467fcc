use std::{fmt, path::Path};

use cofferdam_protocol::{IpPrefix, Origin, PathPrefix};

use crate::{
    aspect::Aspect, key_pattern::KeyPattern, mark::MarkPattern, pattern::Pattern, quoted::Whole, range::Range,
    words::kind_word,
};

/// How far a grant goes in one dimension. None of the lists is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// One of the format's own words.
    Word(&'static str),
    Words(Vec<&'static str>),
    /// Kinds of links, as the kernel has them.
    Kinds(Vec<Box<str>>),
    Texts(Vec<Box<str>>),
    Patterns(Vec<Pattern>),
    Prefixes(Vec<IpPrefix>),
    Ranges(Vec<Range>),
    Keys(Vec<KeyPattern>),
    Paths(Vec<Box<Path>>),
    Marks(Vec<MarkPattern>),
    Origins(Vec<Origin>),
    UrlPaths(Vec<PathPrefix>),
    /// Of something that is kept apart.
    Name(Box<str>),
}

impl Bound {
    /// Whether it holds what was asked.
    pub(crate) fn holds(&self, asked: &Aspect<'_>) -> bool {
        match (self, *asked) {
            (_, Aspect::Whatever) => true,
            (Self::Word(word), Aspect::Text(text)) => *word == text,
            (Self::Words(words), Aspect::Text(text)) => words.contains(&text),
            (Self::Kinds(texts) | Self::Texts(texts), Aspect::Text(text)) => {
                texts.iter().any(|granted| **granted == *text)
            }
            (Self::Patterns(patterns), Aspect::Text(text)) => patterns.iter().any(|pattern| pattern.matches(text)),
            (Self::Patterns(patterns), Aspect::Named(name)) => {
                patterns.iter().any(|pattern| pattern.only_name() == Some(name))
            }
            (Self::Prefixes(prefixes), Aspect::Prefix(asked)) => prefixes.iter().any(|prefix| prefix.covers(&asked)),
            (Self::Prefixes(prefixes), Aspect::Address(address)) => {
                prefixes.iter().any(|prefix| prefix.contains(address))
            }
            (Self::Ranges(ranges), Aspect::Number(number)) => ranges.iter().any(|range| range.contains(number)),
            (Self::Ranges(ranges), Aspect::AnyNumber) => ranges.contains(&Range::RULE_PRIORITIES),
            (Self::Keys(keys), Aspect::Key(key)) => keys.iter().any(|pattern| pattern.matches(key)),
            (Self::Origins(origins), Aspect::Origin(origin)) => origins.contains(origin),
            (Self::UrlPaths(prefixes), Aspect::UrlPath(path)) => prefixes.iter().any(|prefix| prefix.covers(path)),
            (Self::Paths(paths), Aspect::Path(path)) => paths.iter().any(|granted| &**granted == path),
            (Self::Words(words), Aspect::Hooks(hooks)) => hooks.iter().all(|(hook, _)| words.contains(hook)),
            (Self::Ranges(ranges), Aspect::Hooks(hooks)) => hooks
                .iter()
                .all(|(_, priority)| ranges.iter().any(|range| range.contains((*priority).into()))),
            (Self::Prefixes(prefixes), Aspect::Addresses(addresses)) => addresses
                .iter()
                .all(|address| prefixes.iter().any(|prefix| prefix.contains(*address))),
            (Self::Patterns(patterns), Aspect::Names(names)) => names
                .iter()
                .all(|name| patterns.iter().any(|pattern| pattern.matches(name))),
            (Self::Ranges(ranges), Aspect::Ports(ports) | Aspect::ExchangePorts(ports)) => ports
                .iter()
                .all(|port| ranges.iter().any(|range| range.contains((*port).into()))),
            (Self::Ranges(ranges), Aspect::Vlans(vlans)) => vlans.iter().all(|(first, last)| {
                (*first..=*last).all(|vlan| ranges.iter().any(|range| range.contains(vlan.into())))
            }),
            (Self::Marks(patterns), Aspect::Marks(marks)) => marks
                .iter()
                .all(|mark| patterns.iter().any(|pattern| pattern.holds(*mark))),
            _ => false,
        }
    }

    /// Whether both hold something.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Word(one), Self::Word(other)) => one == other,
            (Self::Words(all), Self::Words(others)) => any(all, others, |one, other| one == other),
            (Self::Kinds(all), Self::Kinds(others)) | (Self::Texts(all), Self::Texts(others)) => {
                any(all, others, |one, other| one == other)
            }
            (Self::Patterns(all), Self::Patterns(others)) => any(all, others, Pattern::overlaps),
            (Self::Prefixes(all), Self::Prefixes(others)) => any(all, others, IpPrefix::overlaps),
            (Self::Ranges(all), Self::Ranges(others)) => any(all, others, Range::overlaps),
            (Self::Keys(all), Self::Keys(others)) => any(all, others, KeyPattern::overlaps),
            (Self::Paths(all), Self::Paths(others)) => any(all, others, |one, other| one == other),
            (Self::Marks(all), Self::Marks(others)) => any(all, others, MarkPattern::overlaps),
            (Self::Origins(all), Self::Origins(others)) => any(all, others, |one, other| one == other),
            (Self::UrlPaths(all), Self::UrlPaths(others)) => any(all, others, |one, other| {
                one.covers(other.as_str()) || other.covers(one.as_str())
            }),
            (Self::Name(one), Self::Name(other)) => one == other,
            _ => false,
        }
    }

    /// Each of its items on its own.
    pub(crate) fn singles(&self) -> Vec<Self> {
        match self {
            Self::Word(word) => vec![Self::Word(word)],
            Self::Words(words) => each(words, Self::Words),
            Self::Kinds(kinds) => each(kinds, Self::Kinds),
            Self::Texts(texts) => each(texts, Self::Texts),
            Self::Patterns(patterns) => each(patterns, Self::Patterns),
            Self::Prefixes(prefixes) => each(prefixes, Self::Prefixes),
            Self::Ranges(ranges) => each(ranges, Self::Ranges),
            Self::Keys(keys) => each(keys, Self::Keys),
            Self::Paths(paths) => each(paths, Self::Paths),
            Self::Marks(marks) => each(marks, Self::Marks),
            Self::Origins(origins) => each(origins, Self::Origins),
            Self::UrlPaths(prefixes) => each(prefixes, Self::UrlPaths),
            Self::Name(name) => vec![Self::Name(name.clone())],
        }
    }

    /// Takes in the items of another bound of its form that it does not have.
    pub(crate) fn append(&mut self, other: Self) {
        match (self, other) {
            (Self::Words(all), Self::Words(others)) => put(all, others),
            (Self::Kinds(all), Self::Kinds(others)) | (Self::Texts(all), Self::Texts(others)) => put(all, others),
            (Self::Patterns(all), Self::Patterns(others)) => put(all, others),
            (Self::Prefixes(all), Self::Prefixes(others)) => put(all, others),
            (Self::Ranges(all), Self::Ranges(others)) => put(all, others),
            (Self::Keys(all), Self::Keys(others)) => put(all, others),
            (Self::Paths(all), Self::Paths(others)) => put(all, others),
            (Self::Marks(all), Self::Marks(others)) => put(all, others),
            (Self::Origins(all), Self::Origins(others)) => put(all, others),
            (Self::UrlPaths(all), Self::UrlPaths(others)) => put(all, others),
            _ => {}
        }
    }
}

fn any<T>(all: &[T], others: &[T], same: impl Fn(&T, &T) -> bool) -> bool {
    all.iter().any(|one| others.iter().any(|other| same(one, other)))
}

fn each<T: Clone>(items: &[T], bound: impl Fn(Vec<T>) -> Bound) -> Vec<Bound> {
    items.iter().map(|item| bound(vec![item.clone()])).collect()
}

fn put<T: PartialEq>(all: &mut Vec<T>, others: Vec<T>) {
    for other in others {
        if !all.contains(&other) {
            all.push(other);
        }
    }
}

/// As a policy writes it.
impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "{}", Whole(word)),
            Self::Words(words) => list(f, words, |f, word| write!(f, "{}", Whole(word))),
            Self::Kinds(kinds) => list(f, kinds, |f, kind| write!(f, "{}", Whole(kind_word(kind)))),
            Self::Texts(texts) => list(f, texts, |f, text| write!(f, "{}", Whole(text))),
            Self::Patterns(patterns) => list(f, patterns, |f, pattern| write!(f, "{}", Whole(&pattern.to_string()))),
            Self::Prefixes(prefixes) => list(f, prefixes, |f, prefix| write!(f, "\"{prefix}\"")),
            Self::Ranges(ranges) => list(f, ranges, |f, range| write!(f, "{range}")),
            Self::Keys(keys) => list(f, keys, |f, key| write!(f, "{}", Whole(key.as_str()))),
            Self::Paths(paths) => list(f, paths, |f, path| write!(f, "{}", Whole(&path.to_string_lossy()))),
            Self::Marks(marks) => list(f, marks, |f, mark| write!(f, "\"{mark}\"")),
            Self::Origins(origins) => list(f, origins, |f, origin| write!(f, "\"{origin}\"")),
            Self::UrlPaths(prefixes) => list(f, prefixes, |f, prefix| write!(f, "{}", Whole(prefix.as_str()))),
            Self::Name(name) => write!(f, "{}", Whole(name)),
        }
    }
}

/// Writes a list as TOML does.
pub(crate) fn list<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    write: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    f.write_str("[")?;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write(f, item)?;
    }
    f.write_str("]")
}
