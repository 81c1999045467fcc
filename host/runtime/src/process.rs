//! One run of a plugin's executable: bytes in, bytes out, within a deadline.

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    os::{fd::AsFd, unix::process::CommandExt as _},
    path::PathBuf,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    fcntl::{FcntlArg, OFlag, fcntl},
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use thiserror::Error;

use crate::PluginCommand;

/// Bytes that a plugin may write to standard output, and to standard error.
const OUTPUT_LIMIT: usize = 16 << 20;
/// How long an executable that is being written is waited for.
const BUSY_PATIENCE: Duration = Duration::from_secs(5);
/// How long between two attempts to start such an executable.
const BUSY_INTERVAL: Duration = Duration::from_millis(100);
/// How often a process is asked whether it ended while somebody, perhaps a
/// daemon that it left behind, holds its output open.
const EXIT_INTERVAL: Duration = Duration::from_millis(10);

/// What a plugin's process left.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

/// A plugin's process did not come to an end of its own.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// It could not be started.
    #[error("{} can't be executed: {error}", program.display())]
    Start {
        /// The executable.
        program: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It took too long. It was killed with everything that it started.
    #[error("{} did not end within {} ms and was killed", program.display(), allowed.as_millis())]
    Deadline {
        /// The executable.
        program: PathBuf,
        /// How long it had.
        allowed: Duration,
    },
    /// It wrote without end. It was killed with everything that it started.
    #[error("{} wrote more than {OUTPUT_LIMIT} bytes and was killed", program.display())]
    Output {
        /// The executable.
        program: PathBuf,
    },
    /// Its pipes failed.
    #[error("talking to {}: {error}", program.display())]
    Pipe {
        /// The executable.
        program: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// Runs a plugin with the caller's environment and, over it, `additional` and
/// `environment`.
///
/// The process is the leader of a group of its own: signals of the caller's
/// terminal don't stop it half-way, and the deadline ends all of the group.
pub(crate) fn run(
    command: &PluginCommand,
    additional: &[(OsString, OsString)],
    environment: &[(&str, OsString)],
    input: &[u8],
    allowed: Duration,
) -> Result<Finished, ProcessError> {
    let deadline = Instant::now() + allowed;
    let mut child = start(command, additional, environment, deadline).map_err(|error| ProcessError::Start {
        program: command.program.clone(),
        error,
    })?;
    let finished = converse(&mut child, input, deadline);
    finished.map_err(|stop| {
        kill(&mut child);
        let program = command.program.clone();
        match stop {
            Stop::Deadline => ProcessError::Deadline { program, allowed },
            Stop::Output => ProcessError::Output { program },
            Stop::Pipe(error) => ProcessError::Pipe { program, error },
        }
    })
}

fn start(
    command: &PluginCommand,
    additional: &[(OsString, OsString)],
    environment: &[(&str, OsString)],
    deadline: Instant,
) -> io::Result<Child> {
    let patience = deadline.min(Instant::now() + BUSY_PATIENCE);
    loop {
        let mut process = Command::new(&command.program);
        process.args(&command.arguments).process_group(0);
        process
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        process.envs(additional.iter().map(|(key, value)| (key, value)));
        process.envs(environment.iter().map(|(key, value)| (key, value)));
        if let Some(name) = &command.name {
            process.arg0(name);
        }
        match process.spawn() {
            Err(error) if busy(&error) && Instant::now() + BUSY_INTERVAL < patience => thread::sleep(BUSY_INTERVAL),
            outcome => return outcome,
        }
    }
}

fn busy(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ExecutableFileBusy
}

/// Why a process is not waited for any longer.
enum Stop {
    Deadline,
    Output,
    Pipe(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Pipe(error)
    }
}

fn converse(child: &mut Child, input: &[u8], deadline: Instant) -> Result<Finished, Stop> {
    let mut stdin = Input {
        pipe: child.stdin.take(),
        rest: input,
    };
    let mut stdout = Output {
        pipe: child.stdout.take(),
        bytes: Vec::new(),
    };
    let mut stderr = Output {
        pipe: child.stderr.take(),
        bytes: Vec::new(),
    };
    for descriptor in [stdin.descriptor(), stdout.descriptor(), stderr.descriptor()]
        .into_iter()
        .flatten()
    {
        make_nonblocking(descriptor)?;
    }
    let status = loop {
        stdin.feed()?;
        stdout.drain()?;
        stderr.drain()?;
        if let Some(status) = child.try_wait()? {
            break status;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Stop::Deadline);
        }
        if stdout.pipe.is_none() && stderr.pipe.is_none() {
            // Whoever closed both is about to end.
            thread::sleep(left.min(Duration::from_micros(200)));
        } else {
            await_movement(&stdin, &stdout, &stderr, left.min(EXIT_INTERVAL))?;
        }
    };
    // What it wrote before it ended is in the pipes by now.
    stdout.drain()?;
    stderr.drain()?;
    Ok(Finished {
        status,
        stdout: stdout.bytes,
        stderr: stderr.bytes,
    })
}

fn await_movement<O: AsFd + Read, E: AsFd + Read>(
    stdin: &Input<'_>,
    stdout: &Output<O>,
    stderr: &Output<E>,
    timeout: Duration,
) -> io::Result<()> {
    let mut waiting = Vec::with_capacity(3);
    waiting.extend(
        stdin
            .descriptor()
            .map(|descriptor| PollFd::new(descriptor, PollFlags::POLLOUT)),
    );
    for descriptor in [stdout.descriptor(), stderr.descriptor()].into_iter().flatten() {
        waiting.push(PollFd::new(descriptor, PollFlags::POLLIN));
    }
    let milliseconds = u16::try_from(timeout.as_millis()).unwrap_or(u16::MAX).max(1);
    match poll(&mut waiting, PollTimeout::from(milliseconds)) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// What is still to be written.
struct Input<'a> {
    pipe: Option<ChildStdin>,
    rest: &'a [u8],
}

impl Input<'_> {
    fn descriptor(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Writes what the pipe takes, and closes it after the last byte.
    fn feed(&mut self) -> io::Result<()> {
        while let Some(pipe) = &mut self.pipe {
            if self.rest.is_empty() {
                self.pipe = None;
                break;
            }
            match pipe.write(self.rest) {
                Ok(count) => self.rest = self.rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A plugin may leave its input unread.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.pipe = None,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What was read so far.
struct Output<P> {
    pipe: Option<P>,
    bytes: Vec<u8>,
}

impl<P: AsFd + Read> Output<P> {
    fn descriptor(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Reads what is there.
    fn drain(&mut self) -> Result<(), Stop> {
        let mut buffer = [0; 8192];
        while let Some(pipe) = &mut self.pipe {
            match pipe.read(&mut buffer) {
                Ok(0) => self.pipe = None,
                Ok(count) => self.bytes.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
            if self.bytes.len() > OUTPUT_LIMIT {
                return Err(Stop::Output);
            }
        }
        Ok(())
    }
}

fn make_nonblocking(descriptor: std::os::fd::BorrowedFd<'_>) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(descriptor, FcntlArg::F_GETFL)?);
    fcntl(descriptor, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

/// Kills the process and its group. It was not waited for yet, so the number
/// is still its own.
fn kill(child: &mut Child) {
    if let Ok(group) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}
