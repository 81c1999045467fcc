//! Takes apart what a netlink socket receives.

use netlink_packet_core::{NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_DONE, NLMSG_ERROR, NetlinkBuffer};
use nix::errno::Errno;

use super::{
    attribute::{find, text},
    failure::Failure,
};

const ALIGNMENT: usize = 4;
const HEADER: usize = 16;
/// `NLMSGERR_ATTR_MSG` in `linux/netlink.h`.
const ERROR_TEXT: u16 = 1;

/// One message of a datagram.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    pub(crate) kind: u16,
    pub(crate) flags: u16,
    pub(crate) sequence: u32,
    pub(crate) payload: &'a [u8],
}

impl Message<'_> {
    pub(crate) fn is_done(&self) -> bool {
        self.kind == NLMSG_DONE
    }

    pub(crate) fn is_error(&self) -> bool {
        self.kind == NLMSG_ERROR
    }

    /// What an error or done message says: nothing, or a refusal with the
    /// sentence of its extended acknowledgement.
    pub(crate) fn outcome(&self) -> Result<(), Failure> {
        let code = match self.payload.first_chunk() {
            Some(bytes) => i32::from_ne_bytes(*bytes),
            // The kernel may end a dump with an empty message.
            None if self.is_done() => 0,
            None => return Err(Failure::Malformed("an empty acknowledgement".to_owned())),
        };
        if code >= 0 {
            return Ok(());
        }
        Err(Failure::Refused {
            errno: Errno::from_raw(code.saturating_neg()),
            text: self.explanation(),
        })
    }

    fn explanation(&self) -> Option<String> {
        if self.flags & NLM_F_ACK_TLVS == 0 {
            return None;
        }
        let body = self.payload.get(4..)?;
        let attributes = if self.is_done() {
            body
        } else {
            body.get(self.request_length(body)?..)?
        };
        find(attributes, ERROR_TEXT).map(text)
    }

    /// How much of the request the error message carries.
    fn request_length(&self, body: &[u8]) -> Option<usize> {
        if self.flags & NLM_F_CAPPED != 0 {
            return Some(HEADER);
        }
        let length = u32::from_ne_bytes(*body.first_chunk()?);
        Some(usize::try_from(length).ok()?.next_multiple_of(ALIGNMENT))
    }
}

/// The messages of a datagram, up to the first that is malformed.
pub(crate) fn messages(datagram: &[u8]) -> Messages<'_> {
    Messages { rest: datagram }
}

pub(crate) struct Messages<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match NetlinkBuffer::new_checked(self.rest) {
            Ok(buffer) => {
                let length = HEADER + buffer.payload_length();
                self.rest = self.rest.get(length.next_multiple_of(ALIGNMENT)..).unwrap_or_default();
                Some(Ok(Message {
                    kind: buffer.message_type(),
                    flags: buffer.flags(),
                    sequence: buffer.sequence_number(),
                    payload: buffer.payload(),
                }))
            }
            Err(error) => {
                self.rest = &[];
                Some(Err(error.into()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use nix::errno::Errno;
    use proptest::{collection::vec, prelude::*};

    use super::{Failure, Message, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_ERROR, messages};

    fn error(flags: u16, code: i32, request: &[u8]) -> Vec<u8> {
        let mut payload = code.to_ne_bytes().to_vec();
        payload.extend(request);
        payload.extend([8, 0, 1, 0]);
        payload.extend(b"why\0");
        let length = u32::try_from(16 + payload.len()).unwrap();
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend(NLMSG_ERROR.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend([7, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend(payload);
        bytes
    }

    fn request(length: u8) -> Vec<u8> {
        let mut bytes = vec![0; usize::from(length)];
        if let Some(first) = bytes.first_mut() {
            *first = length;
        }
        bytes
    }

    #[test]
    fn a_refusal_has_the_kernels_sentence_where_there_is_one() {
        let table = [
            (NLM_F_ACK_TLVS | NLM_F_CAPPED, request(16), Some("why")),
            (NLM_F_ACK_TLVS, request(20), Some("why")),
            (NLM_F_CAPPED, request(16), None),
        ];
        for (flags, request, expected) in table {
            let datagram = error(flags, -17, &request);
            let message = messages(&datagram).next().unwrap().unwrap();
            assert_eq!(message.sequence, 7);
            match message.outcome() {
                Err(Failure::Refused { errno, text }) => {
                    assert_eq!((errno, text.as_deref()), (Errno::EEXIST, expected));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn code_zero_is_an_acknowledgement() {
        let datagram = error(0, 0, &request(16));
        assert!(messages(&datagram).next().unwrap().unwrap().outcome().is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_taken_apart(bytes in vec(any::<u8>(), 0..120)) {
            for message in messages(&bytes).flatten() {
                let _ = message.outcome();
            }
        }

        #[test]
        fn any_acknowledgement_can_be_read(
            done in any::<bool>(),
            flags in any::<u16>(),
            payload in vec(any::<u8>(), 0..60),
        ) {
            let kind = if done { super::NLMSG_DONE } else { NLMSG_ERROR };
            let _ = Message { kind, flags, sequence: 0, payload: &payload }.outcome();
        }
    }
}
