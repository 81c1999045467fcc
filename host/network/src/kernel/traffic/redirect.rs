use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use nix::{
    errno::Errno,
    libc::{RTM_DELQDISC, RTM_GETTFILTER, RTM_NEWQDISC, RTM_NEWTFILTER},
};

use super::{
    super::{
        attribute::{attributes, find, text},
        socket::Socket,
    },
    message::{Header, INGRESS, KIND, OPTIONS, Object, Request, TC_H_INGRESS, parse},
    queue::at,
};
use crate::{Error, Incoming, LinkId, Result, request::nftables::attribute::AttributeWriter};

/// `ETH_P_ALL` in `linux/if_ether.h`.
const ALL_PROTOCOLS: u16 = 0x0003;

// linux/pkt_cls.h
const TCA_U32_CLASSID: u16 = 1;
const TCA_U32_SEL: u16 = 5;
const TCA_U32_ACT: u16 = 7;
const TC_U32_TERMINAL: u8 = 1;
const TC_ACT_STOLEN: i32 = 4;
const TCA_ACT_KIND: u16 = 1;
const TCA_ACT_OPTIONS: u16 = 2;
/// The bits of a u32 filter's handle that tell a filter from a table of them.
const TC_U32_NODE: u32 = 0xfff;

// linux/tc_act/tc_mirred.h
const TCA_MIRRED_PARMS: u16 = 2;
const TCA_EGRESS_REDIR: i32 = 1;
/// Where `struct tc_mirred` has what is done, and the link.
const MIRRED_ACTION: usize = 20;
const MIRRED_INDEX: usize = 24;

/// `struct tc_u32_sel` with one key.
const SELECTOR: usize = 16 + 16;
/// `1:1`, a class that nothing has.
const FLOW: u32 = 0x0001_0001;
/// Before all others.
const PRIORITY: u32 = 1;

pub(crate) fn incoming(socket: &mut Socket, link: LinkId) -> Result<Incoming> {
    let Some(ingress) = at(socket, link, TC_H_INGRESS)? else {
        return Ok(Incoming::Default);
    };
    // A clsact has filters for what goes out as well.
    if ingress.kind != "ingress" {
        return Ok(Incoming::Other);
    }
    let request = Request::new(
        Header {
            parent: INGRESS,
            ..Header::of(link)
        },
        AttributeWriter::default(),
    );
    let filters = socket
        .dump(RTM_GETTFILTER, &request, |payload, filters| {
            filters.extend(parse(payload).filter(is_filter));
            Ok(())
        })
        .map_err(|failure| failure.upon(link, "listing", format!("the filters of {link}")))?;
    Ok(match filters.as_slice() {
        [] => Incoming::Empty,
        [filter] => target(filter).map_or(Incoming::Other, Incoming::Redirected),
        _ => Incoming::Other,
    })
}

/// The kernel also tells of each priority, and of each table of u32 filters.
fn is_filter(object: &Object) -> bool {
    let is_table = object.kind == "u32" && object.header.handle & TC_U32_NODE == 0;
    object.header.handle != 0 && !is_table
}

/// Where a filter sends everything, if that is what it does.
fn target(filter: &Object) -> Option<u32> {
    if filter.kind != "u32" || filter.header.info & 0xffff != protocol() {
        return None;
    }
    let selector = find(&filter.options, TCA_U32_SEL)?;
    let (_, keys) = selector.split_at_checked(16)?;
    let matches_all = keys.chunks(16).all(|key| key.get(..4) == Some(&[0; 4]));
    let actions = find(&filter.options, TCA_U32_ACT)?;
    let targets: Vec<u32> = attributes(actions)
        .filter_map(|(_, action)| redirected(action))
        .collect();
    // The reference plugin has it twice; the first is the one that counts.
    targets.first().copied().filter(|_| matches_all)
}

fn redirected(action: &[u8]) -> Option<u32> {
    if find(action, TCA_ACT_KIND).map(text).as_deref() != Some("mirred") {
        return None;
    }
    let parameters = find(find(action, TCA_ACT_OPTIONS)?, TCA_MIRRED_PARMS)?;
    let number = |at: usize| Some(u32::from_ne_bytes(*parameters.get(at..)?.first_chunk()?));
    let index = number(MIRRED_INDEX)?;
    (number(MIRRED_ACTION)? == TCA_EGRESS_REDIR.cast_unsigned()).then_some(index)
}

pub(crate) fn redirect(socket: &mut Socket, link: LinkId, to: u32) -> Result<()> {
    let mut attributes = AttributeWriter::default();
    attributes.text(KIND, "ingress");
    socket
        .change(
            RTM_NEWQDISC,
            NLM_F_CREATE | NLM_F_EXCL,
            &Request::new(ingress(link), attributes),
        )
        .map_err(|failure| failure.upon(link, "adding", named(link)))?;
    let filter = socket.change(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, &filter(link, to));
    filter.map_err(|failure| {
        let missing = failure.errno() == Some(Errno::ENODEV);
        let target = LinkId { index: to, ..link };
        let error = failure.during("redirecting", format!("what comes in on {link} to {target}"));
        // An ingress without filters would be no change that went all the way.
        let _ = delete_redirect(socket, link);
        if missing {
            return Error::NotFound(target.to_string());
        }
        error
    })
}

pub(crate) fn delete_redirect(socket: &mut Socket, link: LinkId) -> Result<()> {
    let request = Request::new(ingress(link), AttributeWriter::default());
    match socket.change(RTM_DELQDISC, 0, &request) {
        Err(failure) if failure.errno() == Some(Errno::EINVAL) => Err(Error::NotFound(named(link))),
        result => result.map_err(|failure| failure.upon(link, "deleting", named(link))),
    }
}

fn ingress(link: LinkId) -> Header {
    Header {
        handle: INGRESS,
        parent: TC_H_INGRESS,
        ..Header::of(link)
    }
}

fn named(link: LinkId) -> String {
    format!("an ingress of {link}")
}

/// All protocols, a key that matches everything, and one action.
fn filter(link: LinkId, to: u32) -> Request {
    let header = Header {
        parent: INGRESS,
        info: PRIORITY << 16 | protocol(),
        ..Header::of(link)
    };
    let mut attributes = AttributeWriter::default();
    attributes.text(KIND, "u32");
    attributes.nested(OPTIONS, |options| {
        options.bytes(TCA_U32_CLASSID, &FLOW.to_ne_bytes());
        let mut selector = [0; SELECTOR];
        // Flags, shift of offsets, number of keys.
        selector[0] = TC_U32_TERMINAL;
        selector[2] = 1;
        options.bytes(TCA_U32_SEL, &selector);
        options.nested(TCA_U32_ACT, |actions| {
            actions.nested(1, |action| {
                action.text(TCA_ACT_KIND, "mirred");
                action.nested(TCA_ACT_OPTIONS, |options| {
                    options.bytes(TCA_MIRRED_PARMS, &mirred(to));
                });
            });
        });
    });
    Request::new(header, attributes)
}

/// In the lower half of a filter's `info`.
fn protocol() -> u32 {
    ALL_PROTOCOLS.to_be().into()
}

/// `struct tc_mirred`: index, capabilities, what becomes of the packet, two
/// counts of users, what is done, the link.
fn mirred(to: u32) -> Vec<u8> {
    let stolen = TC_ACT_STOLEN.cast_unsigned();
    [0, 0, stolen, 0, 0, TCA_EGRESS_REDIR.cast_unsigned(), to]
        .into_iter()
        .flat_map(u32::to_ne_bytes)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_can_be_read(options: Vec<u8>, info: u32) {
            let object = Object {
                header: Header { info, ..Header::default() },
                kind: "u32".to_owned(),
                options,
            };
            let _ = target(&object);
        }
    }
}
