use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::Pattern;

/// A sysctl key in which the part `*` stands for exactly one part: the name
/// of one interface.
///
/// It does not stand for `all` and `default`, which are no interfaces but
/// settings of the whole namespace; who means them has to write them. `\*` is
/// the part that is an asterisk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyPattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Exactly(String),
    AnyInterface,
}

/// A text is not a key pattern; the text goes on "it …".
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum ParseKeyPatternError {
    #[error("parts are separated by slashes")]
    Dots,
    #[error("it begins with `net/` and has two to eight parts")]
    Shape,
    #[error("none of its parts is empty, `.` or `..`")]
    Part,
    #[error("`*` stands for a whole part")]
    Star,
}

impl KeyPattern {
    pub(crate) fn matches(&self, key: &[String]) -> bool {
        self.0.len() == key.len() && self.0.iter().zip(key).all(|(part, name)| part.matches(name))
    }

    /// The pattern of this key only, as a policy writes it.
    pub(crate) fn escape(key: &[String]) -> String {
        let parts: Vec<String> = key.iter().map(|part| Pattern::escape(part)).collect();
        parts.join("/")
    }
}

/// As a policy writes it.
impl fmt::Display for KeyPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("/")?;
            }
            match part {
                Part::Exactly(name) => f.write_str(&Pattern::escape(name))?,
                Part::AnyInterface => f.write_str("*")?,
            }
        }
        Ok(())
    }
}

impl Part {
    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exactly(part) => part == name,
            Self::AnyInterface => !matches!(name, "" | "." | ".." | "all" | "default") && !name.contains('/'),
        }
    }
}

impl FromStr for KeyPattern {
    type Err = ParseKeyPatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.contains('/') && text.contains('.') {
            return Err(ParseKeyPatternError::Dots);
        }
        let parts: Vec<&str> = text.split('/').collect();
        if parts.first() != Some(&"net") || !(2..=8).contains(&parts.len()) {
            return Err(ParseKeyPatternError::Shape);
        }
        let parts: Result<Vec<Part>, _> = parts.into_iter().map(str::parse).collect();
        parts.map(Self)
    }
}

impl FromStr for Part {
    type Err = ParseKeyPatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if matches!(text, "" | "." | "..") {
            return Err(ParseKeyPatternError::Part);
        }
        if text == "*" {
            return Ok(Self::AnyInterface);
        }
        let mut name = String::with_capacity(text.len());
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '*' => return Err(ParseKeyPatternError::Star),
                '\\' => match characters.next() {
                    Some(escaped @ ('*' | '\\')) => name.push(escaped),
                    _ => return Err(ParseKeyPatternError::Star),
                },
                other => name.push(other),
            }
        }
        Ok(Self::Exactly(name))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn key(text: &str) -> Vec<String> {
        text.split('/').map(str::to_owned).collect()
    }

    #[test]
    fn a_star_is_one_part() {
        for (pattern, name, expected) in [
            ("net/ipv4/ip_forward", "net/ipv4/ip_forward", true),
            ("net/ipv4/ip_forward", "net/ipv4/ip_forward_use_pmtu", false),
            ("net/ipv4/conf/*/arp_notify", "net/ipv4/conf/eth0/arp_notify", true),
            ("net/ipv4/conf/*/arp_notify", "net/ipv4/conf/eth0.5/arp_notify", true),
            ("net/ipv4/conf/*/arp_notify", "net/ipv4/conf/arp_notify", false),
            ("net/ipv4/conf/*/arp_notify", "net/ipv4/conf/a/b/arp_notify", false),
            ("net/ipv4/conf/*/arp_notify", "net/ipv4/conf//arp_notify", false),
            ("net/ipv4/conf/*/arp_notify", "net/ipv4/conf/../arp_notify", false),
            ("net/ipv4/conf/*/arp_notify", "net/ipv4/conf/all/arp_notify", false),
            ("net/ipv4/conf/*/arp_notify", "net/ipv4/conf/default/arp_notify", false),
            ("net/ipv6/conf/all/forwarding", "net/ipv6/conf/all/forwarding", true),
            (r"net/ipv4/conf/\*/arp_notify", "net/ipv4/conf/*/arp_notify", true),
            (r"net/ipv4/conf/\*/arp_notify", "net/ipv4/conf/eth0/arp_notify", false),
        ] {
            let pattern: KeyPattern = pattern.parse().unwrap();
            assert_eq!(pattern.matches(&key(name)), expected, "{pattern:?} on {name}");
        }
    }

    #[test]
    fn a_part_with_a_slash_in_it_is_no_interface() {
        let pattern: KeyPattern = "net/ipv4/conf/*/arp_notify".parse().unwrap();
        let parts = ["net", "ipv4", "conf", "a/b", "arp_notify"].map(str::to_owned);
        assert!(!pattern.matches(&parts));
    }

    #[test]
    fn a_text_that_is_no_key_is_refused() {
        for (text, error) in [
            ("net.ipv4.ip_forward", ParseKeyPatternError::Dots),
            ("", ParseKeyPatternError::Shape),
            ("net", ParseKeyPatternError::Shape),
            ("kernel/panic", ParseKeyPatternError::Shape),
            ("*/ipv4/ip_forward", ParseKeyPatternError::Shape),
            ("/net/ipv4/ip_forward", ParseKeyPatternError::Shape),
            ("net/a/b/c/d/e/f/g/h", ParseKeyPatternError::Shape),
            ("net/../kernel/panic", ParseKeyPatternError::Part),
            ("net/ipv4/", ParseKeyPatternError::Part),
            ("net/ipv4/conf/eth*/arp_notify", ParseKeyPatternError::Star),
            (r"net/ipv4/conf/\x/arp_notify", ParseKeyPatternError::Star),
        ] {
            assert_eq!(text.parse::<KeyPattern>(), Err(error), "{text:?}");
        }
    }
}
