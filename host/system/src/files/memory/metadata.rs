use std::{
    io,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use super::{
    super::Result,
    tree::{Content, Number, ROOT, Tree, tree},
};
use crate::Errno;

/// What a file is, as [`std::fs::FileType`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileType(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Regular,
    Directory,
    Link,
}

impl FileType {
    pub(super) fn of(tree: &Tree, number: Number) -> Result<Self> {
        Ok(Self(match tree.inode(number)?.content {
            Content::Regular(_) => Kind::Regular,
            Content::Directory(_) => Kind::Directory,
            Content::Link(_) => Kind::Link,
        }))
    }

    /// Whether it is a directory.
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.0 == Kind::Directory
    }

    /// Whether it is a regular file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.0 == Kind::Regular
    }

    /// Whether it is a symbolic link.
    #[must_use]
    pub fn is_symlink(&self) -> bool {
        self.0 == Kind::Link
    }
}

/// What there is to know of a file, as [`std::fs::Metadata`].
#[derive(Clone, Debug)]
pub struct Metadata {
    number: Number,
    kind: FileType,
    mode: u32,
    links: u64,
    length: u64,
    modified: SystemTime,
}

impl Metadata {
    pub(super) fn of(tree: &Tree, number: Number) -> Result<Self> {
        let inode = tree.inode(number)?;
        let length = match &inode.content {
            Content::Regular(bytes) => bytes.len(),
            Content::Link(target) => target.len(),
            Content::Directory(_) => 0,
        };
        Ok(Self {
            number,
            kind: FileType::of(tree, number)?,
            mode: inode.mode,
            links: inode.links,
            length: length as u64,
            modified: inode.modified,
        })
    }

    /// What it is.
    #[must_use]
    pub fn file_type(&self) -> FileType {
        self.kind
    }

    /// Whether it is a directory.
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.kind.is_dir()
    }

    /// Whether it is a regular file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.kind.is_file()
    }

    /// Whether it is a symbolic link.
    #[must_use]
    pub fn is_symlink(&self) -> bool {
        self.kind.is_symlink()
    }

    /// How many bytes it has.
    #[must_use]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> u64 {
        self.length
    }

    /// When it was changed last.
    ///
    /// # Errors
    /// None.
    pub fn modified(&self) -> io::Result<SystemTime> {
        Ok(self.modified)
    }
}

/// What Unix has besides, as `std::os::unix::fs::MetadataExt`.
pub trait MetadataExt {
    /// The file system.
    fn dev(&self) -> u64;
    /// The file's number in it.
    fn ino(&self) -> u64;
    /// Kind and permissions.
    fn mode(&self) -> u32;
    /// How many names it has.
    fn nlink(&self) -> u64;
    /// Whose it is.
    fn uid(&self) -> u32;
    /// When it was changed last, in whole seconds since 1970.
    fn mtime(&self) -> i64;
    /// The nanoseconds besides.
    fn mtime_nsec(&self) -> i64;
}

impl MetadataExt for Metadata {
    fn dev(&self) -> u64 {
        1
    }

    fn ino(&self) -> u64 {
        self.number
    }

    fn mode(&self) -> u32 {
        let kind = match self.kind.0 {
            Kind::Regular => 0o100_000,
            Kind::Directory => 0o040_000,
            Kind::Link => 0o120_000,
        };
        kind | self.mode
    }

    fn nlink(&self) -> u64 {
        self.links
    }

    fn uid(&self) -> u32 {
        user()
    }

    fn mtime(&self) -> i64 {
        let since = self.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    }

    fn mtime_nsec(&self) -> i64 {
        let since = self.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::from(since.subsec_nanos())
    }
}

/// As [`std::fs::metadata`].
///
/// # Errors
/// The path leads to nothing.
pub fn metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    look_at(path.as_ref(), true)
}

/// As [`std::fs::symlink_metadata`].
///
/// # Errors
/// There is nothing of that name.
pub fn symlink_metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    look_at(path.as_ref(), false)
}

/// As [`std::fs::exists`].
///
/// # Errors
/// It can't be said.
pub fn exists(path: impl AsRef<Path>) -> io::Result<bool> {
    match tree().find(ROOT, path.as_ref(), true) {
        Ok(_) => Ok(true),
        Err(Errno::ENOENT) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

fn look_at(path: &Path, follow: bool) -> io::Result<Metadata> {
    let tree = tree();
    let number = tree.find(ROOT, path, follow)?;
    Ok(Metadata::of(&tree, number)?)
}

/// Whose files are this process's.
#[must_use]
pub fn user() -> u32 {
    0
}
