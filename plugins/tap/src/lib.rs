//! The tap plugin: each container has a TAP device, whose frames a program in
//! it reads and writes, such as a virtual machine.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod config;
mod needs;

use cofferdam_guest_sdk::{
    Attachment, Context as _, DuplicateDetection, Failure, Link, LinkInfo, LinkSettings, Namespace, Need,
    NetworkRequest, NewLink, Plugin, Request, TapSettings, addressing,
    config::asked_mac,
    create_link, export_plugin,
    recorded::{check_addressing, check_interface, detach},
};
use config::Config;

struct Tap;

impl Plugin for Tap {
    type Config = Config;
    const NAME: &'static str = "tap";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = needs::NEEDS;

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let config = &request.config;
        config.validate()?;
        let container = request.container()?;
        let link = create(request, &container)?;
        let mut attachment = Attachment::of_container_link(&link)?;
        if config.ipam.is_used() {
            addressing::allocate(&mut attachment, INTERFACE)?;
            addressing::announce(&container, &request.interface_name)?;
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
        config.validate()?;
        config.ipam.check()?;
        let previous = request.required_previous()?;
        let (link, info) = check_interface(request, KIND)?;
        check_settings(config, &link, &info)?;
        check_addressing(previous, INTERFACE, &link)
    }

    fn gc(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.ipam.gc()
    }

    fn status(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.validate()?;
        request.config.ipam.status()
    }
}

export_plugin!(Tap);

/// What the kernel calls the kind.
pub(crate) const KIND: &str = "tun";
/// Position of the interface in the result.
const INTERFACE: u32 = 0;

/// The device, a port of the container's bridge where there is to be one.
fn create(request: &Request<Config>, container: &Namespace) -> Result<Link, Failure> {
    let config = &request.config;
    let wanted = NewLink::new(container, &request.interface_name, LinkSettings::Tap(settings(config)))
        .with_mac(asked_mac(request, config.mac.as_deref())?)
        .with_mtu((config.mtu != 0).then_some(config.mtu));
    let bridge = config
        .bridge()
        .map(|name| container.find(name).context("bridge"))
        .transpose()?;
    let link = create_link(wanted)?;
    if let Some(bridge) = bridge {
        link.set_master(&bridge).context("bridge")?;
    }
    Ok(link)
}

fn settings(config: &Config) -> TapSettings {
    TapSettings {
        owner: config.owner,
        group: config.group,
        multi_queue: config.multi_queue,
    }
}

fn check_settings(config: &Config, link: &Link, info: &LinkInfo) -> Result<(), Failure> {
    if link.settings()? != Some(LinkSettings::Tap(settings(config))) {
        return Err(Failure::changed(format!(
            "owner, group or multiQueue of interface {:?} is not as configured",
            info.name
        )));
    }
    if config.bridge() != info.master.as_deref() && config.bridge().is_some() {
        let text = format!(
            "interface {:?} is no port of bridge {:?} any more",
            info.name,
            config.bridge()
        );
        return Err(Failure::changed(text));
    }
    Ok(())
}
