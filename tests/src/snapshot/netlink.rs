//! Asks the kernel for all objects of a kind.

use netlink_packet_core::{
    DecodeError, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR, NetlinkBuffer,
};
use netlink_sys::{Socket, SocketAddr};

const HEADER: usize = 16;
const ALIGNMENT: usize = 4;

/// A netlink socket in the namespace of the thread that opened it.
pub(super) struct Kernel(Socket);

impl Kernel {
    /// Of the family `NETLINK_…`.
    pub(super) fn open(family: isize) -> Self {
        let socket = Socket::new(family).expect("needs netlink");
        socket.connect(&SocketAddr::new(0, 0)).expect("the kernel is there");
        Self(socket)
    }

    /// The objects that a request of this type is about, each read from the
    /// kernel's message about it.
    pub(super) fn dump<T>(&self, request: u16, body: &[u8], read: impl Fn(&[u8]) -> Result<T, DecodeError>) -> Vec<T> {
        // The kernel tells when they changed meanwhile.
        loop {
            if let Some(messages) = self.try_dump(request, body) {
                let read = |message: &Vec<u8>| read(message).unwrap_or_else(|error| panic!("{request:#x}: {error}"));
                return messages.iter().map(read).collect();
            }
        }
    }

    fn try_dump(&self, request: u16, body: &[u8]) -> Option<Vec<Vec<u8>>> {
        let length = u32::try_from(HEADER + body.len()).expect("requests are small");
        let flags = NLM_F_REQUEST | NLM_F_DUMP;
        let mut datagram = Vec::with_capacity(HEADER + body.len());
        datagram.extend(length.to_ne_bytes());
        datagram.extend(request.to_ne_bytes());
        datagram.extend(flags.to_ne_bytes());
        // Neither a number for it nor one of ours: there is one at a time.
        datagram.extend([0; 8]);
        datagram.extend(body);
        self.0.send(&datagram, 0).expect("the kernel takes requests");

        let mut whole = true;
        let mut found = Vec::new();
        loop {
            let (datagram, _) = self.0.recv_from_full().expect("the kernel answers");
            for message in messages(&datagram) {
                whole &= message.flags & NLM_F_DUMP_INTR == 0;
                match message.kind {
                    NLMSG_DONE | NLMSG_ERROR => {
                        let code = message
                            .payload
                            .first_chunk()
                            .map_or(0, |bytes| i32::from_ne_bytes(*bytes));
                        assert_eq!(code, 0, "the kernel refuses request {request:#x}");
                        return whole.then_some(found);
                    }
                    _ => found.push(message.payload.to_owned()),
                }
            }
        }
    }
}

struct Message<'a> {
    kind: u16,
    flags: u16,
    payload: &'a [u8],
}

fn messages(datagram: &[u8]) -> impl Iterator<Item = Message<'_>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let buffer = NetlinkBuffer::new_checked(rest).ok()?;
        let message = Message {
            kind: buffer.message_type(),
            flags: buffer.flags(),
            payload: buffer.payload(),
        };
        let length = usize::try_from(buffer.length()).ok()?.next_multiple_of(ALIGNMENT);
        rest = rest.get(length..).unwrap_or_default();
        Some(message)
    })
}
