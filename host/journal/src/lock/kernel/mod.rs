//! Who has a lock, by the kernel's own list.

mod held;
mod process;

use std::{fs, os::unix::fs::MetadataExt as _};

use cofferdam_system::files::{File, Metadata};
pub use held::HeldLocks;
use nix::sys::stat::{major, minor};

use super::Holder;

/// Who holds the lock of an open file.
pub(super) fn holder_of(file: &File) -> Holder {
    pid_of_lock(file).map(process::holder).unwrap_or_default()
}

/// From `/proc/locks`: `1: FLOCK  ADVISORY  WRITE 4711 00:1a:12345 0 EOF`.
fn pid_of_lock(file: &File) -> Option<u32> {
    let status = file.metadata().ok()?;
    find_holder(&fs::read_to_string("/proc/locks").ok()?, device(&status), status.ino()).map(|(pid, _)| pid)
}

/// Who has the lock of an inode, and whether it is surely the one that is
/// meant: stacked file systems show another device than stat does, and other
/// file systems have the same numbers of inodes.
fn find_holder(locks: &str, device: (u64, u64), inode: u64) -> Option<(u32, bool)> {
    let held = locks.lines().filter_map(parse_lock).filter(|lock| lock.inode == inode);
    let mut best = None;
    for lock in held {
        if lock.device == device {
            return Some((lock.pid, true));
        }
        best = best.or(Some((lock.pid, false)));
    }
    best
}

struct Lock {
    pid: u32,
    device: (u64, u64),
    inode: u64,
}

fn parse_lock(line: &str) -> Option<Lock> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    // Those who wait have an arrow here.
    if fields.next()? != "FLOCK" {
        return None;
    }
    let pid = fields.nth(2)?.parse().ok().filter(|pid| *pid > 0)?;
    let mut place = fields.next()?.split(':');
    let major = u64::from_str_radix(place.next()?, 16).ok()?;
    let minor = u64::from_str_radix(place.next()?, 16).ok()?;
    Some(Lock {
        pid,
        device: (major, minor),
        inode: place.next()?.parse().ok()?,
    })
}

/// A file system, as the list has it.
fn device(status: &Metadata) -> (u64, u64) {
    (major(status.dev()), minor(status.dev()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKS: &str = "\
1: POSIX  ADVISORY  READ  5433 08:01:7864448 128 128
2: FLOCK  ADVISORY  WRITE 2001 08:01:7864554 0 EOF
3: FLOCK  ADVISORY  WRITE 1568 00:2f:32388 0 EOF
3: -> FLOCK  ADVISORY  WRITE 1570 00:2f:32388 0 EOF
4: FLOCK  ADVISORY  WRITE 0 00:2f:5 0 EOF
garbage
";

    #[test]
    fn the_holder_is_found_by_device_and_inode() {
        for (device, inode, pid) in [
            ((8, 1), 7_864_554, Some((2001, true))),
            ((0, 0x2f), 32388, Some((1568, true))),
            // The device is another one on a stacked file system.
            ((0, 0x77), 32388, Some((1568, false))),
            // A lock of another kind, a process of another pid namespace.
            ((8, 1), 7_864_448, None),
            ((0, 0x2f), 5, None),
            ((8, 1), 1, None),
        ] {
            assert_eq!(find_holder(LOCKS, device, inode), pid, "{device:?} {inode}");
        }
    }
}
