//! A result is true, or the ADD fails: what a plugin reports has to exist
//! where it says, and be the attachment's.
//!
//! What a plugin of a list passes on of the result that it was given is its
//! maker's to answer for, unless something was taken away in the meantime. It
//! may leave out what it likes, as upstream; what it adds or changes has to be
//! true.

mod addresses;
mod allocation;
mod gateways;
mod given;
mod interfaces;
mod name_resolution;
mod routes;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use cofferdam_network::{LinkInfo, Network};
use cofferdam_protocol::{Attachment, CniError};

use crate::{codes, deeds::Deeds, session::Links};

pub(crate) use allocation::check_allocation;
pub(crate) use given::Given;

/// What a result is compared with.
pub(crate) struct Truth<'a> {
    network: &'a mut dyn Network,
    previous: Option<&'a Attachment>,
    sandbox: Option<&'a str>,
    /// Absent where nothing is made: for CHECK.
    request: Option<Request<'a>>,
    /// Links that were looked at already.
    seen: Vec<LinkInfo>,
}

/// What a request did, and what its plugin was given.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    /// Links that were made or joined.
    pub(crate) links: &'a Links,
    pub(crate) deeds: &'a Deeds,
    /// Addresses that were claimed.
    pub(crate) claimed: &'a [IpAddr],
    pub(crate) given: &'a Given<'a>,
}

impl<'a> Truth<'a> {
    /// For CHECK. `sandbox` is the path of the container's namespace.
    pub(crate) fn new(network: &'a mut dyn Network, sandbox: Option<&'a str>) -> Self {
        Self {
            network,
            previous: None,
            sandbox,
            request: None,
            seen: Vec::new(),
        }
    }

    /// For a request that makes things. `previous` is what the plugin was given
    /// to pass on.
    pub(crate) fn of_request(self, previous: Option<&'a Attachment>, request: Request<'a>) -> Self {
        Self {
            previous,
            request: Some(request),
            ..self
        }
    }

    /// Checks the result of an ADD. An address management plugin reports
    /// addresses that it claimed, and no interface.
    pub(crate) fn check_result(&mut self, result: &Attachment) -> Result<(), CniError> {
        self.check_interfaces_and_addresses(result)?;
        self.check_addresses_without_interface(result)?;
        self.check_gateways(result)?;
        self.check_routes(result)?;
        self.check_name_resolution(result)
    }

    /// Checks that each interface is there, and has the addresses that are
    /// said to be on it. For CHECK, where the rest is the components' to know.
    pub(crate) fn check_interfaces_and_addresses(&mut self, result: &Attachment) -> Result<(), CniError> {
        self.check_interfaces(result)?;
        self.check_addresses(result)
    }
}

fn untrue(text: impl std::fmt::Display) -> CniError {
    CniError::new(codes::UNTRUE_RESULT, format!("the plugin's result is not true: {text}"))
}

fn failed(error: cofferdam_network::Error) -> CniError {
    CniError::internal(format!("the result can't be checked: {error}"))
}
