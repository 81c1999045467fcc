//! Results that are not true.

use cofferdam_guest_sdk::{Address, Attachment, DuplicateDetection, Failure, Interface, MacAddress, Request, Route};

use crate::{
    Config,
    ground::{prefix, veth},
};

/// `None` when there is no such lie.
pub(crate) fn told(attack: &str, request: &Request<Config>) -> Result<Option<Attachment>, Failure> {
    let lie = match attack {
        "phantom" => phantom(),
        "result-address" => claims("10.22.0.77/16", request)?,
        "result-position" => elsewhere(Some(7), request)?,
        "result-nowhere" => elsewhere(None, request)?,
        "result-socket" => behind_a_socket()?,
        "result-mac" => with_another_mac(request)?,
        "result-route" => with_a_route(request)?,
        "result-routes" => with_many_routes(request)?,
        _ => return Ok(None),
    };
    Ok(Some(lie))
}

/// An interface that does not exist.
fn phantom() -> Attachment {
    let mut attachment = Attachment::default();
    attachment.add_interface(Interface::in_container("phantom0"));
    attachment
}

/// The interface that the runtime asked for, with an address that is granted.
fn honest(request: &Request<Config>) -> Result<Attachment, Failure> {
    let (_, link) = veth(request)?;
    let address = prefix("10.22.0.5/16")?;
    link.add_address(address, DuplicateDetection::Skip)?;
    link.set_up()?;
    let mut attachment = Attachment::default();
    let position = attachment.add_interface(Interface::in_container(request.interface_name.clone()));
    attachment.addresses.push(Address::new(address).on_interface(position));
    Ok(attachment)
}

/// A neighbour's address, said to be on the interface.
fn claims(address: &str, request: &Request<Config>) -> Result<Attachment, Failure> {
    let mut attachment = honest(request)?;
    attachment
        .addresses
        .push(Address::new(prefix(address)?).on_interface(0));
    Ok(attachment)
}

/// A neighbour's address on an interface that is not in the result, or on none.
fn elsewhere(position: Option<u32>, request: &Request<Config>) -> Result<Attachment, Failure> {
    let mut attachment = honest(request)?;
    attachment.addresses.push(Address {
        interface: position,
        ..Address::new(prefix("10.22.0.77/16")?)
    });
    Ok(attachment)
}

/// A neighbour's address on something that is no link.
fn behind_a_socket() -> Result<Attachment, Failure> {
    let mut attachment = Attachment::default();
    let position = attachment.add_interface(Interface {
        socket_path: Some("/run/vhost.sock".to_owned()),
        ..Interface::in_container("eth0")
    });
    let address = Address::new(prefix("10.22.0.77/16")?).on_interface(position);
    attachment.addresses.push(address);
    Ok(attachment)
}

fn with_another_mac(request: &Request<Config>) -> Result<Attachment, Failure> {
    let mut attachment = honest(request)?;
    for interface in &mut attachment.interfaces {
        interface.mac = Some(MacAddress([2, 0, 0, 0, 0, 1]).to_string());
    }
    Ok(attachment)
}

/// A route that is not there.
fn with_a_route(request: &Request<Config>) -> Result<Attachment, Failure> {
    let mut attachment = honest(request)?;
    attachment.routes.push(Route::to(prefix("192.0.2.0/24")?));
    Ok(attachment)
}

fn with_many_routes(request: &Request<Config>) -> Result<Attachment, Failure> {
    let mut attachment = honest(request)?;
    attachment.routes = vec![Route::to(prefix("192.0.2.0/24")?); 100_000];
    Ok(attachment)
}
