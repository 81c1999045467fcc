//! A program is asked as the kernel asks it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod decisions;
mod properties;

use super::{THIS_ARCHITECTURE, error};
use libc::{
    BPF_ABS, BPF_ALU, BPF_AND, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, c_long, sock_filter,
};

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

#[test]
fn answers_are_the_kernels_numbers() {
    assert_eq!((REFUSED, ABSENT), (error(libc::EPERM), error(libc::ENOSYS)));
}
