use std::{
    fs::TryLockError,
    io::{self, ErrorKind, Read, Write},
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, SystemTime},
};

use super::{
    super::Result,
    Metadata, OpenOptions,
    open::OpenFlags,
    tree::{Content, Inode, Number, ROOT, Tree, tree},
};
use crate::Errno;

/// How often is looked for a lock that is waited for.
const PAUSE: Duration = Duration::from_millis(1);

/// An open file, as [`std::fs::File`]. What is open lasts, names or none.
#[derive(Debug)]
pub struct File {
    number: Number,
    /// Tells open files of the same file apart.
    handle: u64,
    flags: OpenFlags,
    position: AtomicU64,
}

/// Where a path begins that does not begin at the root.
pub trait AsDirectory {
    /// The number of the directory.
    #[doc(hidden)]
    fn directory(&self) -> u64;
}

/// Paths begin at the root: no process has a directory of its own here.
#[derive(Clone, Copy, Debug)]
pub struct CurrentDirectory;

/// The directory of the process.
pub const CURRENT_DIRECTORY: CurrentDirectory = CurrentDirectory;

impl AsDirectory for CurrentDirectory {
    fn directory(&self) -> u64 {
        ROOT
    }
}

impl AsDirectory for File {
    fn directory(&self) -> u64 {
        self.number
    }
}

impl<T: AsDirectory + ?Sized> AsDirectory for &T {
    fn directory(&self) -> u64 {
        (**self).directory()
    }
}

impl File {
    /// As [`std::fs::File::open`].
    ///
    /// # Errors
    /// Those of `open(2)`.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::options().read(true).open(path)
    }

    /// As [`std::fs::File::create`].
    ///
    /// # Errors
    /// Those of `open(2)`.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::options().write(true).create(true).truncate(true).open(path)
    }

    /// As [`std::fs::File::options`].
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Of a file that was looked up.
    pub(super) fn of(tree: &mut Tree, number: Number, flags: OpenFlags) -> Result<Self> {
        tree.inode_mut(number)?.opened += 1;
        Ok(Self {
            number,
            handle: tree.number(),
            flags,
            position: AtomicU64::new(0),
        })
    }

    /// What there is to know of it.
    ///
    /// # Errors
    /// None: it lasts as long as it is open.
    pub fn metadata(&self) -> io::Result<Metadata> {
        Ok(Metadata::of(&tree(), self.number)?)
    }

    /// Cuts it off, or fills it up with zeros.
    ///
    /// # Errors
    /// It is not open for writing.
    pub fn set_len(&self, length: u64) -> io::Result<()> {
        self.check_is_more_than_path()?;
        if !self.is_writable() {
            return Err(Errno::EINVAL.into());
        }
        let length = usize::try_from(length).map_err(|_| Errno::EFBIG)?;
        self.with(|inode| {
            bytes_of(&mut inode.content)?.resize(length, 0);
            inode.touch();
            Ok(())
        })?;
        Ok(())
    }

    /// Sets when it was changed last.
    ///
    /// # Errors
    /// It is open as a path only.
    pub fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.check_is_more_than_path()?;
        self.with(|inode| {
            inode.modified = time;
            Ok(())
        })?;
        Ok(())
    }

    /// Takes its lock for itself.
    ///
    /// # Errors
    /// Another open file of it has the lock.
    pub fn try_lock(&self) -> std::result::Result<(), TryLockError> {
        self.try_take_lock(true)
    }

    /// Takes its lock together with others who do so.
    ///
    /// # Errors
    /// Another open file of it has the lock for itself.
    pub fn try_lock_shared(&self) -> std::result::Result<(), TryLockError> {
        self.try_take_lock(false)
    }

    /// Waits for its lock.
    ///
    /// # Errors
    /// It is open as a path only.
    pub fn lock(&self) -> io::Result<()> {
        self.wait_for_lock(true)
    }

    /// The same together with others.
    ///
    /// # Errors
    /// It is open as a path only.
    pub fn lock_shared(&self) -> io::Result<()> {
        self.wait_for_lock(false)
    }

    /// Lets its lock go.
    ///
    /// # Errors
    /// It is open as a path only.
    pub fn unlock(&self) -> io::Result<()> {
        self.check_is_more_than_path()?;
        self.with(|inode| {
            inode.lock.release(self.handle);
            Ok(())
        })?;
        Ok(())
    }

    fn try_take_lock(&self, exclusive: bool) -> std::result::Result<(), TryLockError> {
        let taken = self
            .check_is_more_than_path()
            .and_then(|()| self.with(|inode| Ok(inode.lock.take(self.handle, exclusive))));
        match taken {
            Ok(true) => Ok(()),
            Ok(false) => Err(TryLockError::WouldBlock),
            Err(errno) => Err(TryLockError::Error(errno.into())),
        }
    }

    fn wait_for_lock(&self, exclusive: bool) -> io::Result<()> {
        loop {
            match self.try_take_lock(exclusive) {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Inode) -> Result<T>) -> Result<T> {
        act(tree().inode_mut(self.number)?)
    }

    /// Whether it was opened with more than `O_PATH`.
    pub(super) fn check_is_more_than_path(&self) -> Result<()> {
        if self.flags.contains(OpenFlags::O_PATH) {
            return Err(Errno::EBADF);
        }
        Ok(())
    }

    fn is_writable(&self) -> bool {
        self.flags.is_writable()
    }

    fn read_from(&self, buffer: &mut [u8], position: u64) -> Result<usize> {
        self.check_is_more_than_path()?;
        if !self.flags.is_readable() {
            return Err(Errno::EBADF);
        }
        self.with(|inode| {
            let bytes = bytes_of(&mut inode.content).map_err(|_| Errno::EISDIR)?;
            let start = usize::try_from(position).unwrap_or(usize::MAX);
            let rest = bytes.get(start..).unwrap_or_default();
            let length = rest.len().min(buffer.len());
            for (to, from) in buffer.iter_mut().zip(rest) {
                *to = *from;
            }
            Ok(length)
        })
    }

    /// Writes, and says where that ended.
    fn write_to(&self, bytes: &[u8], position: u64) -> Result<u64> {
        self.check_is_more_than_path()?;
        if !self.is_writable() {
            return Err(Errno::EBADF);
        }
        if bytes.is_empty() {
            return Ok(position);
        }
        self.with(|inode| {
            let content = bytes_of(&mut inode.content)?;
            let start = if self.flags.contains(OpenFlags::O_APPEND) {
                content.len()
            } else {
                usize::try_from(position).map_err(|_| Errno::EFBIG)?
            };
            let end = start.checked_add(bytes.len()).ok_or(Errno::EFBIG)?;
            content.resize(content.len().max(end), 0);
            for (to, from) in content.iter_mut().skip(start).zip(bytes) {
                *to = *from;
            }
            inode.touch();
            Ok(end as u64)
        })
    }
}

/// What is in a regular file; nothing else can be written to.
fn bytes_of(content: &mut Content) -> Result<&mut Vec<u8>> {
    match content {
        Content::Regular(bytes) => Ok(bytes),
        Content::Directory(_) | Content::Link(_) => Err(Errno::EINVAL),
    }
}

impl Read for &File {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let position = self.position.load(Ordering::Relaxed);
        let length = self.read_from(buffer, position)?;
        self.position.store(position + length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

impl Write for &File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let position = self.position.load(Ordering::Relaxed);
        let end = self.write_to(bytes, position)?;
        self.position.store(end, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for File {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }
}

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for File {
    /// The lock goes with whoever has it, and a file with its last user.
    fn drop(&mut self) {
        let mut tree = tree();
        if let Ok(inode) = tree.inode_mut(self.number) {
            inode.lock.release(self.handle);
            inode.opened -= 1;
        }
        tree.forget_unused(self.number);
    }
}

/// Reading without a position, as `std::os::unix::fs::FileExt`.
pub trait FileExt {
    /// Fills the buffer with what is from there on.
    ///
    /// # Errors
    /// It can't be read, or there is less.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
}

impl FileExt for File {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        if !buffer.is_empty() && self.read_from(buffer, offset)? < buffer.len() {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "failed to fill whole buffer"));
        }
        Ok(())
    }
}
