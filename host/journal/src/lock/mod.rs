//! Advisory locks with a deadline. The kernel releases them when the holder
//! dies; the reference plugin host-local takes the same kind.

mod holder;
#[cfg(all(target_os = "linux", not(cofferdam_memory_files)))]
mod kernel;
#[cfg(any(not(target_os = "linux"), cofferdam_memory_files))]
mod own;

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use cofferdam_system::files::{File, TryLockError};
pub use holder::Holder;
#[cfg(all(target_os = "linux", not(cofferdam_memory_files)))]
pub use kernel::HeldLocks;
#[cfg(all(target_os = "linux", not(cofferdam_memory_files)))]
use kernel::holder_of;
#[cfg(any(not(target_os = "linux"), cofferdam_memory_files))]
pub use own::HeldLocks;
#[cfg(any(not(target_os = "linux"), cofferdam_memory_files))]
use own::holder_of;

use crate::{Error, Result};

/// The first pause between two tries.
const SHORTEST_PAUSE: Duration = Duration::from_micros(50);
/// The longest one.
const LONGEST_PAUSE: Duration = Duration::from_millis(4);

/// The longest wait of this process for a lock, in microseconds.
static LONGEST_WAIT: AtomicU64 = AtomicU64::new(0);

/// The longest time that this process waited for a lock.
#[must_use]
pub fn longest_wait() -> Duration {
    Duration::from_micros(LONGEST_WAIT.load(Ordering::Relaxed))
}

/// Takes the lock of an open file or directory (`flock(2)`, exclusive), at
/// least one try, none after the deadline.
///
/// # Errors
/// [`Error::Busy`] names `object` and the holder, as far as the kernel and the
/// journals below `state` tell.
pub(crate) fn lock(
    file: &File,
    path: &Path,
    state: &Path,
    deadline: Instant,
    object: impl FnOnce() -> String,
) -> Result<()> {
    let started = Instant::now();
    let mut pause = SHORTEST_PAUSE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", path, error)),
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Error::Busy {
                object: object(),
                holder: holder_of(file).or_of_journal(state),
                waited: started.elapsed(),
            });
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(LONGEST_PAUSE);
        let waited = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        LONGEST_WAIT.fetch_max(waited, Ordering::Relaxed);
    }
}
