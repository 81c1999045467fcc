use std::{
    fs::{self, TryLockError},
    os::unix::fs::MetadataExt as _,
    path::Path,
};

use nix::fcntl::OFlag;

use super::{Holder, holder::find_holder};
use crate::fs::open_file;

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
        let status = fs::symlink_metadata(path).ok()?;
        let device = (nix::sys::stat::major(status.dev()), nix::sys::stat::minor(status.dev()));
        let (pid, is_sure) = find_holder(&self.list, device, status.ino())?;
        (is_sure || is_locked(path)).then(|| Holder::of_process(pid))
    }
}

/// Tries, where the kernel's list leaves it open.
fn is_locked(path: &Path) -> bool {
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK;
    let tried = open_file(path, flags, 0).map(|file| file.try_lock_shared());
    matches!(tried, Ok(Err(TryLockError::WouldBlock)))
}
