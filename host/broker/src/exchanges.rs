//! Datagrams that plugins exchange with the neighbours of a link.

use std::{
    collections::{BTreeMap, VecDeque},
    net::{IpAddr, Ipv4Addr},
};

use cofferdam_network::{Exchange, LinkId, Ports};

/// Datagrams that are remembered for what a plugin may have from them.
const REMEMBERED: usize = 64;

/// Those that an instance opened, by the number in their handle.
#[derive(Default)]
pub(crate) struct Exchanges(BTreeMap<u32, OpenExchange>);

/// One that is open.
pub(crate) struct OpenExchange {
    pub(crate) link: LinkId,
    pub(crate) ports: Ports,
    pub(crate) exchange: Box<dyn Exchange>,
}

impl Exchanges {
    /// Takes one in; its number.
    pub(crate) fn add(&mut self, open: OpenExchange) -> u32 {
        let number = self.0.last_key_value().map_or(0, |(last, _)| last + 1);
        self.0.insert(number, open);
        number
    }

    pub(crate) fn get(&mut self, number: u32) -> Option<&mut OpenExchange> {
        self.0.get_mut(&number)
    }

    /// Ends one. Whether there was one.
    pub(crate) fn remove(&mut self, number: u32) -> bool {
        self.0.remove(&number).is_some()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What came in a request, as far as it is remembered: a plugin may tell what
/// was in it.
#[derive(Debug, Default)]
pub(crate) struct Received(VecDeque<Vec<u8>>);

impl Received {
    pub(crate) fn push(&mut self, payload: &[u8]) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(payload.to_vec());
    }

    /// Whether the four bytes of an address were in a datagram.
    pub(crate) fn has_address(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.has_ipv4(address),
            IpAddr::V6(_) => false,
        }
    }

    pub(crate) fn has_ipv4(&self, address: Ipv4Addr) -> bool {
        self.has(&address.octets())
    }

    /// Whether a word was in a datagram: an address by its bytes, a name as
    /// text or part by part, as DNS has it (RFC 1035, section 3.1).
    pub(crate) fn has_word(&self, word: &str) -> bool {
        if let Ok(address) = word.parse() {
            return self.has_address(address);
        }
        let part = |part: &str| {
            let length = u8::try_from(part.len()).unwrap_or(0);
            !part.is_empty() && self.has(&[&[length], part.as_bytes()].concat())
        };
        !word.trim_matches('.').is_empty() && (self.has(word.as_bytes()) || word.split('.').all(part))
    }

    fn has(&self, bytes: &[u8]) -> bool {
        let mut all = self.0.iter();
        all.any(|payload| payload.windows(bytes.len()).any(|window| window == bytes))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_was_in_a_datagram_is_found_and_nothing_else() {
        let mut received = Received::default();
        received.push(b"\x0a\x16\x00\x05cluster.example\x03lab\x05local\x00");
        for (word, found) in [
            ("10.22.0.5", true),
            ("10.22.0.6", false),
            ("fd00::1", false),
            ("cluster.example", true),
            ("lab.local", true),
            ("lab.elsewhere", false),
            ("", false),
            (".", false),
        ] {
            assert_eq!(received.has_word(word), found, "{word}");
        }
    }

    #[test]
    fn the_last_are_remembered() {
        let mut received = Received::default();
        for number in 0..=u8::try_from(REMEMBERED).unwrap() {
            received.push(&[10, 0, 0, number]);
        }
        assert!(!received.has_ipv4(Ipv4Addr::new(10, 0, 0, 0)));
        assert!(received.has_ipv4(Ipv4Addr::new(10, 0, 0, 64)));
    }
}
