//! The host-device plugin: a container has a network device of the node for
//! itself, until it is detached.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod config;
mod needs;

use cofferdam_guest_sdk::{
    Attachment, DuplicateDetection, Error, Failure, Interface, Link, Need, NetworkRequest, Outcome as _, Plugin,
    Request, addressing,
    devices::{self, Device},
    export_plugin,
    recorded::{check_addressing, check_present},
};
use config::Config;

struct HostDevice;

impl Plugin for HostDevice {
    type Config = Config;
    const NAME: &'static str = "host-device";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = needs::NEEDS;

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let device = Config::asked_device(request)?;
        let taken = devices::take(&device, &request.interface_name).map_err(refused)?;
        let mut attachment = match taken {
            Device::Link(link) => with_link(request, &link)?,
            Device::Userspace(address) => without_link(request, address)?,
        };
        if let Some(dns) = request.config.dns.given() {
            attachment.dns = dns;
        }
        Ok(attachment)
    }

    /// What the host's journal knows is at home already. The addresses are
    /// given back whether or not the container is there.
    fn del(request: &Request<Config>) -> Result<(), Failure> {
        let returned = give_back(request);
        request.config.ipam.del()?;
        returned
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        Config::asked_device(request)?;
        request.config.ipam.check()?;
        let previous = request.required_previous()?;
        let recorded = previous.container_interface(&request.interface_name);
        // What has no link there is nothing to compare with.
        if recorded.is_some_and(|(_, interface)| interface.pci_id.is_some()) {
            return Ok(());
        }
        let (link, _) = check_present(request)?;
        check_addressing(previous, INTERFACE, &link)
    }

    fn gc(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.ipam.gc()
    }

    /// Which device it is to be the runtime may say, and does not say here.
    fn status(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.device()?;
        request.config.ipam.status()
    }
}

export_plugin!(HostDevice);

/// Position of the interface in the result.
const INTERFACE: u32 = 0;

/// A denial says what was asked itself.
fn refused(error: Error) -> Failure {
    match error {
        Error::Denied { .. } => error.into(),
        error => Failure::from(error).within("failed to take the device"),
    }
}

fn with_link(request: &Request<Config>, link: &Link) -> Result<Attachment, Failure> {
    let mut attachment = Attachment::of_container_link(link)?;
    if !request.config.ipam.is_used() {
        link.set_up()?;
        return Ok(attachment);
    }
    addressing::allocate(&mut attachment, INTERFACE)?;
    addressing::configure(
        &request.container()?,
        &request.interface_name,
        link,
        &attachment,
        DuplicateDetection::Run,
    )?;
    Ok(attachment)
}

/// Whoever drives the device gets to know its addresses, and sets them.
fn without_link(request: &Request<Config>, address: String) -> Result<Attachment, Failure> {
    let mut attachment = Attachment::default();
    attachment.add_interface(Interface {
        pci_id: Some(address),
        ..Interface::in_container(request.interface_name.clone())
    });
    if request.config.ipam.is_used() {
        addressing::allocate(&mut attachment, INTERFACE)?;
    }
    Ok(attachment)
}

/// A device that another plugin of this name took.
fn give_back(request: &Request<Config>) -> Result<(), Failure> {
    if request.container_if_exists()?.is_some() {
        devices::give_back(&request.interface_name).optional()?;
    }
    Ok(())
}
