//! What a component says about itself: one JSON object in the custom section
//! `cofferdam:plugin`, written while compiling.

/// The custom section's name.
pub const SECTION: &str = "cofferdam:plugin";

/// What is written.
#[derive(Clone, Copy, Debug)]
pub struct Metadata {
    /// The plugin's name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// One line.
    pub description: &'static str,
    /// Separated by colons, as Cargo gives them.
    pub authors: &'static str,
    /// An SPDX expression.
    pub licence: &'static str,
    /// The operations that it may ask for.
    pub needs: &'static [&'static str],
}

/// How many bytes [`encode`] needs.
#[must_use]
pub const fn length(metadata: &Metadata) -> usize {
    let mut counter = Buffer::<0>::new();
    counter.object(metadata);
    counter.length
}

/// The JSON object; `N` is its [`length`].
#[must_use]
pub const fn encode<const N: usize>(metadata: &Metadata) -> [u8; N] {
    let mut buffer = Buffer::<N>::new();
    buffer.object(metadata);
    buffer.bytes
}

/// Keeps the first `N` bytes and counts all.
struct Buffer<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Buffer<N> {
    const fn new() -> Self {
        Self {
            bytes: [0; N],
            length: 0,
        }
    }

    const fn object(&mut self, metadata: &Metadata) {
        self.field(b"{\"name\":", metadata.name);
        self.field(b",\"version\":", metadata.version);
        self.field(b",\"description\":", metadata.description);
        self.raw(b",\"authors\":[");
        self.authors(metadata.authors.as_bytes());
        self.field(b"],\"licence\":", metadata.licence);
        self.raw(b",\"needs\":[");
        let mut index = 0;
        while index < metadata.needs.len() {
            if index > 0 {
                self.byte(b',');
            }
            self.text(metadata.needs[index]);
            index += 1;
        }
        self.raw(b"]}");
    }

    const fn authors(&mut self, authors: &[u8]) {
        if authors.is_empty() {
            return;
        }
        self.byte(b'"');
        let mut index = 0;
        while index < authors.len() {
            match authors[index] {
                b':' => self.raw(b"\",\""),
                byte => self.escaped(byte),
            }
            index += 1;
        }
        self.byte(b'"');
    }

    const fn field(&mut self, key: &[u8], value: &str) {
        self.raw(key);
        self.text(value);
    }

    const fn text(&mut self, text: &str) {
        self.byte(b'"');
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            self.escaped(bytes[index]);
            index += 1;
        }
        self.byte(b'"');
    }

    const fn escaped(&mut self, byte: u8) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        match byte {
            b'"' | b'\\' => {
                self.byte(b'\\');
                self.byte(byte);
            }
            0..0x20 => {
                self.raw(b"\\u00");
                self.byte(DIGITS[(byte >> 4) as usize]);
                self.byte(DIGITS[(byte & 15) as usize]);
            }
            _ => self.byte(byte),
        }
    }

    const fn raw(&mut self, bytes: &[u8]) {
        let mut index = 0;
        while index < bytes.len() {
            self.byte(bytes[index]);
            index += 1;
        }
    }

    const fn byte(&mut self, byte: u8) {
        if self.length < N {
            self.bytes[self.length] = byte;
        }
        self.length += 1;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const METADATA: Metadata = Metadata {
        name: "bridge",
        version: "1.2.3",
        description: "says \"hello\"\n\\",
        authors: "A <a@example.com>:B",
        licence: "Apache-2.0",
        needs: &["link.create host bridge", "ipam.delegate"],
    };

    #[test]
    fn it_is_json_that_says_the_same() {
        const ENCODED: [u8; length(&METADATA)] = encode(&METADATA);
        let value: serde_json::Value = serde_json::from_slice(&ENCODED).unwrap();
        assert_eq!(
            value,
            serde_json::json!({
                "name": "bridge",
                "version": "1.2.3",
                "description": "says \"hello\"\n\\",
                "authors": ["A <a@example.com>", "B"],
                "licence": "Apache-2.0",
                "needs": ["link.create host bridge", "ipam.delegate"],
            })
        );
    }

    #[test]
    fn nothing_is_an_empty_list() {
        const NONE: Metadata = Metadata {
            authors: "",
            needs: &[],
            ..METADATA
        };
        const ENCODED: [u8; length(&NONE)] = encode(&NONE);
        let value: serde_json::Value = serde_json::from_slice(&ENCODED).unwrap();
        assert_eq!(value["authors"], serde_json::json!([]));
        assert_eq!(value["needs"], serde_json::json!([]));
    }
}
