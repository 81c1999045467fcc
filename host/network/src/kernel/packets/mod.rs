//! UDP datagrams of one pair of ports over packet sockets, which work where a
//! link has no address.
//!
//! A filter on the socket lets nothing else pass, and what passes is looked at
//! again. The kernel makes and reads the link's own header (`SOCK_DGRAM`), so
//! that any kind of link will do.

mod filter;
mod frame;

use std::{
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use cofferdam_protocol::MacAddress;
use nix::{
    errno::Errno,
    libc::{self, c_int, sockaddr_ll},
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{AddressFamily, SockFlag, SockType, setsockopt, socket, sockopt},
};

use crate::{
    Datagram, Error, Exchange, LinkId, Ports, Received, Result,
    unsafe_calls::{attach_filter, bind_packets, no_address, receive_packet, send_packet},
};

/// Bytes of an IP packet that is read; longer ones are passed over.
const LONGEST_PACKET: usize = 4096;
/// Bytes of memory for what came and was not read yet; the kernel takes them as
/// twice as many, for its own needs. Its usual room is for some ninety packets,
/// so that a neighbour's burst would push out the answer that is waited for.
const ROOM: usize = 1 << 20;
const MAC_LENGTH: u8 = 6;
/// `ETH_P_IP` in `linux/if_ether.h`.
const IPV4: u16 = 0x0800;

/// Packet sockets of a namespace that nobody uses at the moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool(Arc<Mutex<Vec<OwnedFd>>>);

impl Pool {
    pub(super) fn put(&self, socket: OwnedFd) {
        self.lock().push(socket);
    }

    pub(super) fn take(&self) -> Option<OwnedFd> {
        self.lock().pop()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<OwnedFd>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket in the calling thread's namespace that receives nothing before it
/// is bound to a link.
pub(super) fn open() -> nix::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(AddressFamily::Packet, SockType::Datagram, flags, None)?;
    // Beyond the limit for everybody, which takes a privilege that root of a
    // user namespace does not have; such a one gets what the limit allows.
    setsockopt(&socket, sockopt::RcvBufForce, &ROOM).or_else(|_| setsockopt(&socket, sockopt::RcvBuf, &ROOM))?;
    Ok(socket)
}

/// Datagrams of two ports on one link.
#[derive(Debug)]
pub(super) struct PacketExchange {
    /// Present until it is dropped.
    socket: Option<OwnedFd>,
    pool: Pool,
    link: LinkId,
    ports: Ports,
    buffer: Vec<u8>,
}

impl PacketExchange {
    /// What came for an exchange before it on the same socket is of another
    /// link or other ports, and passed over.
    pub(super) fn begin((socket, pool): (OwnedFd, Pool), link: LinkId, ports: Ports) -> Result<Self> {
        let exchange = Self {
            socket: Some(socket),
            pool,
            link,
            ports,
            buffer: vec![0; LONGEST_PACKET],
        };
        // In this order: nothing comes that the filter did not see.
        let begun = exchange
            .socket()
            .and_then(|socket| attach_filter(socket, &mut filter::program(ports)))
            .and_then(|()| bind_packets(exchange.socket()?, &exchange.address(None)?));
        begun.map_err(|errno| exchange.failed(errno, "receiving on"))?;
        Ok(exchange)
    }

    fn socket(&self) -> nix::Result<BorrowedFd<'_>> {
        self.socket.as_ref().map(AsFd::as_fd).ok_or(Errno::EBADF)
    }

    /// The link, and a neighbour on it.
    fn address(&self, mac: Option<MacAddress>) -> nix::Result<sockaddr_ll> {
        let mut address = no_address();
        address.sll_family = u16::try_from(libc::AF_PACKET).map_err(|_| Errno::EINVAL)?;
        address.sll_protocol = IPV4.to_be();
        address.sll_ifindex = c_int::try_from(self.link.index).map_err(|_| Errno::EINVAL)?;
        if let Some(mac) = mac {
            address.sll_halen = MAC_LENGTH;
            address.sll_addr[..mac.0.len()].copy_from_slice(&mac.0);
        }
        Ok(address)
    }

    /// A datagram that is there.
    fn take(&mut self) -> nix::Result<Option<Received>> {
        let (length, from) = receive_packet(self.socket.as_ref().ok_or(Errno::EBADF)?, &mut self.buffer)?;
        let is_ours = !matches!(from.sll_pkttype, libc::PACKET_OTHERHOST | libc::PACKET_OUTGOING);
        let index = u32::try_from(from.sll_ifindex).unwrap_or(0);
        if !is_ours || index != self.link.index || from.sll_halen != MAC_LENGTH {
            return Ok(None);
        }
        let [a, b, c, d, e, f, ..] = from.sll_addr;
        let frame = self
            .buffer
            .get(..length)
            .and_then(|packet| frame::read(packet, self.ports));
        Ok(frame.map(|(source, payload)| Received {
            source,
            mac: MacAddress([a, b, c, d, e, f]),
            payload: payload.to_vec(),
        }))
    }

    fn wait(&self, end: Instant) -> nix::Result<bool> {
        let left = end.saturating_duration_since(Instant::now());
        // A part of a millisecond is waited for as a whole one.
        let milliseconds = u16::try_from(left.as_micros().div_ceil(1000)).unwrap_or(u16::MAX);
        let mut sockets = [PollFd::new(self.socket()?, PollFlags::POLLIN)];
        Ok(poll(&mut sockets, PollTimeout::from(milliseconds))? > 0)
    }

    fn failed(&self, errno: Errno, action: &str) -> Error {
        match errno {
            Errno::ENXIO | Errno::ENODEV => Error::NotFound(self.link.to_string()),
            errno => Error::from_errno(errno, action, self.link.to_string()),
        }
    }
}

impl Drop for PacketExchange {
    fn drop(&mut self) {
        if let Some(socket) = self.socket.take() {
            self.pool.put(socket);
        }
    }
}

impl Exchange for PacketExchange {
    fn send(&mut self, datagram: &Datagram) -> Result<()> {
        let packet = frame::write(datagram, self.ports)?;
        let mac = datagram.mac.unwrap_or(MacAddress([0xff; 6]));
        self.address(Some(mac))
            .and_then(|address| send_packet(self.socket()?, &packet, &address))
            .map_err(|errno| self.failed(errno, "sending on"))
    }

    fn receive(&mut self, wait: Duration) -> Result<Option<Received>> {
        let end = Instant::now() + wait;
        loop {
            match self.take() {
                Ok(Some(received)) => return Ok(Some(received)),
                // One that is not ours.
                Ok(None) | Err(Errno::EINTR) if Instant::now() < end => {}
                Ok(None) | Err(Errno::EINTR) => return Ok(None),
                Err(Errno::EAGAIN) => match self.wait(end) {
                    Ok(false) if Instant::now() >= end => return Ok(None),
                    Ok(_) | Err(Errno::EINTR) => {}
                    Err(errno) => return Err(self.failed(errno, "waiting for datagrams on")),
                },
                Err(errno) => return Err(self.failed(errno, "receiving on")),
            }
        }
    }
}
