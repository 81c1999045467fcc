//! Rules in the form that is kept for requests: read without being decoded as
//! a whole, since a configuration is about a few of its fields.
//!
//! A rule is a mask of what it says, the kinds of values, and what it says in
//! the order of the mask's bits. Numbers are little-endian in groups of seven
//! bits; texts and rules within have their length before them.

use cofferdam_protocol::json::{Node, is_same_key};
use serde_json::Number;

use crate::{
    format::Format,
    rule::{Additional, Kind, Property, Rule, Span},
};

/// Of a form that another version of this crate can't read, the number differs.
const VERSION: u8 = 1;

const PROPERTIES: u64 = 1;
const ALLOWED: u64 = 1 << 1;
const REFUSED: u64 = 1 << 2;
const LIKE: u64 = 1 << 3;
const ITEMS: u64 = 1 << 4;
const VALUES: u64 = 1 << 5;
const MINIMUM: u64 = 1 << 6;
const MAXIMUM: u64 = 1 << 7;
const LEAST_LENGTH: u64 = 1 << 8;
const MOST_LENGTH: u64 = 1 << 9;
const LEAST_COUNT: u64 = 1 << 10;
const MOST_COUNT: u64 = 1 << 11;
const FORMAT: u64 = 1 << 12;

/// Rules from the top of a configuration on.
pub(crate) fn compile(root: &Rule) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    bytes.extend(rule(root));
    bytes
}

/// The rule for the configuration as a whole; none where the bytes are not of
/// this form.
pub(crate) fn root(bytes: &[u8]) -> Option<&[u8]> {
    bytes.strip_prefix(&[VERSION])
}

fn rule(rule: &Rule) -> Vec<u8> {
    let mut mask = 0;
    let mut content = Vec::new();
    let mut add = |bit: u64, part: Option<Vec<u8>>| {
        if let Some(part) = part {
            mask |= bit;
            content.extend(part);
        }
    };
    add(
        PROPERTIES,
        (!rule.properties.is_empty()).then(|| properties(&rule.properties)),
    );
    match &rule.additional {
        Additional::Unsaid => {}
        Additional::Allowed => add(ALLOWED, Some(Vec::new())),
        Additional::Refused => add(REFUSED, Some(Vec::new())),
        Additional::Like(like) => add(LIKE, Some(sized(&self::rule(like)))),
    }
    add(ITEMS, rule.items.as_deref().map(|items| sized(&self::rule(items))));
    add(
        VALUES,
        rule.values
            .as_ref()
            .map(|values| text(&Node::Array(values.clone()).to_text())),
    );
    add(MINIMUM, rule.minimum.as_ref().map(|number| text(&number.to_string())));
    add(MAXIMUM, rule.maximum.as_ref().map(|number| text(&number.to_string())));
    add(LEAST_LENGTH, rule.length.least.map(number));
    add(MOST_LENGTH, rule.length.most.map(number));
    add(LEAST_COUNT, rule.count.least.map(number));
    add(MOST_COUNT, rule.count.most.map(number));
    let place = |format: Format| Format::ALL.iter().position(|known| *known == format);
    add(FORMAT, rule.format.and_then(place).map(|place| number(wide(place))));
    let kinds = rule.kinds.iter().fold(0, |kinds, kind| kinds | bit(*kind));
    [number(mask), number(kinds), content].concat()
}

fn properties(properties: &[Property]) -> Vec<u8> {
    let mut content = Vec::new();
    for property in properties {
        content.extend(text(&property.name));
        content.push(u8::from(property.is_required));
        content.extend(sized(&rule(&property.rule)));
    }
    sized(&content)
}

fn bit(kind: Kind) -> u64 {
    1 << Kind::ALL.iter().position(|known| *known == kind).unwrap_or_default()
}

fn text(text: &str) -> Vec<u8> {
    sized(text.as_bytes())
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [number(wide(bytes.len())), bytes.to_vec()].concat()
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn number(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let group = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            bytes.push(group);
            return bytes;
        }
        bytes.push(group | 0x80);
    }
}

/// What one rule says, read as far as that: what is within is bytes still.
/// `None` of a function here is bytes that are not of this form.
#[derive(Clone, Copy)]
pub(crate) struct View<'b> {
    kinds: u64,
    properties: &'b [u8],
    pub(crate) additional: AdditionalView<'b>,
    pub(crate) items: Option<&'b [u8]>,
    values: Option<&'b [u8]>,
    minimum: Option<&'b [u8]>,
    maximum: Option<&'b [u8]>,
    pub(crate) length: Span,
    pub(crate) count: Span,
    pub(crate) format: Option<Format>,
}

#[derive(Clone, Copy)]
pub(crate) enum AdditionalView<'b> {
    Open,
    Refused,
    Like(&'b [u8]),
}

/// A property of a rule.
#[derive(Clone, Copy)]
pub(crate) struct PropertyView<'b> {
    pub(crate) name: &'b str,
    pub(crate) is_required: bool,
    pub(crate) rule: &'b [u8],
}

impl<'b> View<'b> {
    pub(crate) fn read(bytes: &'b [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let mask = reader.number()?;
        let kinds = reader.number()?;
        let has = |bit: u64| mask & bit != 0;
        let properties = if has(PROPERTIES) { reader.sized()? } else { &[] };
        let additional = match (has(REFUSED), has(LIKE)) {
            (true, _) => AdditionalView::Refused,
            (false, true) => AdditionalView::Like(reader.sized()?),
            (false, false) => AdditionalView::Open,
        };
        Some(Self {
            kinds,
            properties,
            additional,
            items: reader.sized_if(has(ITEMS))?,
            values: reader.sized_if(has(VALUES))?,
            minimum: reader.sized_if(has(MINIMUM))?,
            maximum: reader.sized_if(has(MAXIMUM))?,
            length: reader.span(has(LEAST_LENGTH), has(MOST_LENGTH))?,
            count: reader.span(has(LEAST_COUNT), has(MOST_COUNT))?,
            format: match reader.number_if(has(FORMAT))? {
                Some(place) => Some(*Format::ALL.get(usize::try_from(place).ok()?)?),
                None => None,
            },
        })
    }

    /// None: of any.
    pub(crate) fn kinds(&self) -> Vec<Kind> {
        let all = Kind::ALL.into_iter();
        all.filter(|kind| self.kinds & bit(*kind) != 0).collect()
    }

    pub(crate) fn is_of_kind(&self, node: &Node) -> bool {
        let mut all = Kind::ALL.into_iter();
        self.kinds == 0 || all.any(|kind| self.kinds & bit(kind) != 0 && kind.holds(node))
    }

    pub(crate) fn properties(&self) -> Option<Vec<PropertyView<'b>>> {
        let mut reader = Reader(self.properties);
        let mut found = Vec::new();
        while !reader.0.is_empty() {
            found.push(PropertyView {
                name: std::str::from_utf8(reader.sized()?).ok()?,
                is_required: reader.byte()? != 0,
                rule: reader.sized()?,
            });
        }
        Some(found)
    }

    pub(crate) fn size_of_values(&self) -> usize {
        self.values.map_or(0, <[u8]>::len)
    }

    pub(crate) fn values(&self) -> Option<Option<Vec<Node>>> {
        let Some(bytes) = self.values else {
            return Some(None);
        };
        match Node::parse(std::str::from_utf8(bytes).ok()?).ok()? {
            Node::Array(values) => Some(Some(values)),
            _ => None,
        }
    }

    pub(crate) fn minimum(&self) -> Option<Option<Number>> {
        number_of(self.minimum)
    }

    pub(crate) fn maximum(&self) -> Option<Option<Number>> {
        number_of(self.maximum)
    }
}

/// The place of the property that a key of a configuration means.
pub(crate) fn meant(properties: &[PropertyView<'_>], key: &str) -> Option<usize> {
    let exact = properties.iter().position(|property| property.name == key);
    exact.or_else(|| properties.iter().position(|property| is_same_key(key, property.name)))
}

fn number_of(bytes: Option<&[u8]>) -> Option<Option<Number>> {
    match bytes {
        Some(bytes) => serde_json::from_slice(bytes).ok().map(Some),
        None => Some(None),
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn number_if(&mut self, is_there: bool) -> Option<Option<u64>> {
        if is_there { self.number().map(Some) } else { Some(None) }
    }

    fn sized(&mut self) -> Option<&'b [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn sized_if(&mut self, is_there: bool) -> Option<Option<&'b [u8]>> {
        if is_there { self.sized().map(Some) } else { Some(None) }
    }

    fn span(&mut self, has_least: bool, has_most: bool) -> Option<Span> {
        Some(Span {
            least: self.number_if(has_least)?,
            most: self.number_if(has_most)?,
        })
    }
}
