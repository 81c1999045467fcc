use std::str::FromStr;

use thiserror::Error;

use crate::Pattern;

const ANY_INTERFACE: &str = "*";

/// A sysctl key in which `*` stands for any characters within one part: that
/// is a pattern of names of interfaces.
///
/// None is `all` or `default`, which are no interfaces but settings of the
/// whole namespace; who means them has to write them. `\*` is an asterisk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyPattern {
    /// As a policy writes it.
    text: Box<str>,
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
    #[error(r"a backslash stands before `*` or another backslash only")]
    Escape,
}

impl KeyPattern {
    pub(crate) fn matches(&self, key: &[String]) -> bool {
        let mut names = key.iter();
        let mut parts = self.text.split('/');
        let all = parts.all(|part| names.next().is_some_and(|name| part_matches(part, name)));
        all && names.next().is_none()
    }

    /// Whether every key of `other` is one of this pattern.
    pub(crate) fn includes(&self, other: &Self) -> bool {
        let same_length = self.text.split('/').count() == other.text.split('/').count();
        let mut parts = self.text.split('/').zip(other.text.split('/'));
        same_length && parts.all(|(part, other)| part_includes(part, other))
    }

    /// The directory below `net` that all of its keys are in, `*` for any;
    /// `None` for a setting in `net` itself.
    pub(crate) fn directory(&self) -> Option<&str> {
        let (directory, _) = self.text.strip_prefix("net/")?.split_once('/')?;
        Some(directory)
    }

    /// Whether some key is of both patterns.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let same_length = self.text.split('/').count() == other.text.split('/').count();
        let mut parts = self.text.split('/').zip(other.text.split('/'));
        same_length && parts.all(|(part, other)| parts_overlap(part, other))
    }

    /// As a policy writes it.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The pattern of this key only, as a policy writes it.
    pub(crate) fn escape(key: &[String]) -> String {
        let parts: Vec<String> = key.iter().map(|part| Pattern::escape(part)).collect();
        parts.join("/")
    }
}

fn part_matches(part: &str, name: &str) -> bool {
    match part {
        ANY_INTERFACE => is_interface(name),
        _ if !part.contains('*') && !part.contains('\\') => part == name,
        _ => match interfaces(part) {
            Some(pattern) => is_interface(name) && pattern.matches(name),
            None => part == Pattern::escape(name),
        },
    }
}

/// Whether each name of one part is a name of the other.
fn part_includes(part: &str, other: &str) -> bool {
    part == other
        || match (interfaces(part), interfaces(other)) {
            (Some(wide), Some(narrow)) => wide.includes(&narrow),
            (Some(_), None) => part_matches(part, &name_of(other)),
            (None, _) => false,
        }
}

/// Whether some name is of both parts.
pub(crate) fn parts_overlap(part: &str, other: &str) -> bool {
    part == other
        || match (interfaces(part), interfaces(other)) {
            // Stars leave room for other names than those that are no interfaces.
            (Some(one), Some(other)) => one.overlaps(&other),
            (Some(_), None) => part_matches(part, &name_of(other)),
            (None, Some(_)) => part_matches(other, &name_of(part)),
            (None, None) => false,
        }
}

/// The pattern that a part with stars is.
fn interfaces(part: &str) -> Option<Pattern> {
    let pattern: Pattern = part.contains('*').then(|| part.parse().ok())??;
    pattern.only_name().is_none().then_some(pattern)
}

/// The name that a part without stars stands for.
fn name_of(part: &str) -> String {
    let pattern: Option<Pattern> = part.parse().ok();
    let name = pattern.as_ref().and_then(Pattern::only_name);
    name.unwrap_or(part).to_owned()
}

fn is_interface(name: &str) -> bool {
    !matches!(name, "" | "." | ".." | "all" | "default") && !name.contains('/')
}

impl FromStr for KeyPattern {
    type Err = ParseKeyPatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.contains('/') && text.contains('.') {
            return Err(ParseKeyPatternError::Dots);
        }
        let count = text.split('/').count();
        if text.split('/').next() != Some("net") || !(2..=8).contains(&count) {
            return Err(ParseKeyPatternError::Shape);
        }
        text.split('/').try_for_each(check_part)?;
        Ok(Self { text: text.into() })
    }
}

fn check_part(part: &str) -> Result<(), ParseKeyPatternError> {
    if matches!(part, "" | "." | "..") {
        return Err(ParseKeyPatternError::Part);
    }
    match part.parse::<Pattern>() {
        Ok(_) => Ok(()),
        Err(_) => Err(ParseKeyPatternError::Escape),
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
            ("net/ipv4/conf/veth*/mtu", "net/ipv4/conf/veth0a1b2c3d/mtu", true),
            ("net/ipv4/conf/veth*/mtu", "net/ipv4/conf/veth/mtu", true),
            ("net/ipv4/conf/veth*/mtu", "net/ipv4/conf/eth0/mtu", false),
            ("net/ipv4/conf/veth*/mtu", "net/ipv4/conf/veth/x/mtu", false),
            ("net/ipv4/conf/e*.*/mtu", "net/ipv4/conf/eth0.5/mtu", true),
            ("net/ipv4/conf/a*/mtu", "net/ipv4/conf/all/mtu", false),
            ("net/ipv4/conf/*t/mtu", "net/ipv4/conf/default/mtu", false),
            (r"net/ipv4/conf/a\**/mtu", "net/ipv4/conf/a*b/mtu", true),
            (r"net/ipv4/conf/a\**/mtu", "net/ipv4/conf/ab/mtu", false),
            ("net/ipv6/conf/all/forwarding", "net/ipv6/conf/all/forwarding", true),
            (r"net/ipv4/conf/\*/arp_notify", "net/ipv4/conf/*/arp_notify", true),
            (r"net/ipv4/conf/\*/arp_notify", "net/ipv4/conf/eth0/arp_notify", false),
            (r"net/ipv4/conf/a\\b\*/mtu", r"net/ipv4/conf/a\b*/mtu", true),
            (r"net/ipv4/conf/a\\b\*/mtu", r"net/ipv4/conf/a\\b\*/mtu", false),
        ] {
            let pattern: KeyPattern = pattern.parse().unwrap();
            assert_eq!(pattern.matches(&key(name)), expected, "{pattern:?} on {name}");
        }
    }

    #[test]
    fn a_pattern_includes_what_it_matches() {
        for (wide, narrow, expected) in [
            ("net/ipv4/conf/*/mtu", "net/ipv4/conf/*/mtu", true),
            ("net/ipv4/conf/*/mtu", "net/ipv4/conf/eth0/mtu", true),
            (r"net/ipv4/conf/*/mtu", r"net/ipv4/conf/\*/mtu", true),
            ("net/ipv4/conf/*/mtu", "net/ipv4/conf/all/mtu", false),
            ("net/ipv4/conf/*/mtu", "net/ipv4/conf/veth*/mtu", true),
            ("net/ipv4/conf/v*/mtu", "net/ipv4/conf/veth*/mtu", true),
            ("net/ipv4/conf/v*/mtu", "net/ipv4/conf/veth0/mtu", true),
            (r"net/ipv4/conf/v\**/mtu", r"net/ipv4/conf/v\*\\/mtu", true),
            ("net/ipv4/conf/a*/mtu", "net/ipv4/conf/all/mtu", false),
            ("net/ipv4/conf/eth0/mtu", "net/ipv4/conf/*/mtu", false),
            ("net/ipv4/conf/*/mtu", "net/ipv4/conf/eth0/forwarding", false),
            ("net/ipv4/conf/*", "net/ipv4/conf/eth0/mtu", false),
        ] {
            let (wide, narrow): (KeyPattern, KeyPattern) = (wide.parse().unwrap(), narrow.parse().unwrap());
            assert_eq!(wide.includes(&narrow), expected, "{wide:?} {narrow:?}");
            let both = expected || narrow.includes(&wide);
            assert_eq!(
                (wide.overlaps(&narrow), narrow.overlaps(&wide)),
                (both, both),
                "{wide:?} {narrow:?}"
            );
        }
    }

    #[test]
    fn patterns_of_which_neither_includes_the_other_may_have_keys_in_common() {
        let overlap = |one: &str, other: &str| {
            let (one, other): (KeyPattern, KeyPattern) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(one.overlaps(&other), other.overlaps(&one));
            one.overlaps(&other)
        };
        assert!(overlap("net/ipv4/conf/a*/mtu", "net/ipv4/conf/*b/mtu"));
        assert!(overlap("net/ipv4/conf/a*/mtu", "net/ipv4/*/ab/mtu"));
        assert!(!overlap("net/ipv4/conf/a*/mtu", "net/ipv4/conf/b*/mtu"));
        assert!(!overlap("net/ipv4/conf/a*/mtu", "net/ipv4/conf/a*/forwarding"));
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
            (r"net/ipv4/conf/\x/arp_notify", ParseKeyPatternError::Escape),
            (r"net/ipv4/conf/eth*\/arp_notify", ParseKeyPatternError::Escape),
        ] {
            assert_eq!(text.parse::<KeyPattern>(), Err(error), "{text:?}");
        }
    }
}
