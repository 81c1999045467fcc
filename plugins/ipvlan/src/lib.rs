//! The ipvlan plugin: each container has an interface with addresses of its
//! own on the network of a link of the node, and that link's Ethernet address.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod config;

use cofferdam_guest_sdk::{
    Attachment, DuplicateDetection, Failure, IpvlanIsolation, IpvlanSettings, Link, LinkSettings, Need, NetworkRequest,
    NewLink, Plugin, Request, addressing, create_link, export_plugin, parent,
    recorded::{check_addressing, check_interface, detach},
};
use config::{Config, master};

struct Ipvlan;

impl Plugin for Ipvlan {
    type Config = Config;
    const NAME: &'static str = "ipvlan";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = &parent::needs(&[KIND]);

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let config = &request.config;
        let container = request.container()?;
        let link = create(request)?;
        let mut attachment = Attachment::of_container_link(&link)?;
        address(request, &mut attachment)?;
        addressing::announce(&container, &request.interface_name)?;
        addressing::announce_ipv6(&container, &request.interface_name)?;
        addressing::configure(
            &container,
            &request.interface_name,
            &link,
            &attachment,
            DuplicateDetection::Run,
        )?;
        if let Some(dns) = config.dns.given() {
            attachment.dns = dns;
        }
        Ok(attachment)
    }

    fn del(request: &Request<Config>) -> Result<(), Failure> {
        detach(request, &request.config.ipam)
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        let config = &request.config;
        let mode = config.mode()?;
        config.ipam.check()?;
        let previous = request.required_previous()?;
        let (link, _) = check_interface(request, KIND)?;
        let settings = link.settings()?;
        if !matches!(&settings, Some(LinkSettings::Ipvlan(found)) if found.mode == mode) {
            return Err(Failure::changed(format!(
                "interface {:?} is not in mode {:?} any more",
                request.interface_name,
                config.mode_name()
            )));
        }
        let namespace = parent::namespace(request, config.link_in_container)?;
        parent::check(&namespace, config.master(), &link)?;
        check_addressing(previous, INTERFACE, &link)
    }

    fn gc(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.ipam.gc()
    }

    fn status(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.mode()?;
        request.config.ipam.status()
    }
}

export_plugin!(Ipvlan);

/// What the kernel calls the kind.
const KIND: &str = "ipvlan";
/// Position of the interface in the result.
const INTERFACE: u32 = 0;

fn create(request: &Request<Config>) -> Result<Link, Failure> {
    let config = &request.config;
    let settings = LinkSettings::Ipvlan(IpvlanSettings {
        mode: config.mode()?,
        isolation: IpvlanIsolation::None,
    });
    let namespace = parent::namespace(request, config.link_in_container)?;
    let parent = parent::find(&namespace, master(request)?)?;
    let container = request.container()?;
    let wanted = NewLink::new(&container, &request.interface_name, settings)
        .upon(&parent)
        .with_mtu((config.mtu != 0).then_some(config.mtu));
    Ok(create_link(wanted)?)
}

/// Addresses, routes and name resolution: from the IPAM plugin, or, without
/// one, those of the plugin before.
fn address(request: &Request<Config>, attachment: &mut Attachment) -> Result<(), Failure> {
    if request.config.ipam.is_used() {
        return addressing::allocate(attachment, INTERFACE);
    }
    let previous = request
        .previous
        .as_ref()
        .filter(|previous| !previous.addresses.is_empty());
    let Some(previous) = previous else {
        return Err(Failure::invalid_config(
            "there are no addresses: set ipam.type, or have a plugin before this one that hands some out",
        ));
    };
    attachment.addresses.clone_from(&previous.addresses);
    attachment.routes.clone_from(&previous.routes);
    attachment.dns.clone_from(&previous.dns);
    for address in &mut attachment.addresses {
        address.interface = Some(INTERFACE);
    }
    Ok(())
}
