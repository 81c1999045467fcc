//! What this command says: here standard output is for people.

use std::io::Write as _;

/// A line for standard output. A reader that has gone is nobody to tell.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A line for standard error.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "cofferctl: {line}");
}
