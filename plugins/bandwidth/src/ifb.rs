//! The link that what a container sends is led through: a link limits what it
//! sends, and the host's end of a pair gets this.

use cofferdam_guest_sdk::{
    Attachment, Failure, Interface, Link, LinkSettings, Namespace, NewLink, Outcome as _, Place, RateLimit, Request,
    create_link, digest,
};

use crate::config::Config;

/// What its name begins with; the rest is a digest.
const PREFIX: &str = "bwp";
/// Of 15 characters, those after the prefix.
const DIGITS: usize = 12;

/// Limits what comes in at the host's end, and tells of the link that does it.
pub(crate) fn add(request: &Request<Config>, host_end: &Link, limit: RateLimit) -> Result<Interface, Failure> {
    let host = Namespace::host()?;
    let name = name(request);
    let new = NewLink::new(&host, &name, LinkSettings::Ifb)
        .with_mtu(Some(host_end.info()?.mtu))
        .with_transmit_queue_length(Some(0));
    let ifb = create_link(new)?;
    ifb.set_up()?;
    ifb.limit_rate(limit)?;
    host_end.redirect_incoming(&ifb)?;
    Ok(Interface::in_host(name).with_mac(ifb.info()?.mac))
}

/// Whether what comes in at the host's end is still limited by the link that
/// the result tells of.
pub(crate) fn check(previous: &Attachment, host_end: &Link, limit: RateLimit) -> Result<(), Failure> {
    let gone = || Failure::changed("the link that limits what the container sends is gone");
    let of_node = previous.interfaces.iter().rev();
    let mut of_node = of_node.filter(|interface| interface.place == Place::Host);
    let told = of_node
        .find(|interface| interface.name.starts_with(PREFIX))
        .ok_or_else(gone)?;
    let ifb = Namespace::host()?.find(&told.name).optional()?.ok_or_else(gone)?;
    if !ifb.is_rate_limited(limit)? {
        return Err(Failure::changed("what the container sends is not limited as it was"));
    }
    if !host_end.is_incoming_redirected(&ifb)? {
        let text = format!("what the container sends does not go through {} any more", told.name);
        return Err(Failure::changed(text));
    }
    Ok(())
}

/// Another one for each interface of a container.
fn name(request: &Request<Config>) -> String {
    let digest = digest(&[&request.network, &request.container_id, &request.interface_name]);
    let digits = format!("{digest:016x}");
    format!("{PREFIX}{}", digits.get(..DIGITS).unwrap_or(&digits))
}
