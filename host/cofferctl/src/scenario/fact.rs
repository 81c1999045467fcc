//! Something that is so in a network namespace, as a line of words:
//! `address 10.22.0.5/16 on eth0`. Scenarios say in such lines what is given,
//! what is expected and what is changed.

use std::{fmt, str::FromStr};

use cofferdam_protocol::{IpPrefix, MacAddress};

use super::document::advice;

/// What a line can be about, and which words it has.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) word: &'static str,
    /// What follows at once, in this order.
    positional: &'static [(&'static str, Form)],
    /// What follows a word of its own, in any order.
    named: &'static [(&'static str, Form)],
    /// Words that say something by themselves: attribute, and its value.
    flags: &'static [(&'static str, &'static str)],
}

/// What a word has to be.
#[derive(Clone, Copy, Debug)]
enum Form {
    Text,
    /// A number.
    Number,
    /// An address with the length of its network, or `default`.
    Prefix,
    /// An address.
    Address,
    Mac,
    OnOff,
    /// All that is left of the line.
    Rest,
}

/// Whether a link is up.
pub(super) const STATE: &str = "state";

/// Whether frames of a VLAN have a tag on a port.
pub(super) const TAGS: &str = "tags";

pub(super) const SUBJECTS: [Subject; 12] = [
    Subject {
        word: "link",
        positional: &[("name", Form::Text)],
        named: &[
            ("kind", Form::Text),
            ("mtu", Form::Number),
            ("mac", Form::Mac),
            ("master", Form::Text),
            ("promiscuous", Form::OnOff),
            ("all-multicast", Form::OnOff),
            ("queue", Form::Number),
            ("hairpin", Form::OnOff),
            ("isolated", Form::OnOff),
        ],
        flags: &[("up", STATE), ("down", STATE)],
    },
    Subject {
        word: "address",
        positional: &[("address", Form::Prefix)],
        named: &[("on", Form::Text)],
        flags: &[],
    },
    Subject {
        word: "route",
        positional: &[("destination", Form::Prefix)],
        named: &[
            ("via", Form::Address),
            ("on", Form::Text),
            ("from", Form::Address),
            ("metric", Form::Number),
            ("table", Form::Number),
            ("scope", Form::Number),
            ("mtu", Form::Number),
        ],
        flags: &[],
    },
    Subject {
        word: "neighbor",
        positional: &[("address", Form::Address)],
        named: &[("mac", Form::Mac), ("on", Form::Text)],
        flags: &[],
    },
    Subject {
        word: "vlan",
        positional: &[("number", Form::Text)],
        named: &[("on", Form::Text)],
        flags: &[("tagged", TAGS), ("untagged", TAGS)],
    },
    Subject {
        word: "peer",
        positional: &[("address", Form::Address)],
        named: &[("on", Form::Text)],
        flags: &[],
    },
    Subject {
        word: "rule",
        positional: &[],
        named: &[
            ("from", Form::Prefix),
            ("to", Form::Prefix),
            ("in", Form::Text),
            ("out", Form::Text),
            ("mark", Form::Number),
            ("priority", Form::Number),
            ("table", Form::Number),
        ],
        flags: &[],
    },
    Subject {
        word: "setting",
        positional: &[("key", Form::Text), ("value", Form::Rest)],
        named: &[],
        flags: &[],
    },
    Subject {
        word: "limit",
        positional: &[],
        named: &[("on", Form::Text), ("rate", Form::Number), ("burst", Form::Number)],
        flags: &[],
    },
    Subject {
        word: "table",
        positional: &[("family", Form::Text), ("name", Form::Text)],
        named: &[],
        flags: &[],
    },
    Subject {
        word: "chain",
        positional: &[("family", Form::Text), ("table", Form::Text), ("name", Form::Text)],
        named: &[("rules", Form::Number)],
        flags: &[],
    },
    Subject {
        word: "set",
        positional: &[("family", Form::Text), ("table", Form::Text), ("name", Form::Text)],
        named: &[("elements", Form::Number)],
        flags: &[],
    },
];

/// A line, read. In what is expected a `*` stands for any characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fact {
    pub(super) subject: &'static str,
    /// In the order of the subject's words.
    attributes: Vec<(&'static str, String)>,
}

impl Fact {
    /// One of what there is.
    pub(super) fn new(subject: &'static str) -> Self {
        Self {
            subject,
            attributes: Vec::new(),
        }
    }

    /// The same with something said of it.
    pub(super) fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.attributes.push((key, value.to_string()));
        self
    }

    /// The same, where there is something to say.
    pub(super) fn with_some(self, key: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(name, _)| *name == key);
        found.map(|(_, value)| value.as_str())
    }

    /// Something that the line can't do without where it is used.
    pub(super) fn require(&self, key: &str) -> Result<&str, String> {
        self.get(key).ok_or_else(|| format!("\"{self}\" does not say {key:?}"))
    }

    /// Whether all that is said here is so of `present`.
    pub(super) fn covers(&self, present: &Self) -> bool {
        let is_so = |(key, wanted): &(&str, String)| present.get(key).is_some_and(|found| is_like(wanted, found));
        self.subject == present.subject && self.attributes.iter().all(is_so)
    }

    pub(super) fn has_wildcard(&self) -> bool {
        self.attributes.iter().any(|(_, value)| value.contains('*'))
    }
}

/// Whether a text is like a pattern, in which `*` stands for any characters.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(before) else {
        return false;
    };
    let mut ends = rest.char_indices().map(|(index, _)| index).chain([rest.len()]);
    ends.any(|index| rest.get(index..).is_some_and(|rest| is_like(after, rest)))
}

/// The most wildcards in one word: each of them multiplies the ways to match.
const MOST_WILDCARDS: usize = 3;
const LONGEST: usize = 512;

impl FromStr for Fact {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        if line.len() > LONGEST {
            return Err(format!("the line has more than {LONGEST} bytes"));
        }
        let mut words = line.split_whitespace();
        let first = words.next().ok_or("the line is empty")?;
        let known = SUBJECTS.map(|subject| subject.word);
        let Some(subject) = SUBJECTS.iter().find(|subject| subject.word == first) else {
            return Err(format!(
                "a line begins with what it is about, not with {first:?}; {}",
                advice(first, &known)
            ));
        };
        let mut given = Vec::new();
        for (key, form) in subject.positional {
            let word = match form {
                Form::Rest => Some(words.by_ref().collect::<Vec<_>>().join(" ")).filter(|rest| !rest.is_empty()),
                _ => words.next().map(str::to_owned),
            };
            match word {
                Some(word) => given.push((*key, form.normal(&word)?)),
                // A setting without its value is any.
                None if matches!(form, Form::Rest) => {}
                None => return Err(format!("\"{line}\" lacks the {key} of the {}", subject.word)),
            }
        }
        while let Some(word) = words.next() {
            let (key, value) = subject.attribute(word, &mut words)?;
            if given.iter().any(|(name, _)| *name == key) {
                return Err(format!("{word:?} is there twice"));
            }
            given.push((key, value));
        }
        Ok(Self {
            subject: subject.word,
            attributes: subject.in_order(given),
        })
    }
}

impl Subject {
    fn attribute<'l>(
        &self,
        word: &str,
        words: &mut impl Iterator<Item = &'l str>,
    ) -> Result<(&'static str, String), String> {
        if let Some((flag, key)) = self.flags.iter().find(|(flag, _)| *flag == word) {
            return Ok((key, (*flag).to_owned()));
        }
        if let Some((key, form)) = self.named.iter().find(|(key, _)| *key == word) {
            let value = words.next().ok_or_else(|| format!("nothing follows {word:?}"))?;
            return Ok((key, form.normal(value)?));
        }
        let named = self.named.iter().map(|(key, _)| *key);
        let known: Vec<&str> = named.chain(self.flags.iter().map(|(flag, _)| *flag)).collect();
        Err(format!("a {} has no {word:?}; {}", self.word, advice(word, &known)))
    }

    fn in_order(&self, mut given: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
        let keys = self.keys();
        given.sort_by_key(|(key, _)| keys.iter().position(|known| known == key));
        given
    }

    fn keys(&self) -> Vec<&'static str> {
        let values = self.positional.iter().chain(self.named).map(|(key, _)| *key);
        values.chain(self.flags.iter().map(|(_, key)| *key)).collect()
    }

    /// Whether the value stands there without a word before it.
    fn says_alone(&self, key: &str) -> bool {
        let positional = self.positional.iter().map(|(name, _)| *name);
        positional
            .chain(self.flags.iter().map(|(_, name)| *name))
            .any(|name| name == key)
    }
}

impl Form {
    /// The word as it is always written.
    fn normal(self, word: &str) -> Result<String, String> {
        if word.matches('*').count() > MOST_WILDCARDS {
            return Err(format!("{word:?} has more than {MOST_WILDCARDS} wildcards"));
        }
        if word.contains('*') {
            return Ok(word.to_owned());
        }
        match self {
            Self::Text | Self::Rest => Ok(word.to_owned()),
            Self::Number => number(word).map(|number| number.to_string()),
            Self::Prefix if word == "default" => Ok("0.0.0.0/0".to_owned()),
            Self::Prefix => match word.parse::<std::net::IpAddr>() {
                Ok(address) => Ok(IpPrefix::host(address).to_string()),
                Err(_) => word
                    .parse::<IpPrefix>()
                    .map(|prefix| prefix.to_string())
                    .map_err(|error| error.to_string()),
            },
            Self::Address => match word.parse::<std::net::IpAddr>() {
                Ok(address) => Ok(address.to_string()),
                Err(_) => Err(format!("{word:?} is not an IP address")),
            },
            Self::Mac => word
                .parse::<MacAddress>()
                .map(|mac| mac.to_string())
                .map_err(|error| error.to_string()),
            Self::OnOff if matches!(word, "on" | "off") => Ok(word.to_owned()),
            Self::OnOff => Err(format!("expected on or off, not {word:?}")),
        }
    }
}

fn number(word: &str) -> Result<u64, String> {
    word.parse().map_err(|_| format!("{word:?} is not a whole number"))
}

/// The line, as somebody would write it.
impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.subject)?;
        let subject = SUBJECTS.iter().find(|subject| subject.word == self.subject);
        for (key, value) in &self.attributes {
            let alone = subject.is_some_and(|subject| subject.says_alone(key));
            match alone {
                true => write!(f, " {value}")?,
                false => write!(f, " {key} {value}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn fact(line: &str) -> Fact {
        line.parse().unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    #[test]
    fn a_line_is_read_and_written() {
        for (line, written) in [
            ("link eth0", "link eth0"),
            ("link  eth0 up mtu 1400 kind veth", "link eth0 kind veth mtu 1400 up"),
            ("link eth0 mac AA:00:00:00:00:01", "link eth0 mac aa:00:00:00:00:01"),
            ("address 10.0.0.2/24 on eth0", "address 10.0.0.2/24 on eth0"),
            (
                "route default via 10.0.0.1 on eth0",
                "route 0.0.0.0/0 via 10.0.0.1 on eth0",
            ),
            ("route 10.0.0.2 on veth*", "route 10.0.0.2/32 on veth*"),
            ("rule table 100 from 10.0.0.2", "rule from 10.0.0.2/32 table 100"),
            (
                "setting net/ipv4/tcp_rmem 4096 87380 6291456",
                "setting net/ipv4/tcp_rmem 4096 87380 6291456",
            ),
            ("chain inet filter input rules 2", "chain inet filter input rules 2"),
            ("vlan 20-29 tagged on veth0", "vlan 20-29 on veth0 tagged"),
            ("peer 2001:DB8::7 on vx42", "peer 2001:db8::7 on vx42"),
        ] {
            assert_eq!(fact(line).to_string(), written);
            assert_eq!(fact(written), fact(line));
        }
    }

    #[test]
    fn a_slip_is_told_with_what_was_meant() {
        for (line, words) in [
            ("", "empty"),
            ("lnk eth0", "did you mean \"link\"?"),
            ("link", "lacks the name"),
            ("link eth0 mut 1400", "did you mean \"mtu\"?"),
            ("link eth0 mtu", "nothing follows \"mtu\""),
            ("link eth0 mtu many", "\"many\" is not a whole number"),
            ("link eth0 up down", "\"down\" is there twice"),
            ("address 10.0.0.2/99 on eth0", "10.0.0.2/99"),
            ("route default via here", "\"here\" is not an IP address"),
        ] {
            let error = line.parse::<Fact>().unwrap_err();
            assert!(error.contains(words), "{line}: {error}");
        }
    }

    #[test]
    fn what_is_said_of_less_covers_what_is_said_of_more() {
        let present = fact("link veth12ab kind veth mtu 1500 up");
        for (line, covers) in [
            ("link veth12ab", true),
            ("link veth*", true),
            ("link *12* up", true),
            ("link veth12ab down", false),
            ("link veth12ab mtu 1400", false),
            ("link eth0", false),
            ("link veth12ab hairpin on", false),
            ("address 10.0.0.2/24", false),
        ] {
            assert_eq!(fact(line).covers(&present), covers, "{line}");
        }
    }

    #[test]
    fn no_line_makes_it_panic() {
        proptest::proptest!(|(line in "(link|address|route|rule|set|setting|limit|chain|table|neighbor|vlan|peer)?[ a-z0-9./:*-]{0,60}")| {
            if let Ok(fact) = line.parse::<Fact>() {
                proptest::prop_assert_eq!(fact.to_string().parse::<Fact>().unwrap(), fact);
            }
        });
    }
}
