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

    /// Has it end with an error, without being made.
    pub(super) fn refuse(&self, pid: Pid, errno: Errno) {
        let mut registers = self.registers;
        // No call has this number: the kernel leaves it out, and returns what
        // is in the register for that.
        registers.orig_rax = (-1_i64).cast_unsigned();
        registers.rax = (-(errno as i64)).cast_unsigned();
        ptrace::setregs(pid, registers).expect("the child is stopped");
    }
}
