use std::fmt;

use crate::{Capabilities, FileView};

/// What holds after confinement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The capabilities that are left: those that were named and there.
    pub capabilities: Capabilities,
    /// Whether the bounding set was closed too. That has to be wanted, and needs
    /// `CAP_SETPCAP`; without it nothing can be gained from the set either,
    /// since nothing can be executed.
    pub bounding_set_closed: bool,
    /// Threads that were there besides the calling one.
    pub other_threads: usize,
    /// Which files can be opened.
    pub file_view: FileView,
    /// Instructions of the system call filter.
    pub filter_length: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("capabilities:")?;
        if self.capabilities.is_empty() {
            f.write_str(" none")?;
        }
        for (name, _) in self.capabilities.iter_names() {
            write!(f, " CAP_{name}")?;
        }
        if !self.bounding_set_closed {
            f.write_str("; the bounding set is open")?;
        }
        write!(
            f,
            "; {}; system calls are filtered by {} instructions; {} other threads are confined too",
            self.file_view, self.filter_length, self.other_threads
        )
    }
}
