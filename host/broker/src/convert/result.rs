use cofferdam_protocol::{Attachment, CniError, Dns, Interface, Ip, Place, Route};
use cofferdam_sandbox::bindings::cofferdam::cni::types as wit;

use super::{ip_address, wit_ip_address, wit_ip_prefix};
use crate::codes;

/// Entries that each list of a result may have.
const LIST_LIMIT: usize = 4096;
/// Bytes of a name, with room for its dots (RFC 1035, section 2.3.4).
const LONGEST_DNS_WORD: usize = 256;

/// A result for the guest. `sandbox` is the path of the container's namespace.
pub(crate) fn wit_attachment(attachment: &Attachment, sandbox: Option<&str>) -> wit::Attachment {
    wit::Attachment {
        interfaces: attachment
            .interfaces
            .iter()
            .map(|interface| wit_interface(interface, sandbox))
            .collect(),
        addresses: attachment
            .ips
            .iter()
            .map(|ip| wit::Address {
                address: wit_ip_prefix(ip.address),
                gateway: ip.gateway.map(wit_ip_address),
                interface: ip.interface,
            })
            .collect(),
        routes: attachment
            .routes
            .iter()
            .map(|route| wit::Route {
                destination: wit_ip_prefix(route.dst),
                gateway: route.gw.map(wit_ip_address),
                mtu: route.mtu,
                advmss: route.advmss,
                priority: route.priority,
                table: route.table,
                scope: route.scope,
            })
            .collect(),
        dns: wit::Dns {
            nameservers: attachment.dns.nameservers.clone(),
            domain: attachment.dns.domain.clone(),
            search: attachment.dns.search.clone(),
            options: attachment.dns.options.clone(),
        },
    }
}

fn wit_interface(interface: &Interface, sandbox: Option<&str>) -> wit::Interface {
    let place = match interface.sandbox.as_deref() {
        None | Some("") => wit::Place::Host,
        path if path == sandbox => wit::Place::Container,
        Some(path) => wit::Place::Elsewhere(path.to_owned()),
    };
    wit::Interface {
        name: interface.name.clone(),
        mac: interface.mac.clone(),
        mtu: interface.mtu,
        place,
        socket_path: interface.socket_path.clone(),
        pci_id: interface.pci_id.clone(),
    }
}

/// A guest's result as the runtime will see it.
pub(crate) fn attachment(given: wit::Attachment, sandbox: Option<&str>) -> Result<Attachment, CniError> {
    for (what, length) in [
        ("interfaces", given.interfaces.len()),
        ("addresses", given.addresses.len()),
        ("routes", given.routes.len()),
        ("nameservers", given.dns.nameservers.len()),
        ("search domains", given.dns.search.len()),
        ("resolver options", given.dns.options.len()),
    ] {
        if length > LIST_LIMIT {
            let text = format!("the result has {length} {what}, more than the {LIST_LIMIT} that it may have");
            return Err(CniError::new(codes::UNTRUE_RESULT, text));
        }
    }
    check_dns(&given.dns)?;
    Ok(Attachment {
        interfaces: given
            .interfaces
            .into_iter()
            .map(|interface| interface_of(interface, sandbox))
            .collect(),
        ips: given.addresses.into_iter().map(ip).collect::<Result<_, _>>()?,
        routes: given.routes.into_iter().map(route).collect::<Result<_, _>>()?,
        dns: Dns {
            nameservers: given.dns.nameservers,
            domain: given.dns.domain,
            search: given.dns.search,
            options: given.dns.options,
        },
    })
}

/// A runtime writes these into the container's `resolv.conf(5)`, each one word
/// of a line.
fn check_dns(dns: &wit::Dns) -> Result<(), CniError> {
    let lists = [&dns.nameservers, &dns.search, &dns.options];
    let words = lists.into_iter().flatten().chain(&dns.domain);
    for word in words {
        let plain = word.len() <= LONGEST_DNS_WORD && !word.contains(|c: char| c.is_whitespace() || c.is_control());
        if !plain {
            let text = format!("the result's dns: {word:?} is not one word of at most {LONGEST_DNS_WORD} bytes");
            return Err(CniError::new(codes::UNTRUE_RESULT, text));
        }
    }
    Ok(())
}

fn interface_of(given: wit::Interface, sandbox: Option<&str>) -> Interface {
    Interface {
        name: given.name,
        mac: given.mac,
        mtu: given.mtu,
        sandbox: match given.place {
            wit::Place::Host => None,
            wit::Place::Container => sandbox.map(str::to_owned),
            wit::Place::Elsewhere(path) => Some(path),
        },
        socket_path: given.socket_path,
        pci_id: given.pci_id,
    }
}

fn prefix(given: wit::IpPrefix) -> Result<cofferdam_protocol::IpPrefix, CniError> {
    cofferdam_protocol::IpPrefix::new(ip_address(given.address), given.length)
        .map_err(|error| CniError::new(codes::UNTRUE_RESULT, format!("the result: {error}")))
}

fn ip(given: wit::Address) -> Result<Ip, CniError> {
    Ok(Ip {
        interface: given.interface,
        address: prefix(given.address)?,
        gateway: given.gateway.map(ip_address),
    })
}

fn route(given: wit::Route) -> Result<Route, CniError> {
    Ok(Route {
        dst: prefix(given.destination)?,
        gw: given.gateway.map(ip_address),
        mtu: given.mtu,
        advmss: given.advmss,
        priority: given.priority,
        table: given.table,
        scope: given.scope,
    })
}

/// The place of an interface of a result, where it is one of the request's.
pub(crate) fn place_of(interface: &Interface, sandbox: Option<&str>) -> Option<Place> {
    match interface.sandbox.as_deref() {
        None | Some("") => Some(Place::Host),
        path if path == sandbox => Some(Place::Container),
        Some(_) => None,
    }
}
