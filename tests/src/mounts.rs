use std::{panic::resume_unwind, path::Path, thread};

use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
};

const NONE: Option<&str> = None;

/// Runs something on a thread whose mounts nobody else sees; the processes
/// that it starts do.
pub fn with_own_mounts<T: Send>(action: impl FnOnce() -> T + Send) -> T {
    let outcome = thread::scope(|scope| {
        let started = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNS).expect("needs the right to make mount namespaces");
            mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE).expect("mounts of our own");
            action()
        });
        started.join()
    });
    outcome.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Mounts an empty file system in memory of so many bytes.
pub fn mount_memory(directory: &Path, bytes: u32) {
    let options = format!("size={bytes},mode=0700");
    mount(NONE, directory, Some("tmpfs"), MsFlags::empty(), Some(options.as_str())).expect("mounts of our own");
}

/// Mounts a file system that has no room left.
pub fn mount_full(directory: &Path) {
    mount_memory(directory, 64 << 10);
    let filling = std::fs::write(directory.join("filling"), vec![0; 1 << 20]);
    assert!(filling.is_err(), "a file system of 64 KB took a megabyte");
}

/// Mounts an empty file system that can't be written to.
pub fn mount_read_only(directory: &Path) {
    mount(NONE, directory, Some("tmpfs"), MsFlags::MS_RDONLY, Some("mode=0700")).expect("mounts of our own");
}
