use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// SHA-256, in hexadecimal, of a value's JSON: equal for equal declarations.
#[must_use]
pub fn digest_of<T: Serialize>(value: &T) -> String {
    // What can't be JSON (a path that is no text) is unlike anything else.
    digest_of_text(&serde_json::to_string(value).unwrap_or_default())
}

/// SHA-256 of a text, in hexadecimal.
#[must_use]
pub fn digest_of_text(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// SHA-256, in hexadecimal, of parts with NUL between them.
pub(crate) fn hex_of_parts(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hash.update([0]);
        }
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
