use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use nix::{
    errno::Errno,
    libc::{RTM_DELQDISC, RTM_GETQDISC, RTM_NEWQDISC},
};

use super::{
    super::{attribute::find, socket::Socket},
    message::{BUCKET, Header, KIND, OPTIONS, Object, Request, TC_H_ROOT, parse},
};
use crate::{LinkId, Outgoing, RateLimit, Result, TokenBucket, request::nftables::attribute::AttributeWriter};

// linux/pkt_sched.h
const TCA_TBF_PARMS: u16 = 1;
const TCA_TBF_RATE64: u16 = 4;
const TC_LINKLAYER_ETHERNET: u8 = 1;
/// `struct tc_ratespec`, of which `struct tc_tbf_qopt` has two.
const RATE_SPEC: usize = 12;

/// The queueing discipline of a link that hangs at `parent`. Asked for by
/// itself: a list would be of those of all links, whatever is asked.
pub(super) fn at(socket: &mut Socket, link: LinkId, parent: u32) -> Result<Option<Object>> {
    let header = Header {
        parent,
        ..Header::of(link)
    };
    let request = Request::new(header, AttributeWriter::default());
    match socket.get_echoed(RTM_GETQDISC, &request, parse) {
        Err(failure) if matches!(failure.errno(), Some(Errno::ENOENT | Errno::ENODEV)) => Ok(None),
        found => {
            found.map_err(|failure| failure.upon(link, "looking for", format!("the queueing disciplines of {link}")))
        }
    }
}

pub(crate) fn outgoing(socket: &mut Socket, link: LinkId) -> Result<Outgoing> {
    // One that nobody made has no handle.
    let Some(root) = at(socket, link, TC_H_ROOT)?.filter(|root| root.header.handle != 0) else {
        return Ok(Outgoing::Default);
    };
    let bucket = (root.kind == "tbf").then(|| read_bucket(&root.options)).flatten();
    Ok(match bucket {
        Some(bucket) => Outgoing::Limited(bucket),
        None => Outgoing::Other(root.kind),
    })
}

pub(crate) fn limit_rate(socket: &mut Socket, link: LinkId, limit: &RateLimit) -> Result<()> {
    let bucket = limit.token_bucket()?;
    let mut attributes = AttributeWriter::default();
    attributes.text(KIND, "tbf");
    attributes.nested(OPTIONS, |options| {
        if u32::try_from(bucket.rate).is_err() {
            options.bytes(TCA_TBF_RATE64, &bucket.rate.to_ne_bytes());
        }
        options.bytes(TCA_TBF_PARMS, &parameters(&bucket));
    });
    let request = Request::new(root(link), attributes);
    socket
        .change(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &request)
        .map_err(|failure| failure.upon(link, "adding", named(link)))
}

pub(crate) fn delete_rate_limit(socket: &mut Socket, link: LinkId) -> Result<()> {
    let request = Request::new(root(link), AttributeWriter::default());
    match socket.change(RTM_DELQDISC, 0, &request) {
        // The link has none with this handle, or only the kernel's own.
        Err(failure) if failure.errno() == Some(Errno::EINVAL) => Err(crate::Error::NotFound(named(link))),
        result => result.map_err(|failure| failure.upon(link, "deleting", named(link))),
    }
}

fn root(link: LinkId) -> Header {
    Header {
        handle: BUCKET,
        parent: TC_H_ROOT,
        ..Header::of(link)
    }
}

fn named(link: LinkId) -> String {
    format!("a root queueing discipline of {link}")
}

/// `struct tc_tbf_qopt`: rate, peak rate, limit, buffer, MTU of the peak rate.
fn parameters(bucket: &TokenBucket) -> Vec<u8> {
    let mut bytes = vec![0, TC_LINKLAYER_ETHERNET, 0, 0, 0, 0, 0, 0];
    bytes.extend(u32::try_from(bucket.rate).unwrap_or(u32::MAX).to_ne_bytes());
    bytes.resize(2 * RATE_SPEC, 0);
    for number in [bucket.limit, bucket.buffer, 0] {
        bytes.extend(number.to_ne_bytes());
    }
    bytes
}

fn read_bucket(options: &[u8]) -> Option<TokenBucket> {
    let parameters = find(options, TCA_TBF_PARMS)?;
    let number = |at: usize| Some(u32::from_ne_bytes(*parameters.get(at..)?.first_chunk()?));
    let large = find(options, TCA_TBF_RATE64).and_then(|value| value.first_chunk().copied());
    Some(TokenBucket {
        rate: match large {
            Some(bytes) => u64::from_ne_bytes(bytes),
            None => number(RATE_SPEC - 4)?.into(),
        },
        limit: number(2 * RATE_SPEC)?,
        buffer: number(2 * RATE_SPEC + 4)?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let bucket = TokenBucket {
            rate: 1_000_000,
            buffer: 1_562_500,
            limit: 125_000,
        };
        let mut options = AttributeWriter::default();
        options.bytes(TCA_TBF_PARMS, &parameters(&bucket));
        assert_eq!(read_bucket(&options.finish().unwrap()), Some(bucket));
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes: Vec<u8>) {
            let _ = read_bucket(&bytes);
        }
    }
}
