use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use nix::{errno::Errno, libc::RTM_NEWLINK};
use rtnetlink::{LinkBridge, LinkMessageBuilder};

use super::{links, socket::Socket};
use crate::{
    Bridge, Error, LinkId, LinkInfo, Result,
    request::{self, name::named},
};

pub(super) fn create(socket: &mut Socket, bridge: &Bridge) -> Result<LinkId> {
    request::bridge(bridge)?;
    let object = named(bridge.place, &bridge.name);
    let mut request = LinkMessageBuilder::<LinkBridge>::new(&bridge.name).address(bridge.mac.0.to_vec());
    if let Some(mtu) = bridge.mtu {
        request = request.mtu(mtu);
    }
    if bridge.vlan_filtering {
        request = request.vlan_filtering(true);
    }
    socket
        .change(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &request.build())
        .map_err(|failure| match failure.errno() {
            Some(Errno::EOPNOTSUPP) if bridge.vlan_filtering => no_vlan_filtering(&object),
            _ => failure.during("making", &object),
        })?;
    let made = links::by_name(socket, bridge.place, &bridge.name)?.ok_or_else(|| Error::NotFound(object.clone()))?;
    check_is_ours(&made, "bridge", bridge.mac.0, &object)?;
    // A kernel without the feature may also take the attribute and do nothing.
    if bridge.vlan_filtering && made.vlan_filtering != Some(true) {
        links::delete(socket, made.id)?;
        return Err(no_vlan_filtering(&object));
    }
    Ok(made.id)
}

fn no_vlan_filtering(object: &str) -> Error {
    Error::Unsupported(format!(
        "making {object}: this kernel has no bridges that filter by VLAN \
         (it needs CONFIG_BRIDGE_VLAN_FILTERING)"
    ))
}

/// Links are looked up by name after they were made, for their number. By
/// then somebody else may have put another in the place.
pub(super) fn check_is_ours(link: &LinkInfo, kind: &str, mac: [u8; 6], object: &str) -> Result<()> {
    if link.kind == kind && link.mac.is_some_and(|found| found.0 == mac) {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "{object} was replaced by somebody else as soon as it was made"
    )))
}
