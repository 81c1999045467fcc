//! In a process that can do nothing else, and has little time and memory.

mod child;

use std::{
    io::{Read, Write as _},
    os::unix::process::ExitStatusExt as _,
    process::{Child, ExitStatus, Stdio},
    thread,
};

use anyhow::{Context as _, bail};
use clap::Args;

pub(crate) use child::run as run_child;

use crate::own_process::again;

/// The command of this executable that compiles.
pub(crate) const CHILD: &str = "compile-standard-input";
/// Bytes of compiled code that are taken.
const MOST_CODE: u64 = 512 << 20;
/// Bytes of complaints that are taken.
const MOST_COMPLAINTS: u64 = 16 << 10;

/// What compiling one component may take.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Seconds of processor time that compiling a component may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    compile_seconds: u64,
    /// Megabytes of memory that compiling a component may take.
    #[arg(long, value_name = "MEGABYTES", default_value_t = 2048)]
    compile_megabytes: u64,
}

/// Compiles a component.
///
/// # Errors
/// It is not valid, or takes more than it may.
pub(crate) fn compile(wasm: &[u8], limits: Limits) -> anyhow::Result<Vec<u8>> {
    let mut child = start(limits).context("start the compiler")?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (code, complaints) = thread::scope(|scope| {
        // A child that has come to its end reads no more, and its status says why.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(wasm)));
        let complaints = scope.spawn(move || read(stderr, MOST_COMPLAINTS));
        let code = read(stdout, MOST_CODE + 1);
        (code, complaints.join().unwrap_or_default())
    });
    let status = child.wait().context("wait for the compiler")?;
    if !status.success() {
        bail!(reason(status, &String::from_utf8_lossy(&complaints), limits));
    }
    if code.len() as u64 > MOST_CODE {
        bail!("its compiled form has more than {MOST_CODE} bytes");
    }
    Ok(code)
}

fn start(limits: Limits) -> std::io::Result<Child> {
    again()?
        .arg(CHILD)
        .args(["--compile-seconds", &limits.compile_seconds.to_string()])
        .args(["--compile-megabytes", &limits.compile_megabytes.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// At most so many bytes; the pipe is closed after that.
fn read(pipe: Option<impl Read>, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What was read until an error is all there is.
        let _ = pipe.take(most).read_to_end(&mut bytes);
    }
    bytes
}

/// Why there is no code.
fn reason(status: ExitStatus, complaints: &str, limits: Limits) -> String {
    let Limits {
        compile_seconds,
        compile_megabytes,
    } = limits;
    let complaints = complaints.trim();
    if status.code() == Some(child::REFUSED) {
        return complaints.to_owned();
    }
    if status.signal() == Some(nix::libc::SIGKILL) {
        return format!(
            "compiling it takes more than {compile_seconds} s of processor time, or the machine has no memory for it; \
             --compile-seconds allows more, to one that you trust"
        );
    }
    if complaints.contains("memory allocation of") {
        return format!(
            "compiling it takes more than {compile_megabytes} MB of memory; --compile-megabytes allows more, to one \
             that you trust"
        );
    }
    format!("the compiler failed on it ({status}): {complaints}")
}
