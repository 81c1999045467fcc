//! What this command says: here standard output is for people.

use std::io::Write as _;

use cofferdam_broker::printable;

/// A line for standard output. A reader that has gone is nobody to tell.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{}", shown(line));
}

/// One line for standard output, of at most so many characters, whatever is in
/// the text.
pub(crate) fn say_line(text: &str, most: usize) {
    say(&printable(&cut(text, most)));
}

/// A document for standard output. What is not plain ASCII is escaped, so that
/// it is the same document, and tells a terminal nothing.
pub(crate) fn say_json(document: &serde_json::Value) {
    let json = serde_json::to_string_pretty(document).unwrap_or_default();
    let mut text = String::with_capacity(json.len());
    let mut units = [0; 2];
    for symbol in json.chars() {
        if symbol == '\n' || (symbol.is_ascii() && !symbol.is_ascii_control()) {
            text.push(symbol);
        } else {
            for unit in symbol.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Lines in columns; the last cell of a row may be of any length.
pub(crate) fn say_table<const N: usize>(rows: &[[String; N]]) {
    let shown: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| printable(cell)).collect())
        .collect();
    let width = |column: usize| {
        let cells = shown.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    for row in &shown {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        say(cells.join("  ").trim_end());
    }
}

/// A text of which there may be too much, cut to so many characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A line for standard error.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "cofferctl: {}", shown(line));
}

/// What components and policies say can't move the cursor.
fn shown(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(printable).collect();
    lines.join("\n")
}
