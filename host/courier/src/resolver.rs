//! Names to addresses, but for those that no service has.

use std::{io, net::IpAddr};

use cofferdam_protocol::Origin;
use thiserror::Error;
use ureq::{
    Error,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

/// Resolves the host of one origin.
#[derive(Debug)]
pub(crate) struct OriginResolver {
    pub(crate) origin: Origin,
    pub(crate) system: DefaultResolver,
}

/// There is no address to connect to.
#[derive(Debug, Error)]
pub(crate) enum Unresolved {
    #[error("{0}")]
    Unknown(io::Error),
    #[error(
        "its name stands for {0}, which is no service's address: link-local, of a cloud's metadata, reserved, or the \
         node's own"
    )]
    Refused(IpAddr),
}

impl Resolver for OriginResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.system.resolve(uri, config, timeout).map_err(|error| match error {
            Error::Io(error) => Error::Other(Box::new(Unresolved::Unknown(error))),
            error => error,
        })?;
        let mut kept = self.empty();
        for address in found.iter().filter(|address| self.origin.may_lead_to(address.ip())) {
            kept.push(*address);
        }
        match found.iter().next() {
            Some(refused) if kept.is_empty() => Err(Error::Other(Box::new(Unresolved::Refused(refused.ip())))),
            None => Err(Error::HostNotFound),
            Some(_) => Ok(kept),
        }
    }
}
