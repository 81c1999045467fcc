//! What a plugin of somebody's own can be called.

use thiserror::Error;

/// Longest name in bytes: that of a policy's file has to fit, too.
const LONGEST: usize = 64;

/// Words that no crate can have for a name, since its code could not be named.
const KEYWORDS: [&str; 50] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while",
];

/// Crates that a plugin is built with, and names that cargo keeps for itself.
const TAKEN: [&str; 8] = ["alloc", "build", "core", "serde", "serde_json", "std", "test", "yield"];

/// A name that is both a plugin's and a crate's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PluginName(String);

/// Why a text is no such name.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum BadName {
    #[error("a plugin needs a name, such as \"my-plugin\"")]
    Empty,
    #[error("{0:?} is too long for a plugin's name: it has {len} bytes, and {LONGEST} are the most", len = .0.len())]
    TooLong(String),
    #[error(
        "{name:?} can't be the name of a plugin and its crate, because of {symbol:?}: it is to begin with a small letter, and to \
         have small letters, digits and hyphens{}", suggestion.as_ref().map_or(String::new(), |name| format!("; {name:?} would do"))
    )]
    Symbol {
        name: String,
        symbol: char,
        suggestion: Option<String>,
    },
    #[error("{0:?} is a word of Rust's or the name of another crate, and can't be a crate's; \"{0}-plugin\" would do")]
    Taken(String),
    #[error("{0:?} would be taken for a part of Cofferdam; leave out \"cofferdam\"")]
    Cofferdam(String),
}

impl PluginName {
    pub(super) fn parse(text: &str) -> Result<Self, BadName> {
        if text.is_empty() {
            return Err(BadName::Empty);
        }
        if text.len() > LONGEST {
            return Err(BadName::TooLong(text.to_owned()));
        }
        if let Some(symbol) = first_bad(text) {
            let suggestion = mended(text);
            return Err(BadName::Symbol {
                name: text.to_owned(),
                symbol,
                suggestion,
            });
        }
        if KEYWORDS.contains(&text) || TAKEN.contains(&text) {
            return Err(BadName::Taken(text.to_owned()));
        }
        if text == "cofferdam" || text.starts_with("cofferdam-") {
            return Err(BadName::Cofferdam(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// As the compiler calls the crate.
    pub(super) fn of_crate(&self) -> String {
        self.0.replace('-', "_")
    }
}

fn first_bad(text: &str) -> Option<char> {
    let fits = |(index, symbol): (usize, char)| match symbol {
        'a'..='z' => true,
        '0'..='9' => index > 0,
        '-' => index > 0 && index + 1 < text.len(),
        _ => false,
    };
    text.char_indices()
        .find(|place| !fits(*place))
        .map(|(_, symbol)| symbol)
}

/// The name that was meant, where that can be told.
fn mended(text: &str) -> Option<String> {
    let mended = text.to_lowercase().replace(['_', ' ', '.'], "-");
    let mended = mended.trim_matches('-');
    (!mended.is_empty() && first_bad(mended).is_none()).then(|| mended.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use cofferdam_policy::is_plain_name;

    use super::*;

    #[test]
    fn a_name_is_a_plugins_and_a_crates() {
        for (name, words) in [
            ("my-plugin", None),
            ("a", None),
            ("vlan2", None),
            ("", Some("needs a name")),
            ("My_Plugin", Some("\"my-plugin\" would do")),
            ("2vlan", Some("because of '2'")),
            ("-a", Some("\"a\" would do")),
            ("a-", Some("because of '-'")),
            ("../a", Some("because of '.'")),
            ("größe", Some("because of 'ö'")),
            ("static", Some("\"static-plugin\" would do")),
            ("serde", Some("another crate")),
            ("cofferdam", Some("part of Cofferdam")),
            ("cofferdam-guest-sdk", Some("part of Cofferdam")),
            (&"a".repeat(65), Some("too long")),
        ] {
            match (PluginName::parse(name), words) {
                (Ok(parsed), None) => assert!(is_plain_name(parsed.as_str()), "{name}"),
                (Err(error), Some(words)) => assert!(error.to_string().contains(words), "{name}: {error}"),
                (found, _) => panic!("{name}: {found:?}"),
            }
        }
    }

    #[test]
    fn whatever_is_taken_for_a_name_is_one_of_a_policy() {
        proptest::proptest!(|(text in "[a-zA-Z0-9_. -]{0,70}")| {
            if let Ok(name) = PluginName::parse(&text) {
                proptest::prop_assert!(is_plain_name(name.as_str()));
            }
        });
    }
}
