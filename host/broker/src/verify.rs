//! A result is true, or the ADD fails: what a plugin reports has to exist
//! where it says.

use std::net::IpAddr;

use cofferdam_network::{AddressInfo, LinkInfo, Network, Route as KernelRoute};
use cofferdam_protocol::{Attachment, CniError, Interface, Ip, Place, Route};

use crate::{codes, convert::place_of, session::Links};

/// `RT_TABLE_MAIN`.
const MAIN_TABLE: u32 = 254;

/// What a result is compared with.
pub(crate) struct Truth<'a> {
    network: &'a mut dyn Network,
    previous: Option<&'a Attachment>,
    sandbox: Option<&'a str>,
    /// What the request made or joined. Absent where nothing is made.
    made: Option<&'a Links>,
    /// Links that were looked at already.
    seen: Vec<LinkInfo>,
}

impl<'a> Truth<'a> {
    /// `previous` is what the plugin was given to pass on; it was checked when
    /// it was made. `sandbox` is the path of the container's namespace.
    pub(crate) fn new(
        network: &'a mut dyn Network,
        previous: Option<&'a Attachment>,
        sandbox: Option<&'a str>,
    ) -> Self {
        Self {
            network,
            previous,
            sandbox,
            made: None,
            seen: Vec::new(),
        }
    }

    /// For a request that makes links: of the node's, a result names no others.
    pub(crate) fn with_made(self, links: &'a Links) -> Self {
        Self {
            made: Some(links),
            ..self
        }
    }

    /// Checks the result of an ADD. `claimed` are the addresses that were
    /// claimed for the attachment in this call: an address management plugin
    /// reports those, and no interface.
    pub(crate) fn check_result(&mut self, result: &Attachment, claimed: &[IpAddr]) -> Result<(), CniError> {
        self.check_interfaces_and_addresses(result)?;
        for ip in result.ips.iter().filter(|ip| ip.interface.is_none()) {
            if !self.passed_on(ip) && !claimed.contains(&ip.address.address()) {
                let text = format!(
                    "address {} is on no interface, and was not claimed for this attachment",
                    ip.address
                );
                return Err(untrue(text));
            }
        }
        // Without interfaces it is an address management plugin's, whose
        // routes are for its caller to set.
        if result.interfaces.is_empty() && !claimed.is_empty() {
            return Ok(());
        }
        self.check_routes(result)
    }

    /// Checks that each interface is there, and has the addresses that are
    /// said to be on it. For CHECK, where the rest is the components' to know.
    pub(crate) fn check_interfaces_and_addresses(&mut self, result: &Attachment) -> Result<(), CniError> {
        for interface in &result.interfaces {
            let passed_on = self
                .previous
                .is_some_and(|previous| previous.interfaces.contains(interface));
            if !passed_on {
                self.existing(interface)?;
            }
        }
        for (position, interface) in result.interfaces.iter().enumerate() {
            let on_it: Vec<&Ip> = result
                .ips
                .iter()
                .filter(|ip| is_at(ip, position) && !self.passed_on(ip))
                .collect();
            if !on_it.is_empty() {
                self.check_addresses(interface, &on_it)?;
            }
        }
        for ip in &result.ips {
            if let Some(index) = ip.interface.filter(|index| !has_interface(result, *index)) {
                let text = format!(
                    "address {} is said to be on interface {index}, which is not in it",
                    ip.address
                );
                return Err(untrue(text));
            }
        }
        Ok(())
    }

    fn check_addresses(&mut self, interface: &Interface, expected: &[&Ip]) -> Result<(), CniError> {
        let link = self.existing(interface)?;
        let present: Vec<AddressInfo> = self.network.addresses(link.id).map_err(failed)?;
        match expected
            .iter()
            .find(|ip| !present.iter().any(|info| info.address == ip.address))
        {
            Some(ip) => Err(untrue(format!(
                "address {} is not on interface {:?}",
                ip.address, interface.name
            ))),
            None => Ok(()),
        }
    }

    /// Each new route has to lead through one of the container's interfaces.
    fn check_routes(&mut self, result: &Attachment) -> Result<(), CniError> {
        let added = |route: &&Route| !self.previous.is_some_and(|previous| previous.routes.contains(route));
        let added: Vec<&Route> = result.routes.iter().filter(added).collect();
        let mut tables: Vec<u32> = added.iter().map(|route| table_of(route)).collect();
        tables.sort_unstable();
        tables.dedup();
        for table in tables {
            let present = self.container_routes(result, table)?;
            let of_table = added.iter().filter(|route| table_of(route) == table);
            for route in of_table {
                if !present.iter().any(|there| agrees(route, there)) {
                    return Err(untrue(format!(
                        "route {} is not in table {table} of the container",
                        route.dst
                    )));
                }
            }
        }
        Ok(())
    }

    fn container_routes(&mut self, result: &Attachment, table: u32) -> Result<Vec<KernelRoute>, CniError> {
        let mut routes = Vec::new();
        for interface in &result.interfaces {
            if place_of(interface, self.sandbox) == Some(Place::Container) {
                let link = self.existing(interface)?;
                routes.extend(self.network.routes(link.id, table).map_err(failed)?);
            }
        }
        Ok(routes)
    }

    fn passed_on(&self, ip: &Ip) -> bool {
        self.previous.is_some_and(|previous| previous.ips.contains(ip))
    }

    /// The link that an interface of the result stands for.
    fn existing(&mut self, interface: &Interface) -> Result<LinkInfo, CniError> {
        let name = &interface.name;
        if interface.socket_path.is_some() || interface.pci_id.is_some() {
            let text = format!("interface {name:?} is said to be a socket or a device, and the host handed out none");
            return Err(untrue(text));
        }
        let Some(place) = place_of(interface, self.sandbox) else {
            let text = format!("interface {name:?} is said to be in a namespace that is not this request's");
            return Err(untrue(text));
        };
        // The answer does not depend on whether the node has such a link.
        if place == Place::Host && self.made.is_some_and(|made| !made.has_named(place, name)) {
            return Err(untrue(format!(
                "interface {name:?} of the host namespace was neither made nor joined by this attachment"
            )));
        }
        let Some(link) = self.look(place, name)? else {
            return Err(untrue(format!(
                "interface {name:?} does not exist in the {place} namespace"
            )));
        };
        match (&interface.mac, link.mac) {
            (Some(said), Some(mac)) if !said.eq_ignore_ascii_case(&mac.to_string()) => Err(untrue(format!(
                "interface {name:?} is said to have address {said}, but has {mac}"
            ))),
            _ => Ok(link),
        }
    }

    fn look(&mut self, place: Place, name: &str) -> Result<Option<LinkInfo>, CniError> {
        let known = |link: &&LinkInfo| link.id.place == place && link.name == name;
        if let Some(link) = self.seen.iter().find(known) {
            return Ok(Some(link.clone()));
        }
        let found = self.network.link_by_name(place, name).map_err(failed)?;
        self.seen.extend(found.clone());
        Ok(found)
    }
}

fn is_at(ip: &Ip, position: usize) -> bool {
    ip.interface.is_some_and(|index| usize::try_from(index) == Ok(position))
}

fn has_interface(result: &Attachment, index: u32) -> bool {
    usize::try_from(index).is_ok_and(|index| index < result.interfaces.len())
}

fn table_of(route: &Route) -> u32 {
    route.table.filter(|table| *table != 0).unwrap_or(MAIN_TABLE)
}

/// A gateway that the result leaves out is the plugin's to choose.
fn agrees(said: &Route, there: &KernelRoute) -> bool {
    there.destination.network() == said.dst.network() && said.gw.is_none_or(|gateway| there.gateway == Some(gateway))
}

fn untrue(text: String) -> CniError {
    CniError::new(codes::UNTRUE_RESULT, format!("the plugin's result is not true: {text}"))
}

fn failed(error: cofferdam_network::Error) -> CniError {
    CniError::internal(format!("the result can't be checked: {error}"))
}
