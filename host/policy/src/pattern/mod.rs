mod compare;

use std::{fmt, str::FromStr};

use thiserror::Error;

/// A name in which `*` stands for any characters, also none. Everything else
/// stands for itself, byte for byte: case counts, and nothing is normalised.
///
/// A link may have an asterisk in its name. `\*` is that asterisk, and `\\` a
/// backslash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// What comes before the first star.
    first: Box<str>,
    /// What follows each star.
    rest: Vec<Box<str>>,
}

/// A text is not a pattern.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ParsePatternError {
    /// Nothing has an empty name.
    #[error("it is empty")]
    Empty,
    /// A backslash before something else than `*` or `\`.
    #[error(r"a backslash stands before `*` or another backslash only")]
    Escape,
}

impl Pattern {
    /// Whether the whole of `name` is of this pattern.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let Some((last, middle)) = self.rest.split_last() else {
            return *self.first == *name;
        };
        let Some(name) = name.strip_prefix(&*self.first) else {
            return false;
        };
        let Some(mut name) = name.strip_suffix(&**last) else {
            return false;
        };
        // The leftmost place leaves the most for the pieces after it.
        for piece in middle {
            match name.find(&**piece) {
                Some(start) => name = &name[start + piece.len()..],
                None => return false,
            }
        }
        true
    }

    /// The pattern that stands for this name only, as a policy writes it.
    #[must_use]
    pub fn escape(name: &str) -> String {
        name.replace('\\', r"\\").replace('*', r"\*")
    }
}

impl FromStr for Pattern {
    type Err = ParsePatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(ParsePatternError::Empty);
        }
        let mut first = None;
        let mut rest = Vec::new();
        let mut piece = String::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '*' => put(std::mem::take(&mut piece), &mut first, &mut rest),
                '\\' => match characters.next() {
                    Some(escaped @ ('*' | '\\')) => piece.push(escaped),
                    _ => return Err(ParsePatternError::Escape),
                },
                other => piece.push(other),
            }
        }
        put(piece, &mut first, &mut rest);
        let first = first.unwrap_or_default();
        Ok(Self { first, rest })
    }
}

fn put(piece: String, first: &mut Option<Box<str>>, rest: &mut Vec<Box<str>>) {
    match first {
        None => *first = Some(piece.into()),
        Some(_) => rest.push(piece.into()),
    }
}

/// As a policy writes it.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Self::escape(&self.first))?;
        self.rest
            .iter()
            .try_for_each(|piece| write!(f, "*{}", Self::escape(piece)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> Pattern {
        text.parse().unwrap()
    }

    #[test]
    fn only_the_star_is_special() {
        for (text, name, expected) in [
            ("veth", "veth", true),
            ("veth", "veth0", false),
            ("veth", "xveth", false),
            ("cni*", "cni0", true),
            ("cni*", "cni", true),
            ("cni*", "Cni0", false),
            ("cni*", "xcni0", false),
            ("cni*", "cn", false),
            ("cni*", "cni0 ", true),
            ("cni?", "cni0", false),
            ("cni[0-9]", "cni0", false),
            ("*", "", true),
            ("*", "anything", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*b*", "abc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*bc*c", "abc", false),
            ("**", "x", true),
            // Cyrillic letters that look Latin, and a composed one.
            ("cni*", "\u{441}ni0", false),
            ("caf\u{e9}*", "cafe\u{301}0", false),
            ("caf\u{e9}*", "caf\u{e9}0", true),
            (r"cni\*", "cni*", true),
            (r"cni\*", "cni0", false),
            (r"a\\b", r"a\b", true),
        ] {
            assert_eq!(pattern(text).matches(name), expected, "{text:?} on {name:?}");
        }
    }

    #[test]
    fn a_text_that_can_only_be_a_mistake_is_refused() {
        for (text, error) in [
            ("", ParsePatternError::Empty),
            (r"cni\0", ParsePatternError::Escape),
            (r"cni\", ParsePatternError::Escape),
        ] {
            assert_eq!(text.parse::<Pattern>(), Err(error), "{text:?}");
        }
    }

    /// The definition, without any thought of speed.
    fn matches_by_definition(pattern: &[char], name: &[char]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some(('*', rest)) => (0..=name.len()).any(|skipped| matches_by_definition(rest, &name[skipped..])),
            Some((character, rest)) => name.first() == Some(character) && matches_by_definition(rest, &name[1..]),
        }
    }

    #[test]
    fn patterns_are_compared_by_the_names_that_they_stand_for() {
        for (left, right, includes, overlaps) in [
            ("*", "cni*", true, true),
            ("cni*", "*", false, true),
            ("cni*", "cni0", true, true),
            ("cni*", "cni*0", true, true),
            ("*0", "cni*", false, true),
            ("a*b", "a*c", false, false),
            ("a*", "b*", false, false),
            ("a", "a", true, true),
            ("a", "b", false, false),
            ("a*b*c", "a*bxb*c", true, true),
            ("*a*", "*", false, true),
            ("**", "*", true, true),
            (r"\*", "*", false, true),
            ("a*a", "a", false, false),
        ] {
            let (left, right) = (pattern(left), pattern(right));
            assert_eq!(left.includes(&right), includes, "{left} includes {right}");
            assert_eq!(left.overlaps(&right), overlaps, "{left} overlaps {right}");
            assert_eq!(right.overlaps(&left), overlaps, "{right} overlaps {left}");
        }
    }

    proptest! {
        #[test]
        fn comparing_agrees_with_matching(
            left in "[ab*]{1,6}", right in "[ab*]{1,6}", names in proptest::collection::vec("[abc]{0,7}", 20),
        ) {
            let (left, right) = (pattern(&left), pattern(&right));
            for name in &names {
                if left.includes(&right) && right.matches(name) {
                    prop_assert!(left.matches(name), "{left} {right} {name}");
                }
                if left.matches(name) && right.matches(name) {
                    prop_assert!(left.overlaps(&right), "{left} {right} {name}");
                }
            }
            prop_assert!(left.includes(&left) && left.overlaps(&left));
        }

        /// Over all names up to a length that is enough to tell.
        #[test]
        fn comparing_misses_nothing(left in "[ab*]{1,3}", right in "[ab*]{1,3}") {
            let (left, right) = (pattern(&left), pattern(&right));
            let mut names = vec![String::new()];
            for start in 0.. {
                let name = names[start].clone();
                if name.len() == 6 {
                    break;
                }
                names.extend(["a", "b", "c"].map(|letter| format!("{name}{letter}")));
            }
            let both = names.iter().any(|name| left.matches(name) && right.matches(name));
            let all = names.iter().all(|name| left.matches(name) || !right.matches(name));
            prop_assert_eq!(left.overlaps(&right), both);
            prop_assert_eq!(left.includes(&right), all);
        }

        #[test]
        fn matching_agrees_with_its_definition(text in "[ab\u{e9}*]{1,8}", name in "[ab\u{e9}]{0,10}") {
            let characters: Vec<char> = text.chars().collect();
            let name_characters: Vec<char> = name.chars().collect();
            prop_assert_eq!(
                pattern(&text).matches(&name),
                matches_by_definition(&characters, &name_characters)
            );
        }

        #[test]
        fn an_escaped_name_stands_for_itself_only(name in "[ab*\\\\]{1,6}", other in "[ab*\\\\]{0,6}") {
            let escaped = pattern(&Pattern::escape(&name));
            prop_assert!(escaped.matches(&name));
            prop_assert_eq!(escaped.matches(&other), name == other);
        }

        #[test]
        fn a_printed_pattern_reads_back(text in "[ab*]{1,8}") {
            prop_assert_eq!(pattern(&text).to_string(), text);
        }
    }
}
