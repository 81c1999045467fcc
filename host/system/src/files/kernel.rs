//! Linux's own: the standard library's, and the system calls that it has not.

use std::{ffi::OsString, path::Path};
pub use std::{
    fs::{
        DirBuilder, DirEntry, File, FileType, Metadata, OpenOptions, ReadDir, TryLockError, create_dir, create_dir_all,
        exists, hard_link, metadata, read, read_dir, read_link, read_to_string, remove_dir, remove_dir_all,
        remove_file, rename, symlink_metadata, write,
    },
    os::{
        fd::AsFd as AsDirectory,
        unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, symlink},
    },
};

pub use nix::{
    fcntl::{AT_FDCWD as CURRENT_DIRECTORY, OFlag as OpenFlags},
    sys::statfs::FsType,
};
use nix::{
    fcntl::{AtFlags, openat, readlinkat, renameat},
    sys::{
        stat::{Mode, SFlag, mkdirat, mknodat},
        statfs::{fstatfs, statfs},
    },
    unistd::{UnlinkatFlags, geteuid, linkat, symlinkat, unlinkat},
};
use rustix::fs::{RenameFlags, XattrFlags, fgetxattr, fsetxattr, renameat_with};

use super::Result;
use crate::Errno;

/// Opens without following a link at the end, and not across an exec
/// (`open(2)`).
///
/// # Errors
/// Those of the system call, but for `EINTR`.
#[inline]
pub fn open(path: &Path, flags: OpenFlags, mode: u32) -> Result<File> {
    let flags = flags | OpenFlags::O_NOFOLLOW | OpenFlags::O_CLOEXEC;
    uninterrupted(|| nix::fcntl::open(path, flags, Mode::from_bits_truncate(mode))).map(File::from)
}

/// The same, below an open directory (`openat(2)`).
///
/// # Errors
/// Those of the system call, but for `EINTR`.
#[inline]
pub fn open_at(directory: impl AsDirectory, name: &str, flags: OpenFlags, mode: u32) -> Result<File> {
    let flags = flags | OpenFlags::O_NOFOLLOW | OpenFlags::O_CLOEXEC;
    uninterrupted(|| openat(&directory, name, flags, Mode::from_bits_truncate(mode))).map(File::from)
}

#[inline]
fn uninterrupted<T>(mut call: impl FnMut() -> Result<T>) -> Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            other => return other,
        }
    }
}

/// Makes a directory (`mkdirat(2)`).
///
/// # Errors
/// Those of the system call.
#[inline]
pub fn make_directory(path: &Path, mode: u32) -> Result<()> {
    mkdirat(CURRENT_DIRECTORY, path, Mode::from_bits_truncate(mode))
}

/// Makes an empty file, of which there is none (`mknodat(2)`).
///
/// # Errors
/// Those of the system call.
#[inline]
pub fn make_file_at(directory: impl AsDirectory, name: &str, mode: u32) -> Result<()> {
    mknodat(&directory, name, SFlag::S_IFREG, Mode::from_bits_truncate(mode), 0)
}

/// Makes a symbolic link (`symlinkat(2)`).
///
/// # Errors
/// Those of the system call.
#[inline]
pub fn make_link(target: &str, path: &Path) -> Result<()> {
    symlinkat(target, CURRENT_DIRECTORY, path)
}

/// Where a symbolic link leads (`readlinkat(2)`).
///
/// # Errors
/// Those of the system call.
#[inline]
pub fn link_target(path: &Path) -> Result<OsString> {
    readlinkat(CURRENT_DIRECTORY, path)
}

/// Makes a second name of a file (`linkat(2)`).
///
/// # Errors
/// Those of the system call.
#[inline]
pub fn link_at(directory: impl AsDirectory, from: &str, to: &str) -> Result<()> {
    linkat(&directory, from, &directory, to, AtFlags::empty())
}

/// Gives a file another name, and takes that from whatever has it
/// (`renameat(2)`).
///
/// # Errors
/// Those of the system call.
#[inline]
pub fn rename_at(directory: impl AsDirectory, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    renameat(&directory, from.as_ref(), &directory, to.as_ref())
}

/// The same, where nothing has the name (`renameat2(2)`).
///
/// # Errors
/// Those of the system call.
#[inline]
pub fn rename_at_without_replacing(directory: impl AsDirectory, from: &str, to: &str) -> Result<()> {
    renameat_with(&directory, from, &directory, to, RenameFlags::NOREPLACE).map_err(errno)
}

/// Removes a file (`unlinkat(2)`).
///
/// # Errors
/// Those of the system call.
#[inline]
pub fn unlink_at(directory: impl AsDirectory, name: impl AsRef<Path>) -> Result<()> {
    unlinkat(&directory, name.as_ref(), UnlinkatFlags::NoRemoveDir)
}

/// Removes an empty directory (`unlinkat(2)`).
///
/// # Errors
/// Those of the system call.
#[inline]
pub fn remove_directory_at(directory: impl AsDirectory, name: impl AsRef<Path>) -> Result<()> {
    unlinkat(&directory, name.as_ref(), UnlinkatFlags::RemoveDir)
}

/// Gives a file an attribute (`fsetxattr(2)`).
///
/// # Errors
/// Those of the system call.
#[inline]
pub fn set_attribute(file: &File, name: &str, value: &[u8]) -> Result<()> {
    fsetxattr(file, name, value, XattrFlags::empty()).map_err(errno)
}

/// Reads an attribute of a file; how long it is, and 0 where there is no room
/// for anything (`fgetxattr(2)`).
///
/// # Errors
/// Those of the system call.
#[inline]
pub fn attribute(file: &File, name: &str, value: &mut [u8]) -> Result<usize> {
    fgetxattr(file, name, value).map_err(errno)
}

/// The kind of file system that a path leads to (`statfs(2)`).
///
/// # Errors
/// Those of the system call.
#[inline]
pub fn file_system(path: &Path) -> Result<FsType> {
    statfs(path).map(|status| status.filesystem_type())
}

/// The kind of file system that a file is on (`fstatfs(2)`).
///
/// # Errors
/// Those of the system call.
#[inline]
pub fn file_system_of(file: &File) -> Result<FsType> {
    fstatfs(file).map(|status| status.filesystem_type())
}

/// Whose files are this process's (`geteuid(2)`).
#[inline]
#[must_use]
pub fn user() -> u32 {
    geteuid().as_raw()
}

fn errno(errno: rustix::io::Errno) -> Errno {
    Errno::from_raw(errno.raw_os_error())
}
