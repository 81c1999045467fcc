//! How things are written: lines of text, each with its checksum.

mod header;
mod line;
mod record;

pub(crate) use header::now;
pub use header::{FORMAT_VERSION, Header, NamespaceRecord, PluginRecord};
pub(crate) use line::{append_line, parse_line};
pub(crate) use record::{Record, format_of};
