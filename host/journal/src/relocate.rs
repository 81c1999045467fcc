//! Journals of another machine, whose directories are elsewhere here.

use std::{
    borrow::Cow,
    io::{Error as IoError, ErrorKind},
    path::{Path, PathBuf},
};

use cofferdam_system::files as fs;

use crate::{
    Error, Inverse, Operation, Result, StateDirectory,
    format::{Record, append_line, parse_line},
    state_directory::entries,
};

impl StateDirectory {
    /// Has all journals name directories elsewhere, in a copy that nobody else
    /// works in. `place` says where one is; a journal with one that has no place
    /// is an error. Lines that can't be read stay as they are.
    ///
    /// # Errors
    /// [`Error::Io`], which names the journal.
    pub fn relocate(&self, place: &dyn Fn(&Path) -> Option<PathBuf>) -> Result<()> {
        for network in self.network_directories(None)? {
            for journal in entries(&network)? {
                let bytes = fs::read(&journal).map_err(|error| Error::io("read", &journal, error))?;
                let relocated = relocated(&bytes, place).map_err(|error| Error::io("relocate", &journal, error))?;
                fs::write(&journal, relocated).map_err(|error| Error::io("write", &journal, error))?;
            }
        }
        Ok(())
    }
}

fn relocated(bytes: &[u8], place: &dyn Fn(&Path) -> Option<PathBuf>) -> std::result::Result<Vec<u8>, IoError> {
    let mut written = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let json = parse_line(line.strip_suffix(b"\n").unwrap_or(line));
        let record: Option<Record<'_>> = json.and_then(|json| serde_json::from_slice(json).ok());
        match record {
            Some(Record::Intend {
                sequence,
                plugin,
                mut operation,
                mut inverse,
            }) => {
                for directory in directories(&mut operation, &mut inverse) {
                    *directory = place(directory).ok_or_else(|| no_place(directory))?;
                }
                let record = Record::Intend {
                    sequence,
                    plugin,
                    operation,
                    inverse,
                };
                append_line(&mut written, &record)?;
            }
            _ => written.extend_from_slice(line),
        }
    }
    Ok(written)
}

/// The directories that an operation and its inverse name.
fn directories<'r>(
    operation: &'r mut Cow<'_, Operation>,
    inverse: &'r mut Cow<'_, Inverse>,
) -> impl Iterator<Item = &'r mut PathBuf> {
    let claimed = match operation.to_mut() {
        Operation::Claim { directory, .. } => Some(directory),
        _ => None,
    };
    let released = match inverse.to_mut() {
        Inverse::ReleaseClaim { directory, .. } => Some(directory),
        _ => None,
    };
    claimed.into_iter().chain(released)
}

fn no_place(directory: &Path) -> IoError {
    let text = format!("{} has no place here", directory.display());
    IoError::new(ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::{Duration, Instant};

    use super::*;
    use crate::{AttachmentId, Header};

    fn id() -> AttachmentId {
        AttachmentId {
            network: "mynet".to_owned(),
            container_id: "c1".to_owned(),
            interface_name: "eth0".to_owned(),
            unit: "bridge".to_owned(),
        }
    }

    /// A journal with a claim in it, and a line that can't be read.
    fn state(root: &Path) -> StateDirectory {
        let state = StateDirectory::open(&root.join("state")).unwrap();
        let locked = state.lock(&id(), Instant::now() + Duration::from_secs(20)).unwrap();
        let header = Header::new(id(), None, Vec::new(), 0, String::new());
        let mut journal = locked.begin(header).unwrap();
        let (directory, address) = (PathBuf::from("/var/lib/cni/networks/mynet"), [10, 22, 0, 2].into());
        let operation = Operation::Claim {
            directory: directory.clone(),
            address,
        };
        let inverse = Inverse::ReleaseClaim { directory, address };
        journal.intend("host-local", &operation, &inverse).unwrap();
        journal.commit("{}").unwrap();
        drop(journal);
        let file = crate::state_directory::journal_path(state.path(), &id());
        fs::write(&file, [fs::read(&file).unwrap(), b"00000000 {\n".to_vec()].concat()).unwrap();
        state
    }

    #[test]
    fn claims_are_looked_for_where_the_records_are_here() {
        let root = tempfile::tempdir().unwrap();
        let state = state(root.path());
        let place = |path: &Path| path.strip_prefix("/").ok().map(|path| root.path().join(path));
        state.relocate(&place).unwrap();
        let here = root.path().join("var/lib/cni/networks/mynet");
        let history = state.attachments(None).unwrap().remove(0).history.unwrap();
        assert!(history.is_committed());
        assert_eq!(history.damaged_lines(), 1);
        let [entry] = history.entries() else {
            unreachable!("{history:?}")
        };
        assert!(matches!(&entry.operation, Operation::Claim { directory, .. } if *directory == here));
        assert!(matches!(&entry.inverse, Inverse::ReleaseClaim { directory, .. } if *directory == here));
    }

    #[test]
    fn a_directory_without_a_place_is_an_error_that_names_it() {
        let root = tempfile::tempdir().unwrap();
        let error = state(root.path()).relocate(&|_| None).unwrap_err().to_string();
        assert!(error.contains("c1") || error.contains(".journal"), "{error}");
        assert!(error.contains("/var/lib/cni/networks/mynet"), "{error}");
    }
}
