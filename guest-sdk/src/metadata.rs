//! What a component says about itself: one JSON object in the custom section
//! `cofferdam:plugin`, written while compiling.

use crate::{Need, need::Value};

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
    /// What it may ask for.
    pub needs: &'static [Need],
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

/// The custom section that holds the JSON Schema of the configuration.
pub const SCHEMA_SECTION: &str = "cofferdam:config-schema";

/// The text of the schema; empty, as the section then is, where there is none.
#[must_use]
pub const fn schema_text(schema: Option<&'static str>) -> &'static str {
    match schema {
        Some(text) => text,
        None => "",
    }
}

/// How many bytes [`encode_schema`] needs.
#[must_use]
pub const fn schema_length(schema: &str) -> usize {
    let mut counter = Buffer::<0>::new();
    counter.without_indentation(schema);
    counter.length
}

/// The schema without the spaces and line breaks that are for those who write
/// it; `N` is its [`schema_length`].
#[must_use]
pub const fn encode_schema<const N: usize>(schema: &str) -> [u8; N] {
    let mut buffer = Buffer::<N>::new();
    buffer.without_indentation(schema);
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
            self.need(&metadata.needs[index]);
            index += 1;
        }
        self.raw(b"]}");
    }

    /// With the keys of a grant, and `when`.
    const fn need(&mut self, need: &Need) {
        self.field(b"{\"allow\":", need.operation);
        let mut index = 0;
        while index < need.bounds.len() {
            if let Some((key, value)) = &need.bounds[index] {
                self.byte(b',');
                self.text(key);
                self.byte(b':');
                self.value(value);
            }
            index += 1;
        }
        if let Some(when) = need.when {
            self.field(b",\"when\":", when);
        }
        self.byte(b'}');
    }

    const fn value(&mut self, value: &Value) {
        match value {
            Value::Text(text) => self.text(text),
            Value::Texts(texts) => {
                let mut index = 0;
                while index < texts.len() {
                    self.byte(if index == 0 { b'[' } else { b',' });
                    self.text(texts[index]);
                    index += 1;
                }
                self.closed(texts.len());
            }
            Value::Numbers(numbers) => {
                let mut index = 0;
                while index < numbers.len() {
                    self.byte(if index == 0 { b'[' } else { b',' });
                    self.number(numbers[index]);
                    index += 1;
                }
                self.closed(numbers.len());
            }
            Value::Ranges(ranges) => {
                let mut index = 0;
                while index < ranges.len() {
                    let [first, last] = ranges[index];
                    self.range(index, first as i32, last as i32);
                    index += 1;
                }
                self.closed(ranges.len());
            }
            Value::WideRanges(ranges) => {
                let mut index = 0;
                while index < ranges.len() {
                    let [first, last] = ranges[index];
                    self.range(index, first.cast_signed(), last.cast_signed());
                    index += 1;
                }
                self.closed(ranges.len());
            }
        }
    }

    /// The item of a list, by its number.
    const fn range(&mut self, index: usize, first: i32, last: i32) {
        self.byte(if index == 0 { b'[' } else { b',' });
        self.byte(b'[');
        self.number(first);
        self.byte(b',');
        self.number(last);
        self.byte(b']');
    }

    /// The end of a list that had so many items.
    const fn closed(&mut self, items: usize) {
        if items == 0 {
            self.byte(b'[');
        }
        self.byte(b']');
    }

    const fn number(&mut self, number: i32) {
        if number < 0 {
            self.byte(b'-');
        }
        let mut digit = 1_000_000_000;
        let mut begun = false;
        while digit > 0 {
            let value = number.unsigned_abs() / digit % 10;
            begun = begun || value > 0 || digit == 1;
            if begun {
                self.byte(b"0123456789"[value as usize]);
            }
            digit /= 10;
        }
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

    /// JSON as it is, but for white space outside of texts.
    const fn without_indentation(&mut self, json: &str) {
        let bytes = json.as_bytes();
        let (mut is_text, mut is_escaped) = (false, false);
        let mut index = 0;
        while index < bytes.len() {
            let byte = bytes[index];
            if is_text || !byte.is_ascii_whitespace() {
                self.byte(byte);
            }
            if byte == b'"' && !is_escaped {
                is_text = !is_text;
            }
            is_escaped = is_text && byte == b'\\' && !is_escaped;
            index += 1;
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
        needs: &[
            Need::always("link.create").in_host().kinds(&["bridge", "veth"]),
            Need::when("ipMasq", "nftables.table")
                .in_host()
                .family("inet")
                .hooks(&["postrouting"], &[100, -1050, 0, i32::MIN]),
            Need::always("nftables.table")
                .in_host()
                .family("inet")
                .tables(&["t"])
                .hooks(&["input"], &[0])
                .scope("attachment")
                .prefixes(&["10.0.0.0/8"])
                .names(&["eth0"]),
            Need::always("nftables.element")
                .in_host()
                .ports(&[[0, 0], [1024, 65535]]),
            Need::always("vxlan.join")
                .in_host()
                .vnis(&[[1, 16_777_215]])
                .peers(&["192.0.2.0/24"]),
            Need::when("\"x\"", "ipam.delegate"),
        ],
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
                "needs": [
                    { "allow": "link.create", "in": "host", "kinds": ["bridge", "veth"] },
                    {
                        "allow": "nftables.table", "in": "host", "family": "inet", "hooks": ["postrouting"],
                        "priorities": [100, -1050, 0, i32::MIN], "when": "ipMasq",
                    },
                    {
                        "allow": "nftables.table", "in": "host", "family": "inet", "tables": ["t"],
                        "hooks": ["input"], "priorities": [0], "scope": "attachment", "prefixes": ["10.0.0.0/8"],
                        "names": ["eth0"],
                    },
                    { "allow": "nftables.element", "in": "host", "ports": [[0, 0], [1024, 65535]] },
                    { "allow": "vxlan.join", "in": "host", "vnis": [[1, 16_777_215]], "peers": ["192.0.2.0/24"] },
                    { "allow": "ipam.delegate", "when": "\"x\"" },
                ],
            })
        );
    }

    #[test]
    fn a_schema_is_embedded_without_what_is_between_its_texts() {
        const SCHEMA: &str = "{\n  \"title\" : \"a \\\\\",\n\t\"description\": \"says \\\" b \\\"\"\r\n}\n";
        const ENCODED: [u8; schema_length(SCHEMA)] = encode_schema(SCHEMA);
        let text = std::str::from_utf8(&ENCODED).unwrap();
        assert_eq!(text, r#"{"title":"a \\","description":"says \" b \""}"#);
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(text), value(SCHEMA));
        assert_eq!(schema_length(schema_text(None)), 0);
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
