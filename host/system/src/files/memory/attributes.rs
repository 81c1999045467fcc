use std::path::Path;

use super::{
    super::Result,
    file::File,
    tree::{Content, ROOT, tree},
};
use crate::Errno;

/// What names of attributes begin with that users may give.
const OF_USERS: &str = "user.";

/// A kind of file system, by its number (`linux/magic.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FsType(pub i64);

/// That of ext4: all that is done for files on a disk of this machine is done
/// here, too.
const KIND: FsType = FsType(0xef53);

/// Gives a file an attribute (`fsetxattr(2)`).
///
/// # Errors
/// It is open as a path only, or the name is none that users may give.
pub fn set_attribute(file: &File, name: &str, value: &[u8]) -> Result<()> {
    file.check_is_more_than_path()?;
    if !name.starts_with(OF_USERS) {
        return Err(Errno::EOPNOTSUPP);
    }
    file.with(|inode| {
        if matches!(inode.content, Content::Link(_)) {
            return Err(Errno::EPERM);
        }
        inode.attributes.insert(name.to_owned(), value.to_owned());
        Ok(())
    })
}

/// Reads an attribute of a file; how long it is, and 0 where there is no room
/// for anything (`fgetxattr(2)`).
///
/// # Errors
/// It is open as a path only, has no such attribute, or the attribute is longer
/// than there is room.
pub fn attribute(file: &File, name: &str, value: &mut [u8]) -> Result<usize> {
    file.check_is_more_than_path()?;
    file.with(|inode| {
        let found = inode.attributes.get(name).ok_or(Errno::ENODATA)?;
        // What has no room for anything only asks whether there is one.
        if value.is_empty() {
            return Ok(0);
        }
        value
            .get_mut(..found.len())
            .ok_or(Errno::ERANGE)?
            .copy_from_slice(found);
        Ok(found.len())
    })
}

/// The kind of file system that a path leads to (`statfs(2)`).
///
/// # Errors
/// It leads to nothing.
pub fn file_system(path: &Path) -> Result<FsType> {
    tree().find(ROOT, path, true).map(|_| KIND)
}

/// The kind of file system that a file is on (`fstatfs(2)`).
///
/// # Errors
/// None.
pub fn file_system_of(_file: &File) -> Result<FsType> {
    Ok(KIND)
}
