use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    vec,
};

use super::{
    super::Result,
    DirBuilder, DirBuilderExt as _, FileType, Metadata,
    file::{AsDirectory, CURRENT_DIRECTORY},
    metadata::symlink_metadata,
    names::remove_file,
    path::{Last, Walk},
    tree::{Inode, ROOT, tree},
};
use crate::Errno;

/// Makes a directory (`mkdirat(2)`).
///
/// # Errors
/// Those of the system call.
pub fn make_directory(path: &Path, mode: u32) -> Result<()> {
    let mut tree = tree();
    let (directory, name) = tree.free_place(ROOT, path, true)?;
    tree.make(directory, &name, Inode::directory(directory, mode))?;
    Ok(())
}

/// As [`std::fs::create_dir`].
///
/// # Errors
/// Those of `mkdir(2)`.
pub fn create_dir(path: impl AsRef<Path>) -> io::Result<()> {
    Ok(make_directory(path.as_ref(), 0o777)?)
}

/// As [`std::fs::create_dir_all`].
///
/// # Errors
/// Those of `mkdir(2)`.
pub fn create_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o777).create(path)
}

/// Removes an empty directory (`unlinkat(2)`).
///
/// # Errors
/// Those of the system call.
pub fn remove_directory_at(directory: impl AsDirectory, name: impl AsRef<Path>) -> Result<()> {
    let mut tree = tree();
    let place = Walk::new(&tree).place(directory.directory(), name.as_ref())?;
    let name = match &place.last {
        Last::Name(name) => name,
        Last::Itself => return Err(Errno::EINVAL),
        Last::Above => return Err(Errno::ENOTEMPTY),
        Last::Root => return Err(Errno::EBUSY),
    };
    let found = tree.entry(place.directory, name)?.ok_or(Errno::ENOENT)?;
    if !tree.inode(found)?.as_directory()?.entries.is_empty() {
        return Err(Errno::ENOTEMPTY);
    }
    tree.unname(place.directory, name)
}

/// As [`std::fs::remove_dir`].
///
/// # Errors
/// Those of `rmdir(2)`.
pub fn remove_dir(path: impl AsRef<Path>) -> io::Result<()> {
    Ok(remove_directory_at(CURRENT_DIRECTORY, path)?)
}

/// As [`std::fs::remove_dir_all`]: of a symbolic link the link is removed.
///
/// # Errors
/// It is no directory.
pub fn remove_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref();
    if symlink_metadata(path)?.is_symlink() {
        return remove_file(path);
    }
    for entry in read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_dir_all(entry.path())?;
        } else {
            remove_file(entry.path())?;
        }
    }
    remove_dir(path)
}

/// What is in a directory, in the order of the names, as [`std::fs::ReadDir`].
#[derive(Debug)]
pub struct ReadDir(vec::IntoIter<DirEntry>);

/// Something in a directory, as [`std::fs::DirEntry`].
#[derive(Debug)]
pub struct DirEntry {
    path: PathBuf,
    name: OsString,
    kind: FileType,
}

/// As [`std::fs::read_dir`].
///
/// # Errors
/// It is no directory.
pub fn read_dir(path: impl AsRef<Path>) -> io::Result<ReadDir> {
    let path = path.as_ref();
    let tree = tree();
    let directory = tree.inode(tree.find(ROOT, path, true)?)?.as_directory()?;
    let entries: Result<Vec<DirEntry>> = directory
        .entries
        .iter()
        .map(|(name, number)| {
            Ok(DirEntry {
                path: path.join(name),
                name: name.clone(),
                kind: FileType::of(&tree, *number)?,
            })
        })
        .collect();
    Ok(ReadDir(entries?.into_iter()))
}

impl Iterator for ReadDir {
    type Item = io::Result<DirEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(Ok)
    }
}

impl DirEntry {
    /// Its path, as the directory's was given.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// Its name.
    #[must_use]
    pub fn file_name(&self) -> OsString {
        self.name.clone()
    }

    /// What it was when the directory was read.
    ///
    /// # Errors
    /// None.
    pub fn file_type(&self) -> io::Result<FileType> {
        Ok(self.kind)
    }

    /// What there is to know of it now, of a link of the link.
    ///
    /// # Errors
    /// It is there no more.
    pub fn metadata(&self) -> io::Result<Metadata> {
        symlink_metadata(&self.path)
    }
}
