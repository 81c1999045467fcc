use std::{
    io::{Read as _, Write as _},
    mem::MaybeUninit,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use nix::libc;

/// One process, from before its start until after its end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) wall: Duration,
    /// The largest of it and its children, in KiB. The kernel counts what the
    /// starting process had in memory, so that is the least it can be.
    pub(crate) peak_kib: u64,
    pub(crate) stdout: String,
}

impl Measured {
    /// Another one, after it.
    pub(crate) fn add(&mut self, next: &Self) {
        self.wall += next.wall;
        self.peak_kib = self.peak_kib.max(next.peak_kib);
        self.stdout.clone_from(&next.stdout);
    }
}

/// Runs a process that has to succeed.
pub(crate) fn execute(command: &mut Command, stdin: &[u8]) -> Result<Measured> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let started = Instant::now();
    let mut child = command
        .spawn()
        .with_context(|| format!("start {}", command.get_program().display()))?;
    // VERSION does not read its input; a closed pipe is no failure.
    let _ = child.stdin.take().context("stdin is piped")?.write_all(stdin);
    let mut stdout = String::new();
    child
        .stdout
        .take()
        .context("stdout is piped")?
        .read_to_string(&mut stdout)?;
    let (status, peak_kib) = reap(&child)?;
    let wall = started.elapsed();
    if status != 0 {
        bail!(
            "{} ended with wait status {status}: {stdout}",
            command.get_program().display()
        );
    }
    Ok(Measured { wall, peak_kib, stdout })
}

/// Waits for the end of a child; its wait status, and peak memory in KiB.
fn reap(child: &Child) -> Result<(i32, u64)> {
    let pid = libc::pid_t::try_from(child.id())?;
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are to memory of the right type that lives through
    // the call; `pid` is a child that nobody else waits for.
    let waited = unsafe { libc::wait4(pid, &raw mut status, 0, usage.as_mut_ptr()) };
    if waited != pid {
        bail!("wait4 {pid}: {}", std::io::Error::last_os_error());
    }
    // SAFETY: zeroed bytes are a valid `rusage`, and the kernel has filled it.
    let usage = unsafe { usage.assume_init() };
    Ok((status, u64::try_from(usage.ru_maxrss).unwrap_or_default()))
}
