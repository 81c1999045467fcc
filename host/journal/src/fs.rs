//! The few file operations that all of this crate uses.

use std::{
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use cofferdam_system::{
    Errno,
    files::{self, AsDirectory, CURRENT_DIRECTORY, File, OpenFlags},
};

/// More than any file of ours holds.
const SIZE_LIMIT: u64 = 64 << 20;

/// Makes one directory. Whether it was there is no matter; the answer says.
pub(crate) fn make_directory(path: &Path, mode: u32) -> files::Result<bool> {
    match files::make_directory(path, mode) {
        Ok(()) => Ok(true),
        Err(Errno::EEXIST) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// Makes a directory and what is missing above it. Returns how many were
/// made.
pub(crate) fn make_directories(path: &Path, mode: u32) -> files::Result<u32> {
    match make_directory(path, mode) {
        Ok(made) => Ok(u32::from(made)),
        Err(Errno::ENOENT) => {
            let parent = path.parent().ok_or(Errno::ENOENT)?;
            let above = make_directories(parent, 0o755)?;
            Ok(above + u32::from(make_directory(path, mode)?))
        }
        Err(errno) => Err(errno),
    }
}

/// The file that is to take the place of another.
fn next_of(path: &Path) -> PathBuf {
    with_ending(path, ".next")
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut text = path.as_os_str().to_owned();
    text.push(ending);
    text.into()
}

/// Puts a file with this content in the place of another: the old one or the
/// new one is there, never a part.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let next = next_of(path);
    let flags = OpenFlags::O_WRONLY | OpenFlags::O_CREAT | OpenFlags::O_TRUNC;
    let written = without_directory(&next, || files::open(&next, flags, 0o600).map_err(io::Error::from))
        .and_then(|mut file| file.write_all(content))
        .and_then(|()| without_directory(path, || files::rename(&next, path)));
    if written.is_err() {
        let _ = files::remove_file(&next);
    }
    written
}

/// Removes a file that is written by [`replace_file`], with what a process
/// that was killed then left. None is no error.
pub(crate) fn remove_replaced(path: &Path) -> io::Result<()> {
    for path in [path, &next_of(path)] {
        remove_at(CURRENT_DIRECTORY, path)?;
    }
    Ok(())
}

/// Removes a file below a directory. Whether it was there; none is no error.
pub(crate) fn remove_at(directory: impl AsDirectory, name: impl AsRef<Path>) -> files::Result<bool> {
    let name = name.as_ref();
    match files::unlink_at(&directory, name) {
        Ok(()) => Ok(true),
        Err(Errno::ENOENT) => Ok(false),
        Err(Errno::EISDIR) => set_aside(&directory, name).map(|()| true),
        Err(errno) => Err(errno),
    }
}

/// Does something with a file. A directory in its place, which nobody here
/// makes, is taken out of the way.
pub(crate) fn without_directory<T>(path: &Path, mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    without_directory_at(CURRENT_DIRECTORY, path, &mut act)
}

/// The same below an open directory.
pub(crate) fn without_directory_at<T>(
    directory: impl AsDirectory,
    name: impl AsRef<Path>,
    mut act: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    match act() {
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
            set_aside(directory, name.as_ref())?;
            act()
        }
        done => done,
    }
}

/// Takes a directory out of the way: an empty one goes, any other gets the
/// ending `.foreign`, for people to look into. A file that somebody put in its
/// place meanwhile stays.
pub(crate) fn set_aside(directory: impl AsDirectory, name: &Path) -> files::Result<()> {
    match files::remove_directory_at(&directory, name) {
        Ok(()) | Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(()),
        // With a slash at its end a path leads to a directory or nowhere.
        Err(Errno::ENOTEMPTY | Errno::EEXIST) => {
            let (slashed, aside) = (with_ending(name, "/"), with_ending(name, ".foreign"));
            files::rename_at(&directory, &slashed, &aside)
        }
        Err(errno) => Err(errno),
    }
}

/// Reads a whole small file in as few calls as it takes.
pub(crate) fn read_all(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 8192];
    let mut length = 0;
    loop {
        let read = match file.read(bytes.get_mut(length..).unwrap_or_default()) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        length += read;
        // A regular file gives less than was asked for only at its end.
        if length < bytes.len() {
            bytes.truncate(length);
            return Ok(bytes);
        }
        if u64::try_from(length).unwrap_or(u64::MAX) >= SIZE_LIMIT {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "the file is larger than any that belongs here",
            ));
        }
        bytes.resize(length * 2, 0);
    }
}
