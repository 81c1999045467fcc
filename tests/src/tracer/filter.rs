//! Has the kernel stop a program only at system calls that may change
//! something: the others, by far the most, would take most of a trace's time.

use std::io;

use nix::libc::{self, sock_filter};

use super::point::{CREATING, HARMLESS};

/// Offsets in `struct seccomp_data` (`linux/seccomp.h`).
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

/// `AUDIT_ARCH_X86_64` of `linux/audit.h`.
const X86_64: u32 = 0xc000_0000 | libc::EM_X86_64 as u32;

/// From here on the calling process, and what it becomes, stops for its tracer
/// at every system call but those of which it is known that they change
/// nothing.
///
/// # Errors
/// The kernel's.
pub fn stop_at_changes() -> io::Result<()> {
    let mut program = program();
    let header = libc::sock_fprog {
        len: u16::try_from(program.len()).expect("a few instructions"),
        filter: program.as_mut_ptr(),
    };
    // SAFETY: the header and the program live through the call, which only
    // reads them, as many instructions as the header says.
    #[allow(unsafe_code)]
    let answer = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const header) };
    if answer == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Asks for one call after the other. The kernel does so once for most of
/// them, and remembers.
fn program() -> Vec<sock_filter> {
    let stop = answer(libc::SECCOMP_RET_TRACE);
    let go_on = answer(libc::SECCOMP_RET_ALLOW);
    // A call in another architecture's numbering is none of those.
    let mut program = vec![
        load(ARCHITECTURE),
        branch(libc::BPF_JEQ, X86_64, 1, 0),
        stop,
        load(NUMBER),
    ];
    for (call, flags) in [(libc::SYS_open, 1), (libc::SYS_openat, 2)] {
        program.extend([
            branch(libc::BPF_JEQ, number(call), 0, 4),
            load(ARGUMENTS + 8 * flags),
            branch(libc::BPF_JSET, CREATING, 1, 0),
            go_on,
            stop,
        ]);
    }
    for call in HARMLESS {
        program.extend([branch(libc::BPF_JEQ, number(call), 0, 1), go_on]);
    }
    program.push(stop);
    program
}

fn answer(answer: u32) -> sock_filter {
    instruction(libc::BPF_RET | libc::BPF_K, answer, 0, 0)
}

/// Loads a word of what the filter is asked about.
fn load(offset: u32) -> sock_filter {
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset, 0, 0)
}

/// Compares what was loaded with a value, and leaves out so many instructions
/// if it fits, or if it does not.
fn branch(test: u32, value: u32, if_so: u8, if_not: u8) -> sock_filter {
    instruction(libc::BPF_JMP | test | libc::BPF_K, value, if_so, if_not)
}

fn instruction(code: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    let code = u16::try_from(code).expect("codes are small numbers");
    sock_filter { code, jt, jf, k }
}

fn number(call: libc::c_long) -> u32 {
    u32::try_from(call).expect("calls have small numbers")
}
