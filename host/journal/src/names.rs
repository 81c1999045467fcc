//! File names that can be read and tell whatever they stand for apart.

use crate::digest::digest_of_text;

/// A file name has at most 255 bytes.
const LONGEST_NAME: usize = 200;

/// `KIND.PART.PART`, whatever the parts hold; a digest where that gets long.
pub(crate) fn file_name<'a>(kind: &str, parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut name = kind.to_owned();
    for part in parts {
        name.push('.');
        escape_to(&mut name, part);
    }
    if name.len() <= LONGEST_NAME {
        name
    } else {
        format!("{kind}.sha256={}", digest_of_text(&name))
    }
}

/// Leaves letters, digits, `_`, `-` and `:`, and writes everything else as in
/// a URL.
pub(crate) fn escape(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    escape_to(&mut text, part);
    text
}

fn escape_to(text: &mut String, part: &str) {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':') {
            text.push(char::from(byte));
        } else {
            text.push('%');
            for half in [byte >> 4, byte & 0xf] {
                text.push(char::from(b"0123456789ABCDEF"[usize::from(half)]));
            }
        }
    }
}

/// What was [escaped](escape); `None` for what never was.
pub(crate) fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_can_be_read_and_are_told_apart() {
        assert_eq!(file_name("link", ["a1", "eth0.5"]), "link.a1.eth0%2E5");
        assert_ne!(file_name("k", ["a.b"]), file_name("k", ["a", "b"]));
        assert_ne!(file_name("k", ["a", ""]), file_name("k", ["a"]));
        let long = file_name("k", [&*"x".repeat(500)]);
        assert!(long.len() < 255 && long.starts_with("k.sha256="), "{long}");
    }

    #[test]
    fn what_was_never_escaped_is_refused() {
        for text in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(unescape(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_escaped_is_read(text in ".*") {
            let escaped = escape(&text);
            prop_assert!(escaped.is_ascii() && !escaped.contains(['/', '.', '\n']));
            prop_assert_eq!(unescape(&escaped).unwrap(), text);
        }
    }
}
