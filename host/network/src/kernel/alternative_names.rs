//! Alternative names of links. The kernel moves no link to where one of its
//! names is taken, alternative ones included.

use cofferdam_protocol::Place;
use netlink_packet_core::{DefaultNla, Emitable as _};
use netlink_packet_route::link::LinkAttribute;
use nix::libc::{IFLA_ALT_IFNAME, IFLA_PROP_LIST, RTM_GETLINK};
use rtnetlink::LinkUnspec;

use super::{Kernel, attribute::text, link_info, links};
use crate::{LinkId, LinkInfo, Result};

/// `RTM_DELLINKPROP` in `linux/rtnetlink.h`.
const RTM_DELLINKPROP: u16 = 109;
/// `NLA_F_NESTED` in `linux/netlink.h`.
const NESTED: u16 = 1 << 15;

/// Takes from a link those names that are taken elsewhere. Whether there were
/// any.
pub(super) fn drop_taken(kernel: &mut Kernel, link: &LinkInfo, elsewhere: Place) -> Result<bool> {
    let mut any = false;
    for name in of_link(kernel, link.id)? {
        let socket = kernel.side(elsewhere)?.route()?;
        if links::by_name(socket, elsewhere, &name)?.is_some() {
            delete(kernel, link.id, &name)?;
            any = true;
        }
    }
    Ok(any)
}

fn of_link(kernel: &mut Kernel, link: LinkId) -> Result<Vec<String>> {
    let request = LinkUnspec::new_with_index(link.index).build();
    let names = kernel.socket_of(link)?.get(RTM_GETLINK, &request, |payload| {
        let names = link_info::alternative_names(payload)?;
        Ok(names.into_iter().map(text).collect::<Vec<_>>())
    });
    names.map_err(|failure| failure.during("looking up the names of", link))
}

fn delete(kernel: &mut Kernel, link: LinkId, name: &str) -> Result<()> {
    let mut bytes = name.as_bytes().to_vec();
    bytes.push(0);
    let property = DefaultNla::new(IFLA_ALT_IFNAME, bytes);
    let mut nested = vec![0; property.buffer_len()];
    property.emit(&mut nested);
    let properties = DefaultNla::new(IFLA_PROP_LIST | NESTED, nested);
    let properties = LinkAttribute::Other(properties);
    let request = LinkUnspec::new_with_index(link.index)
        .append_extra_attribute(properties)
        .build();
    kernel
        .socket_of(link)?
        .change(RTM_DELLINKPROP, 0, &request)
        .map_err(|failure| failure.during("deleting an alternative name of", link))
}
