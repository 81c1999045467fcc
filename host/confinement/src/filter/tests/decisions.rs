use std::collections::BTreeMap;

use libc::c_long;

use super::{ABSENT, ALLOWED, Call, KILLED, REFUSED, ask};
use crate::filter::{Permissions, Refused, THIS_ARCHITECTURE, calls, program};

const OWN_PROCESS: u32 = 4711;
/// From `linux/audit.h`.
const AUDIT_ARCH_I386: u32 = 0x4000_0003;
const AUDIT_ARCH_ARM: u32 = 0x4000_0028;

const NOTHING: Permissions = Permissions {
    packets: false,
    interface_requests: false,
    taps: false,
    code: false,
    threads: false,
    children: false,
    services: false,
    timers: false,
};
const PACKETS: Permissions = Permissions {
    packets: true,
    ..NOTHING
};
const INTERFACES: Permissions = Permissions {
    interface_requests: true,
    ..NOTHING
};
const TAPS: Permissions = Permissions { taps: true, ..NOTHING };
const CODE: Permissions = Permissions { code: true, ..NOTHING };
const CHILDREN: Permissions = Permissions {
    children: true,
    ..NOTHING
};
const SERVICES: Permissions = Permissions {
    services: true,
    ..NOTHING
};
const THREADS: Permissions = Permissions {
    threads: true,
    ..NOTHING
};
const TIMERS: Permissions = Permissions {
    timers: true,
    ..NOTHING
};

const NETLINK: i64 = libc::AF_NETLINK as i64;
const PACKET: i64 = libc::AF_PACKET as i64;
const INET: i64 = libc::AF_INET as i64;
const UNIX: i64 = libc::AF_UNIX as i64;
const DGRAM: i64 = (libc::SOCK_DGRAM | libc::SOCK_CLOEXEC) as i64;
const RAW: i64 = (libc::SOCK_RAW | libc::SOCK_NONBLOCK) as i64;
const ROUTE: i64 = libc::NETLINK_ROUTE as i64;
const NETFILTER: i64 = libc::NETLINK_NETFILTER as i64;
const EXECUTABLE: i64 = (libc::PROT_READ | libc::PROT_EXEC) as i64;
const WRITABLE: i64 = (libc::PROT_READ | libc::PROT_WRITE) as i64;
/// What the C library makes a thread with.
const THREAD: i64 = (libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD
    | libc::CLONE_SYSVSEM
    | libc::CLONE_SETTLS
    | libc::CLONE_PARENT_SETTID
    | libc::CLONE_CHILD_CLEARTID) as i64;
const REGULAR: i64 = (libc::S_IFREG | 0o600) as i64;
const CHARACTER: i64 = (libc::S_IFCHR | 0o600) as i64;
// From `linux/if_tun.h`.
const TUNSETIFF: i64 = 0x4004_54ca;
const TUNATTACHFILTER: i64 = 0x4010_54d5;
const SIOCGIFINDEX: i64 = libc::SIOCGIFINDEX as i64;

/// Fails with the first row that is not so.
#[track_caller]
fn decides(permissions: Permissions, table: &[(c_long, &[i64], u32)]) {
    let program = program(permissions, Refused::Error, OWN_PROCESS);
    for (number, arguments, expected) in table {
        let answer = ask(&program, Call::new(*number, arguments));
        assert_eq!(answer, *expected, "call {number} {arguments:?} with {permissions:?}");
    }
}

#[test]
fn what_everybody_needs_is_allowed_and_nothing_else() {
    let own = i64::from(OWN_PROCESS);
    decides(
        NOTHING,
        &[
            (libc::SYS_read, &[0, 0, 0], ALLOWED),
            (libc::SYS_openat, &[-100, 0, 0], ALLOWED),
            (libc::SYS_exit_group, &[0], ALLOWED),
            (libc::SYS_execve, &[], REFUSED),
            (libc::SYS_seccomp, &[], REFUSED),
            (libc::SYS_capset, &[], REFUSED),
            (libc::SYS_setns, &[], REFUSED),
            (libc::SYS_kill, &[own, 9], REFUSED),
            (libc::SYS_tgkill, &[own, 4712, 6], ALLOWED),
            (libc::SYS_tgkill, &[1, 1, 9], REFUSED),
            (libc::SYS_tgkill, &[-1, 1, 9], REFUSED),
            (libc::SYS_clone, &[THREAD], REFUSED),
            (libc::SYS_clone3, &[], ABSENT),
            (libc::SYS_mmap, &[0, 4096, WRITABLE], ALLOWED),
            (libc::SYS_mmap, &[0, 4096, EXECUTABLE], REFUSED),
            (libc::SYS_mprotect, &[0, 4096, WRITABLE], ALLOWED),
            (libc::SYS_mprotect, &[0, 4096, EXECUTABLE], REFUSED),
            (libc::SYS_prctl, &[libc::PR_SET_NAME as i64], ALLOWED),
            (libc::SYS_prctl, &[libc::PR_SET_DUMPABLE as i64, 1], REFUSED),
            (libc::SYS_prlimit64, &[0, 7, 0, 1], ALLOWED),
            (libc::SYS_prlimit64, &[0, 7, 0x1000, 0], REFUSED),
            (libc::SYS_prlimit64, &[0, 7, 0x1000_0000_0000, 0], REFUSED),
            (libc::SYS_prlimit64, &[1, 7, 0, 0], REFUSED),
            (libc::SYS_fcntl, &[3, libc::F_SETFL as i64], ALLOWED),
            (libc::SYS_fcntl, &[3, libc::F_SETOWN as i64, 1], REFUSED),
            (libc::SYS_mknodat, &[3, 0, REGULAR], ALLOWED),
            (libc::SYS_mknodat, &[3, 0, CHARACTER], REFUSED),
            (libc::SYS_utimensat, &[3, 0, 0x1000, 0], ALLOWED),
            (libc::SYS_utimensat, &[-100, 0x1000, 0x1000, 0], REFUSED),
            (libc::SYS_utimensat, &[-100, 0x1000_0000_0000, 0x1000, 0], REFUSED),
            (libc::SYS_ioctl, &[3, 0xb703], ALLOWED),
            (libc::SYS_ioctl, &[0, libc::TIOCSTI as i64], REFUSED),
            (libc::SYS_ioctl, &[3, SIOCGIFINDEX], REFUSED),
            (libc::SYS_ioctl, &[3, TUNSETIFF], REFUSED),
            (libc::SYS_socket, &[NETLINK, DGRAM, ROUTE], ALLOWED),
            (libc::SYS_socket, &[NETLINK, RAW, NETFILTER], ALLOWED),
            (libc::SYS_socket, &[NETLINK, RAW, libc::NETLINK_AUDIT as i64], REFUSED),
            (libc::SYS_socket, &[UNIX, DGRAM, 0], REFUSED),
            (libc::SYS_socket, &[INET, DGRAM, 0], REFUSED),
            (libc::SYS_socket, &[PACKET, RAW, 0x0300], REFUSED),
            (libc::SYS_setsockopt, &[3, libc::SOL_NETLINK as i64, 1], ALLOWED),
            (libc::SYS_setsockopt, &[3, libc::SOL_IP as i64, 64], REFUSED),
            (libc::SYS_setsockopt, &[3, libc::SOL_PACKET as i64, 1], REFUSED),
        ],
    );
}

#[test]
fn packet_sockets_are_allowed_to_whom_they_are_granted() {
    decides(
        PACKETS,
        &[
            (libc::SYS_socket, &[PACKET, RAW, 0x0300], ALLOWED),
            (libc::SYS_socket, &[PACKET, DGRAM, 0x0008], ALLOWED),
            // `SOCK_PACKET`, which is obsolete.
            (libc::SYS_socket, &[PACKET, 10, 0x0008], REFUSED),
            (libc::SYS_socket, &[INET, DGRAM, 0], REFUSED),
            (libc::SYS_socket, &[INET, RAW, 1], REFUSED),
            (libc::SYS_setsockopt, &[3, libc::SOL_PACKET as i64, 1], ALLOWED),
            (libc::SYS_setsockopt, &[3, libc::SOL_IP as i64, 64], REFUSED),
        ],
    );
}

#[test]
fn interfaces_can_be_asked_about_where_that_is_granted() {
    decides(
        INTERFACES,
        &[
            (libc::SYS_socket, &[INET, DGRAM, 0], ALLOWED),
            (libc::SYS_socket, &[INET, libc::SOCK_STREAM as i64, 0], REFUSED),
            (libc::SYS_socket, &[INET, DGRAM, libc::IPPROTO_ICMP as i64], REFUSED),
            (libc::SYS_socket, &[PACKET, RAW, 0x0300], REFUSED),
            (libc::SYS_ioctl, &[3, SIOCGIFINDEX], ALLOWED),
            (libc::SYS_ioctl, &[3, libc::SIOCSIFADDR as i64], REFUSED),
        ],
    );
}

#[test]
fn tap_devices_can_be_made_where_that_is_granted() {
    decides(
        TAPS,
        &[
            (libc::SYS_ioctl, &[3, TUNSETIFF], ALLOWED),
            (libc::SYS_ioctl, &[3, TUNATTACHFILTER], REFUSED),
            (libc::SYS_ioctl, &[3, SIOCGIFINDEX], REFUSED),
        ],
    );
}

#[test]
fn memory_can_be_made_executable_where_that_is_granted() {
    decides(
        CODE,
        &[
            (libc::SYS_mmap, &[0, 4096, EXECUTABLE], ALLOWED),
            (libc::SYS_mprotect, &[0, 4096, EXECUTABLE], ALLOWED),
            (libc::SYS_pkey_mprotect, &[0, 4096, EXECUTABLE], REFUSED),
        ],
    );
}

#[test]
fn threads_can_be_made_where_that_is_granted_and_no_processes() {
    let and = |flag: i32| THREAD | i64::from(flag);
    decides(
        THREADS,
        &[
            (libc::SYS_clone, &[THREAD], ALLOWED),
            (libc::SYS_clone, &[and(libc::CLONE_NEWNET)], REFUSED),
            (libc::SYS_clone, &[and(libc::CLONE_NEWUSER)], REFUSED),
            (libc::SYS_clone, &[and(libc::CLONE_PTRACE)], REFUSED),
            (libc::SYS_clone, &[libc::SIGCHLD as i64], REFUSED),
            (libc::SYS_clone, &[(libc::CLONE_VM | libc::CLONE_VFORK) as i64], REFUSED),
            (libc::SYS_clone3, &[], ABSENT),
        ],
    );
}

#[test]
fn children_are_waited_for_where_that_is_granted_and_none_are_made() {
    decides(NOTHING, &[(libc::SYS_wait4, &[-1], REFUSED)]);
    decides(
        CHILDREN,
        &[
            (libc::SYS_wait4, &[-1], ALLOWED),
            (libc::SYS_kill, &[4712, 9], REFUSED),
            (libc::SYS_clone, &[libc::SIGCHLD as i64], REFUSED),
        ],
    );
}

#[test]
fn who_speaks_with_services_does_nothing_else() {
    const INET6: i64 = libc::AF_INET6 as i64;
    const STREAM: i64 = (libc::SOCK_STREAM | libc::SOCK_CLOEXEC) as i64;
    decides(
        SERVICES,
        &[
            (libc::SYS_socket, &[INET, STREAM, 0], ALLOWED),
            (libc::SYS_socket, &[INET6, STREAM, 6], ALLOWED),
            (libc::SYS_socket, &[INET, DGRAM, 0], ALLOWED),
            (libc::SYS_socket, &[INET6, DGRAM, 17], ALLOWED),
            (libc::SYS_socket, &[INET, RAW, 1], REFUSED),
            (libc::SYS_socket, &[INET, DGRAM, 1], REFUSED),
            (libc::SYS_socket, &[INET, STREAM, 132], REFUSED),
            (libc::SYS_socket, &[NETLINK, DGRAM, ROUTE], REFUSED),
            (libc::SYS_socket, &[PACKET, RAW, 0x0300], REFUSED),
            (libc::SYS_socket, &[UNIX, STREAM, 0], REFUSED),
            (libc::SYS_setsockopt, &[3, 1, 20], ALLOWED),
            (libc::SYS_setsockopt, &[3, 6, 1], ALLOWED),
            (libc::SYS_setsockopt, &[3, 41, 26], ALLOWED),
            (libc::SYS_setsockopt, &[3, 41, 64], REFUSED),
            (libc::SYS_setsockopt, &[3, 0, 64], REFUSED),
            (libc::SYS_ioctl, &[3, 0x5421], ALLOWED),
            (libc::SYS_ioctl, &[3, SIOCGIFINDEX], REFUSED),
            (libc::SYS_listen, &[3], REFUSED),
            (libc::SYS_accept4, &[3], REFUSED),
            (libc::SYS_clone, &[THREAD], ALLOWED),
            (libc::SYS_clone, &[libc::SIGCHLD as i64], REFUSED),
            (libc::SYS_execve, &[], REFUSED),
            (libc::SYS_wait4, &[-1], REFUSED),
            (libc::SYS_mmap, &[0, 4096, EXECUTABLE], REFUSED),
            (libc::SYS_unlinkat, &[], REFUSED),
            (libc::SYS_renameat2, &[], REFUSED),
            (libc::SYS_mkdirat, &[], REFUSED),
            (libc::SYS_ftruncate, &[], REFUSED),
        ],
    );
}

#[test]
fn timers_can_be_made_where_that_is_granted() {
    let calls = [libc::SYS_timer_create, libc::SYS_timer_settime, libc::SYS_timer_delete];
    for call in calls {
        decides(NOTHING, &[(call, &[], REFUSED)]);
        decides(TIMERS, &[(call, &[], ALLOWED)]);
    }
    decides(
        TIMERS,
        &[
            (libc::SYS_setitimer, &[], REFUSED),
            (libc::SYS_timerfd_create, &[], REFUSED),
        ],
    );
}

#[test]
fn a_call_in_another_architectures_numbering_kills() {
    let program = program(NOTHING, Refused::Error, OWN_PROCESS);
    let read = Call::new(libc::SYS_read, &[]);
    for architecture in [0, AUDIT_ARCH_I386, AUDIT_ARCH_ARM, THIS_ARCHITECTURE ^ 1] {
        assert_eq!(ask(&program, Call { architecture, ..read }), KILLED, "{architecture:x}");
    }
}

#[test]
fn numbers_that_no_kernel_has_yet_are_refused() {
    let program = program(NOTHING, Refused::Error, OWN_PROCESS);
    // The second is how x32 reads, on x86-64.
    for number in [1000, 0x4000_0000, u32::MAX] {
        let call = Call {
            number,
            ..Call::new(0, &[])
        };
        assert_eq!(ask(&program, call), REFUSED, "{number:x}");
    }
}

#[test]
fn a_refused_call_kills_where_that_is_asked_for_and_clone3_does_not() {
    let program = program(NOTHING, Refused::Kill, OWN_PROCESS);
    assert_eq!(ask(&program, Call::new(libc::SYS_execve, &[])), KILLED);
    assert_eq!(ask(&program, Call::new(libc::SYS_clone3, &[])), ABSENT);
    assert_eq!(ask(&program, Call::new(libc::SYS_read, &[])), ALLOWED);
}

#[test]
fn no_call_has_two_rules() {
    for permissions in [NOTHING, PACKETS, INTERFACES, TAPS, CODE, CHILDREN, THREADS] {
        let rules = calls::rules(permissions, OWN_PROCESS);
        let distinct: BTreeMap<_, _> = rules.iter().cloned().collect();
        assert_eq!(distinct.len(), rules.len());
    }
}
