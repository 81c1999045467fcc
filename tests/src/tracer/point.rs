use std::{ffi::c_void, fmt, fs};

use nix::{libc, sys::ptrace, unistd::Pid};

use super::registers::Call;

/// What kind of namespace a descriptor is of (`linux/nsfs.h`).
const NS_GET_NSTYPE: u64 = 0xb703;

/// Calls that change nothing but the process itself, and locks that go with
/// it; a file is opened without [`CREATING`].
pub(super) const HARMLESS: [libc::c_long; 90] = [
    libc::SYS_access,
    libc::SYS_arch_prctl,
    libc::SYS_bind,
    libc::SYS_brk,
    libc::SYS_capget,
    libc::SYS_capset,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_connect,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_execve,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fcntl,
    libc::SYS_fgetxattr,
    libc::SYS_flock,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_futex,
    libc::SYS_getcwd,
    libc::SYS_getdents64,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getpeername,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getrandom,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_landlock_add_rule,
    libc::SYS_landlock_create_ruleset,
    libc::SYS_landlock_restrict_self,
    libc::SYS_lseek,
    libc::SYS_lstat,
    libc::SYS_madvise,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_newfstatat,
    libc::SYS_open,
    libc::SYS_openat,
    libc::SYS_poll,
    libc::SYS_ppoll,
    libc::SYS_prctl,
    libc::SYS_pread64,
    libc::SYS_prlimit64,
    libc::SYS_read,
    libc::SYS_readlink,
    libc::SYS_readlinkat,
    libc::SYS_readv,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_seccomp,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_setns,
    libc::SYS_setsockopt,
    libc::SYS_sigaltstack,
    libc::SYS_socket,
    libc::SYS_stat,
    libc::SYS_statfs,
    libc::SYS_statx,
    libc::SYS_tgkill,
    libc::SYS_timer_create,
    libc::SYS_timer_delete,
    libc::SYS_timer_gettime,
    libc::SYS_timer_settime,
    libc::SYS_umask,
    libc::SYS_uname,
    libc::SYS_unshare,
    libc::SYS_wait4,
    libc::SYS_waitid,
];

/// Flags with which a file is made or cut where one is opened.
pub(super) const CREATING: u32 = (libc::O_CREAT | libc::O_TRUNC).unsigned_abs();

/// `TUNSETIFF`, `TUNSETPERSIST`, `TUNSETOWNER` and `TUNSETGROUP`.
const TUN_REQUESTS: [u64; 4] = [0x4004_54ca, 0x4004_54cb, 0x4004_54cc, 0x4004_54ce];

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
    /// Files of its own, in whichever directory: made, written, renamed.
    File,
    /// Files that it removes or cuts, for which no disk is too full.
    Removal,
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
            libc::SYS_open if creates(second) => of(Kind::File, "open", text(pid, first)),
            libc::SYS_openat if creates(third) => of(Kind::File, "openat", text(pid, second)),
            libc::SYS_mkdir => of(Kind::File, "mkdir", text(pid, first)),
            libc::SYS_mkdirat => of(Kind::File, "mkdirat", text(pid, second)),
            libc::SYS_rmdir => of(Kind::Removal, "rmdir", text(pid, first)),
            libc::SYS_unlink => of(Kind::Removal, "unlink", text(pid, first)),
            libc::SYS_unlinkat => of(Kind::Removal, "unlinkat", text(pid, second)),
            libc::SYS_rename => of(Kind::File, "rename", text(pid, second)),
            libc::SYS_renameat | libc::SYS_renameat2 => of(Kind::File, "renameat", text(pid, call.arguments[3])),
            libc::SYS_link | libc::SYS_symlink => of(Kind::File, "link", text(pid, second)),
            libc::SYS_linkat => of(Kind::File, "linkat", text(pid, call.arguments[3])),
            libc::SYS_symlinkat => of(Kind::File, "symlinkat", text(pid, third)),
            libc::SYS_mknodat => of(Kind::File, "mknodat", text(pid, second)),
            libc::SYS_truncate => of(Kind::Removal, "truncate", text(pid, first)),
            libc::SYS_ftruncate => of(Kind::Removal, "ftruncate", name_of_descriptor(pid, first)),
            libc::SYS_fchmod => of(Kind::File, "fchmod", name_of_descriptor(pid, first)),
            libc::SYS_fsetxattr => of(Kind::File, "fsetxattr", name_of_descriptor(pid, first)),
            libc::SYS_fallocate => of(Kind::File, "fallocate", name_of_descriptor(pid, first)),
            libc::SYS_chmod => of(Kind::File, "chmod", text(pid, first)),
            libc::SYS_fchmodat => of(Kind::File, "fchmodat", text(pid, second)),
            libc::SYS_utimensat => of(Kind::File, "utimensat", text(pid, second)),
            libc::SYS_ioctl if second == NS_GET_NSTYPE => None,
            libc::SYS_ioctl if TUN_REQUESTS.contains(&second) => {
                of(Kind::Kernel, "ioctl", format!("TAP device request {second:#x}"))
            }
            number if HARMLESS.contains(&number) => None,
            number => panic!(
                "it is not known whether system call {number} ({:#x?}) changes something: see {}",
                call.arguments,
                file!()
            ),
        }
    }
}

fn creates(flags: u64) -> bool {
    flags & u64::from(CREATING) != 0
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
    let bytes = bytes(pid, address, 4096, |word| word.contains(&0));
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// Which netlink request it is, by its number; `None` when it only asks. Of
/// rtnetlink's each fourth does (`linux/rtnetlink.h`), and of nf_tables' and
/// connection tracking's those named GET (`linux/netfilter/nf_tables.h`,
/// `nfnetlink_conntrack.h`).
fn request(pid: Pid, address: u64, length: u64) -> Option<String> {
    let header = bytes(pid, address, 8, |_| false);
    let number = u16::from_ne_bytes([*header.get(4)?, *header.get(5)?]);
    const CONNTRACK: u16 = 1;
    const CONNTRACK_GET: u16 = 1;
    const NF_TABLES: u16 = 10;
    const NF_TABLES_GET: [u16; 8] = [1, 4, 7, 10, 13, 16, 19, 23];
    let asks = match number >> 8 {
        0 => number >= 16 && number & 3 == 2,
        CONNTRACK => number & 0xff == CONNTRACK_GET,
        NF_TABLES => NF_TABLES_GET.contains(&(number & 0xff)),
        _ => false,
    };
    (!asks).then(|| format!("netlink request {number:#x} of {length} bytes"))
}

/// What is at an address: so many bytes, or until a word is the last.
fn bytes(pid: Pid, address: u64, most: usize, is_last: impl Fn(&[u8; 8]) -> bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut at = address;
    while bytes.len() < most {
        let Ok(word) = ptrace::read(pid, at as *mut c_void) else {
            break;
        };
        let word = word.to_ne_bytes();
        bytes.extend_from_slice(&word);
        if is_last(&word) {
            break;
        }
        at += word.len() as u64;
    }
    bytes
}
