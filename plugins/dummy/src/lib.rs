//! The dummy plugin: each container has an interface that leads nowhere, for
//! addresses that are to be there whatever happens to others.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod needs;

use cofferdam_guest_sdk::{
    Attachment, DuplicateDetection, Failure, LinkSettings, Need, NetworkRequest, NewLink, Plugin, Request, addressing,
    config::IpamConfig,
    create_link, export_plugin, ipam,
    recorded::{check_addresses, check_interface, detach},
};
use serde::Deserialize;

/// The plugin's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    ipam: IpamConfig,
}

impl Config {
    fn require_ipam(&self) -> Result<(), Failure> {
        if self.ipam.is_used() {
            return Ok(());
        }
        Err(Failure::invalid_config(
            "dummy interface requires an IPAM configuration",
        ))
    }
}

struct Dummy;

impl Plugin for Dummy {
    type Config = Config;
    const NAME: &'static str = "dummy";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = needs::NEEDS;

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        request.config.require_ipam()?;
        let name = &request.interface_name;
        let container = request.container()?;
        let link = create_link(NewLink::new(&container, name, LinkSettings::Dummy))?;
        let mut attachment = Attachment::of_container_link(&link)?;
        addressing::allocate(&mut attachment, INTERFACE)?;
        // There is nobody who could have an address already.
        addressing::configure(&container, name, &link, &attachment, DuplicateDetection::Skip)?;
        Ok(attachment)
    }

    fn del(request: &Request<Config>) -> Result<(), Failure> {
        detach(request, &request.config.ipam)
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        request.config.require_ipam()?;
        ipam::check()?;
        let previous = request.required_previous()?;
        let (link, info) = check_interface(request, KIND)?;
        if !info.up {
            return Err(Failure::changed(format!("Interface {} is down", info.name)));
        }
        check_addresses(previous, INTERFACE, &link)
    }

    fn gc(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.ipam.gc()
    }

    fn status(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.require_ipam()?;
        ipam::status()
    }
}

export_plugin!(Dummy);

/// What the kernel calls the kind.
pub(crate) const KIND: &str = "dummy";
/// Position of the interface in the result.
const INTERFACE: u32 = 0;
