//! A stopped process's system call, in its registers.

use nix::{errno::Errno, libc, sys::ptrace, unistd::Pid};

/// A system call that is about to be made.
pub(super) struct Call {
    pub(super) number: libc::c_long,
    pub(super) arguments: [u64; 6],
    registers: libc::user_regs_struct,
}

impl Call {
    pub(super) fn of(pid: Pid) -> Self {
        let registers = ptrace::getregs(pid).expect("the child is stopped");
        Self {
            number: registers.orig_rax.cast_signed(),
            arguments: [
                registers.rdi,
                registers.rsi,
                registers.rdx,
                registers.r10,
                registers.r8,
                registers.r9,
            ],
            registers,
        }
    }

    /// Makes another call of it that does nothing, and that every filter lets
    /// pass.
    pub(super) fn replace_by_nothing(&self, pid: Pid) {
        let mut registers = self.registers;
        registers.orig_rax = libc::SYS_getpid.cast_unsigned();
        ptrace::setregs(pid, registers).expect("the child is stopped");
    }

    /// At the end of a call: what it returned becomes an error.
    pub(super) fn fail(pid: Pid, errno: Errno) {
        let mut registers = ptrace::getregs(pid).expect("the child is stopped");
        registers.rax = (-(errno as i64)).cast_unsigned();
        ptrace::setregs(pid, registers).expect("the child is stopped");
    }
}
