use cofferdam_guest_sdk::{Address, Attachment, Failure};

use crate::{code, config::Wishes, dns::dns, lease::Lease, message::Reply, routes::routes};

/// What a lease means for the container.
pub(crate) fn attachment(reply: &Reply, lease: &Lease, wishes: &Wishes, priority: u32) -> Result<Attachment, Failure> {
    let gateway = reply
        .addresses(code::ROUTERS)
        .into_iter()
        .find(|router| !router.is_unspecified());
    Ok(Attachment {
        addresses: vec![Address {
            gateway: gateway.map(Into::into),
            ..Address::new(lease.prefix())
        }],
        routes: routes(reply, gateway, priority)?,
        dns: dns(reply, wishes),
        ..Attachment::default()
    })
}
