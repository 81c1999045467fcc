use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use cofferdam_system::disk::{self, OpenOptionsExt as _};

/// Recordings that are kept; the oldest go.
pub const MOST_RECORDINGS: usize = 64;
/// Bytes of all recordings.
const MOST_BYTES: u64 = 64 << 20;
/// How a recording's file ends.
const EXTENSION: &str = ".json";
/// How a file begins that is being written.
const UNFINISHED: &str = ".unfinished.";
/// What is not finished by then never will be.
const AGE: Duration = Duration::from_secs(600);

/// Where recordings are kept.
#[derive(Clone, Debug)]
pub struct RecordingsDirectory(PathBuf);

impl RecordingsDirectory {
    pub(crate) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The files, oldest first; none where there is no directory.
    ///
    /// # Errors
    /// It can't be read.
    pub fn files(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if name(&path).is_some_and(|name| name.ends_with(EXTENSION) && !name.starts_with('.')) {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }

    /// Makes it if it is missing. It tells of all tenants: nobody else may read
    /// it, or put anything into it.
    pub(super) fn make(&self) -> io::Result<()> {
        disk::make_directories(&self.0, 0o700)?;
        let status = fs::symlink_metadata(&self.0)?;
        if !status.is_dir() || !disk::is_own(&status) || disk::is_open_to_others(&status) {
            let text = "it is no directory that is this user's own and closed to others (chmod go-w)";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
        }
        Ok(())
    }

    /// Keeps a recording, whole or not at all, and lets the oldest go.
    pub(super) fn keep(&self, name: &str, content: &[u8]) -> io::Result<()> {
        self.make_room(content.len() as u64)?;
        let unfinished = self.0.join(format!("{UNFINISHED}{name}"));
        let kept = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .unfollowed()
            .open(&unfinished)
            .and_then(|mut file| file.write_all(content))
            .and_then(|()| fs::rename(&unfinished, self.0.join(format!("{name}{EXTENSION}"))));
        if kept.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        kept
    }

    fn make_room(&self, bytes: u64) -> io::Result<()> {
        self.remove_unfinished()?;
        let files = self.files()?;
        let size = |path: &PathBuf| fs::symlink_metadata(path).map_or(0, |status| status.len());
        let sizes: Vec<u64> = files.iter().map(size).collect();
        let mut total = sizes.iter().sum::<u64>() + bytes;
        let mut left = files.len() + 1;
        for (path, size) in files.iter().zip(sizes) {
            if left <= MOST_RECORDINGS && total <= MOST_BYTES {
                break;
            }
            remove(path)?;
            (left, total) = (left - 1, total - size);
        }
        Ok(())
    }

    /// What a process that was killed left.
    fn remove_unfinished(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            let is_unfinished = name(&path).is_some_and(|name| name.starts_with(UNFINISHED));
            if is_unfinished && is_old(&path) {
                remove(&path)?;
            }
        }
        Ok(())
    }
}

fn name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

fn is_old(path: &Path) -> bool {
    let modified = fs::symlink_metadata(path).and_then(|status| status.modified());
    modified.is_ok_and(|modified| SystemTime::now().duration_since(modified).is_ok_and(|age| age >= AGE))
}

/// Another process may have been faster.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn directory() -> (tempfile::TempDir, RecordingsDirectory) {
        let above = tempfile::tempdir().unwrap();
        let directory = RecordingsDirectory::at(above.path().join("log/recordings"));
        directory.make().unwrap();
        (above, directory)
    }

    fn names(directory: &RecordingsDirectory) -> Vec<String> {
        let files = directory.files().unwrap();
        files.iter().map(|path| name(path).unwrap().to_owned()).collect()
    }

    #[test]
    fn a_recording_is_for_nobody_else() {
        let (_above, directory) = directory();
        directory.keep("1", b"text").unwrap();
        let file = directory.path().join("1.json");
        assert_eq!(fs::read(&file).unwrap(), b"text");
        for (path, mode) in [(file.as_path(), 0o600), (directory.path(), 0o700)] {
            let found = fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode, "{}", path.display());
        }
    }

    #[test]
    fn the_oldest_go() {
        let (_above, directory) = directory();
        for number in 0..MOST_RECORDINGS + 3 {
            directory.keep(&format!("{number:03}"), b"").unwrap();
        }
        let names = names(&directory);
        assert_eq!(names.len(), MOST_RECORDINGS);
        assert_eq!(names.first().unwrap(), "003.json");
    }

    #[test]
    fn the_largest_leave_no_room_for_the_oldest() {
        let (_above, directory) = directory();
        for name in ["1", "2", "3"] {
            directory.keep(name, b"").unwrap();
        }
        let file = OpenOptions::new()
            .write(true)
            .open(directory.path().join("2.json"))
            .unwrap();
        file.set_len(MOST_BYTES).unwrap();
        directory.keep("4", b"text").unwrap();
        assert_eq!(names(&directory), ["3.json", "4.json"]);
    }

    #[test]
    fn what_a_killed_process_left_is_no_recording_and_goes() {
        let (_above, directory) = directory();
        let left = directory.path().join(".unfinished.1");
        fs::write(&left, "half").unwrap();
        directory.keep("2", b"").unwrap();
        assert_eq!(names(&directory), ["2.json"]);
        assert!(left.exists(), "somebody may still be at it");
        let long_ago = SystemTime::now() - AGE * 2;
        fs::File::options()
            .write(true)
            .open(&left)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        directory.keep("3", b"").unwrap();
        assert!(!left.exists());
    }

    #[test]
    fn one_that_others_can_write_in_is_not_used() {
        let (_above, directory) = directory();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(directory.make().is_err());
    }
}
