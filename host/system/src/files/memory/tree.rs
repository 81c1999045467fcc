use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    mem,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use super::{super::Result, lock::Lock};
use crate::Errno;

/// Names a file for as long as there is one.
pub(super) type Number = u64;

/// The directory that all others are in.
pub(super) const ROOT: Number = 1;

/// Bytes that a name has at most (`NAME_MAX`).
const LONGEST_NAME: usize = 255;

/// What is taken from every mode, as usual.
const UMASK: u32 = 0o022;

static TREE: LazyLock<Mutex<Tree>> = LazyLock::new(|| Mutex::new(Tree::new()));

/// All files of the process. Who has it has it alone.
pub(super) fn tree() -> MutexGuard<'static, Tree> {
    TREE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Files by their numbers.
pub(super) struct Tree {
    inodes: BTreeMap<Number, Inode>,
    last: Number,
}

/// A file, whatever its names.
pub(super) struct Inode {
    pub(super) content: Content,
    /// Permissions, which are looked at and never in the way.
    pub(super) mode: u32,
    /// Names that lead to it; of a directory, with those that it has itself.
    pub(super) links: u64,
    /// How often it is open, and in how many directories `..` is it: while one
    /// of them lasts, it does.
    pub(super) opened: u64,
    pub(super) modified: SystemTime,
    pub(super) attributes: BTreeMap<String, Vec<u8>>,
    pub(super) lock: Lock,
}

/// What a file is and holds.
pub(super) enum Content {
    Regular(Vec<u8>),
    Directory(Directory),
    Link(OsString),
}

/// What a directory holds.
pub(super) struct Directory {
    pub(super) entries: BTreeMap<OsString, Number>,
    pub(super) parent: Number,
}

impl Inode {
    pub(super) fn new(content: Content, mode: u32) -> Self {
        let (links, mode) = match content {
            Content::Regular(_) => (0, mode & !UMASK),
            // Its own name for itself.
            Content::Directory(_) => (1, mode & !UMASK),
            Content::Link(_) => (0, 0o777),
        };
        Self {
            content,
            mode,
            links,
            opened: 0,
            modified: SystemTime::now(),
            attributes: BTreeMap::new(),
            lock: Lock::default(),
        }
    }

    pub(super) fn directory(parent: Number, mode: u32) -> Self {
        let entries = BTreeMap::new();
        Self::new(Content::Directory(Directory { entries, parent }), mode)
    }

    pub(super) fn as_directory(&self) -> Result<&Directory> {
        match &self.content {
            Content::Directory(directory) => Ok(directory),
            _ => Err(Errno::ENOTDIR),
        }
    }

    fn as_directory_mut(&mut self) -> Result<&mut Directory> {
        match &mut self.content {
            Content::Directory(directory) => Ok(directory),
            _ => Err(Errno::ENOTDIR),
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        matches!(self.content, Content::Directory(_))
    }

    /// Whether it is a directory that was removed.
    fn is_dead(&self) -> bool {
        self.is_directory() && self.links == 0
    }

    pub(super) fn touch(&mut self) {
        self.modified = SystemTime::now();
    }
}

impl Tree {
    fn new() -> Self {
        let mut root = Inode::directory(ROOT, 0o755);
        root.links = 2;
        Self {
            inodes: BTreeMap::from([(ROOT, root)]),
            last: ROOT,
        }
    }

    /// A number that nothing has.
    pub(super) fn number(&mut self) -> Number {
        self.last += 1;
        self.last
    }

    pub(super) fn inode(&self, number: Number) -> Result<&Inode> {
        self.inodes.get(&number).ok_or(Errno::ENOENT)
    }

    pub(super) fn inode_mut(&mut self, number: Number) -> Result<&mut Inode> {
        self.inodes.get_mut(&number).ok_or(Errno::ENOENT)
    }

    pub(super) fn is_directory(&self, number: Number) -> bool {
        self.inode(number).is_ok_and(Inode::is_directory)
    }

    /// What has a name in a directory.
    pub(super) fn entry(&self, directory: Number, name: &OsStr) -> Result<Option<Number>> {
        let inode = self.inode(directory)?;
        let directory = inode.as_directory()?;
        // In one that was removed nothing is looked for.
        if name.len() > LONGEST_NAME && !inode.is_dead() {
            return Err(Errno::ENAMETOOLONG);
        }
        Ok(directory.entries.get(name).copied())
    }

    /// Takes in a file that has no name.
    pub(super) fn add(&mut self, inode: Inode) -> Number {
        let number = self.number();
        self.inodes.insert(number, inode);
        number
    }

    /// Makes a file of a name that nothing has.
    pub(super) fn make(&mut self, directory: Number, name: &OsStr, inode: Inode) -> Result<Number> {
        self.check_alive(directory)?;
        let above = self.inode_mut(directory)?;
        above.opened += u64::from(inode.is_directory());
        let number = self.add(inode);
        self.name(directory, name, number)?;
        Ok(number)
    }

    /// In a directory that was removed nothing is made.
    pub(super) fn check_alive(&self, directory: Number) -> Result<()> {
        if self.inode(directory)?.is_dead() {
            return Err(Errno::ENOENT);
        }
        Ok(())
    }

    /// Gives a file a name that nothing has.
    pub(super) fn name(&mut self, directory: Number, name: &OsStr, number: Number) -> Result<()> {
        let is_directory = self.is_directory(number);
        let above = self.inode_mut(directory)?;
        above.as_directory_mut()?.entries.insert(name.to_owned(), number);
        above.links += u64::from(is_directory);
        above.touch();
        self.inode_mut(number)?.links += 1;
        if is_directory {
            self.set_parent(number, directory)?;
        }
        Ok(())
    }

    fn set_parent(&mut self, number: Number, parent: Number) -> Result<()> {
        let directory = self.inode_mut(number)?.as_directory_mut()?;
        let before = mem::replace(&mut directory.parent, parent);
        self.inode_mut(before)?.opened -= 1;
        self.inode_mut(parent)?.opened += 1;
        Ok(())
    }

    /// Takes a name away. What has no other goes, when it is open no more.
    pub(super) fn unname(&mut self, directory: Number, name: &OsStr) -> Result<()> {
        let number = self.take_name(directory, name)?;
        let inode = self.inode_mut(number)?;
        if inode.is_directory() {
            inode.links = 0;
        }
        self.forget_unused(number);
        Ok(())
    }

    /// The same for what gets another name.
    pub(super) fn take_name(&mut self, directory: Number, name: &OsStr) -> Result<Number> {
        let number = self.entry(directory, name)?.ok_or(Errno::ENOENT)?;
        let is_directory = self.is_directory(number);
        let above = self.inode_mut(directory)?;
        above.as_directory_mut()?.entries.remove(name);
        above.links -= u64::from(is_directory);
        above.touch();
        self.inode_mut(number)?.links -= 1;
        Ok(number)
    }

    pub(super) fn forget_unused(&mut self, number: Number) {
        let is_unused = |inode: &Inode| inode.links == 0 && inode.opened == 0;
        if !self.inodes.get(&number).is_some_and(is_unused) {
            return;
        }
        let gone = self.inodes.remove(&number);
        if let Some(Content::Directory(directory)) = gone.map(|inode| inode.content) {
            if let Ok(parent) = self.inode_mut(directory.parent) {
                parent.opened -= 1;
            }
            self.forget_unused(directory.parent);
        }
    }
}
