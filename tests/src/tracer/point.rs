use std::{ffi::c_void, fmt, fs};

use nix::{libc, sys::ptrace, unistd::Pid};

use super::registers::Call;

/// Something outside of a program that it is about to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Of which kind.
    pub kind: Kind,
    /// The system call.
    pub call: &'static str,
    /// Which file, or the first bytes of a request.
    pub about: String,
}

/// What kinds of things a program changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Files of its own, in whichever directory.
    File,
    /// Settings below `/proc/sys`.
    Setting,
    /// What netlink is asked for.
    Kernel,
    /// Standard output and standard error.
    Output,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.call, self.about)
    }
}

impl Point {
    /// `None` when a call changes nothing: it reads, or it is about the
    /// process itself.
    pub(super) fn of(pid: Pid, call: &Call) -> Option<Self> {
        let [first, second, third, ..] = call.arguments;
        let of = |kind, call, about| Some(Self { kind, call, about });
        match call.number {
            libc::SYS_write | libc::SYS_pwrite64 | libc::SYS_writev => {
                let name = name_of_descriptor(pid, first);
                of(kind_of_descriptor(first, &name), "write", name)
            }
            libc::SYS_sendto => request(pid, second, third).and_then(|text| of(Kind::Kernel, "sendto", text)),
            libc::SYS_sendmsg => of(Kind::Kernel, "sendmsg", String::new()),
            libc::SYS_open => created(second).and_then(|()| of(Kind::File, "open", text(pid, first))),
            libc::SYS_openat => created(third).and_then(|()| of(Kind::File, "openat", text(pid, second))),
            libc::SYS_mkdir => of(Kind::File, "mkdir", text(pid, first)),
            libc::SYS_mkdirat => of(Kind::File, "mkdirat", text(pid, second)),
            libc::SYS_rmdir => of(Kind::File, "rmdir", text(pid, first)),
            libc::SYS_unlink => of(Kind::File, "unlink", text(pid, first)),
            libc::SYS_unlinkat => of(Kind::File, "unlinkat", text(pid, second)),
            libc::SYS_rename => of(Kind::File, "rename", text(pid, second)),
            libc::SYS_renameat | libc::SYS_renameat2 => of(Kind::File, "renameat", text(pid, call.arguments[3])),
            libc::SYS_link | libc::SYS_symlink => of(Kind::File, "link", text(pid, second)),
            libc::SYS_linkat => of(Kind::File, "linkat", text(pid, call.arguments[3])),
            libc::SYS_symlinkat => of(Kind::File, "symlinkat", text(pid, third)),
            libc::SYS_mknodat => of(Kind::File, "mknodat", text(pid, second)),
            libc::SYS_truncate => of(Kind::File, "truncate", text(pid, first)),
            libc::SYS_ftruncate | libc::SYS_fchmod | libc::SYS_fallocate => {
                of(Kind::File, "ftruncate", name_of_descriptor(pid, first))
            }
            libc::SYS_chmod => of(Kind::File, "chmod", text(pid, first)),
            libc::SYS_fchmodat => of(Kind::File, "fchmodat", text(pid, second)),
            libc::SYS_utimensat => of(Kind::File, "utimensat", text(pid, second)),
            _ => None,
        }
    }
}

fn created(flags: u64) -> Option<()> {
    let creating = (libc::O_CREAT | libc::O_TRUNC).unsigned_abs();
    (flags & u64::from(creating) != 0).then_some(())
}

fn name_of_descriptor(pid: Pid, descriptor: u64) -> String {
    fs::read_link(format!("/proc/{pid}/fd/{descriptor}"))
        .map(|path| path.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn kind_of_descriptor(descriptor: u64, name: &str) -> Kind {
    if descriptor < 3 {
        Kind::Output
    } else if name.starts_with("/proc/sys/") {
        Kind::Setting
    } else {
        Kind::File
    }
}

/// The text that begins at an address.
fn text(pid: Pid, address: u64) -> String {
    let bytes = bytes(pid, address, 256);
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// Which netlink request it is, by its number; `None` when it only asks. Of
/// rtnetlink's each fourth does (`linux/rtnetlink.h`), and of nf_tables' those
/// named GET (`linux/netfilter/nf_tables.h`).
fn request(pid: Pid, address: u64, length: u64) -> Option<String> {
    let bytes = bytes(pid, address, 16);
    let number = u16::from_ne_bytes([*bytes.get(4)?, *bytes.get(5)?]);
    const NF_TABLES: u16 = 10;
    const NF_TABLES_GET: [u16; 8] = [1, 4, 7, 10, 13, 16, 19, 22];
    let asks = match number >> 8 {
        0 => number >= 16 && number & 3 == 2,
        NF_TABLES => NF_TABLES_GET.contains(&(number & 0xff)),
        _ => false,
    };
    (!asks).then(|| format!("netlink request {number:#x} of {length} bytes"))
}

fn bytes(pid: Pid, address: u64, most: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut at = address;
    while bytes.len() < most {
        let Ok(word) = ptrace::read(pid, at as *mut c_void) else {
            break;
        };
        bytes.extend_from_slice(&word.to_ne_bytes());
        if word.to_ne_bytes().contains(&0) && most > 16 {
            break;
        }
        at += size_of_val(&word) as u64;
    }
    bytes
}
