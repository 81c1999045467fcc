use std::{
    io::{self, Read, Write},
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::{net::UnixStream, process::CommandExt as _},
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use thiserror::Error;

use crate::{
    Carrier, CarryError, Request, Response,
    wire::{Orders, read_outcome, write_orders, write_request},
};

/// Time that the courier has besides a request's own, for telling that it is
/// over.
const GRACE: Duration = Duration::from_millis(500);
/// Milliseconds that it has for ending, when nobody has orders for it any more.
const FAREWELL: u16 = 1000;
/// Time in which it takes its orders.
const HIRING: Duration = Duration::from_secs(5);

/// The process that sends requests; it ends with this, or with the process
/// that started it.
#[derive(Debug)]
pub struct Courier {
    /// Absent when it is of no use any more.
    socket: Option<UnixStream>,
    child: Child,
    /// Tells when it is gone.
    ended: OwnedFd,
}

/// There is no courier.
#[derive(Debug, Error)]
pub enum CourierError {
    /// It is not installed, or can't be executed.
    #[error(
        "{}: {error}; install cofferdam-courier beside cofferdam, or take the grant of http.request away",
        program.display()
    )]
    Program {
        /// What was to be executed.
        program: PathBuf,
        /// Why it was not.
        error: io::Error,
    },
    /// It does not take its orders.
    #[error("cofferdam-courier does not take its orders: {0}")]
    Orders(io::Error),
}

impl Courier {
    /// Executes the courier in this process's namespaces, and gives it its
    /// orders. It makes itself ready meanwhile: only its first answer is waited
    /// for.
    ///
    /// The kernel ends it with the calling thread, if nothing else did before.
    ///
    /// # Errors
    /// It is not there, or does not take them.
    pub fn start(program: &Path, orders: &Orders) -> Result<Self, CourierError> {
        let (mut socket, its) = UnixStream::pair().map_err(CourierError::Orders)?;
        let started = Command::new(program)
            .arg0("cofferdam-courier")
            .env_clear()
            .stdin(OwnedFd::from(its))
            // A runtime waits for the end of these.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut child = started.map_err(|error| CourierError::Program {
            program: program.to_owned(),
            error,
        })?;
        let prepared = watch(&child).and_then(|ended| {
            socket.set_write_timeout(Some(HIRING))?;
            write_orders(&mut socket, orders)?;
            Ok(ended)
        });
        match prepared {
            Ok(ended) => Ok(Self {
                socket: Some(socket),
                child,
                ended,
            }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(CourierError::Orders(error))
            }
        }
    }

    fn exchange(
        &mut self,
        plugin: &str,
        request: &Request,
        time: Duration,
    ) -> io::Result<Result<Response, CarryError>> {
        let Some(socket) = &self.socket else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        let mut timed = Timed {
            socket,
            until: Instant::now() + time + GRACE,
        };
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        write_request(&mut timed, plugin, request, milliseconds)?;
        read_outcome(&mut timed)
    }
}

impl Carrier for Courier {
    fn carry(&mut self, plugin: &str, request: &Request, time: Duration) -> Result<Response, CarryError> {
        self.exchange(plugin, request, time).unwrap_or_else(|error| {
            // What comes from it now may be the answer to this request.
            self.socket = None;
            let what = format!("{} to {}", request.method(), request.url().origin());
            Err(match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                    CarryError::Deadline(format!("{what}: there was no answer in the time of this call"))
                }
                _ => CarryError::Os {
                    errno: rustix::io::Errno::PIPE.raw_os_error(),
                    context: format!("{what}: cofferdam-courier has ended, or was ended before: {error}"),
                },
            })
        })
    }
}

impl Drop for Courier {
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

/// A socket of which everything has to come by a point in time.
struct Timed<'s> {
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
