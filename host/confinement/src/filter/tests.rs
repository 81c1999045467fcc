#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use libc::{
    BPF_ABS, BPF_ALU, BPF_AND, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, c_long, sock_filter,
};
use proptest::prelude::*;

use super::{
    Permissions, Refused, THIS_ARCHITECTURE, calls, error, program,
    rule::{Condition, Rule},
    write,
};

/// From `linux/audit.h`.
const AUDIT_ARCH_I386: u32 = 0x4000_0003;
const AUDIT_ARCH_ARM: u32 = 0x4000_0028;

const OWN_PROCESS: u32 = 4711;

const ALLOWED: u32 = libc::SECCOMP_RET_ALLOW;
const KILLED: u32 = libc::SECCOMP_RET_KILL_PROCESS;
const REFUSED: u32 = libc::SECCOMP_RET_ERRNO | 1;
const ABSENT: u32 = libc::SECCOMP_RET_ERRNO | 38;

#[derive(Clone, Copy, Debug)]
struct Call {
    architecture: u32,
    number: u32,
    arguments: [u64; 6],
}

impl Call {
    fn new(number: c_long, arguments: &[i64]) -> Self {
        let mut all = [0; 6];
        for (place, argument) in all.iter_mut().zip(arguments) {
            *place = argument.cast_unsigned();
        }
        Self {
            architecture: THIS_ARCHITECTURE,
            number: u32::try_from(number).unwrap(),
            arguments: all,
        }
    }

    /// A word of `struct seccomp_data`.
    fn word(&self, offset: u32) -> u32 {
        let mut bytes = Vec::new();
        bytes.extend(self.number.to_le_bytes());
        bytes.extend(self.architecture.to_le_bytes());
        bytes.extend(0_u64.to_le_bytes());
        bytes.extend(self.arguments.iter().flat_map(|argument| argument.to_le_bytes()));
        let offset = offset as usize;
        u32::from_le_bytes(bytes[offset..offset + 4].try_into().unwrap())
    }
}

/// Runs a program as the kernel does.
fn ask(program: &[sock_filter], call: Call) -> u32 {
    let mut accumulator = 0;
    let mut next = 0;
    loop {
        let instruction = program[next];
        next += 1;
        let branch = |holds: bool| usize::from(if holds { instruction.jt } else { instruction.jf });
        let code = u32::from(instruction.code);
        if code == BPF_LD | BPF_W | BPF_ABS {
            accumulator = call.word(instruction.k);
        } else if code == BPF_ALU | BPF_AND | BPF_K {
            accumulator &= instruction.k;
        } else if code == BPF_JMP | BPF_JA {
            next += instruction.k as usize;
        } else if code == BPF_JMP | BPF_JEQ | BPF_K {
            next += branch(accumulator == instruction.k);
        } else if code == BPF_JMP | BPF_JGE | BPF_K {
            next += branch(accumulator >= instruction.k);
        } else if code == BPF_RET | BPF_K {
            return instruction.k;
        } else {
            panic!("no such instruction: {instruction:?}");
        }
    }
}

fn with(change: impl FnOnce(&mut Permissions)) -> Permissions {
    let mut permissions = Permissions::default();
    change(&mut permissions);
    permissions
}

const NETLINK: i64 = libc::AF_NETLINK as i64;
const PACKET: i64 = libc::AF_PACKET as i64;
const INET: i64 = libc::AF_INET as i64;
const DATAGRAM: i64 = (libc::SOCK_DGRAM | libc::SOCK_CLOEXEC) as i64;
const RAW: i64 = (libc::SOCK_RAW | libc::SOCK_NONBLOCK) as i64;
const STREAM: i64 = libc::SOCK_STREAM as i64;
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

#[test]
fn what_is_allowed_is_this() {
    let none = Permissions::default();
    let packets = with(|permissions| permissions.packets = true);
    let interfaces = with(|permissions| permissions.interface_requests = true);
    let code = with(|permissions| permissions.code = true);
    let threads = with(|permissions| permissions.threads = true);
    let table = [
        (none, libc::SYS_read, vec![0, 0, 0], ALLOWED),
        (none, libc::SYS_openat, vec![-100, 0, 0], ALLOWED),
        (none, libc::SYS_exit_group, vec![0], ALLOWED),
        (none, libc::SYS_execve, vec![], REFUSED),
        (none, libc::SYS_execveat, vec![], REFUSED),
        (none, libc::SYS_ptrace, vec![], REFUSED),
        (none, libc::SYS_mount, vec![], REFUSED),
        (none, libc::SYS_setns, vec![], REFUSED),
        (none, libc::SYS_bpf, vec![], REFUSED),
        (none, libc::SYS_seccomp, vec![], REFUSED),
        (none, libc::SYS_capset, vec![], REFUSED),
        (none, libc::SYS_io_uring_setup, vec![], REFUSED),
        (none, libc::SYS_kill, vec![OWN_PROCESS.into(), 9], REFUSED),
        (none, libc::SYS_tgkill, vec![OWN_PROCESS.into(), 4712, 6], ALLOWED),
        (none, libc::SYS_tgkill, vec![1, 1, 9], REFUSED),
        (none, libc::SYS_tgkill, vec![-1, 1, 9], REFUSED),
        (none, libc::SYS_clone3, vec![], ABSENT),
        (none, libc::SYS_clone, vec![THREAD], REFUSED),
        (threads, libc::SYS_clone, vec![THREAD], ALLOWED),
        (
            threads,
            libc::SYS_clone,
            vec![THREAD | i64::from(libc::CLONE_NEWNET)],
            REFUSED,
        ),
        (
            threads,
            libc::SYS_clone,
            vec![THREAD | i64::from(libc::CLONE_NEWUSER)],
            REFUSED,
        ),
        (
            threads,
            libc::SYS_clone,
            vec![THREAD | i64::from(libc::CLONE_PTRACE)],
            REFUSED,
        ),
        (threads, libc::SYS_clone, vec![i64::from(libc::SIGCHLD)], REFUSED),
        (threads, libc::SYS_clone3, vec![], ABSENT),
        (none, libc::SYS_mmap, vec![0, 4096, WRITABLE], ALLOWED),
        (none, libc::SYS_mmap, vec![0, 4096, EXECUTABLE], REFUSED),
        (none, libc::SYS_mprotect, vec![0, 4096, WRITABLE], ALLOWED),
        (none, libc::SYS_mprotect, vec![0, 4096, EXECUTABLE], REFUSED),
        (code, libc::SYS_mprotect, vec![0, 4096, EXECUTABLE], ALLOWED),
        (code, libc::SYS_pkey_mprotect, vec![0, 4096, EXECUTABLE], REFUSED),
        (none, libc::SYS_prctl, vec![libc::PR_SET_NAME.into()], ALLOWED),
        (none, libc::SYS_prctl, vec![libc::PR_SET_DUMPABLE.into(), 1], REFUSED),
        (none, libc::SYS_prlimit64, vec![0, 7, 0, 1], ALLOWED),
        (none, libc::SYS_prlimit64, vec![0, 7, 0x1000, 0], REFUSED),
        (none, libc::SYS_prlimit64, vec![0, 7, 0x1000_0000_0000, 0], REFUSED),
        (none, libc::SYS_prlimit64, vec![1, 7, 0, 0], REFUSED),
        (none, libc::SYS_fcntl, vec![3, libc::F_SETFL.into()], ALLOWED),
        (none, libc::SYS_fcntl, vec![3, libc::F_SETOWN.into(), 1], REFUSED),
        (
            none,
            libc::SYS_mknodat,
            vec![3, 0, (libc::S_IFREG | 0o600).into()],
            ALLOWED,
        ),
        (
            none,
            libc::SYS_mknodat,
            vec![3, 0, (libc::S_IFCHR | 0o600).into()],
            REFUSED,
        ),
        (none, libc::SYS_ioctl, vec![3, 0xb703], ALLOWED),
        (none, libc::SYS_ioctl, vec![0, libc::TIOCSTI.cast_signed()], REFUSED),
        (
            none,
            libc::SYS_ioctl,
            vec![3, libc::SIOCGIFINDEX.cast_signed()],
            REFUSED,
        ),
        (
            interfaces,
            libc::SYS_ioctl,
            vec![3, libc::SIOCGIFINDEX.cast_signed()],
            ALLOWED,
        ),
        (
            interfaces,
            libc::SYS_ioctl,
            vec![3, libc::SIOCSIFADDR.cast_signed()],
            REFUSED,
        ),
        (
            none,
            libc::SYS_socket,
            vec![NETLINK, DATAGRAM, libc::NETLINK_ROUTE.into()],
            ALLOWED,
        ),
        (
            none,
            libc::SYS_socket,
            vec![NETLINK, RAW, libc::NETLINK_NETFILTER.into()],
            ALLOWED,
        ),
        (
            none,
            libc::SYS_socket,
            vec![NETLINK, RAW, libc::NETLINK_AUDIT.into()],
            REFUSED,
        ),
        (
            none,
            libc::SYS_socket,
            vec![NETLINK, RAW, libc::NETLINK_KOBJECT_UEVENT.into()],
            REFUSED,
        ),
        (none, libc::SYS_socket, vec![libc::AF_UNIX.into(), DATAGRAM, 0], REFUSED),
        (none, libc::SYS_socket, vec![INET, DATAGRAM, 0], REFUSED),
        (none, libc::SYS_socket, vec![PACKET, RAW, 0x0300], REFUSED),
        (packets, libc::SYS_socket, vec![PACKET, RAW, 0x0300], ALLOWED),
        (packets, libc::SYS_socket, vec![PACKET, DATAGRAM, 0x0008], ALLOWED),
        (
            packets,
            libc::SYS_socket,
            vec![PACKET, libc::SOCK_PACKET.into(), 0x0008],
            REFUSED,
        ),
        (packets, libc::SYS_socket, vec![INET, DATAGRAM, 0], REFUSED),
        (interfaces, libc::SYS_socket, vec![INET, DATAGRAM, 0], ALLOWED),
        (interfaces, libc::SYS_socket, vec![INET, STREAM, 0], REFUSED),
        (
            interfaces,
            libc::SYS_socket,
            vec![INET, DATAGRAM, libc::IPPROTO_ICMP.into()],
            REFUSED,
        ),
        (interfaces, libc::SYS_socket, vec![PACKET, RAW, 0x0300], REFUSED),
        (
            none,
            libc::SYS_setsockopt,
            vec![3, libc::SOL_NETLINK.into(), 1],
            ALLOWED,
        ),
        (none, libc::SYS_setsockopt, vec![3, libc::SOL_IP.into(), 64], REFUSED),
        (none, libc::SYS_setsockopt, vec![3, libc::SOL_PACKET.into(), 1], REFUSED),
        (
            packets,
            libc::SYS_setsockopt,
            vec![3, libc::SOL_PACKET.into(), 1],
            ALLOWED,
        ),
        (none, libc::SYS_socketpair, vec![], REFUSED),
    ];
    for (permissions, number, arguments, expected) in table {
        let program = program(permissions, Refused::Error, OWN_PROCESS);
        let answer = ask(&program, Call::new(number, &arguments));
        assert_eq!(answer, expected, "call {number} {arguments:?} with {permissions:?}");
    }
}

#[test]
fn a_call_in_another_architectures_numbering_kills() {
    let program = program(Permissions::default(), Refused::Error, OWN_PROCESS);
    let read = Call::new(libc::SYS_read, &[]);
    for architecture in [0, AUDIT_ARCH_I386, AUDIT_ARCH_ARM, THIS_ARCHITECTURE ^ 1] {
        assert_eq!(ask(&program, Call { architecture, ..read }), KILLED, "{architecture:x}");
    }
}

#[test]
fn numbers_that_no_kernel_has_yet_are_refused() {
    let program = program(Permissions::default(), Refused::Error, OWN_PROCESS);
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
    let program = program(Permissions::default(), Refused::Kill, OWN_PROCESS);
    assert_eq!(ask(&program, Call::new(libc::SYS_execve, &[])), KILLED);
    assert_eq!(ask(&program, Call::new(libc::SYS_clone3, &[])), ABSENT);
    assert_eq!(ask(&program, Call::new(libc::SYS_read, &[])), ALLOWED);
}

#[test]
fn no_call_has_two_rules() {
    for permissions in [Permissions::default(), with(|permissions| permissions.threads = true)] {
        let rules = calls::rules(permissions, OWN_PROCESS);
        let distinct: BTreeMap<_, _> = rules.iter().cloned().collect();
        assert_eq!(distinct.len(), rules.len());
    }
}

/// What a rule says, without a program.
fn decide(rules: &BTreeMap<c_long, Rule>, call: Call) -> u32 {
    match rules.get(&c_long::from(call.number)) {
        None => REFUSED,
        Some(Rule::Allow) => ALLOWED,
        Some(Rule::Absent) => ABSENT,
        Some(Rule::AnyOf(alternatives)) => {
            let holds = |conditions: &Vec<Condition>| conditions.iter().all(|condition| condition.holds(call));
            if alternatives.iter().any(holds) {
                ALLOWED
            } else {
                REFUSED
            }
        }
    }
}

impl Condition {
    fn holds(&self, call: Call) -> bool {
        let word = call.word(self.word.offset());
        self.values.contains(&(word & self.mask))
    }
}

/// Small numbers, so that conditions are met now and then.
fn condition() -> impl Strategy<Value = Condition> {
    (0..6_u8, any::<bool>(), prop::collection::vec(0..8_u32, 0..20)).prop_map(|(argument, masked, values)| {
        let mask = if masked { 5 } else { u32::MAX };
        Condition::masked(argument, mask, &values)
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    let lists = prop::collection::vec(prop::collection::vec(condition(), 0..3), 0..3);
    prop_oneof![Just(Rule::Allow), Just(Rule::Absent), lists.prop_map(Rule::AnyOf)]
}

fn call(numbers: u32) -> impl Strategy<Value = Call> {
    (0..numbers, prop::array::uniform6(0..8_u64)).prop_map(|(number, arguments)| Call {
        architecture: THIS_ARCHITECTURE,
        number,
        arguments,
    })
}

proptest! {
    /// Long programs have places that a conditional jump does not reach.
    #[test]
    fn a_program_decides_as_its_rules_say(
        rules in prop::collection::btree_map(0..500_i64, rule(), 0..250),
        calls in prop::collection::vec(call(520), 100),
    ) {
        let list: Vec<_> = rules.clone().into_iter().collect();
        let program = write(&list, Refused::Error);
        for call in calls {
            prop_assert_eq!(ask(&program, call), decide(&rules, call), "{:?}", call);
        }
    }
}

#[test]
fn answers_are_the_kernels_numbers() {
    assert_eq!((REFUSED, ABSENT), (error(libc::EPERM), error(libc::ENOSYS)));
}
