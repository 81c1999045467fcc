use std::{fs, path::Path};

use cofferdam_system::files::{self, MetadataExt as _, OpenFlags, TryLockError};

use super::{Holder, device, find_holder, process};

/// The locks that processes held at one moment, by the kernel's own list. To
/// look keeps nobody waiting, which to try every lock would.
#[derive(Clone, Debug, Default)]
pub struct HeldLocks {
    list: String,
}

impl HeldLocks {
    /// Asks the kernel. Where it does not tell, no lock is held as far as is
    /// known.
    #[must_use]
    pub fn read() -> Self {
        Self {
            list: fs::read_to_string("/proc/locks").unwrap_or_default(),
        }
    }

    /// Who holds the lock of what is at a path; `None` where nobody does, or
    /// there is nothing.
    #[must_use]
    pub fn holder(&self, path: &Path) -> Option<Holder> {
        let status = files::symlink_metadata(path).ok()?;
        let (pid, is_sure) = find_holder(&self.list, device(&status), status.ino())?;
        (is_sure || is_locked(path)).then(|| process::holder(pid))
    }
}

/// Tries, where the kernel's list leaves it open.
fn is_locked(path: &Path) -> bool {
    let flags = OpenFlags::O_RDONLY | OpenFlags::O_NONBLOCK;
    let tried = files::open(path, flags, 0).map(|file| file.try_lock_shared());
    matches!(tried, Ok(Err(TryLockError::WouldBlock)))
}
