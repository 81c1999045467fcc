use cofferdam_guest_sdk::{Attachment, Failure, Link, Outcome as _, Place, Request};

use crate::config::Config;

/// The other end of the container's veth pair, which the previous result has
/// to tell of.
pub(crate) fn find(request: &Request<Config>, previous: &Attachment) -> Result<Link, Failure> {
    let name = &request.interface_name;
    if previous.interfaces.is_empty() {
        return Err(Failure::internal("no interfaces provided"));
    }
    let no_peer = || Failure::internal(format!("container interface {name} has no veth peer that may be seen"));
    let container_end = request.container()?.find(name).optional()?.ok_or_else(no_peer)?;
    let host_end = container_end.peer().optional()?.ok_or_else(no_peer)?;
    let peer = host_end.info()?.name;
    let is_told = previous
        .interfaces
        .iter()
        .any(|interface| interface.place == Place::Host && interface.name == peer);
    if is_told {
        Ok(host_end)
    } else {
        Err(Failure::internal(
            "no veth peer of container interface found in host ns",
        ))
    }
}
