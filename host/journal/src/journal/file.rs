use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Instant,
};

use cofferdam_system::{
    Errno,
    files::{self, CURRENT_DIRECTORY, File, MetadataExt as _, OpenFlags},
};

use crate::{
    Error, Result,
    fs::{make_directories, read_all, set_aside},
    lock,
};

/// A journal's file with its lock.
#[derive(Debug)]
pub(crate) struct JournalFile {
    file: File,
    path: PathBuf,
    length: u64,
    /// The last line has no end.
    torn: bool,
    /// Nothing can be written: the file system is read-only.
    read_only: bool,
    /// An earlier write failed and left something behind.
    broken: bool,
    removed: bool,
}

impl JournalFile {
    /// Opens a journal, making it (and its directory) if `create` says so,
    /// and waits for its lock. `None` when there is none.
    pub(crate) fn lock(
        path: &Path,
        state: &Path,
        create: bool,
        deadline: Instant,
        object: impl Fn() -> String,
    ) -> Result<Option<Self>> {
        loop {
            let Some((file, read_only)) = open(path, create)? else {
                return Ok(None);
            };
            lock::lock(&file, path, state, deadline, &object)?;
            // Who had it before may have removed it.
            let status = file.metadata().map_err(|error| Error::io("look at", path, error))?;
            if status.nlink() > 0 {
                let length = status.len();
                let path = path.to_owned();
                return Ok(Some(Self {
                    file,
                    path,
                    length,
                    torn: false,
                    read_only,
                    broken: false,
                    removed: false,
                }));
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// All that is in it.
    pub(crate) fn read(&mut self) -> Result<Vec<u8>> {
        if self.length == 0 {
            return Ok(Vec::new());
        }
        let bytes = read_all(&mut self.file).map_err(|error| Error::io("read", &self.path, error))?;
        self.torn = bytes.last().is_some_and(|last| *last != b'\n');
        Ok(bytes)
    }

    /// Makes it empty.
    pub(crate) fn clear(&mut self) -> Result<()> {
        if self.length > 0 {
            self.file
                .set_len(0)
                .map_err(|error| Error::io("clear", &self.path, error))?;
            self.length = 0;
            self.torn = false;
        }
        Ok(())
    }

    /// Appends lines with one write. After an error the file holds what it
    /// held before, or takes no more lines.
    pub(crate) fn append(&mut self, lines: &[u8]) -> Result<()> {
        if self.read_only {
            return Err(Error::io("append to", &self.path, Errno::EROFS));
        }
        if self.broken {
            return Err(Error::Unwritable(self.path.clone()));
        }
        self.end_torn_line()?;
        match write_once(&mut self.file, lines) {
            Ok(()) => {
                self.length += lines.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.broken = self.file.set_len(self.length).is_err();
                Err(Error::io("append to", &self.path, error))
            }
        }
    }

    /// A line that was torn by a crash must not swallow the next one.
    fn end_torn_line(&mut self) -> Result<()> {
        if self.torn {
            write_once(&mut self.file, b"\n").map_err(|error| Error::io("append to", &self.path, error))?;
            self.length += 1;
            self.torn = false;
        }
        Ok(())
    }

    /// Removes it, and its directory if that is empty now.
    pub(crate) fn remove(mut self) -> Result<()> {
        self.unlink()
    }

    fn unlink(&mut self) -> Result<()> {
        self.removed = true;
        match files::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::io("remove", &self.path, error));
            }
            _ => {}
        }
        if let Some(directory) = self.path.parent() {
            // Not empty means that others use it.
            let _ = files::remove_dir(directory);
        }
        Ok(())
    }
}

impl Drop for JournalFile {
    /// A journal that nothing was written to was made for its lock only.
    fn drop(&mut self) {
        if self.length == 0 && !self.removed && !self.read_only {
            let _ = self.unlink();
        }
    }
}

/// Opens for appending, or for reading where nothing can be written: a lock
/// and what is on record can be had even then.
fn open(path: &Path, create: bool) -> Result<Option<(File, bool)>> {
    let failed = |errno: Errno| Error::io("open", path, errno);
    let wanted = if create { OpenFlags::O_CREAT } else { OpenFlags::empty() };
    loop {
        match files::open(path, OpenFlags::O_RDWR | OpenFlags::O_APPEND | wanted, 0o600) {
            Ok(file) => return Ok(Some((file, false))),
            Err(Errno::EROFS) => return open_read_only(path, create).map_err(failed),
            Err(Errno::ENOENT) if create => {
                let directory = path.parent().unwrap_or(path);
                make_directories(directory, 0o700).map_err(|errno| Error::io("make directory", directory, errno))?;
            }
            Err(Errno::ENOENT) => return Ok(None),
            // Nobody here makes a directory of that name.
            Err(Errno::EISDIR) if create => set_aside(CURRENT_DIRECTORY, path).map_err(failed)?,
            Err(errno) => return Err(failed(errno)),
        }
    }
}

fn open_read_only(path: &Path, create: bool) -> files::Result<Option<(File, bool)>> {
    match files::open(path, OpenFlags::O_RDONLY, 0) {
        Ok(file) => Ok(Some((file, true))),
        Err(Errno::ENOENT) if !create => Ok(None),
        Err(Errno::ENOENT) => Err(Errno::EROFS),
        Err(errno) => Err(errno),
    }
}

/// One `write(2)`; a part of it is none.
fn write_once(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    loop {
        match file.write(bytes) {
            Ok(written) if written == bytes.len() => return Ok(()),
            Ok(_) => return Err(Errno::ENOSPC.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
