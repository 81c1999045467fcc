use std::fmt::{self, Write as _};

/// Characters of a text that are shown. No name in the kernel is longer; a
/// longer one is cut, so that a guest can't fill a log with it.
const LONGEST: usize = 256;

/// A text in quotes, as TOML and people read it. What is not a printable
/// ASCII character is escaped: a name can't forge a line or look like another.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

/// The same for what the operator wrote, which is never cut.
pub(crate) struct Whole<'a>(pub(crate) &'a str);

/// A text as it is, for a terminal: control characters are escaped.
pub(crate) struct Printable<T>(pub(crate) T);

impl<T: fmt::Display> fmt::Display for Printable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_string().chars().try_for_each(|character| {
            if character.is_control() {
                write!(f, "{}", character.escape_default())
            } else {
                f.write_char(character)
            }
        })
    }
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(LONGEST) {
            Some((end, _)) => quote(f, &self.0[..end], "..."),
            None => quote(f, self.0, ""),
        }
    }
}

impl fmt::Display for Whole<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quote(f, self.0, "")
    }
}

fn quote(f: &mut fmt::Formatter<'_>, text: &str, end: &str) -> fmt::Result {
    f.write_str("\"")?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            ' '..='~' => f.write_char(character)?,
            _ => {
                let number = u32::from(character);
                if number > 0xffff {
                    write!(f, "\\U{number:08x}")?;
                } else {
                    write!(f, "\\u{number:04x}")?;
                }
            }
        }
    }
    f.write_str(end)?;
    f.write_str("\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_deceive_a_reader_is_escaped() {
        for (text, quoted) in [
            ("cni0", r#""cni0""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("a\nb\u{1b}[2J", r#""a\u000ab\u001b[2J""#),
            ("\u{441}ni0", r#""\u0441ni0""#),
            ("\u{1f600}", r#""\U0001f600""#),
            ("\u{202e}", r#""\u202e""#),
        ] {
            assert_eq!(Quoted(text).to_string(), quoted);
        }
    }

    #[test]
    fn what_is_printed_controls_no_terminal() {
        assert_eq!(
            Printable("a\n\u{1b}[2J\u{e9}").to_string(),
            r"a\n\u{1b}[2J\u{e9}".replace(r"\u{e9}", "\u{e9}")
        );
    }

    #[test]
    fn a_long_text_is_cut() {
        let long = "x".repeat(100_000);
        assert_eq!(Quoted(&long).to_string().len(), LONGEST + "\"...\"".len());
    }
}
