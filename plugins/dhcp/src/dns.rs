//! Name resolution that a server tells of: options 6, 15 and 119.

use cofferdam_guest_sdk::Dns;

use crate::{code, config::Wishes, message::Reply};

/// Labels of a name, and names of a list, that are taken.
const MOST_LABELS: usize = 128;
const MOST_NAMES: usize = 32;
/// Bytes of a name.
const LONGEST_NAME: usize = 253;

/// What was asked for. The reference plugin tells nothing of it.
pub(crate) fn dns(reply: &Reply, wishes: &Wishes) -> Dns {
    let asked = |code: u8| wishes.requested.contains(&code);
    let mut dns = Dns::default();
    if asked(code::DNS_SERVERS) {
        let servers = reply.addresses(code::DNS_SERVERS);
        dns.nameservers = servers.iter().map(ToString::to_string).collect();
    }
    if asked(code::DOMAIN_NAME) {
        dns.domain = reply.option(code::DOMAIN_NAME).and_then(domain);
    }
    if asked(code::SEARCH_LIST) {
        dns.search = reply.option(code::SEARCH_LIST).and_then(names).unwrap_or_default();
    }
    dns
}

/// Some servers end it with a zero.
fn domain(value: &[u8]) -> Option<String> {
    let text = value.strip_suffix(&[0]).unwrap_or(value);
    let text = String::from_utf8(text.to_vec()).ok()?;
    is_name(&text).then_some(text)
}

/// Names as DNS writes them, compressed (RFC 3397); `None` for what makes no
/// sense.
fn names(value: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut offset = 0;
    while offset < value.len() && names.len() < MOST_NAMES {
        let (name, next) = name_at(value, offset)?;
        names.push(name);
        offset = next;
    }
    Some(names)
}

/// The name at an offset, and where the next one is.
fn name_at(value: &[u8], start: usize) -> Option<(String, usize)> {
    let mut labels: Vec<String> = Vec::new();
    let mut offset = start;
    let mut next = None;
    for _ in 0..MOST_LABELS {
        match *value.get(offset)? {
            0 => {
                let name = labels.join(".");
                return is_name(&name).then_some((name, next.unwrap_or(offset + 1)));
            }
            // It goes on where an earlier name does.
            pointer @ 0xc0.. => {
                next.get_or_insert(offset + 2);
                let to = usize::from(pointer & 0x3f) << 8 | usize::from(*value.get(offset + 1)?);
                offset = Some(to).filter(|to| *to < offset)?;
            }
            length @ 1..64 => {
                let label = value.get(offset + 1..offset + 1 + usize::from(length))?;
                labels.push(String::from_utf8(label.to_vec()).ok()?);
                offset += 1 + usize::from(length);
            }
            _ => return None,
        }
    }
    None
}

/// What can stand in a file that resolvers read.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::MacAddress;
    use proptest::prelude::*;

    use super::*;
    use crate::message::tests::reply;

    const SEARCH: &[u8] = b"\x03eng\x05apple\x03com\x00\x09marketing\xc0\x04";

    fn told(requested: &[u8]) -> Dns {
        let options = [
            (6, &[10, 0, 0, 1, 10, 0, 0, 2][..]),
            (15, b"example.com\0"),
            (119, SEARCH),
        ];
        let reply = Reply::read(&reply(5, 1, MacAddress([2; 6]), [10, 0, 0, 9], &options)).unwrap();
        let wishes = Wishes {
            requested: requested.to_vec(),
            ..Wishes::default()
        };
        dns(&reply, &wishes)
    }

    #[test]
    fn what_was_asked_for_is_told() {
        let all = told(&[6, 15, 119]);
        assert_eq!(all.nameservers, ["10.0.0.1", "10.0.0.2"]);
        assert_eq!(all.domain.as_deref(), Some("example.com"));
        assert_eq!(all.search, ["eng.apple.com", "marketing.apple.com"]);
        assert_eq!(told(&[1, 3]), Dns::default());
    }

    #[test]
    fn names_that_go_in_circles_or_hold_other_signs_are_refused() {
        for value in [
            &b"\xc0\x00"[..],
            b"\x01a\xc0\x02",
            b"\x01a\xc0\x00",
            b"\x03a\nb\x00",
            b"\x40a\x00",
            b"\x05abc",
            b"\x00",
        ] {
            assert_eq!(names(value), None, "{value:?}");
        }
        assert_eq!(domain(b"a\nnameserver 6.6.6.6"), None);
    }

    proptest! {
        #[test]
        fn any_value_gives_plain_names_or_none(value in prop::collection::vec(any::<u8>(), 0..400)) {
            for name in names(&value).unwrap_or_default() {
                prop_assert!(is_name(&name));
            }
        }
    }
}
