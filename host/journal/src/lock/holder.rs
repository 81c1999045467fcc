use std::{
    fmt, fs,
    fs::File,
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::{Duration, SystemTime},
};

use crate::state_directory::attachment_of_writer;

/// Who holds a lock. The kernel knows, so nobody has to write it down, and it
/// is true for a lock that another program took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// Absent when the kernel does not tell (another pid namespace, no `/proc`).
    pub pid: Option<u32>,
    /// Name of its program.
    pub program: Option<String>,
    /// The attachment that it works for, from its CNI environment or its
    /// journal.
    pub attachment: Option<String>,
    /// How long it has been running; a CNI process lives for one call.
    pub age: Option<Duration>,
}

impl Holder {
    /// Looks up who holds the lock of an open file.
    pub(crate) fn of(file: &File) -> Self {
        pid_of_lock(file).map(Self::of_process).unwrap_or_default()
    }

    pub(super) fn of_process(pid: u32) -> Self {
        let age = fs::metadata(format!("/proc/{pid}"))
            .and_then(|status| status.modified())
            .ok()
            .and_then(|started| SystemTime::now().duration_since(started).ok());
        Self {
            pid: Some(pid),
            program: program(pid),
            attachment: attachment(pid),
            age,
        }
    }

    /// A process that is confined can't see another's environment, but the
    /// journal that the other writes.
    pub(crate) fn or_of_journal(self, state: &Path) -> Self {
        let attachment = self
            .attachment
            .or_else(|| attachment_of_writer(state, self.pid?).map(|id| id.to_string()));
        Self { attachment, ..self }
    }
}

/// From `/proc/locks`: `1: FLOCK  ADVISORY  WRITE 4711 00:1a:12345 0 EOF`.
fn pid_of_lock(file: &File) -> Option<u32> {
    let status = file.metadata().ok()?;
    let device = (nix::sys::stat::major(status.dev()), nix::sys::stat::minor(status.dev()));
    find_holder(&fs::read_to_string("/proc/locks").ok()?, device, status.ino()).map(|(pid, _)| pid)
}

/// Who has the lock of an inode, and whether it is surely the one that is
/// meant: stacked file systems show another device than stat does, and other
/// file systems have the same numbers of inodes.
pub(super) fn find_holder(locks: &str, device: (u64, u64), inode: u64) -> Option<(u32, bool)> {
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

fn program(pid: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(name.trim().to_owned())
}

fn attachment(pid: u32) -> Option<String> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let variable = |name: &str| {
        environment
            .split(|byte| *byte == 0)
            .filter_map(|pair| std::str::from_utf8(pair).ok()?.strip_prefix(name)?.strip_prefix('='))
            .next()
    };
    let container = variable("CNI_CONTAINERID").filter(|id| !id.is_empty())?;
    let interface = variable("CNI_IFNAME").unwrap_or_default();
    Some(format!(
        "{} of container {container} interface {interface}",
        variable("CNI_COMMAND").unwrap_or("a call")
    ))
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(pid) = self.pid else {
            return f.write_str("a process that can't be seen from here");
        };
        write!(f, "process {pid}")?;
        if let Some(program) = &self.program {
            write!(f, " ({program})")?;
        }
        if let Some(attachment) = &self.attachment {
            write!(f, ", {attachment}")?;
        }
        if let Some(age) = self.age {
            write!(f, ", which runs since {}.{:03} s", age.as_secs(), age.subsec_millis())?;
        }
        Ok(())
    }
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
