use std::{
    fmt, fs,
    fs::File,
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::{Duration, SystemTime},
};

use nix::unistd::{SysconfVar, sysconf};

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
        Self {
            pid: Some(pid),
            program: program(pid),
            attachment: attachment(pid),
            age: age(pid),
        }
    }

    /// A process that is confined can't see another's environment, but the
    /// journal that the other writes.
    pub(crate) fn or_of_journal(self, state: &Path) -> Self {
        let (None, Some(pid)) = (&self.attachment, self.pid) else {
            return self;
        };
        let Some((id, begun)) = attachment_of_writer(state, pid) else {
            return self;
        };
        Self {
            attachment: Some(id.to_string()),
            age: self.age.or_else(|| SystemTime::now().duration_since(begun).ok()),
            ..self
        }
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

/// How long a process has been running. The times of its directory below
/// `/proc` tell only since when somebody looks there.
fn age(pid: u32) -> Option<Duration> {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let uptime = fs::read_to_string("/proc/uptime").ok()?;
    let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten()?;
    let started = Duration::from_secs_f64(started(&status)? / u32::try_from(ticks).map(f64::from).ok()?);
    let up = uptime.split(' ').next()?.parse::<f64>().ok()?;
    Duration::try_from_secs_f64(up).ok()?.checked_sub(started)
}

/// When a process was started, in ticks since the machine was: field 22 of
/// `/proc/PID/stat`, whose second one may hold anything.
fn started(status: &str) -> Option<f64> {
    let (_, fields) = status.rsplit_once(')')?;
    let ticks: u64 = fields.split_ascii_whitespace().nth(19)?.parse().ok()?;
    u32::try_from(ticks).ok().map(f64::from)
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
    #![allow(clippy::unwrap_used)]
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
    fn the_age_of_a_process_is_that_of_the_process() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        std::thread::sleep(Duration::from_millis(300));
        let age = age(child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        // A tick is a hundredth of a second.
        assert!(age.is_some_and(|age| age >= Duration::from_millis(250)), "{age:?}");
    }

    #[test]
    fn the_name_of_a_program_does_not_disturb_what_comes_after_it() {
        let fields = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
        assert_eq!(started(&format!("7 (a) b (c) {fields}")), Some(4711.0));
        assert_eq!(started("7 (a"), None);
    }

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
