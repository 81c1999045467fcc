//! Go's `%q`, which is part of error texts that callers match on.

use std::fmt::Write;

/// `"text"`, with escapes.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        push_escaped(&mut quoted, character);
    }
    quoted.push('"');
    quoted
}

/// `["a" "b"]`.
pub(crate) fn quote_list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = texts.into_iter().map(quote).collect();
    format!("[{}]", quoted.join(" "))
}

fn push_escaped(quoted: &mut String, character: char) {
    let escape = match character {
        '"' | '\\' => character,
        '\x07' => 'a',
        '\x08' => 'b',
        '\x0b' => 'v',
        '\x0c' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        _ => return push_printable(quoted, character),
    };
    quoted.extend(['\\', escape]);
}

fn push_printable(quoted: &mut String, character: char) {
    let code = u32::from(character);
    let printable = character == '\'' || character.escape_debug().len() == 1;
    // Writing to a string does not fail.
    let _ = match code {
        _ if printable => {
            quoted.push(character);
            Ok(())
        }
        0..=0x7f => write!(quoted, "\\x{code:02x}"),
        0x80..=0xffff => write!(quoted, "\\u{code:04x}"),
        _ => write!(quoted, "\\U{code:08x}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_go_does() {
        for (text, quoted) in [
            ("", r#""""#),
            ("FOO=BAR", r#""FOO=BAR""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("it's", r#""it's""#),
            ("line\n\ttab\x07", r#""line\n\ttab\a""#),
            ("\x00\x1b\x7f", r#""\x00\x1b\x7f""#),
            ("ü漢", r#""ü漢""#),
            ("\u{a0}\u{200b}", r#""\u00a0\u200b""#),
            ("\u{e0001}", r#""\U000e0001""#),
        ] {
            assert_eq!(quote(text), quoted);
        }
        assert_eq!(quote_list(["a", "b"]), r#"["a" "b"]"#);
        assert_eq!(quote_list([]), "[]");
    }
}
