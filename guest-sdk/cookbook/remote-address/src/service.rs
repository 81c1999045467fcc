//! What is said to the service, and what it says.

use std::net::IpAddr;

use cofferdam_guest_sdk::{Address, Attachment, AttachmentId, Failure, IpPrefix, NetworkRequest, Request, Route};
use serde::{Deserialize, Serialize};

use crate::config::Config;

/// The attachment that an address is for.
#[derive(Debug, Serialize)]
pub(crate) struct Wanted<'r> {
    network: &'r str,
    container: &'r str,
    interface: &'r str,
}

impl<'r> Wanted<'r> {
    pub(crate) fn of(request: &'r Request<Config>) -> Self {
        Self {
            network: &request.network,
            container: &request.container_id,
            interface: &request.interface_name,
        }
    }
}

/// All attachments of this node that are in use. Of others the service takes
/// the addresses back; which node it is tells the credential.
#[derive(Debug, Serialize)]
pub(crate) struct InUse<'r> {
    network: &'r str,
    valid: Vec<Named<'r>>,
}

#[derive(Debug, Serialize)]
struct Named<'r> {
    container: &'r str,
    interface: &'r str,
}

impl<'r> InUse<'r> {
    pub(crate) fn of(request: &'r NetworkRequest<Config>) -> Self {
        let named = |id: &'r AttachmentId| Named {
            container: &id.container_id,
            interface: &id.interface_name,
        };
        Self {
            network: &request.network,
            valid: request.valid_attachments.iter().map(named).collect(),
        }
    }
}

/// What the service gives an attachment.
#[derive(Debug, Deserialize)]
pub(crate) struct Allocated {
    /// With the length of its network's prefix.
    address: String,
    gateway: Option<IpAddr>,
    #[serde(default)]
    routes: Vec<Destination>,
}

#[derive(Debug, Deserialize)]
struct Destination {
    dst: String,
    gw: Option<IpAddr>,
}

impl Allocated {
    pub(crate) fn address(&self) -> Result<IpPrefix, Failure> {
        prefix(&self.address)
    }

    pub(crate) fn attachment(&self) -> Result<Attachment, Failure> {
        let mut address = Address::new(self.address()?);
        if let Some(gateway) = self.gateway {
            address = address.with_gateway(gateway);
        }
        let route = |destination: &Destination| {
            let route = Route::to(prefix(&destination.dst)?);
            Ok(match destination.gw {
                Some(gateway) => route.via(gateway),
                None => route,
            })
        };
        Ok(Attachment {
            addresses: vec![address],
            routes: self.routes.iter().map(route).collect::<Result<_, Failure>>()?,
            ..Attachment::default()
        })
    }
}

fn prefix(text: &str) -> Result<IpPrefix, Failure> {
    text.parse()
        .map_err(|_| Failure::internal(format!("the service answered {text:?}, which is not in CIDR notation")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn allocated(address: &str, dst: &str) -> Allocated {
        Allocated {
            address: address.to_owned(),
            gateway: Some("10.31.0.1".parse().unwrap()),
            routes: vec![Destination {
                dst: dst.to_owned(),
                gw: None,
            }],
        }
    }

    #[test]
    fn an_answer_becomes_an_address_with_its_routes() {
        let attachment = allocated("10.31.0.5/24", "0.0.0.0/0").attachment().unwrap();
        assert_eq!(attachment.addresses[0].address.to_string(), "10.31.0.5/24");
        assert_eq!(attachment.addresses[0].gateway, Some("10.31.0.1".parse().unwrap()));
        assert_eq!(attachment.routes[0].destination.to_string(), "0.0.0.0/0");
        for (address, dst) in [
            ("10.31.0.5", "0.0.0.0/0"),
            ("10.31.0.5/24", "everywhere"),
            ("", "0.0.0.0/0"),
        ] {
            assert!(allocated(address, dst).attachment().is_err(), "{address} {dst}");
        }
    }
}
