//! A process of Cofferdam's that does for a confined one what that can't do
//! itself.

use std::{
    io::{self, Read, Write},
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::{net::UnixStream, process::CommandExt as _},
    },
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// Milliseconds that it has for ending, when nobody has orders for it any more.
const FAREWELL: u16 = 1000;

/// The process. It ends with this, or with the process that started it.
#[derive(Debug)]
pub struct Attendant {
    /// Absent when it is of no use any more.
    socket: Option<UnixStream>,
    child: Child,
    /// Tells when it is gone.
    ended: OwnedFd,
}

impl Attendant {
    /// Executes a program in this process's namespaces, with one end of a pair
    /// of sockets as its standard input. `given` is its standard output, for
    /// what it can't open itself.
    ///
    /// The kernel ends it with the calling thread, where the program asks for
    /// that, if nothing else did before.
    ///
    /// # Errors
    /// It is not there, or can't be executed.
    pub fn start(program: &Path, arguments: &[&str], given: Option<OwnedFd>) -> io::Result<Self> {
        let (socket, its) = UnixStream::pair()?;
        let name = program.file_name().unwrap_or(program.as_os_str());
        let child = Command::new(program)
            .arg0(name)
            .args(arguments)
            .env_clear()
            .stdin(OwnedFd::from(its))
            // A runtime waits for the end of its own.
            .stdout(given.map_or_else(Stdio::null, Stdio::from))
            .stderr(Stdio::null())
            .spawn()?;
        match watch(&child) {
            Ok(ended) => Ok(Self {
                socket: Some(socket),
                child,
                ended,
            }),
            Err(error) => {
                end(child);
                Err(error)
            }
        }
    }

    /// What has to be said and heard by then.
    ///
    /// # Errors
    /// It was dismissed.
    pub fn until(&self, end: Instant) -> io::Result<Timed<'_>> {
        let socket = self.socket.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        Ok(Timed { socket, until: end })
    }

    /// Has it end. What comes from it now may be the answer to something else.
    pub fn dismiss(&mut self) {
        self.socket = None;
    }
}

impl Drop for Attendant {
    fn drop(&mut self) {
        // Without an employer it ends at once, whatever it is doing.
        self.socket = None;
        let mut watched = [PollFd::new(self.ended.as_fd(), PollFlags::POLLIN)];
        // If it does not end, the kernel ends it with this process.
        if poll(&mut watched, PollTimeout::from(FAREWELL)).is_ok_and(|count| count > 0) {
            let _ = self.child.wait();
        }
    }
}

fn watch(child: &Child) -> io::Result<OwnedFd> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| io::Error::other("it has no number"))?;
    Ok(pidfd_open(pid, PidfdFlags::empty())?)
}

fn end(mut child: Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// A socket of which everything has to come by a point in time.
#[derive(Debug)]
pub struct Timed<'s> {
    socket: &'s UnixStream,
    until: Instant,
}

impl Timed<'_> {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(Some(left))
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(self.left()?)?;
        let mut socket = self.socket;
        socket.read(bytes)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(self.left()?)?;
        let mut socket = self.socket;
        socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
