use std::io::Write as _;

/// What one instance may still say.
#[derive(Debug)]
pub(crate) struct LogBudget {
    left: usize,
}

impl LogBudget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self { left: bytes }
    }

    /// Writes one message as one line of printable text, as long as there is
    /// room; says once when there is none.
    pub(crate) fn write(&mut self, origin: &str, level: &str, message: &str) {
        if self.left == 0 {
            return;
        }
        let line = format!("cofferdam: {level}: {origin}: {}", printable(message));
        if line.len() > self.left {
            self.left = 0;
            emit(&format!(
                "cofferdam: warn: {origin}: more messages than it may write; the rest is dropped"
            ));
            return;
        }
        self.left -= line.len();
        emit(&line);
    }
}

/// Writes one line, whatever is in it: names of links and texts of
/// configurations get into lines of the host's own. Standard error is the
/// runtime's to keep or to drop.
pub(crate) fn emit(line: &str) {
    let _ = writeln!(std::io::stderr(), "{}", printable(line));
}

/// A text that somebody else may have chosen as one printable line of at most
/// so many bytes.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let mut line = printable(&text.replace('\n', " "));
    if line.len() > most {
        line.truncate(line.floor_char_boundary(most));
        line.push('…');
    }
    line
}

/// A guest's text as one that can't begin a new line or move the cursor.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|symbol| {
            let escape = symbol.is_control() || is_format(symbol);
            let (plain, escaped) = if escape {
                (None, Some(symbol.escape_unicode()))
            } else {
                (Some(symbol), None)
            };
            plain.into_iter().chain(escaped.into_iter().flatten())
        })
        .collect()
}

/// Characters that change the direction or the shape of what follows.
fn is_format(symbol: char) -> bool {
    matches!(symbol, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_can_forge_neither_a_line_nor_an_escape() {
        assert_eq!(printable("a\nb\x1b[31m\u{202e}c"), "a\\u{a}b\\u{1b}[31m\\u{202e}c");
        assert_eq!(printable("größer"), "größer");
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        assert_eq!(one_line("two\nlines", 20), "two lines");
        assert_eq!(one_line("größer", 3), "gr…");
        assert_eq!(one_line("größer", 4), "grö…");
    }
}
