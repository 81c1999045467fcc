use std::path::Path;

use bitflags::bitflags;

use super::{
    super::Result,
    file::{AsDirectory, CURRENT_DIRECTORY, File},
    path::{Last, Place, Walk},
    tree::{Content, Inode, Number, Tree, tree},
};
use crate::Errno;

bitflags! {
    /// How a file is opened (`open(2)`), in the numbers of Linux on x86.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct OpenFlags: i32 {
        /// To be read.
        const O_RDONLY = 0;
        /// To be written.
        const O_WRONLY = 0o1;
        /// Both.
        const O_RDWR = 0o2;
        /// Made if there is none.
        const O_CREAT = 0o100;
        /// There may be none.
        const O_EXCL = 0o200;
        /// What is in it goes.
        const O_TRUNC = 0o1000;
        /// Written at its end.
        const O_APPEND = 0o2000;
        /// Without waiting, which here nothing does.
        const O_NONBLOCK = 0o4000;
        /// It has to be a directory.
        const O_DIRECTORY = 0o200_000;
        /// It may be no symbolic link.
        const O_NOFOLLOW = 0o400_000;
        /// Not across an exec, which here there is not.
        const O_CLOEXEC = 0o2_000_000;
        /// As a place only.
        const O_PATH = 0o10_000_000;
        /// A file without a name, in a directory.
        const O_TMPFILE = 0o20_200_000;
    }
}

impl OpenFlags {
    pub(super) fn is_writable(self) -> bool {
        self.intersects(Self::O_WRONLY | Self::O_RDWR)
    }

    pub(super) fn is_readable(self) -> bool {
        !self.contains(Self::O_WRONLY)
    }

    fn is_exclusive(self) -> bool {
        self.contains(Self::O_CREAT | Self::O_EXCL)
    }
}

/// Opens without following a link at the end (`open(2)`).
///
/// # Errors
/// Those of the system call.
pub fn open(path: &Path, flags: OpenFlags, mode: u32) -> Result<File> {
    open_from(CURRENT_DIRECTORY, path, flags | OpenFlags::O_NOFOLLOW, mode)
}

/// The same, below an open directory (`openat(2)`).
///
/// # Errors
/// Those of the system call.
pub fn open_at(directory: impl AsDirectory, name: &str, flags: OpenFlags, mode: u32) -> Result<File> {
    open_from(directory, name.as_ref(), flags | OpenFlags::O_NOFOLLOW, mode)
}

/// Opens as the flags say.
pub(super) fn open_from(directory: impl AsDirectory, path: &Path, flags: OpenFlags, mode: u32) -> Result<File> {
    let mut tree = tree();
    let start = directory.directory();
    let flags = sensible(flags)?;
    let number = if flags.contains(OpenFlags::O_TMPFILE) {
        unnamed_file(&mut tree, start, path, flags, mode)?
    } else {
        named_file(&mut tree, start, path, flags, mode)?
    };
    File::of(&mut tree, number, flags)
}

/// What matters of flags that are given together.
fn sensible(flags: OpenFlags) -> Result<OpenFlags> {
    let kept_with_path = OpenFlags::O_PATH | OpenFlags::O_DIRECTORY | OpenFlags::O_NOFOLLOW | OpenFlags::O_CLOEXEC;
    if flags.contains(OpenFlags::O_PATH) {
        return Ok(flags & kept_with_path);
    }
    let makes_directory = flags.contains(OpenFlags::O_CREAT | OpenFlags::O_DIRECTORY);
    let makes_nothing = flags.contains(OpenFlags::O_TMPFILE) && !flags.is_writable();
    if makes_directory || makes_nothing {
        return Err(Errno::EINVAL);
    }
    Ok(flags)
}

fn unnamed_file(tree: &mut Tree, start: Number, path: &Path, flags: OpenFlags, mode: u32) -> Result<Number> {
    let directory = tree.find(start, path, !flags.contains(OpenFlags::O_NOFOLLOW))?;
    tree.inode(directory)?.as_directory()?;
    Ok(tree.add(Inode::new(Content::Regular(Vec::new()), mode)))
}

fn named_file(tree: &mut Tree, start: Number, path: &Path, flags: OpenFlags, mode: u32) -> Result<Number> {
    match destination(tree, start, path, flags)? {
        Destination::Found(number, slash) => {
            check_kind(tree.inode(number)?, flags, slash)?;
            if flags.contains(OpenFlags::O_TRUNC) {
                let inode = tree.inode_mut(number)?;
                inode.content = Content::Regular(Vec::new());
                inode.touch();
            }
            Ok(number)
        }
        Destination::Free(place) => {
            let Last::Name(name) = &place.last else {
                return Err(Errno::ENOENT);
            };
            tree.make(place.directory, name, Inode::new(Content::Regular(Vec::new()), mode))
        }
    }
}

/// Where a way leads that ends in an open file.
enum Destination {
    /// There is something; whether a slash says that it is a directory.
    Found(Number, bool),
    /// There is nothing, so that it can be made.
    Free(Place),
}

fn destination(tree: &Tree, start: Number, path: &Path, flags: OpenFlags) -> Result<Destination> {
    let creates = flags.contains(OpenFlags::O_CREAT);
    let mut walk = Walk::new(tree);
    let mut place = walk.place(start, path)?;
    let mut slash = false;
    let mut follow = !flags.contains(OpenFlags::O_NOFOLLOW) && !flags.is_exclusive();
    loop {
        if creates && place.slash {
            return Err(Errno::EISDIR);
        }
        slash |= place.slash;
        follow |= place.slash;
        let found = match walk.look_up(place.directory, &place.last)? {
            Some(found) => found,
            None if creates => return Ok(Destination::Free(place)),
            None => return Err(Errno::ENOENT),
        };
        match walk.next_place(place.directory, found) {
            Ok(Some(next)) if follow => place = next,
            Err(errno) if follow => return Err(errno),
            _ => return Ok(Destination::Found(found, slash)),
        }
    }
}

/// Whether what is there can be opened so.
fn check_kind(inode: &Inode, flags: OpenFlags, slash: bool) -> Result<()> {
    if flags.is_exclusive() {
        return Err(Errno::EEXIST);
    }
    if flags.contains(OpenFlags::O_CREAT) && inode.is_directory() {
        return Err(Errno::EISDIR);
    }
    if (slash || flags.contains(OpenFlags::O_DIRECTORY)) && !inode.is_directory() {
        return Err(Errno::ENOTDIR);
    }
    let writes = flags.is_writable() || flags.contains(OpenFlags::O_TRUNC);
    match inode.content {
        _ if flags.contains(OpenFlags::O_PATH) => Ok(()),
        Content::Link(_) => Err(Errno::ELOOP),
        Content::Directory(_) if writes => Err(Errno::EISDIR),
        _ => Ok(()),
    }
}
