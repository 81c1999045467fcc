//! `struct tcmsg` with its attributes (`linux/rtnetlink.h`).

use netlink_packet_core::Emitable;

use super::super::attribute::find;
use crate::{LinkId, request::nftables::attribute::AttributeWriter};

/// `TCA_KIND`, `TCA_OPTIONS`.
pub(super) const KIND: u16 = 1;
pub(super) const OPTIONS: u16 = 2;

/// Of `linux/pkt_sched.h`.
pub(super) const TC_H_ROOT: u32 = 0xffff_ffff;
pub(super) const TC_H_INGRESS: u32 = 0xffff_fff1;
/// `1:`, the handle of the token bucket, as the reference plugin has it.
pub(super) const BUCKET: u32 = 0x0001_0000;
/// `ffff:`, the handle of an ingress.
pub(super) const INGRESS: u32 = 0xffff_0000;

const HEADER: usize = 20;

/// What a message is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) index: u32,
    pub(super) handle: u32,
    pub(super) parent: u32,
    /// Of filters: priority and protocol.
    pub(super) info: u32,
}

impl Header {
    pub(super) fn of(link: LinkId) -> Self {
        Self {
            index: link.index,
            ..Self::default()
        }
    }
}

/// A request.
#[derive(Debug)]
pub(super) struct Request(Vec<u8>);

impl Request {
    pub(super) fn new(header: Header, attributes: AttributeWriter) -> Self {
        let mut bytes = vec![0; 4];
        for part in [header.index, header.handle, header.parent, header.info] {
            bytes.extend(part.to_ne_bytes());
        }
        // The few attributes here are far from the 64 KiB that would not fit.
        bytes.extend(attributes.finish().unwrap_or_default());
        Self(bytes)
    }
}

impl Emitable for Request {
    fn buffer_len(&self) -> usize {
        self.0.len()
    }

    fn emit(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.0);
    }
}

/// An object that the kernel tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) header: Header,
    pub(super) kind: String,
    /// Its attributes `TCA_OPTIONS`.
    pub(super) options: Vec<u8>,
}

/// Takes an answer apart; `None` for one that is too short.
pub(super) fn parse(payload: &[u8]) -> Option<Object> {
    let (header, attributes) = payload.split_at_checked(HEADER)?;
    let part = |at: usize| {
        let bytes = header.get(at..).and_then(|rest| rest.first_chunk().copied());
        bytes.map(u32::from_ne_bytes)
    };
    Some(Object {
        header: Header {
            index: part(4)?,
            handle: part(8)?,
            parent: part(12)?,
            info: part(16)?,
        },
        kind: find(attributes, KIND)
            .map(super::super::attribute::text)
            .unwrap_or_default(),
        options: find(attributes, OPTIONS).unwrap_or_default().to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::parse;

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in vec(any::<u8>(), 0..120)) {
            let _ = parse(&bytes);
        }
    }
}
