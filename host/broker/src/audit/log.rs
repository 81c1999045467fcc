use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use cofferdam_system::{
    disk::{self, OpenOptionsExt as _},
    same_error,
};

/// The file that records are appended to: opened before a plugin runs, since
/// the process may not open it later. That it can't be opened matters when
/// there is something to record.
#[derive(Clone, Debug)]
pub(crate) struct AuditLog {
    path: PathBuf,
    file: Arc<io::Result<File>>,
}

impl AuditLog {
    pub(crate) fn open(path: PathBuf) -> Self {
        let file = Arc::new(open(&path));
        Self { path, file }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends one line with one write, so that those of several processes do
    /// not mix.
    pub(super) fn append(&self, line: &str) -> io::Result<()> {
        let mut file = self.file.as_ref().as_ref().map_err(same_error)?;
        if file.write(line.as_bytes())? == line.len() {
            Ok(())
        } else {
            Err(io::ErrorKind::StorageFull.into())
        }
    }
}

/// Nobody else reads it: it tells of all tenants.
fn open(path: &Path) -> io::Result<File> {
    let open = || {
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .unfollowed()
            .open(path)
    };
    let file = match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let directory = path.parent().unwrap_or(path);
            disk::make_directories(directory, 0o700)?;
            open()?
        }
        opened => opened?,
    };
    let status = file.metadata()?;
    if !status.is_file() || !disk::is_own(&status) {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it is not a file of this user's own",
        ));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
    };

    use super::AuditLog;

    #[test]
    fn lines_are_appended_to_a_file_that_nobody_else_reads() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log/audit.jsonl");
        for line in ["one\n", "two\n"] {
            AuditLog::open(path.clone()).append(line).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        for (path, mode) in [(path.as_path(), 0o600), (path.parent().unwrap(), 0o700)] {
            let found = fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode, "{}", path.display());
        }
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let (path, other) = (directory.path().join("audit.jsonl"), directory.path().join("other"));
        symlink(&other, &path).unwrap();
        assert!(AuditLog::open(path).append("one\n").is_err());
        assert!(!other.exists());
    }
}
