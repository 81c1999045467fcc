//! Flows that connection tracking knows, which the same sockets tell of.

use std::net::IpAddr;

use nix::errno::Errno;

use super::{
    NftSocket,
    reply::{self, Content},
};
use crate::{
    Error, Flows, Result,
    request::nftables::{
        attribute::{AttributeWriter, Attributes},
        batch,
        constants::{
            CTA_FILTER, CTA_FILTER_F_CTA_PROTO_DST_PORT, CTA_FILTER_F_CTA_PROTO_NUM, CTA_FILTER_ORIG_FLAGS, CTA_ID,
            CTA_IP_V4_DST, CTA_IP_V6_DST, CTA_PROTO_DST_PORT, CTA_PROTO_NUM, CTA_TUPLE_IP, CTA_TUPLE_ORIG,
            CTA_TUPLE_PROTO, CTA_ZONE, IPCTNL_MSG_CT_DELETE, IPCTNL_MSG_CT_GET, IPPROTO_UDP, NFNL_SUBSYS_CTNETLINK,
            NFPROTO_IPV4, NFPROTO_IPV6, NLA_F_NESTED, NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST,
        },
    },
};

/// How often a list is asked for that changes while it is read. Flows come
/// and go all the time; what is missed after that is new.
const TRIES: usize = 4;

/// A flow as the kernel names it, to delete it: the attributes of which the
/// first is its original tuple.
type Named = Vec<(u16, Vec<u8>)>;

impl NftSocket {
    /// Forgets flows of UDP, each kind of them.
    pub(crate) fn forget_flows(&mut self, flows: &[Flows]) -> Result<()> {
        for flows in flows {
            if flows.address.is_some_and(|address| address.is_ipv6() != flows.ipv6) {
                return Err(Error::Invalid(format!("{flows}: the address is of the other family")));
            }
            for named in self.list_flows(flows)? {
                self.delete_flow(flows, named)?;
            }
        }
        Ok(())
    }

    fn list_flows(&mut self, flows: &Flows) -> Result<Vec<Named>> {
        let mut found = Vec::new();
        for _ in 0..TRIES {
            let (listed, is_whole) = self.list_flows_once(flows)?;
            found = listed;
            if is_whole {
                break;
            }
        }
        Ok(found)
    }

    fn list_flows_once(&mut self, flows: &Flows) -> Result<(Vec<Named>, bool)> {
        let deadline = self.transport.deadline();
        let about = format!("listing the tracked flows to {flows}");
        let sequence = self.transport.reserve(1);
        let request = message(IPCTNL_MSG_CT_GET, NLM_F_DUMP, sequence, flows, filter(flows));
        self.transport.send(&request, &about)?;
        let (mut found, mut is_whole) = (Vec::new(), true);
        while let Some(datagram) = self.transport.receive(deadline, &about)? {
            for reply in reply::read(&datagram).filter(|reply| reply.sequence == sequence) {
                is_whole &= !reply.is_interrupted;
                match reply.content {
                    Content::End => return Ok((found, is_whole)),
                    Content::Object(attributes) if is_of(&attributes, flows) => found.extend(name(&attributes)),
                    Content::Refusal(refusal) => return Err(refused(refusal.errno, &about)),
                    Content::Object(_) | Content::Acknowledgement => {}
                }
            }
        }
        Err(Error::Deadline(about))
    }

    /// One that ended meanwhile is what is wanted.
    fn delete_flow(&mut self, flows: &Flows, named: Named) -> Result<()> {
        let deadline = self.transport.deadline();
        let about = format!("forgetting a tracked flow to {flows}");
        let mut attributes = AttributeWriter::default();
        for (kind, value) in named {
            attributes.bytes(kind, &value);
        }
        let sequence = self.transport.reserve(1);
        let request = message(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, sequence, flows, attributes);
        self.transport.send(&request, &about)?;
        while let Some(datagram) = self.transport.receive(deadline, &about)? {
            for reply in reply::read(&datagram).filter(|reply| reply.sequence == sequence) {
                match reply.content {
                    Content::Acknowledgement => return Ok(()),
                    Content::Refusal(refusal) if refusal.errno == Errno::ENOENT => return Ok(()),
                    Content::Refusal(refusal) => return Err(refused(refusal.errno, &about)),
                    Content::Object(_) | Content::End => {}
                }
            }
        }
        Err(Error::Deadline(about))
    }
}

fn refused(errno: Errno, about: &str) -> Error {
    match errno {
        // What the kernel says of a subsystem that it lacks.
        Errno::EINVAL | Errno::EOPNOTSUPP => {
            Error::Unsupported(format!("{about}: this kernel has no netlink for connection tracking"))
        }
        errno => Error::Os {
            errno,
            context: about.to_owned(),
        },
    }
}

/// `struct nlmsghdr`, `struct nfgenmsg`, attributes.
fn message(kind: u16, flags: u16, sequence: u32, flows: &Flows, attributes: AttributeWriter) -> Vec<u8> {
    // A tuple, a number and a zone fit.
    let attributes = attributes.finish().unwrap_or_default();
    let length = u32::try_from(batch::HEADER + attributes.len()).unwrap_or(u32::MAX);
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend((NFNL_SUBSYS_CTNETLINK << 8 | kind).to_ne_bytes());
    bytes.extend((NLM_F_REQUEST | flags).to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend([0; 4]);
    let family = if flows.ipv6 { NFPROTO_IPV6 } else { NFPROTO_IPV4 };
    bytes.extend([family, 0, 0, 0]);
    bytes.extend(attributes);
    bytes
}

/// Spares the kernel (from 5.8 on) to tell of all others; before that it tells
/// of them.
fn filter(flows: &Flows) -> AttributeWriter {
    let mut attributes = AttributeWriter::default();
    attributes.nested(CTA_TUPLE_ORIG, |tuple| {
        tuple.nested(CTA_TUPLE_PROTO, |protocol| {
            protocol.bytes(CTA_PROTO_NUM, &[IPPROTO_UDP]);
            protocol.bytes(CTA_PROTO_DST_PORT, &flows.port.to_be_bytes());
        });
    });
    let what = CTA_FILTER_F_CTA_PROTO_NUM | CTA_FILTER_F_CTA_PROTO_DST_PORT;
    attributes.nested(CTA_FILTER, |filter| {
        filter.bytes(CTA_FILTER_ORIG_FLAGS, &what.to_ne_bytes());
    });
    attributes
}

fn is_of(flow: &Attributes<'_>, flows: &Flows) -> bool {
    let Some(tuple) = flow.find_nested(CTA_TUPLE_ORIG) else {
        return false;
    };
    let is_of_port = tuple.find_nested(CTA_TUPLE_PROTO).is_some_and(|protocol| {
        protocol.find(CTA_PROTO_NUM) == Some(&[IPPROTO_UDP])
            && protocol.find(CTA_PROTO_DST_PORT) == Some(&flows.port.to_be_bytes())
    });
    let destination = tuple
        .find_nested(CTA_TUPLE_IP)
        .and_then(|ip| destination(&ip, flows.ipv6));
    is_of_port && destination.is_some_and(|destination| flows.address.is_none_or(|address| address == destination))
}

fn destination(ip: &Attributes<'_>, ipv6: bool) -> Option<IpAddr> {
    if ipv6 {
        let octets: [u8; 16] = ip.find(CTA_IP_V6_DST)?.try_into().ok()?;
        return Some(octets.into());
    }
    let octets: [u8; 4] = ip.find(CTA_IP_V4_DST)?.try_into().ok()?;
    Some(octets.into())
}

/// By its number as well: one that came in its place meanwhile stays.
fn name(flow: &Attributes<'_>) -> Option<Named> {
    let mut named = vec![(CTA_TUPLE_ORIG | NLA_F_NESTED, flow.find(CTA_TUPLE_ORIG)?.to_vec())];
    for kind in [CTA_ID, CTA_ZONE] {
        named.extend(flow.find(kind).map(|value| (kind, value.to_vec())));
    }
    Some(named)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes: Vec<u8>, ipv6: bool) {
            let flows = Flows { ipv6, port: 53, address: None };
            let attributes = Attributes::new(&bytes);
            let _ = (is_of(&attributes, &flows), name(&attributes));
        }
    }
}
