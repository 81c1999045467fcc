//! Removes a directory when the process that made it has come to its end,
//! whatever ended it: a process of its own, since the other one may have given
//! up what that takes.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::{ChildStdin, ChildStdout, Stdio},
};

use anyhow::Context as _;
use clap::Args;

use crate::own_process::{again, apart_from_terminal};

/// The command of this executable that does it.
pub(crate) const COMMAND: &str = "remove-when-closed";

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The directory.
    directory: PathBuf,
}

/// The directory goes with this.
#[derive(Debug)]
pub(crate) struct Janitor {
    /// Closed, by whatever, it is the sign.
    open: Option<ChildStdin>,
    /// Closed, it says that there is nothing left.
    done: ChildStdout,
}

impl Janitor {
    /// # Errors
    /// It can't be started.
    pub(crate) fn of(directory: &Path) -> anyhow::Result<Self> {
        let started = again().and_then(|mut child| {
            apart_from_terminal(&mut child)
                .arg(COMMAND)
                .arg(directory)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
        });
        let mut child = started.with_context(|| format!("start what removes {}", directory.display()))?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (open, done) = pipes.context("the pipes are not to be had")?;
        Ok(Self { open: Some(open), done })
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        drop(self.open.take());
        // Nothing is ever written; it ends with the other process.
        let _ = self.done.read(&mut [0]);
    }
}

/// Waits for the sign, and removes the directory.
///
/// # Errors
/// It can't be removed.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    io::copy(&mut io::stdin(), &mut io::sink()).context("wait for the end of another process")?;
    let directory = &arguments.directory;
    fs::remove_dir_all(directory).with_context(|| format!("remove {}", directory.display()))
}
