//! Lets its parent trace it, and becomes another program:
//! `traced PROGRAM [ARGUMENT]…`. The first name that the program sees is that
//! of PROGRAM, as when it is executed directly.

use std::{os::unix::process::CommandExt as _, process::Command};

use anyhow::{Context as _, Result};
use nix::sys::ptrace;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().context("usage: traced PROGRAM [ARGUMENT]…")?;
    ptrace::traceme().context("asking to be traced")?;
    #[cfg(target_arch = "x86_64")]
    cofferdam_tests::tracer::stop_at_changes().context("asking to be stopped at changes only")?;
    let error = Command::new(&program).args(arguments).exec();
    Err(error).with_context(|| format!("executing {}", program.display()))
}
