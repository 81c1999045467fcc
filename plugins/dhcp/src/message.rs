//! Messages on the wire (RFC 2131, section 2).

use std::{collections::BTreeMap, net::Ipv4Addr};

use cofferdam_guest_sdk::MacAddress;

use crate::code;

/// Where the options begin: after the fixed part and the cookie.
const OPTIONS: usize = 240;
const COOKIE: [u8; 4] = [99, 130, 83, 99];
/// The fields that options may be in as well.
const FILE: std::ops::Range<usize> = 108..236;
const SERVER_NAME: std::ops::Range<usize> = 44..108;
/// BOOTP's length, which some servers insist on.
const LEAST_LENGTH: usize = 300;
/// Bytes that a reply may have, as is told to servers.
const LARGEST: u16 = 1500;
/// Bytes of a client identifier without its type.
const LONGEST_IDENTIFIER: usize = 254;

/// What kind of message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Discover,
    Offer,
    Request,
    Acknowledge,
    Refuse,
    Release,
}

impl Kind {
    const ALL: [(Self, u8); 6] = [
        (Self::Discover, 1),
        (Self::Offer, 2),
        (Self::Request, 3),
        (Self::Acknowledge, 5),
        (Self::Refuse, 6),
        (Self::Release, 7),
    ];

    fn number(self) -> u8 {
        let mut all = Self::ALL.into_iter();
        all.find(|(kind, _)| *kind == self).map_or(0, |(_, number)| number)
    }

    fn of(number: u8) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|(_, known)| *known == number).map(|(kind, _)| kind)
    }
}

/// A message of the client.
#[derive(Clone, Debug)]
pub(crate) struct Query<'a> {
    pub(crate) kind: Kind,
    pub(crate) transaction: u32,
    pub(crate) mac: MacAddress,
    /// The client's address, where it has one: it answers to it then.
    pub(crate) address: Option<Ipv4Addr>,
    pub(crate) identifier: &'a [u8],
    /// Further options, in this order.
    pub(crate) options: Vec<(u8, Vec<u8>)>,
}

impl Query<'_> {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; OPTIONS];
        // A request, over Ethernet, whose addresses have six bytes.
        put(&mut bytes, 0, &[1, 1, 6, 0]);
        put(&mut bytes, 4, &self.transaction.to_be_bytes());
        match self.address {
            Some(address) => put(&mut bytes, 12, &address.octets()),
            // A link that shares its Ethernet address gets no frames for an
            // address that it does not have: the answer has to go to all.
            None => put(&mut bytes, 10, &[0x80]),
        }
        put(&mut bytes, 28, &self.mac.0);
        put(&mut bytes, 236, &COOKIE);
        let mut add = |code: u8, value: &[u8]| {
            if let Ok(length) = u8::try_from(value.len()) {
                bytes.extend([code, length]);
                bytes.extend(value);
            }
        };
        add(code::MESSAGE_TYPE, &[self.kind.number()]);
        if !self.options.iter().any(|(code, _)| *code == code::CLIENT_IDENTIFIER) {
            add(code::CLIENT_IDENTIFIER, self.identifier);
        }
        for (code, value) in &self.options {
            add(*code, value);
        }
        bytes.push(code::END);
        bytes.resize(bytes.len().max(LEAST_LENGTH), code::PAD);
        bytes
    }
}

/// How much a server may say.
pub(crate) fn largest_message() -> (u8, Vec<u8>) {
    (code::LARGEST_MESSAGE, LARGEST.to_be_bytes().to_vec())
}

/// Tells an attachment from all others, as the reference plugin does.
pub(crate) fn client_identifier(container_id: &str, network: &str, interface: &str) -> Vec<u8> {
    let mut text = format!("{container_id}/{network}/{interface}").into_bytes();
    text.truncate(LONGEST_IDENTIFIER);
    [vec![0], text].concat()
}

/// A message of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) kind: Kind,
    pub(crate) transaction: u32,
    pub(crate) mac: MacAddress,
    /// The address that is lent.
    pub(crate) address: Ipv4Addr,
    options: BTreeMap<u8, Vec<u8>>,
}

impl Reply {
    /// `None` for what is no message of a server, or damaged.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.get(..3)? != [2, 1, 6] || bytes.get(236..OPTIONS)? != COOKIE {
            return None;
        }
        let mut options = BTreeMap::new();
        read_options(bytes.get(OPTIONS..)?, &mut options)?;
        let overload = options.get(&code::OVERLOAD).and_then(|value| value.first().copied());
        for (field, bit) in [(FILE, 1), (SERVER_NAME, 2)] {
            if overload.unwrap_or(0) & bit != 0 {
                read_options(bytes.get(field)?, &mut options)?;
            }
        }
        let [kind] = options.get(&code::MESSAGE_TYPE)?.as_slice() else {
            return None;
        };
        Some(Self {
            kind: Kind::of(*kind)?,
            transaction: u32::from_be_bytes(*bytes.get(4..)?.first_chunk()?),
            mac: MacAddress(*bytes.get(28..)?.first_chunk()?),
            address: Ipv4Addr::from(*bytes.get(16..)?.first_chunk::<4>()?),
            options,
        })
    }

    /// The value of an option.
    pub(crate) fn option(&self, code: u8) -> Option<&[u8]> {
        self.options.get(&code).map(Vec::as_slice)
    }

    /// The value of an option that is a number of 32 bits; `None` for one of
    /// another length.
    pub(crate) fn number(&self, code: u8) -> Option<u32> {
        Some(u32::from_be_bytes(self.option(code)?.try_into().ok()?))
    }

    /// The value of an option that is one address.
    pub(crate) fn address(&self, code: u8) -> Option<Ipv4Addr> {
        self.number(code).map(Ipv4Addr::from)
    }

    /// The value of an option that is a list of addresses; one that is cut
    /// short gives none.
    pub(crate) fn addresses(&self, code: u8) -> Vec<Ipv4Addr> {
        let (addresses, rest) = self.option(code).unwrap_or_default().as_chunks::<4>();
        if rest.is_empty() {
            addresses.iter().map(|octets| Ipv4Addr::from(*octets)).collect()
        } else {
            Vec::new()
        }
    }
}

/// What comes several times is one value in parts (RFC 3396).
fn read_options(mut bytes: &[u8], options: &mut BTreeMap<u8, Vec<u8>>) -> Option<()> {
    loop {
        match bytes {
            [] | [code::END, ..] => return Some(()),
            [code::PAD, rest @ ..] => bytes = rest,
            [code, length, rest @ ..] => {
                let (value, rest) = rest.split_at_checked(usize::from(*length))?;
                options.entry(*code).or_default().extend(value);
                bytes = rest;
            }
            [_] => return None,
        }
    }
}

fn put(bytes: &mut [u8], offset: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(offset..offset + value.len()) {
        place.copy_from_slice(value);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// A server's message with these options.
    pub(crate) fn reply(
        kind: u8,
        transaction: u32,
        mac: MacAddress,
        address: [u8; 4],
        options: &[(u8, &[u8])],
    ) -> Vec<u8> {
        let mut bytes = vec![0; OPTIONS];
        put(&mut bytes, 0, &[2, 1, 6]);
        put(&mut bytes, 4, &transaction.to_be_bytes());
        put(&mut bytes, 16, &address);
        put(&mut bytes, 28, &mac.0);
        put(&mut bytes, 236, &COOKIE);
        for (code, value) in [(code::MESSAGE_TYPE, &[kind][..])].iter().chain(options) {
            for part in value.chunks(255) {
                bytes.extend([*code, u8::try_from(part.len()).unwrap()]);
                bytes.extend(part);
            }
        }
        bytes.push(code::END);
        bytes
    }

    const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);

    #[test]
    fn a_message_is_read_as_it_was_meant() {
        let long = [7; 300];
        let bytes = reply(
            2,
            0x0102_0304,
            MAC,
            [10, 22, 0, 5],
            &[(3, &[10, 22, 0, 1, 10, 22, 0, 2]), (51, &[0, 0, 14, 16]), (121, &long)],
        );
        let reply = Reply::read(&bytes).unwrap();
        assert_eq!(
            (reply.kind, reply.transaction, reply.mac),
            (Kind::Offer, 0x0102_0304, MAC)
        );
        assert_eq!(reply.address, Ipv4Addr::new(10, 22, 0, 5));
        assert_eq!(
            reply.addresses(3),
            [Ipv4Addr::new(10, 22, 0, 1), Ipv4Addr::new(10, 22, 0, 2)]
        );
        assert_eq!(reply.number(51), Some(3600));
        assert_eq!(reply.option(121), Some(&long[..]), "one value in two parts");
        assert_eq!((reply.number(3), reply.option(6)), (None, None));
    }

    #[test]
    fn options_may_be_where_the_file_name_would_be() {
        let mut bytes = reply(5, 1, MAC, [0; 4], &[(52, &[3])]);
        put(&mut bytes, FILE.start, &[51, 4, 0, 0, 0, 9, 255]);
        put(&mut bytes, SERVER_NAME.start, &[1, 4, 255, 255, 0, 0, 255]);
        let read = Reply::read(&bytes).unwrap();
        assert_eq!(
            (read.number(51), read.address(1)),
            (Some(9), Some(Ipv4Addr::new(255, 255, 0, 0)))
        );
        // Without the option the field is a name.
        let mut bytes = reply(5, 1, MAC, [0; 4], &[]);
        put(&mut bytes, FILE.start, &[51, 4, 0, 0, 0, 9, 255]);
        assert_eq!(Reply::read(&bytes).unwrap().number(51), None);
    }

    #[test]
    fn what_is_damaged_or_of_another_kind_is_no_message() {
        let intact = reply(2, 1, MAC, [10, 0, 0, 1], &[(1, &[255, 255, 255, 0])]);
        assert!(Reply::read(&intact).is_some());
        for (offset, value) in [(0, 1), (1, 6), (2, 16), (236, 0), (239, 0), (240, 99), (242, 77)] {
            let mut bytes = intact.clone();
            bytes[offset] = value;
            assert_eq!(Reply::read(&bytes), None, "{offset}");
        }
        let mut overlong = intact.clone();
        overlong[244] = 200;
        assert_eq!(
            Reply::read(&overlong),
            None,
            "an option that is longer than the message"
        );
        let mut cut = intact;
        cut.truncate(244);
        assert_eq!(Reply::read(&cut), None, "an option without a length");
    }

    #[test]
    fn the_identifier_is_the_attachments_and_not_too_long() {
        assert_eq!(client_identifier("c1", "mynet", "eth0"), b"\0c1/mynet/eth0");
        assert_eq!(client_identifier(&"c".repeat(300), "n", "e").len(), 255);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..900), real: bool) {
            let mut bytes = bytes;
            if real && bytes.len() >= OPTIONS {
                put(&mut bytes, 0, &[2, 1, 6]);
                put(&mut bytes, 236, &COOKIE);
            }
            if let Some(reply) = Reply::read(&bytes) {
                let _ = (reply.addresses(3), reply.number(51));
            }
        }

        #[test]
        fn a_query_is_a_message_with_all_its_options(
            transaction: u32,
            values in prop::collection::vec((1..=254u8, prop::collection::vec(any::<u8>(), 1..255)), 0..4),
        ) {
            let values: BTreeMap<u8, Vec<u8>> = values.into_iter().filter(|(code, _)| ![52, 53, 61].contains(code)).collect();
            let query = Query {
                kind: Kind::Request,
                transaction,
                mac: MAC,
                address: None,
                identifier: b"\0me",
                options: values.clone().into_iter().collect(),
            };
            let mut bytes = query.to_bytes();
            prop_assert!(bytes.len() >= LEAST_LENGTH);
            bytes[0] = 2;
            let read = Reply::read(&bytes).unwrap();
            prop_assert_eq!((read.kind, read.transaction, read.mac), (Kind::Request, transaction, MAC));
            prop_assert_eq!(read.option(code::CLIENT_IDENTIFIER), Some(&b"\0me"[..]));
            for (code, value) in values {
                prop_assert_eq!(read.option(code), Some(value.as_slice()));
            }
        }
    }
}
