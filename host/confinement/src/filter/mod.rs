//! The system call filter: which calls are made, and what becomes of others.

mod assembler;
mod calls;
mod rule;
mod services;
#[cfg(test)]
mod tests;

use libc::{c_long, sock_filter};

pub(crate) use self::calls::Permissions;
use self::{
    assembler::{Assembler, Label, Test},
    rule::{Answers, Rule},
};

/// Offset of the call's number in `struct seccomp_data`.
const NUMBER: u32 = 0;
/// Offset of the architecture that it was made for.
const ARCHITECTURE: u32 = 4;

/// `__AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE` of `linux/audit.h`.
const LITTLE_ENDIAN_64: u32 = 0xc000_0000;
/// This architecture's `AUDIT_ARCH_*`: its number in ELF files, marked.
#[cfg(target_arch = "x86_64")]
const THIS_ARCHITECTURE: u32 = LITTLE_ENDIAN_64 | libc::EM_X86_64 as u32;
#[cfg(target_arch = "aarch64")]
const THIS_ARCHITECTURE: u32 = LITTLE_ENDIAN_64 | libc::EM_AARCH64 as u32;

/// Ranges that are asked about in turn.
const FEW: usize = 9;

/// More than a program has; a larger one would only cost a copy.
const USUAL_LENGTH: usize = 256;

/// What becomes of a call that is not allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refused {
    /// It fails with `EPERM`, and the process can still put back what it
    /// changed.
    #[default]
    Error,
    /// The process is killed with `SIGSYS`: to find the calls that the
    /// program itself makes and should not.
    Kill,
}

impl Refused {
    fn answer(self) -> u32 {
        match self {
            Self::Error => error(libc::EPERM),
            Self::Kill => libc::SECCOMP_RET_KILL_PROCESS,
        }
    }
}

fn error(errno: i32) -> u32 {
    libc::SECCOMP_RET_ERRNO | errno.unsigned_abs()
}

/// The program for the kernel. `process` is the number of this process.
pub(crate) fn program(permissions: Permissions, refused: Refused, process: u32) -> Vec<sock_filter> {
    let mut rules = if permissions.services {
        services::rules(process)
    } else {
        calls::rules(permissions, process)
    };
    rules.sort_unstable_by_key(|(call, _)| *call);
    write(&rules, refused)
}

fn write(rules: &[(c_long, Rule)], refused: Refused) -> Vec<sock_filter> {
    let mut program = Assembler::with_capacity(USUAL_LENGTH);
    // A call in another architecture's numbering can't be one of ours.
    let kill = program.answer(libc::SECCOMP_RET_KILL_PROCESS);
    let answers = Answers {
        absent: program.answer(error(libc::ENOSYS)),
        refuse: program.answer(refused.answer()),
        allow: program.answer(libc::SECCOMP_RET_ALLOW),
    };
    let ranges = ranges(&mut program, rules, answers);
    let decision = search(&mut program, &ranges);
    let number = program.load(NUMBER, decision);
    let architecture = program.branch(Test::Equal, THIS_ARCHITECTURE, number, kill);
    program.load(ARCHITECTURE, architecture);
    program.finish()
}

/// From which number on, up to the next entry, a call is decided where.
fn ranges(program: &mut Assembler, rules: &[(c_long, Rule)], answers: Answers) -> Vec<(u32, Label)> {
    let mut ranges = vec![(0, answers.refuse)];
    let mut add = |from: u32, to: Label| {
        // A range that ends where it starts was no range.
        if ranges.last().is_some_and(|(last, _)| *last == from) {
            ranges.pop();
        }
        if ranges.last().is_none_or(|(_, last)| *last != to) {
            ranges.push((from, to));
        }
    };
    for (call, rule) in rules {
        let Ok(number) = u32::try_from(*call) else { continue };
        add(number, rule.write(program, answers));
        add(number + 1, answers.refuse);
    }
    ranges
}

/// Halves the ranges until few are left, and asks about those in turn. That
/// is shorter than halving to the end, and nearly as fast.
fn search(program: &mut Assembler, ranges: &[(u32, Label)]) -> Label {
    if ranges.len() <= FEW {
        return in_turn(program, ranges);
    }
    let (low, high) = ranges.split_at(ranges.len() / 2);
    let above = search(program, high);
    let below = search(program, low);
    program.branch(Test::AtLeast, high[0].0, above, below)
}

/// Asks from the highest range down to the lowest.
fn in_turn(program: &mut Assembler, ranges: &[(u32, Label)]) -> Label {
    let (_, mut next) = ranges[0];
    let mut index = 1;
    while let Some((from, label)) = ranges.get(index) {
        // A single number inside a range is asked about at once.
        let single = ranges.get(index + 1) == Some(&(from + 1, ranges[index - 1].1));
        let test = if single { Test::Equal } else { Test::AtLeast };
        next = program.branch(test, *from, *label, next);
        index += if single { 2 } else { 1 };
    }
    next
}
