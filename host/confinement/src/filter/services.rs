//! The system calls of a process that speaks with services and does nothing
//! else, and no others.

use libc::c_long;

use super::{
    calls::{FCNTL, NOT_WITH_A_THREAD, SOCKET_FLAGS, THREAD, read_own_limit},
    rule::{Condition, Rule},
};

/// Made with any arguments.
const ALWAYS: &[c_long] = &[
    // Memory.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    // Threads; clean-up and end.
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    // Time, and randomness.
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_getrandom,
    // Credentials, and how names are resolved. What can be opened is up to
    // Landlock; nothing can be made.
    libc::SYS_openat,
    libc::SYS_close,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_ppoll,
    // Sockets that `socket` gives, and the one that orders come by.
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_shutdown,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
];

/// Older forms of calls above, which C libraries still make where they exist.
#[cfg(target_arch = "x86_64")]
const OLDER: &[c_long] = &[libc::SYS_open, libc::SYS_stat, libc::SYS_poll];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[c_long] = &[];

/// `FIONBIO` in `asm-generic/ioctls.h`: the standard library connects within a
/// time.
const FIONBIO: u32 = 0x5421;
/// `IPPROTO_TCP` and `IPPROTO_IPV6`, which are levels of options, too.
const TCP: u32 = 6;
const IPV6: u32 = 41;
const UDP: u32 = 17;
/// `IPV6_V6ONLY` in `linux/in6.h`; the C library's resolver clears it.
const IPV6_V6ONLY: u32 = 26;

/// The rule for each call that has one; all others are refused.
pub(super) fn rules(process: u32) -> Vec<(c_long, Rule)> {
    let mut rules: Vec<_> = ALWAYS.iter().chain(OLDER).map(|call| (*call, Rule::Allow)).collect();
    let no_code = || Rule::all(vec![Condition::without(2, libc::PROT_EXEC as u32)]);
    let thread = vec![Condition::masked(0, THREAD | NOT_WITH_A_THREAD, &[THREAD])];
    rules.extend([
        (libc::SYS_clone3, Rule::Absent),
        (libc::SYS_clone, Rule::all(thread)),
        (libc::SYS_tgkill, Rule::all(vec![Condition::one_of(0, &[process])])),
        (
            libc::SYS_prctl,
            Rule::all(vec![Condition::one_of(0, &[libc::PR_SET_NAME as u32])]),
        ),
        (libc::SYS_prlimit64, Rule::all(read_own_limit())),
        (libc::SYS_fcntl, Rule::all(vec![Condition::one_of(1, FCNTL)])),
        (libc::SYS_ioctl, Rule::all(vec![Condition::one_of(1, &[FIONBIO])])),
        (libc::SYS_socket, Rule::all(sockets())),
        (
            libc::SYS_setsockopt,
            Rule::AnyOf(vec![
                vec![Condition::one_of(1, &[libc::SOL_SOCKET as u32, TCP])],
                vec![Condition::one_of(1, &[IPV6]), Condition::one_of(2, &[IPV6_V6ONLY])],
            ]),
        ),
        (libc::SYS_mmap, no_code()),
        (libc::SYS_mprotect, no_code()),
    ]);
    rules
}

/// TCP and UDP, over both families.
fn sockets() -> Vec<Condition> {
    let families = [libc::AF_INET, libc::AF_INET6].map(libc::c_int::cast_unsigned);
    let kinds = [libc::SOCK_STREAM, libc::SOCK_DGRAM].map(libc::c_int::cast_unsigned);
    vec![
        Condition::one_of(0, &families),
        Condition::masked(1, !SOCKET_FLAGS, &kinds),
        Condition::one_of(2, &[0, TCP, UDP]),
    ]
}
