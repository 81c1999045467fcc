//! What services answered.

use std::{collections::BTreeSet, net::IpAddr};

use cofferdam_protocol::{IpPrefix, json::Node};

/// Bytes of a response that is remembered; an address is told in fewer.
const LONGEST: usize = 64 << 10;
/// Words that are remembered.
const MOST: usize = 16 << 10;

/// The words of the responses that came in a request, as far as they are
/// remembered: a plugin may tell what was in them.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    words: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
}

impl Answered {
    /// Takes in a response's body, in JSON or as plain text.
    pub(crate) fn push(&mut self, body: &[u8]) {
        let Some(text) = Some(body)
            .filter(|body| body.len() <= LONGEST)
            .and_then(|body| std::str::from_utf8(body).ok())
        else {
            return;
        };
        match Node::parse(text) {
            Ok(tree) => self.take_tree(&tree),
            Err(_) => self.take(text),
        }
    }

    /// Whether an address was in one, with a prefix length or without.
    pub(crate) fn has_address(&self, address: IpAddr) -> bool {
        self.addresses.contains(&address)
    }

    /// Whether a word was in one.
    pub(crate) fn has_word(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    fn take_tree(&mut self, node: &Node) {
        match node {
            Node::String(text) => self.take(text),
            Node::Array(elements) => elements.iter().for_each(|element| self.take_tree(element)),
            Node::Object(entries) => entries.iter().for_each(|(_, value)| self.take_tree(value)),
            Node::Null | Node::Bool(_) | Node::Number(_) => {}
        }
    }

    fn take(&mut self, text: &str) {
        for word in text.split(|symbol: char| symbol.is_whitespace() || symbol == ',') {
            if word.is_empty() || self.words.len() >= MOST {
                continue;
            }
            self.words.insert(word.to_owned());
            let prefix = || word.parse::<IpPrefix>().map(|prefix| prefix.address());
            if let Ok(address) = word.parse::<IpAddr>().or_else(|_| prefix()) {
                self.addresses.insert(address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_a_service_answered_is_found_and_nothing_else() {
        let mut answered = Answered::default();
        answered
            .push(br#"{"address":"10.22.0.5/24","gateways":["10.22.0.1"],"dns":{"search":"lab.example two"},"n":7}"#);
        answered.push(b"fd00::5, fd00::1\n");
        for (address, found) in [
            ("10.22.0.5", true),
            ("10.22.0.1", true),
            ("fd00::5", true),
            ("10.22.0.0", false),
            ("10.22.0.6", false),
        ] {
            assert_eq!(answered.has_address(address.parse().unwrap()), found, "{address}");
        }
        for (word, found) in [
            ("lab.example", true),
            ("two", true),
            ("search", false),
            ("lab", false),
            ("", false),
        ] {
            assert_eq!(answered.has_word(word), found, "{word}");
        }
    }

    #[test]
    fn little_is_remembered_of_long_answers() {
        let mut answered = Answered::default();
        answered.push(&b"10.22.0.5 ".repeat(LONGEST / 10 + 1));
        assert!(!answered.has_address("10.22.0.5".parse().unwrap()));
        answered.push(b"\xff 10.22.0.5");
        assert!(!answered.has_address("10.22.0.5".parse().unwrap()));
    }
}
