use std::{
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
};

use super::{
    super::Result,
    file::{AsDirectory, CURRENT_DIRECTORY},
    path::{Last, Place, Walk, check, check_texts},
    tree::{Content, Inode, Number, ROOT, Tree, tree},
};
use crate::Errno;

/// Makes an empty file, of which there is none (`mknodat(2)`).
///
/// # Errors
/// Those of the system call.
pub fn make_file_at(directory: impl AsDirectory, name: &str, mode: u32) -> Result<()> {
    let mut tree = tree();
    let (directory, name) = tree.free_place(directory.directory(), name.as_ref(), false)?;
    tree.make(directory, &name, Inode::new(Content::Regular(Vec::new()), mode))?;
    Ok(())
}

/// Makes a symbolic link (`symlinkat(2)`).
///
/// # Errors
/// Those of the system call.
pub fn make_link(target: &str, path: &Path) -> Result<()> {
    make_link_to(target.as_ref(), path)
}

/// As `std::os::unix::fs::symlink`.
///
/// # Errors
/// Those of `symlink(2)`.
pub fn symlink(target: impl AsRef<Path>, path: impl AsRef<Path>) -> io::Result<()> {
    Ok(make_link_to(target.as_ref().as_os_str(), path.as_ref())?)
}

fn make_link_to(target: &OsStr, path: &Path) -> Result<()> {
    check_texts([target, path.as_os_str()])?;
    check(target)?;
    let mut tree = tree();
    let (directory, name) = tree.free_place(ROOT, path, false)?;
    tree.make(directory, &name, Inode::new(Content::Link(target.to_owned()), 0))?;
    Ok(())
}

/// Where a symbolic link leads (`readlinkat(2)`).
///
/// # Errors
/// Those of the system call.
pub fn link_target(path: &Path) -> Result<OsString> {
    let tree = tree();
    let number = tree.find(ROOT, path, false)?;
    match &tree.inode(number)?.content {
        Content::Link(target) => Ok(target.clone()),
        Content::Regular(_) | Content::Directory(_) => Err(Errno::EINVAL),
    }
}

/// As [`std::fs::read_link`].
///
/// # Errors
/// Those of `readlink(2)`.
pub fn read_link(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    Ok(link_target(path.as_ref())?.into())
}

/// Makes a second name of a file (`linkat(2)`).
///
/// # Errors
/// Those of the system call.
pub fn link_at(directory: impl AsDirectory, from: &str, to: &str) -> Result<()> {
    make_name(directory, from.as_ref(), to.as_ref())
}

/// As [`std::fs::hard_link`].
///
/// # Errors
/// Those of `link(2)`.
pub fn hard_link(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    Ok(make_name(CURRENT_DIRECTORY, from.as_ref(), to.as_ref())?)
}

fn make_name(directory: impl AsDirectory, from: &Path, to: &Path) -> Result<()> {
    check_texts([from.as_os_str(), to.as_os_str()])?;
    let mut tree = tree();
    let start = directory.directory();
    let number = tree.find(start, from, false)?;
    let (directory, name) = tree.free_place(start, to, false)?;
    tree.check_alive(directory)?;
    if tree.is_directory(number) {
        return Err(Errno::EPERM);
    }
    tree.name(directory, &name, number)
}

/// Removes a file (`unlinkat(2)`).
///
/// # Errors
/// Those of the system call.
pub fn unlink_at(directory: impl AsDirectory, name: impl AsRef<Path>) -> Result<()> {
    let mut tree = tree();
    let mut walk = Walk::new(&tree);
    let place = walk.place(directory.directory(), name.as_ref())?;
    let Last::Name(name) = &place.last else {
        return Err(Errno::EISDIR);
    };
    let found = tree.entry(place.directory, name)?.ok_or(Errno::ENOENT)?;
    if tree.is_directory(found) {
        return Err(Errno::EISDIR);
    }
    if place.slash {
        return Err(Errno::ENOTDIR);
    }
    tree.unname(place.directory, name)
}

/// As [`std::fs::remove_file`].
///
/// # Errors
/// Those of `unlink(2)`.
pub fn remove_file(path: impl AsRef<Path>) -> io::Result<()> {
    Ok(unlink_at(CURRENT_DIRECTORY, path)?)
}

/// Gives a file another name, and takes that from whatever has it
/// (`renameat(2)`).
///
/// # Errors
/// Those of the system call.
pub fn rename_at(directory: impl AsDirectory, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    move_name(&mut tree(), directory.directory(), from.as_ref(), to.as_ref(), true)
}

/// The same, where nothing has the name (`renameat2(2)`).
///
/// # Errors
/// Those of the system call.
pub fn rename_at_without_replacing(directory: impl AsDirectory, from: &str, to: &str) -> Result<()> {
    move_name(&mut tree(), directory.directory(), from.as_ref(), to.as_ref(), false)
}

/// As [`std::fs::rename`].
///
/// # Errors
/// Those of `rename(2)`.
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    Ok(rename_at(CURRENT_DIRECTORY, from, to)?)
}

fn move_name(tree: &mut Tree, start: Number, from: &Path, to: &Path, replace: bool) -> Result<()> {
    check_texts([from.as_os_str(), to.as_os_str()])?;
    let from = Walk::new(tree).place(start, from)?;
    let to = Walk::new(tree).place(start, to)?;
    let Last::Name(old) = &from.last else {
        return Err(Errno::EBUSY);
    };
    let Last::Name(new) = &to.last else {
        return Err(if replace { Errno::EBUSY } else { Errno::EEXIST });
    };
    let moved = tree.entry(from.directory, old)?.ok_or(Errno::ENOENT)?;
    let there = tree.entry(to.directory, new)?;
    if there.is_some() && !replace {
        return Err(Errno::EEXIST);
    }
    check_ways(tree, moved, there, &from, &to)?;
    if there == Some(moved) {
        return Ok(());
    }
    tree.check_alive(to.directory)?;
    if let Some(there) = there {
        check_replaced(tree, moved, there)?;
        tree.unname(to.directory, new)?;
    }
    tree.take_name(from.directory, old)?;
    tree.name(to.directory, new, moved)
}

/// A directory gets no name below itself, and takes none from one that it is
/// in; a slash is behind directories only.
fn check_ways(tree: &Tree, moved: Number, there: Option<Number>, from: &Place, to: &Place) -> Result<()> {
    if !tree.is_directory(moved) && (from.slash || to.slash) {
        return Err(Errno::ENOTDIR);
    }
    if is_above(tree, moved, to.directory) {
        return Err(Errno::EINVAL);
    }
    if there.is_some_and(|there| is_above(tree, there, from.directory)) {
        return Err(Errno::ENOTEMPTY);
    }
    Ok(())
}

/// Whether a directory is another one, or the other is below it.
fn is_above(tree: &Tree, directory: Number, mut below: Number) -> bool {
    while below != directory {
        let parent = tree.inode(below).and_then(|inode| inode.as_directory());
        match parent {
            Ok(found) if found.parent != below => below = found.parent,
            _ => return false,
        }
    }
    true
}

/// A directory takes the place of an empty one, a file that of a file.
fn check_replaced(tree: &Tree, moved: Number, there: Number) -> Result<()> {
    match (tree.is_directory(moved), &tree.inode(there)?.content) {
        (true, Content::Directory(directory)) if directory.entries.is_empty() => Ok(()),
        (true, Content::Directory(_)) => Err(Errno::ENOTEMPTY),
        (true, _) => Err(Errno::ENOTDIR),
        (false, Content::Directory(_)) => Err(Errno::EISDIR),
        (false, _) => Ok(()),
    }
}
