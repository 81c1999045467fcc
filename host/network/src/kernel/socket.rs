use std::{
    io,
    time::{Duration, Instant},
};

use netlink_packet_core::{
    DecodeError, Emitable, NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_ECHO, NLM_F_REQUEST, NetlinkHeader,
};
use netlink_sys::{SocketAddr, protocols::NETLINK_ROUTE};
use nix::{
    errno::Errno,
    libc::{MSG_DONTWAIT, MSG_TRUNC},
    sys::{
        socket::{setsockopt, sockopt::ReceiveTimeout},
        time::{TimeVal, TimeValLike},
    },
};

use super::{
    failure::Failure,
    message::{Message, messages},
};
use crate::unsafe_calls;

/// The kernel packs dumps into at most this much, unless one message needs
/// more (`netlink_dump` in `net/netlink/af_netlink.c`).
const RECEIVE_BUFFER: usize = 32 * 1024;
/// No single message comes near it.
const LARGEST_MESSAGE: usize = 1024 * 1024;
/// How often a dump is repeated that the kernel says is inconsistent.
const DUMP_ATTEMPTS: usize = 32;

/// A blocking netlink socket that talks with the kernel alone.
///
/// It stays in the namespace of the thread that opened it. Each exchange ends
/// within the time limit, except that the kernel's own work on a request (a
/// wait for its `rtnl` lock included) can't be cut short.
#[derive(Debug)]
pub(crate) struct Socket {
    socket: netlink_sys::Socket,
    time_limit: Duration,
    sequence: u32,
    outgoing: Vec<u8>,
    incoming: Vec<u8>,
    /// The sequence number of a dump that ran out of time. The kernel starts
    /// no other on this socket until its end was received.
    abandoned_dump: Option<u32>,
}

impl Socket {
    /// Opens a socket of the `NETLINK_ROUTE` family in the calling thread's
    /// namespace.
    pub(crate) fn open(time_limit: Duration) -> Result<Self, Failure> {
        let socket = netlink_sys::Socket::new(NETLINK_ROUTE)?;
        // A connected socket gets messages from its peer only: port 0, the
        // kernel.
        socket.connect(&SocketAddr::new(0, 0))?;
        socket.set_cap_ack(true)?;
        socket.set_ext_ack(true)?;
        optional(socket.set_netlink_get_strict_chk(true))?;
        Ok(Self {
            socket,
            time_limit,
            sequence: 0,
            outgoing: Vec::new(),
            incoming: Vec::with_capacity(RECEIVE_BUFFER),
            abandoned_dump: None,
        })
    }

    /// The kernel's number for the socket's namespace, where it gives one.
    pub(crate) fn namespace_cookie(&self) -> Result<Option<u64>, Failure> {
        Ok(unsafe_calls::namespace_cookie(&self.socket)?)
    }

    /// Sends a request that changes something and waits for the kernel's
    /// acknowledgement.
    pub(crate) fn change(&mut self, kind: u16, flags: u16, request: &impl Emitable) -> Result<(), Failure> {
        let deadline = self.deadline();
        let sequence = self.send(kind, NLM_F_ACK | flags, request)?;
        loop {
            let datagram = self.receive(deadline)?;
            for message in messages(datagram) {
                let message = message?;
                if message.sequence == sequence && message.is_error() {
                    return message.outcome();
                }
            }
        }
    }

    /// Asks for one object.
    pub(crate) fn get<T>(
        &mut self,
        kind: u16,
        request: &impl Emitable,
        parse: impl Fn(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<T, Failure> {
        self.ask(kind, 0, request, |message| {
            if message.is_error() {
                return message.outcome().map(|()| None);
            }
            Ok(Some(parse(message.payload)?))
        })
    }

    /// Asks for one object of a kind that the kernel tells of only to those who
    /// listen for changes, unless asked to repeat it to who asked. `None` where
    /// it has nothing to tell.
    pub(crate) fn get_echoed<T>(
        &mut self,
        kind: u16,
        request: &impl Emitable,
        parse: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let mut told = None;
        self.ask(kind, NLM_F_ECHO | NLM_F_ACK, request, |message| {
            if message.is_error() {
                return message.outcome().map(|()| Some(told.take()));
            }
            told = parse(message.payload);
            Ok(None)
        })
    }

    /// Asks, again when the answer was too long for the buffer, until one of the
    /// messages that come is the end of the answer.
    fn ask<T>(
        &mut self,
        kind: u16,
        flags: u16,
        request: &impl Emitable,
        mut end: impl FnMut(&Message<'_>) -> Result<Option<T>, Failure>,
    ) -> Result<T, Failure> {
        let deadline = self.deadline();
        let mut sequence = self.send(kind, flags, request)?;
        loop {
            let datagram = match self.receive_whole(deadline)? {
                Datagram::Whole(datagram) => datagram,
                Datagram::Lost => {
                    sequence = self.send(kind, flags, request)?;
                    continue;
                }
            };
            for message in messages(datagram) {
                let message = message?;
                if message.sequence == sequence
                    && let Some(answer) = end(&message)?
                {
                    return Ok(answer);
                }
            }
        }
    }

    /// Asks for all objects of a kind; again, when the kernel says that they
    /// changed meanwhile.
    pub(crate) fn dump<T>(
        &mut self,
        kind: u16,
        request: &impl Emitable,
        mut parse: impl FnMut(&[u8], &mut Vec<T>) -> Result<(), DecodeError>,
    ) -> Result<Vec<T>, Failure> {
        let deadline = self.deadline();
        self.finish_abandoned_dump(deadline)?;
        for _ in 0..DUMP_ATTEMPTS {
            let sequence = self.send(kind, NLM_F_DUMP, request)?;
            let mut objects = Vec::new();
            let consistent = self.collect(sequence, deadline, |message| parse(message.payload, &mut objects))?;
            if consistent {
                return Ok(objects);
            }
        }
        Err(Failure::Unsteady)
    }

    /// Receives a dump to its end. False when it has to be repeated.
    fn collect(
        &mut self,
        sequence: u32,
        deadline: Instant,
        mut each: impl FnMut(&Message<'_>) -> Result<(), DecodeError>,
    ) -> Result<bool, Failure> {
        let mut consistent = true;
        let mut problem = None;
        loop {
            let datagram = match self.receive_whole(deadline) {
                Ok(Datagram::Whole(datagram)) => datagram,
                Ok(Datagram::Lost) => {
                    consistent = false;
                    continue;
                }
                Err(failure) => {
                    self.abandoned_dump = Some(sequence);
                    return Err(failure);
                }
            };
            for message in messages(datagram) {
                let message = message?;
                if message.sequence != sequence {
                    continue;
                }
                consistent &= message.flags & NLM_F_DUMP_INTR == 0;
                if message.is_done() || message.is_error() {
                    message.outcome()?;
                    return problem.map_or(Ok(consistent), |error: DecodeError| Err(error.into()));
                }
                if problem.is_none() {
                    problem = each(&message).err();
                }
            }
        }
    }

    fn finish_abandoned_dump(&mut self, deadline: Instant) -> Result<(), Failure> {
        let Some(sequence) = self.abandoned_dump.take() else {
            return Ok(());
        };
        match self.collect(sequence, deadline, |_| Ok(())) {
            // How that dump would have ended is of no interest any more.
            Ok(_) | Err(Failure::Refused { .. }) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.time_limit
    }

    fn send(&mut self, kind: u16, flags: u16, request: &impl Emitable) -> Result<u32, Failure> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        let length = header.buffer_len() + request.buffer_len();
        header.length = u32::try_from(length).map_err(|_| Failure::Malformed("the request is too long".to_owned()))?;
        header.message_type = kind;
        header.flags = NLM_F_REQUEST | flags;
        header.sequence_number = self.sequence;
        self.outgoing.clear();
        self.outgoing.resize(length, 0);
        let (head, body) = self.outgoing.split_at_mut(header.buffer_len());
        header.emit(head);
        request.emit(body);
        self.socket.send(&self.outgoing, 0)?;
        Ok(self.sequence)
    }

    /// Receives one datagram; one that is longer than the buffer is an error.
    fn receive(&mut self, deadline: Instant) -> Result<&[u8], Failure> {
        match self.receive_whole(deadline)? {
            Datagram::Whole(datagram) => Ok(datagram),
            Datagram::Lost => Err(Failure::Malformed("an answer is too long".to_owned())),
        }
    }

    /// Receives one datagram. One that is longer than the buffer is lost, but
    /// the buffer is large enough the next time.
    fn receive_whole(&mut self, deadline: Instant) -> Result<Datagram<'_>, Failure> {
        let length = self.receive_before(deadline)?;
        if length <= self.incoming.len() {
            return Ok(Datagram::Whole(&self.incoming));
        }
        if length > LARGEST_MESSAGE {
            return Err(Failure::Malformed(format!("an answer of {length} bytes")));
        }
        self.incoming.clear();
        self.incoming.reserve(length);
        Ok(Datagram::Lost)
    }

    /// The length of the datagram, which may be more than was kept of it.
    fn receive_before(&mut self, deadline: Instant) -> Result<usize, Failure> {
        // The kernel has mostly answered before `send` returns: no need to
        // set a time limit on the socket then.
        let mut waiting = MSG_DONTWAIT;
        loop {
            self.incoming.clear();
            let received = self.socket.recv_from(&mut self.incoming, MSG_TRUNC | waiting);
            match received {
                Ok((length, sender)) if sender.port_number() == 0 => return Ok(length),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.limit_wait(deadline)?;
                    waiting = 0;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn limit_wait(&self, deadline: Instant) -> Result<(), Failure> {
        let left = deadline.saturating_duration_since(Instant::now());
        let microseconds = i64::try_from(left.as_micros()).unwrap_or(i64::MAX);
        if microseconds == 0 {
            return Err(Failure::TimeLimit);
        }
        // Zero would mean no limit.
        Ok(setsockopt(
            &self.socket,
            ReceiveTimeout,
            &TimeVal::microseconds(microseconds),
        )?)
    }
}

enum Datagram<'a> {
    Whole(&'a [u8]),
    /// It was longer than the buffer.
    Lost,
}

/// An option that older kernels do not have, and that we can do without.
fn optional(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.raw_os_error() != Some(Errno::ENOPROTOOPT as i32) => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use netlink_packet_route::link::LinkMessage;
    use nix::libc::RTM_GETLINK;

    use super::{Duration, Failure, Instant, Socket};

    #[test]
    fn an_answer_that_does_not_come_ends_at_the_time_limit() {
        let limit = Duration::from_millis(50);
        let mut socket = Socket::open(limit).unwrap();
        let start = Instant::now();
        let deadline = socket.deadline();
        assert!(matches!(socket.receive(deadline), Err(Failure::TimeLimit)));
        assert!(start.elapsed() >= limit);
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn answers_to_abandoned_requests_are_passed_over() {
        let mut socket = Socket::open(Duration::from_secs(5)).unwrap();
        let mut first = LinkMessage::default();
        first.header.index = 1;
        for _ in 0..3 {
            socket.send(RTM_GETLINK, 0, &first).unwrap();
        }
        let mut missing = LinkMessage::default();
        missing.header.index = 0x7fff_ffff;
        let answer = socket.get(RTM_GETLINK, &missing, |_| Ok(()));
        assert!(matches!(
            answer,
            Err(Failure::Refused { errno, .. }) if errno == nix::errno::Errno::ENODEV
        ));
    }

    #[test]
    fn an_abandoned_dump_does_not_stand_in_the_way_of_the_next() {
        let mut socket = Socket::open(Duration::from_secs(5)).unwrap();
        let all = LinkMessage::default();
        let sequence = socket.send(RTM_GETLINK, super::NLM_F_DUMP, &all).unwrap();
        socket.abandoned_dump = Some(sequence);
        let links = socket
            .dump(RTM_GETLINK, &all, |_, links| {
                links.push(());
                Ok(())
            })
            .unwrap();
        assert!(!links.is_empty());
    }

    #[test]
    fn an_answer_longer_than_the_buffer_is_asked_for_again() {
        let mut socket = Socket::open(Duration::from_secs(5)).unwrap();
        socket.incoming = Vec::with_capacity(64);
        let mut first = LinkMessage::default();
        first.header.index = 1;
        let length = socket.get(RTM_GETLINK, &first, |payload| Ok(payload.len())).unwrap();
        assert!(length > 64);

        socket.incoming = Vec::with_capacity(64);
        let links = socket
            .dump(RTM_GETLINK, &LinkMessage::default(), |payload, links| {
                links.push(payload.len());
                Ok(())
            })
            .unwrap();
        assert!(links.contains(&length));
    }
}
