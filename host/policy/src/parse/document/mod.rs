//! A TOML document with the places of its parts; or JSON, whose parts have
//! none.

mod full;
mod json;
mod plain;

use std::{borrow::Cow, ops::Range};

pub(super) use json::read as read_json;

/// A value, and where it is in the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item<'i> {
    pub(super) value: Value<'i>,
    pub(super) span: Range<usize>,
}

/// What a policy can hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value<'i> {
    Text(Cow<'i, str>),
    /// `None` when it has more than 64 bits.
    Integer(Option<i64>),
    List(Vec<Item<'i>>),
    Table(Table<'i>),
    /// Something that no policy has, by the name of its type.
    Other(&'static str),
}

/// Keys and values in the order of the text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Table<'i>(Vec<Member<'i>>);

/// One key of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Member<'i> {
    pub(super) key: Cow<'i, str>,
    pub(super) key_span: Range<usize>,
    pub(super) item: Item<'i>,
}

/// What is wrong with a text that is no TOML, and where.
pub(super) struct Fault {
    pub(super) span: Range<usize>,
    pub(super) message: String,
}

/// Reads a text in the form that policies usually have, which takes a third
/// of the time, or else in all of TOML's.
pub(super) fn read(text: &str) -> Result<Table<'_>, Vec<Fault>> {
    match plain::read(text) {
        Some(table) => Ok(table),
        None => full::read(text),
    }
}

/// Whether the reader of the usual form either leaves a text to the reader of
/// all of TOML, or understands it as that one does. For the fuzzers.
#[cfg(feature = "fuzzing")]
#[must_use]
pub fn readers_agree(text: &str) -> bool {
    match (plain::read(text), full::read(text)) {
        (None, _) => true,
        (Some(plain), Ok(full)) => plain == full,
        (Some(_), Err(_)) => false,
    }
}

impl<'i> Table<'i> {
    pub(super) fn get(&self, key: &str) -> Option<&Item<'i>> {
        let member = self.0.iter().find(|member| member.key == key);
        member.map(|member| &member.item)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Member<'i>> {
        self.0.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Value<'_> {
    /// TOML's name for its type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Integer(_) => "integer",
            Self::List(_) => "array",
            Self::Table(_) => "table",
            Self::Other(name) => name,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;
    use crate::default_policy;

    fn agree(text: &str) {
        let Some(plain) = plain::read(text) else { return };
        match full::read(text) {
            Ok(full) => assert_eq!(plain, full, "{text:?}"),
            Err(faults) => panic!("{text:?} is read as {plain:?}, but {}", faults[0].message),
        }
    }

    #[test]
    fn the_default_policies_are_plain() {
        for plugin in [
            "bridge",
            "dhcp",
            "dummy",
            "firewall",
            "host-device",
            "host-local",
            "ipvlan",
            "loopback",
            "macvlan",
            "ptp",
            "sbr",
            "static",
            "tap",
            "tuning",
            "vlan",
            "vrf",
        ] {
            let text = default_policy(plugin).unwrap();
            assert!(plain::read(text).is_some(), "{plugin}");
            agree(text);
        }
    }

    #[test]
    fn what_policies_usually_have_is_plain() {
        for text in [
            "[plugin.x]",
            "[plugin.x]\n",
            "# only\n\n[plugin.x] # and\n\n\n",
            "[ plugin . \"x\" ]\r\na = 1\r\n",
            "[plugin.x]\na = 'b'\nc = \"d\\n\\u00e9\"\nd = \"\"\"e\n\"\"\"",
            "[plugin.x]\na = []\nb = [[1, 2], 0x1f, -3, +4, 1_000]\nc = 99999999999999999999\nd = true\ne = 1.5",
            "[plugin.x]\na = [ # one\n 1,\n 2, # two\n]\n[[plugin.x.grant]]\n[[plugin.x.grant]]\na = 1\nb = 2\n",
            "[plugin.x]\n[[plugin.x.\"grant\"]]\n'a' = 1\n[[plugin.x.grant]]\n",
        ] {
            assert!(plain::read(text).is_some(), "{text:?}");
            agree(text);
        }
    }

    #[test]
    fn what_else_toml_has_is_left_to_its_full_reader() {
        for text in [
            "",
            "a = 1",
            "a = 1\n[plugin.x]",
            "[plugin]",
            "[[plugin.x]]",
            "[plugin.x.y]",
            "[plugin.x]\na.b = 1",
            "[plugin.x]\na = {}",
            "[plugin.x]\na = 2000-01-01",
            "[plugin.x]\na = [[[1]]]",
            "[plugin.x]\n[plugin.y]",
            "[plugin.x]\n[plugin.x.y]",
            "[plugin.x]\n[[plugin.x.a]]\n[[plugin.x.b]]",
            "[plugin.x]\n[[plugin.y.a]]",
            "[plugin.x]\n[[other.x.a]]",
            "[plugin.x]\n[[plugin.x.a]]\n[plugin.x.a.b]",
            "[plugin.x]\n[[plugin.x.a]]\n[plugin.x]",
        ] {
            assert!(plain::read(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_toml_is_not_plain() {
        for text in [
            "[plugin.x]\na = 1\na = 2",
            "[plugin.x]\na = 1\n[[plugin.x.a]]",
            "[plugin.x]\n[[plugin.x.a]]\nb = 1\nb = 1",
            "[plugin.x]\na",
            "[plugin.x]\na =",
            "[plugin.x]\na = b",
            "[plugin.x]\na = 1 b = 2",
            "[plugin.x]\na = [1",
            "[plugin.x]\na = [,]",
            "[plugin.x]\na = 2000-99-99",
            "[plugin.x] [plugin.x]",
            "[plugin.x",
            "[plugin..x]",
            "[plugin.x]\n# \u{7}",
            "[plugin.x]\na = \"\\q\"",
            "[plugin.x]\na = \"b\nc\"",
        ] {
            assert!(plain::read(text).is_none(), "{text:?}");
            assert!(full::read(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        #[test]
        fn both_readers_agree_on_pieces_of_toml(pieces in prop::collection::vec(prop_oneof![
            Just("[plugin.x]\n"), Just("[[plugin.x.g]]\n"), Just("[[plugin.x.h]]\n"), Just("[plugin.y]\n"), Just("a = 1\n"),
            Just("b = \"c\"\n"), Just("g = 1\n"), Just("c = [1, [2, 3], 'd']\n"), Just("d = ["), Just("]\n"), Just("1"),
            Just(","), Just("\n"), Just("# e\n"), Just("."), Just("="), Just("\""), Just("'"), Just(" "), Just("\r\n"),
            Just("{"), Just("}"), Just("a"), Just("true"), Just("1.5"), Just("1979-05-27"), Just("\\"), Just("\u{e9}"),
            Just("\u{feff}"), Just("\u{0}"),
        ], 0..14)) {
            agree(&format!("[plugin.x]\n{}", pieces.concat()));
            agree(&pieces.concat());
        }

        #[test]
        fn both_readers_agree_on_damage(
            cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..20, "\\PC{0,4}|[\"\\[\\]{}=.,\n#-]{1,4}"), 1..4),
        ) {
            let mut text: Vec<char> = default_policy("bridge").unwrap().chars().collect();
            for (start, length, put) in cuts {
                let start = start.index(text.len());
                let end = (start + length).min(text.len());
                text.splice(start..end, put.chars());
            }
            agree(&text.into_iter().collect::<String>());
        }
    }
}
