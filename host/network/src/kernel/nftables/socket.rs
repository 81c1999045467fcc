//! Datagrams to the kernel and back, within a time limit.

use std::{
    io,
    os::fd::AsFd,
    time::{Duration, Instant},
};

use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_NETFILTER};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{MsgFlags, setsockopt, sockopt},
};

use crate::{Error, Result};

/// Longer than any single object of the kernel's that is asked for here.
const RECEIVE_BYTES: usize = 32 * 1024;
/// What fits a socket's buffers as Linux makes them.
const USUAL_BUFFER: usize = 64 * 1024;
/// What a report on a message takes of the receive buffer: the kernel counts
/// the memory, not the bytes.
const REPORT_BYTES: usize = 1024;

#[derive(Debug)]
pub(super) struct Transport {
    socket: Socket,
    time_limit: Duration,
    sequence: u32,
}

impl Transport {
    /// A socket in the network namespace of the calling thread.
    pub(super) fn open(time_limit: Duration) -> Result<Self> {
        let failed = |error: io::Error| Error::from_io(&error, "opening", "a netlink socket for nf_tables");
        let mut socket = Socket::new(NETLINK_NETFILTER).map_err(failed)?;
        socket.bind_auto().map_err(failed)?;
        // Both since Linux 4.12; without them errors say less.
        for option in [socket.set_ext_ack(true), socket.set_cap_ack(true)] {
            option.or_else(|error| match error.raw_os_error() {
                Some(number) if Errno::from_raw(number) == Errno::ENOPROTOOPT => Ok(()),
                _ => Err(failed(error)),
            })?;
        }
        Ok(Self {
            socket,
            time_limit,
            sequence: 0,
        })
    }

    /// When an operation that starts now has to be over.
    pub(super) fn deadline(&self) -> Instant {
        let now = Instant::now();
        now.checked_add(self.time_limit).unwrap_or(now)
    }

    /// The first of so many numbers that no other message has.
    pub(super) fn reserve(&mut self, numbers: u32) -> u32 {
        let first = self.sequence.wrapping_add(1);
        self.sequence = self.sequence.wrapping_add(numbers);
        first
    }

    /// Makes room for a request of that many bytes with that many messages.
    /// Beyond `net.core.wmem_max` and `rmem_max` it takes `CAP_NET_ADMIN` in
    /// the first user namespace; without it sending tells.
    pub(super) fn make_room(&self, bytes: usize, messages: usize) {
        if bytes > USUAL_BUFFER {
            let forced = setsockopt(&self.socket, sockopt::SndBufForce, &bytes);
            if forced.is_err() {
                let _ = setsockopt(&self.socket, sockopt::SndBuf, &bytes);
            }
        }
        let reports = messages * REPORT_BYTES;
        if reports > USUAL_BUFFER {
            let forced = setsockopt(&self.socket, sockopt::RcvBufForce, &reports);
            if forced.is_err() {
                let _ = setsockopt(&self.socket, sockopt::RcvBuf, &reports);
            }
        }
    }

    /// Hands the kernel a request, which it carries out before this returns.
    pub(super) fn send(&self, bytes: &[u8], about: &str) -> Result<()> {
        let kernel = SocketAddr::new(0, 0);
        loop {
            let Err(error) = self.socket.send_to(bytes, &kernel, 0) else {
                return Ok(());
            };
            match error.raw_os_error().map(Errno::from_raw) {
                Some(Errno::EINTR) => {}
                Some(Errno::EMSGSIZE) => {
                    return Err(Error::Os {
                        errno: Errno::EMSGSIZE,
                        context: format!(
                            "{about}: {} bytes in one transaction are more than net.core.wmem_max \
                             lets a socket send in this user namespace; raise it, or ask for less \
                             at a time",
                            bytes.len()
                        ),
                    });
                }
                _ => return Err(failed(&error, about)),
            }
        }
    }

    /// The next datagram of the kernel; `None` when the deadline comes first.
    pub(super) fn receive(&self, deadline: Instant, about: &str) -> Result<Option<Vec<u8>>> {
        loop {
            if !self.wait(deadline, about)? {
                return Ok(None);
            }
            let mut datagram = Vec::with_capacity(RECEIVE_BYTES);
            match self.socket.recv_from(&mut datagram, MsgFlags::MSG_DONTWAIT.bits()) {
                Ok((_, sender)) if sender.port_number() == 0 => return Ok(Some(datagram)),
                // Another process can send here too; only the kernel counts.
                Ok(_) => {}
                Err(error) => match error.raw_os_error().map(Errno::from_raw) {
                    // No buffers: later reports were dropped, but those that
                    // came first, with the first refusal, are still there.
                    Some(Errno::EINTR | Errno::EAGAIN | Errno::ENOBUFS) => {}
                    _ => return Err(failed(&error, about)),
                },
            }
        }
    }

    /// Throws away what the kernel sent already.
    pub(super) fn drain(&self) {
        let mut datagram = Vec::with_capacity(RECEIVE_BYTES);
        while self
            .socket
            .recv_from(&mut datagram, MsgFlags::MSG_DONTWAIT.bits())
            .is_ok()
        {
            datagram.clear();
        }
    }

    /// Whether there is something to read before the deadline.
    fn wait(&self, deadline: Instant, about: &str) -> Result<bool> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            // Rounded up: a fraction of a millisecond is still time.
            let left = left + Duration::from_micros(999);
            let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
            let mut descriptors = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            match poll(&mut descriptors, timeout) {
                Ok(0) if Instant::now() < deadline => {}
                Ok(0) => return Ok(false),
                Ok(_) => return Ok(true),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(failed(&errno.into(), about)),
            }
        }
    }
}

/// The socket itself failed, whatever was asked.
fn failed(error: &io::Error, about: &str) -> Error {
    Error::Os {
        errno: error.raw_os_error().map_or(Errno::EIO, Errno::from_raw),
        context: format!("{about} over netlink"),
    }
}
