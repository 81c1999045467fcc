//! The macvlan plugin: each container has an interface with an Ethernet address
//! of its own on the network of a link of the node.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod config;

use cofferdam_guest_sdk::{
    Attachment, DuplicateDetection, Failure, Link, LinkSettings, MacvlanSettings, Need, NetworkRequest, NewLink,
    Plugin, Request, addressing,
    config::asked_mac,
    create_link, export_plugin, parent,
    recorded::{check_addressing, check_interface, detach},
};
use config::Config;

struct Macvlan;

impl Plugin for Macvlan {
    type Config = Config;
    const NAME: &'static str = "macvlan";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = &parent::needs(&[KIND]);

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let config = &request.config;
        let container = request.container()?;
        let link = create(request)?;
        let mut attachment = Attachment::of_container_link(&link)?;
        if config.ipam.is_used() {
            addressing::allocate(&mut attachment, INTERFACE)?;
            addressing::announce(&container, &request.interface_name)?;
            addressing::announce_ipv6(&container, &request.interface_name)?;
            addressing::configure(
                &container,
                &request.interface_name,
                &link,
                &attachment,
                DuplicateDetection::Run,
            )?;
        } else {
            link.set_up()?;
        }
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
        if !matches!(&settings, Some(LinkSettings::Macvlan(found)) if found.mode == mode) {
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

export_plugin!(Macvlan);

/// What the kernel calls the kind.
const KIND: &str = "macvlan";
/// Position of the interface in the result.
const INTERFACE: u32 = 0;

fn create(request: &Request<Config>) -> Result<Link, Failure> {
    let config = &request.config;
    let settings = LinkSettings::Macvlan(MacvlanSettings {
        mode: config.mode()?,
        broadcast_queue_length: (config.bcqueuelen != 0).then_some(config.bcqueuelen),
    });
    let mac = asked_mac(request, config.mac.as_deref())?;
    let namespace = parent::namespace(request, config.link_in_container)?;
    let parent = parent::find(&namespace, config.master())?;
    let mtu = parent::check_mtu(config.mtu, &parent)?;
    let container = request.container()?;
    let wanted = NewLink::new(&container, &request.interface_name, settings)
        .upon(&parent)
        .with_mac(mac)
        .with_mtu(mtu);
    Ok(create_link(wanted)?)
}
