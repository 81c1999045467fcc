//! What the kernel answers.

use nix::errno::Errno;

use crate::request::nftables::{
    attribute::{Attributes, text_of},
    batch::HEADER as MESSAGE_HEADER,
    constants::{
        NLM_F_ACK_TLVS, NLM_F_CAPPED, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, NLMSGERR_ATTR_MSG, NLMSGERR_ATTR_OFFS,
    },
};

/// `struct nlmsghdr`.
const HEADER: usize = 16;

/// A message of the kernel.
#[derive(Debug)]
pub(super) struct Reply<'a> {
    pub(super) sequence: u32,
    /// Of a list: what is listed was changed meanwhile.
    pub(super) is_interrupted: bool,
    pub(super) content: Content<'a>,
}

/// What it says.
#[derive(Debug)]
pub(super) enum Content<'a> {
    /// The request was carried out.
    Acknowledgement,
    /// It was not.
    Refusal(Refusal),
    /// The end of a list.
    End,
    /// An object.
    Object(Attributes<'a>),
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) errno: Errno,
    /// Of the attribute that is to blame, in the request.
    pub(super) offset: Option<usize>,
    /// The kernel's own words; often none.
    pub(super) text: String,
}

/// The messages of a datagram, up to the first that is cut off.
pub(super) fn read(datagram: &[u8]) -> impl Iterator<Item = Reply<'_>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let length = usize::try_from(number(rest, 0)?).ok()?;
        let message = rest.get(..length)?;
        let reply = read_message(message)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(reply)
    })
}

fn read_message(message: &[u8]) -> Option<Reply<'_>> {
    let [kind, flags] = {
        let both = message.get(4..8)?;
        [
            u16::from_ne_bytes([both[0], both[1]]),
            u16::from_ne_bytes([both[2], both[3]]),
        ]
    };
    let sequence = number(message, 8)?;
    let content = if kind == NLMSG_ERROR {
        read_error(message.get(HEADER..)?, flags)?
    } else if kind == NLMSG_DONE {
        Content::End
    } else {
        Content::Object(Attributes::new(message.get(MESSAGE_HEADER..).unwrap_or_default()))
    };
    Some(Reply {
        sequence,
        is_interrupted: flags & NLM_F_DUMP_INTR != 0,
        content,
    })
}

/// `struct nlmsgerr`: a number, the request (only its header with
/// `NLM_F_CAPPED`), attributes.
fn read_error(error: &[u8], flags: u16) -> Option<Content<'_>> {
    let errno = number(error, 0)?.cast_signed().checked_neg()?;
    if errno == 0 {
        return Some(Content::Acknowledgement);
    }
    let request = if flags & NLM_F_CAPPED != 0 {
        HEADER
    } else {
        usize::try_from(number(error, 4)?).ok()?
    };
    let attributes = if flags & NLM_F_ACK_TLVS != 0 {
        request
            .checked_next_multiple_of(4)
            .and_then(|request| error.get(request.checked_add(4)?..))
            .unwrap_or_default()
    } else {
        &[]
    };
    let attributes = Attributes::new(attributes);
    let offset = attributes.find(NLMSGERR_ATTR_OFFS).and_then(|value| number(value, 0));
    Some(Content::Refusal(Refusal {
        errno: Errno::from_raw(errno),
        offset: offset.and_then(|offset| usize::try_from(offset).ok()),
        text: attributes.find(NLMSGERR_ATTR_MSG).map(text_of).unwrap_or_default(),
    }))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_refusal_has_its_number_its_words_and_the_place() {
        let mut datagram = Vec::new();
        datagram.extend(56u32.to_ne_bytes());
        datagram.extend(NLMSG_ERROR.to_ne_bytes());
        datagram.extend((NLM_F_CAPPED | NLM_F_ACK_TLVS).to_ne_bytes());
        datagram.extend(7u32.to_ne_bytes());
        datagram.extend([0; 4]);
        datagram.extend((-2i32).to_ne_bytes());
        datagram.extend([0; 16]);
        datagram.extend([7u16.to_ne_bytes(), NLMSGERR_ATTR_MSG.to_ne_bytes(), *b"no", [0, 0]].concat());
        datagram.extend(8u16.to_ne_bytes());
        datagram.extend(NLMSGERR_ATTR_OFFS.to_ne_bytes());
        datagram.extend(20u32.to_ne_bytes());
        datagram[..4].copy_from_slice(&52u32.to_ne_bytes());
        assert_eq!(datagram.len(), 52);

        let replies: Vec<_> = read(&datagram).collect();
        let [
            Reply {
                sequence: 7,
                content: Content::Refusal(refusal),
                ..
            },
        ] = &replies[..]
        else {
            panic!("{replies:?}");
        };
        assert_eq!(
            *refusal,
            Refusal {
                errno: Errno::ENOENT,
                offset: Some(20),
                text: "no".to_owned()
            }
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_an_end(bytes: Vec<u8>) {
            prop_assert!(read(&bytes).count() <= bytes.len() / HEADER);
        }

        #[test]
        fn any_message_is_read(
            kind in prop_oneof![Just(NLMSG_ERROR), any::<u16>()],
            flags: u16,
            body: Vec<u8>,
        ) {
            let length = u32::try_from(12 + body.len()).unwrap();
            let mut bytes = length.to_ne_bytes().to_vec();
            bytes.extend(kind.to_ne_bytes());
            bytes.extend(flags.to_ne_bytes());
            bytes.extend([0; 4]);
            bytes.extend(body);
            read(&bytes).for_each(drop);
        }
    }
}
