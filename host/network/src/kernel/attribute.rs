//! Reads netlink attributes.
//!
//! Only what is asked for is looked at, and texts need not be UTF-8: whoever
//! is root in a container can put any bytes into a link's alias, and that must
//! not hide the link from us.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const HEADER: usize = 4;
const ALIGNMENT: usize = 4;
/// Without `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER`.
const TYPE_MASK: u16 = 0x3fff;

/// The attributes of a message or of a nested attribute; ends at the first
/// one that does not fit.
pub(crate) fn attributes(bytes: &[u8]) -> Attributes<'_> {
    Attributes { rest: bytes }
}

pub(crate) struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let [low, high, kind_low, kind_high] = *self.rest.first_chunk::<HEADER>()?;
        let length = usize::from(u16::from_ne_bytes([low, high]));
        let kind = u16::from_ne_bytes([kind_low, kind_high]) & TYPE_MASK;
        let value = self.rest.get(HEADER..length)?;
        self.rest = self.rest.get(length.next_multiple_of(ALIGNMENT)..).unwrap_or_default();
        Some((kind, value))
    }
}

/// The first attribute of a kind.
pub(crate) fn find(bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    attributes(bytes)
        .find(|(kind, _)| *kind == wanted)
        .map(|(_, value)| value)
}

pub(crate) fn unsigned(value: &[u8]) -> Option<u32> {
    Some(u32::from_ne_bytes(*value.first_chunk()?))
}

pub(crate) fn flag(value: &[u8]) -> Option<bool> {
    value.first().map(|byte| *byte != 0)
}

/// A text up to its NUL.
pub(crate) fn text(value: &[u8]) -> String {
    let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
    String::from_utf8_lossy(value.get(..end).unwrap_or_default()).into_owned()
}

pub(crate) fn address(value: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(value) {
        return Some(Ipv4Addr::from(octets).into());
    }
    <[u8; 16]>::try_from(value)
        .ok()
        .map(|octets| Ipv6Addr::from(octets).into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use netlink_packet_core::{DefaultNla, Emitable};
    use proptest::{collection::vec, prelude::*};

    use super::{address, attributes, find, flag, text, unsigned};

    #[test]
    fn a_text_ends_at_its_nul_and_may_hold_any_bytes() {
        assert_eq!(text(b"eth0\0junk"), "eth0");
        assert_eq!(text(b"eth0"), "eth0");
        assert_eq!(text(b"\xff\0"), "\u{fffd}");
    }

    #[test]
    fn an_address_has_four_or_sixteen_bytes() {
        assert_eq!(address(&[10, 0, 0, 1]), Some("10.0.0.1".parse().unwrap()));
        assert_eq!(address(&[0; 16]), Some("::".parse().unwrap()));
        assert_eq!(address(&[0; 5]), None);
    }

    #[test]
    fn an_attribute_that_does_not_fit_ends_the_list() {
        let mut bytes = vec![5, 0, 1, 0, 7, 0, 0, 0];
        bytes.extend([200, 0, 2, 0, 1]);
        assert_eq!(attributes(&bytes).collect::<Vec<_>>(), [(1, &[7][..])]);
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            list in vec((0u16..0x3fff, vec(any::<u8>(), 0..40)), 0..8)
        ) {
            let written: Vec<_> = list
                .iter()
                .map(|(kind, value)| DefaultNla::new(*kind, value.clone()))
                .collect();
            let mut bytes = vec![0; written.as_slice().buffer_len()];
            written.as_slice().emit(&mut bytes);
            let read: Vec<_> = attributes(&bytes)
                .map(|(kind, value)| (kind, value.to_vec()))
                .collect();
            prop_assert_eq!(read, list);
        }

        #[test]
        fn any_bytes_can_be_read(bytes in vec(any::<u8>(), 0..200)) {
            for (kind, value) in attributes(&bytes) {
                find(&bytes, kind).unwrap();
                let _ = (unsigned(value), flag(value), text(value), address(value));
            }
        }
    }
}
