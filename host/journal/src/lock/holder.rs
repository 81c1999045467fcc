use std::{
    fmt,
    path::Path,
    time::{Duration, SystemTime},
};

use crate::state_directory::attachment_of_writer;

/// Who holds a lock. The kernel knows, so nobody has to write it down, and it
/// is true for a lock that another program took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// Absent when the kernel does not tell (another pid namespace, no `/proc`).
    pub pid: Option<u32>,
    /// Name of its program.
    pub program: Option<String>,
    /// The attachment that it works for, from its CNI environment or its
    /// journal.
    pub attachment: Option<String>,
    /// How long it has been running; a CNI process lives for one call.
    pub age: Option<Duration>,
}

impl Holder {
    /// A process that is confined can't see another's environment, but the
    /// journal that the other writes.
    pub(crate) fn or_of_journal(self, state: &Path) -> Self {
        let (None, Some(pid)) = (&self.attachment, self.pid) else {
            return self;
        };
        let Some((id, begun)) = attachment_of_writer(state, pid) else {
            return self;
        };
        Self {
            attachment: Some(id.to_string()),
            age: self.age.or_else(|| SystemTime::now().duration_since(begun).ok()),
            ..self
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(pid) = self.pid else {
            return f.write_str("a process that can't be seen from here");
        };
        write!(f, "process {pid}")?;
        if let Some(program) = &self.program {
            write!(f, " ({program})")?;
        }
        if let Some(attachment) = &self.attachment {
            write!(f, ", {attachment}")?;
        }
        if let Some(age) = self.age {
            write!(f, ", which runs since {}.{:03} s", age.as_secs(), age.subsec_millis())?;
        }
        Ok(())
    }
}
