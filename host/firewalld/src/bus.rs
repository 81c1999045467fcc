//! A connection to the system's D-Bus.

use std::{
    io::{Read as _, Write as _},
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::net::UnixStream,
    },
    path::Path,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket},
    unistd::geteuid,
};

use crate::{
    Error,
    message::{self, Answer, Argument, BEGINNING, Method},
};

/// Errors of the bus for who does not run.
const NOBODY: [&str; 2] = [
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.ServiceUnknown",
];
/// Messages to others, or of others, that are passed over while an answer is
/// waited for.
const MOST_PASSED_OVER: usize = 64;
/// What whoever hands a connection over does not get to.
const FIRST_RESUMED: u32 = 0x1_0000;
/// Bytes of a line while the bus asks who this is.
const LONGEST_LINE: usize = 256;

/// A method of the bus itself.
pub(crate) fn of_bus(name: &'static str) -> Method {
    Method {
        destination: "org.freedesktop.DBus",
        path: "/org/freedesktop/DBus",
        interface: "org.freedesktop.DBus",
        name,
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Bus {
    stream: UnixStream,
    time_limit: Duration,
    serial: u32,
}

impl Bus {
    /// Connects, and says who this is. Each answer has to come within the time
    /// limit.
    pub(crate) fn connect(path: &Path, time_limit: Duration) -> Result<Self, Error> {
        let mut bus = Self {
            stream: open(path).map_err(|errno| match errno {
                Errno::ENOENT | Errno::ECONNREFUSED | Errno::ENOTDIR => Error::Gone,
                errno => Error::Connection(errno.into()),
            })?,
            time_limit,
            serial: 0,
        };
        bus.authenticate()?;
        bus.call(&of_bus("Hello"), &[])?;
        Ok(bus)
    }

    /// One that was made before, by another process: its calls had other
    /// numbers.
    pub(crate) fn resume(stream: UnixStream, time_limit: Duration) -> Self {
        Self {
            stream,
            time_limit,
            serial: FIRST_RESUMED,
        }
    }

    pub(crate) fn into_stream(self) -> UnixStream {
        self.stream
    }

    pub(crate) fn time_limit(&self) -> Duration {
        self.time_limit
    }

    /// The user, in digits, each as its code in hexadecimal ones: the bus
    /// compares it with what the kernel tells of the socket's other end.
    fn authenticate(&mut self) -> Result<(), Error> {
        let user: String = geteuid()
            .to_string()
            .bytes()
            .map(|digit| format!("{digit:02x}"))
            .collect();
        let end = Instant::now() + self.time_limit;
        self.write(format!("\0AUTH EXTERNAL {user}\r\n").as_bytes(), end)?;
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            if line.len() == LONGEST_LINE {
                return Err(Error::Unreadable);
            }
            let mut byte = [0];
            self.read(&mut byte, end)?;
            line.extend(byte);
        }
        if !line.starts_with(b"OK ") {
            // One in a user namespace is nobody whom the bus knows.
            return Err(Error::Gone);
        }
        self.write(b"BEGIN\r\n", end)
    }

    /// Calls a method, and waits for its answer.
    pub(crate) fn call(&mut self, method: &Method, arguments: &[&str]) -> Result<Argument, Error> {
        self.serial = self.serial.wrapping_add(1).max(1);
        let end = Instant::now() + self.time_limit;
        self.write(&message::call(self.serial, method, arguments), end)?;
        for _ in 0..MOST_PASSED_OVER {
            if let Some(answer) = self.receive(end)?.filter(|answer| answer.to == self.serial) {
                return told(answer);
            }
        }
        Err(Error::Unreadable)
    }

    fn receive(&mut self, end: Instant) -> Result<Option<Answer>, Error> {
        let mut beginning = [0; BEGINNING];
        self.read(&mut beginning, end)?;
        let mut message = beginning.to_vec();
        message.resize(message::length(&beginning)?, 0);
        self.read(&mut message[BEGINNING..], end)?;
        Ok(message::read(&message)?)
    }

    fn read(&mut self, mut bytes: &mut [u8], end: Instant) -> Result<(), Error> {
        while !bytes.is_empty() {
            self.stream.set_read_timeout(Some(left(end)?))?;
            match self.stream.read(bytes) {
                Ok(0) => return Err(Error::Gone),
                Ok(count) => bytes = &mut bytes[count..],
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8], end: Instant) -> Result<(), Error> {
        self.stream.set_write_timeout(Some(left(end)?))?;
        Ok(self.stream.write_all(bytes)?)
    }
}

/// The time until then.
fn left(end: Instant) -> Result<Duration, Error> {
    let left = end.saturating_duration_since(Instant::now());
    // The kernel takes none for as long as it likes.
    if left.is_zero() { Err(Error::Late) } else { Ok(left) }
}

fn told(answer: Answer) -> Result<Argument, Error> {
    let Some(name) = answer.error else {
        return Ok(answer.argument);
    };
    if NOBODY.contains(&name.as_str()) {
        return Err(Error::Gone);
    }
    Err(Error::Refused(match answer.argument {
        Argument::Text(words) => words,
        _ => name,
    }))
}

/// Does not wait where the bus has too many who want to connect.
fn open(path: &Path) -> nix::Result<UnixStream> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket: OwnedFd = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    connect(socket.as_raw_fd(), &UnixAddr::new(path)?)?;
    let stream = UnixStream::from(socket);
    stream
        .set_nonblocking(false)
        .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or_default()))?;
    Ok(stream)
}
