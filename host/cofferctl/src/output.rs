//! What this command says: here standard output is for people.

use std::io::Write as _;

use cofferdam_broker::printable;

/// A line for standard output. A reader that has gone is nobody to tell.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{}", shown(line));
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
