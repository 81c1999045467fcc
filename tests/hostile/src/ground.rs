//! What several attacks begin with: an attachment like any other's.

use cofferdam_guest_sdk::{BridgeOptions, Failure, IpPrefix, Link, Namespace, Request, VethEnd, create_veth};

use crate::Config;

/// A veth pair between the node and the container: the node's end, and the
/// container's under the name that the runtime asks for.
pub(crate) fn veth(request: &Request<Config>) -> Result<(Link, Link), Failure> {
    let (host, container) = (Namespace::host()?, request.container()?);
    Ok(create_veth(
        VethEnd::in_namespace(&host),
        VethEnd::in_namespace(&container).named(&request.interface_name),
    )?)
}

pub(crate) fn prefix(text: &str) -> Result<IpPrefix, Failure> {
    Ok(text.parse()?)
}

pub(crate) const PLAIN_BRIDGE: BridgeOptions = BridgeOptions {
    mtu: None,
    vlan_filtering: false,
};
