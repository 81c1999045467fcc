//! Netlink attributes: a length, a type, a value, zeros up to four bytes.

use super::constants::{NLA_F_NESTED, NLA_TYPE_MASK};

const HEADER: usize = 4;

/// Writes attributes one after the other. Numbers go in network byte order,
/// as nf_tables wants them.
#[derive(Debug, Default)]
pub(crate) struct AttributeWriter {
    bytes: Vec<u8>,
    too_long: bool,
}

impl AttributeWriter {
    /// How many bytes there are so far; the offset of the next attribute.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What was written, or nothing when an attribute did not fit its 16 bit
    /// length.
    pub(crate) fn finish(self) -> Option<Vec<u8>> {
        (!self.too_long).then_some(self.bytes)
    }

    pub(crate) fn bytes(&mut self, kind: u16, value: &[u8]) {
        let start = self.begin(kind);
        self.bytes.extend_from_slice(value);
        self.end(start);
    }

    pub(crate) fn u32(&mut self, kind: u16, value: u32) {
        self.bytes(kind, &value.to_be_bytes());
    }

    pub(crate) fn i32(&mut self, kind: u16, value: i32) {
        self.bytes(kind, &value.to_be_bytes());
    }

    /// A text with the NUL that the kernel expects at its end.
    pub(crate) fn text(&mut self, kind: u16, value: &str) {
        let start = self.begin(kind);
        self.bytes.extend_from_slice(value.as_bytes());
        self.bytes.push(0);
        self.end(start);
    }

    /// An attribute that is made of attributes.
    pub(crate) fn nested(&mut self, kind: u16, fill: impl FnOnce(&mut Self)) {
        let start = self.begin(kind | NLA_F_NESTED);
        fill(self);
        self.end(start);
    }

    /// Attributes that were written elsewhere.
    pub(crate) fn append(&mut self, other: Self) {
        self.too_long |= other.too_long;
        self.bytes.extend(other.bytes);
    }

    fn begin(&mut self, kind: u16) -> usize {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0, 0]);
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        start
    }

    fn end(&mut self, start: usize) {
        match u16::try_from(self.bytes.len() - start) {
            Ok(length) => self.bytes[start..start + 2].copy_from_slice(&length.to_ne_bytes()),
            Err(_) => self.too_long = true,
        }
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

/// Reads attributes one after the other and ends at the first that is cut
/// off or has an impossible length.
#[derive(Clone, Debug)]
pub(crate) struct Attributes<'a>(&'a [u8]);

impl<'a> Attributes<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The value of the first attribute of that type.
    pub(crate) fn find(&self, kind: u16) -> Option<&'a [u8]> {
        self.clone().find_map(|(found, value)| (found == kind).then_some(value))
    }

    /// The same for one that is made of attributes.
    pub(crate) fn find_nested(&self, kind: u16) -> Option<Self> {
        self.find(kind).map(Self)
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (header, _) = self.0.split_first_chunk::<HEADER>()?;
        let length = usize::from(u16::from_ne_bytes([header[0], header[1]]));
        let kind = u16::from_ne_bytes([header[2], header[3]]) & NLA_TYPE_MASK;
        let value = self.0.get(HEADER..length)?;
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    }
}

/// A text without the NUL at its end.
pub(crate) fn text_of(value: &[u8]) -> String {
    let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
    String::from_utf8_lossy(&value[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nested_attributes_are_aligned_and_counted_without_their_padding() {
        let mut writer = AttributeWriter::default();
        writer.nested(4, |inner| {
            inner.text(1, "ab");
            inner.bytes(2, &[7]);
        });
        assert_eq!(
            writer.finish().unwrap(),
            [
                20u16.to_ne_bytes(),
                0x8004u16.to_ne_bytes(),
                7u16.to_ne_bytes(),
                1u16.to_ne_bytes(),
                *b"ab",
                [0, 0],
                5u16.to_ne_bytes(),
                2u16.to_ne_bytes(),
                [7, 0],
                [0, 0],
            ]
            .concat()
        );
    }

    #[test]
    fn an_attribute_that_its_length_can_not_hold_is_refused() {
        let mut writer = AttributeWriter::default();
        writer.bytes(1, &vec![0; 65_531]);
        assert!(writer.finish().is_some());
        let mut writer = AttributeWriter::default();
        writer.bytes(1, &vec![0; 65_532]);
        assert!(writer.finish().is_none());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(values in proptest::collection::vec((1u16..0x3fff, any::<Vec<u8>>()), 0..8)) {
            let mut writer = AttributeWriter::default();
            for (kind, value) in &values {
                writer.bytes(*kind, value);
            }
            let bytes = writer.finish().unwrap();
            let read: Vec<_> = Attributes::new(&bytes).map(|(kind, value)| (kind, value.to_vec())).collect();
            prop_assert_eq!(read, values);
        }

        #[test]
        fn any_bytes_are_read_to_an_end(bytes: Vec<u8>) {
            prop_assert!(Attributes::new(&bytes).count() <= bytes.len() / HEADER);
        }
    }
}
