//! The system calls that are made after confinement, and no others.
//!
//! What is here was seen in traces of the tests, or is what the C library or
//! the standard library may take instead on another version or architecture.

use libc::{c_int, c_long};

use super::rule::{Condition, Rule};

/// What a caller asked for beyond what everybody needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Permissions {
    /// Packet sockets.
    pub(crate) packets: bool,
    /// `ioctl` about interfaces, with the socket that they are made on.
    pub(crate) interface_requests: bool,
    /// TAP devices, made with descriptors that are open.
    pub(crate) taps: bool,
    /// Memory that holds code.
    pub(crate) code: bool,
    /// New threads.
    pub(crate) threads: bool,
    /// Waiting for processes that were started before.
    pub(crate) children: bool,
    /// Connections to services, and much less of everything else.
    pub(crate) services: bool,
    /// Timers, whose signals only this process gets.
    pub(crate) timers: bool,
}

/// Made with any arguments.
const ALWAYS: &[c_long] = &[
    // Memory.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    // Threads that are there; clean-up and end.
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_geteuid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_restart_syscall,
    // Signals: traps of guests are signals.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    // Time, and randomness.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_getrandom,
    // Files.
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_close,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_fstatfs,
    libc::SYS_getdents64,
    libc::SYS_ftruncate,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    // The boot that an address record is of.
    libc::SYS_fgetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_flock,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_readlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_ppoll,
    // Sockets that are there, or that `socket` gives.
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
];

/// Older forms of calls above, which C libraries still make where they exist.
#[cfg(target_arch = "x86_64")]
const OLDER: &[c_long] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_poll,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_unlink,
    libc::SYS_symlink,
    libc::SYS_readlink,
    libc::SYS_rename,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[c_long] = &[];

/// Making, setting and removing timers.
const TIMERS: [c_long; 3] = [libc::SYS_timer_create, libc::SYS_timer_settime, libc::SYS_timer_delete];

/// What makes a `clone` a thread of this process.
pub(super) const THREAD: u32 = (libc::CLONE_VM | libc::CLONE_SIGHAND | libc::CLONE_THREAD) as u32;
/// What no thread of ours is made with: namespaces, tracing, other parents.
pub(super) const NOT_WITH_A_THREAD: u32 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_PTRACE
    | libc::CLONE_VFORK
    | libc::CLONE_PARENT) as u32;

/// Reading and setting flags, and duplicating. Not the owner of a descriptor:
/// the kernel would send that process signals.
pub(super) const FCNTL: &[u32] = &[
    libc::F_GETFD as u32,
    libc::F_SETFD as u32,
    libc::F_GETFL as u32,
    libc::F_SETFL as u32,
    libc::F_DUPFD_CLOEXEC as u32,
];

/// `NS_GET_NSTYPE` in `linux/nsfs.h`.
const NS_GET_NSTYPE: u32 = 0xb703;
/// Questions about an interface, and the driver's settings of one. The kernel
/// takes the number of a request as one of 32 bits.
#[allow(clippy::cast_possible_truncation)]
const INTERFACE_REQUESTS: &[u32] = &[
    libc::SIOCGIFINDEX as u32,
    libc::SIOCGIFFLAGS as u32,
    libc::SIOCGIFHWADDR as u32,
    libc::SIOCGIFMTU as u32,
    libc::SIOCETHTOOL as u32,
];

/// `TUNSETIFF`, `TUNSETPERSIST`, `TUNSETOWNER` and `TUNSETGROUP` in
/// `linux/if_tun.h`.
const TAP_REQUESTS: &[u32] = &[0x4004_54ca, 0x4004_54cb, 0x4004_54cc, 0x4004_54ce];

/// Bits of a socket's type that are flags.
pub(super) const SOCKET_FLAGS: u32 = (libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK) as u32;

/// The rule for each call that has one; all others are refused. `process` is
/// the number of this process.
pub(super) fn rules(permissions: Permissions, process: u32) -> Vec<(c_long, Rule)> {
    let mut rules: Vec<_> = ALWAYS.iter().chain(OLDER).map(|call| (*call, Rule::Allow)).collect();
    rules.extend([
        // Its flags are in memory, out of a filter's sight; `clone` has them
        // in an argument.
        (libc::SYS_clone3, Rule::Absent),
        (libc::SYS_tgkill, Rule::all(vec![Condition::one_of(0, &[process])])),
        (
            libc::SYS_prctl,
            Rule::all(vec![Condition::one_of(0, &[libc::PR_SET_NAME as u32])]),
        ),
        (libc::SYS_prlimit64, Rule::all(read_own_limit())),
        (libc::SYS_fcntl, Rule::all(vec![Condition::one_of(1, FCNTL)])),
        (
            libc::SYS_mknodat,
            Rule::all(vec![Condition::masked(2, libc::S_IFMT, &[0, libc::S_IFREG])]),
        ),
        // The times of an open file, not of one that is named.
        (libc::SYS_utimensat, Rule::all(Condition::null(1).to_vec())),
        (
            libc::SYS_ioctl,
            Rule::all(vec![Condition::one_of(1, &requests(permissions))]),
        ),
        (libc::SYS_socket, Rule::AnyOf(sockets(permissions))),
        (
            libc::SYS_setsockopt,
            Rule::all(vec![Condition::one_of(1, &option_levels(permissions))]),
        ),
        (libc::SYS_mmap, mapping(permissions)),
        (libc::SYS_mprotect, mapping(permissions)),
    ]);
    if permissions.code {
        // Where instructions are cached apart from data.
        rules.push((libc::SYS_membarrier, Rule::Allow));
    }
    if permissions.children {
        rules.push((libc::SYS_wait4, Rule::Allow));
    }
    if permissions.threads {
        let thread = vec![Condition::masked(0, THREAD | NOT_WITH_A_THREAD, &[THREAD])];
        rules.push((libc::SYS_clone, Rule::all(thread)));
    }
    if permissions.timers {
        rules.extend(TIMERS.map(|call| (call, Rule::Allow)));
    }
    rules
}

pub(super) fn read_own_limit() -> Vec<Condition> {
    let mut conditions = vec![Condition::one_of(0, &[0])];
    conditions.extend(Condition::null(2));
    conditions
}

fn mapping(permissions: Permissions) -> Rule {
    if permissions.code {
        Rule::Allow
    } else {
        Rule::all(vec![Condition::without(2, libc::PROT_EXEC as u32)])
    }
}

fn requests(permissions: Permissions) -> Vec<u32> {
    let mut requests = vec![NS_GET_NSTYPE];
    if permissions.interface_requests {
        requests.extend_from_slice(INTERFACE_REQUESTS);
    }
    if permissions.taps {
        requests.extend_from_slice(TAP_REQUESTS);
    }
    requests
}

fn sockets(permissions: Permissions) -> Vec<Vec<Condition>> {
    let family = |family: c_int| Condition::one_of(0, &[family.cast_unsigned()]);
    let kind = |kinds: &[c_int]| {
        let kinds: Vec<u32> = kinds.iter().map(|kind| kind.cast_unsigned()).collect();
        Condition::masked(1, !SOCKET_FLAGS, &kinds)
    };
    let netlink = &[libc::NETLINK_ROUTE as u32, libc::NETLINK_NETFILTER as u32];
    let mut sockets = vec![vec![family(libc::AF_NETLINK), Condition::one_of(2, netlink)]];
    if permissions.packets {
        sockets.push(vec![family(libc::AF_PACKET), kind(&[libc::SOCK_DGRAM, libc::SOCK_RAW])]);
    }
    if permissions.interface_requests {
        sockets.push(vec![
            family(libc::AF_INET),
            kind(&[libc::SOCK_DGRAM]),
            Condition::one_of(2, &[0]),
        ]);
    }
    sockets
}

/// Not `SOL_IP` and the like: the tables of iptables are set through these.
fn option_levels(permissions: Permissions) -> Vec<u32> {
    let mut levels = vec![libc::SOL_SOCKET as u32, libc::SOL_NETLINK as u32];
    if permissions.packets {
        levels.push(libc::SOL_PACKET as u32);
    }
    levels
}
