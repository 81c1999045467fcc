//! The vlan plugin: each container has an interface in one VLAN (IEEE 802.1Q)
//! of a link of the node.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod config;
mod needs;

use cofferdam_guest_sdk::{
    Attachment, DuplicateDetection, Failure, Link, LinkSettings, Need, NetworkRequest, NewLink, Plugin, Request,
    VlanSettings, addressing, create_link, export_plugin, ipam, parent,
    recorded::{check_addressing, check_interface, detach},
};
use config::Config;

struct Vlan;

impl Plugin for Vlan {
    type Config = Config;
    const NAME: &'static str = "vlan";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = needs::NEEDS;

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let config = &request.config;
        config.require_ipam()?;
        let container = request.container()?;
        let link = create(request)?;
        let mut attachment = Attachment::of_container_link(&link)?;
        addressing::allocate(&mut attachment, INTERFACE)?;
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
        config.require_ipam()?;
        let id = config.vlan()?;
        let master = config.master()?;
        ipam::check()?;
        let previous = request.required_previous()?;
        let (link, info) = check_interface(request, KIND)?;
        let settings = link.settings()?;
        if !matches!(&settings, Some(LinkSettings::Vlan(found)) if found.id == id) {
            let name = &request.interface_name;
            return Err(Failure::changed(format!(
                "interface {name:?} is not in VLAN {id} any more"
            )));
        }
        if config.mtu != 0 && i64::from(info.mtu) != config.mtu {
            let text = format!(
                "interface {:?} has an MTU of {}, not {}",
                info.name, info.mtu, config.mtu
            );
            return Err(Failure::changed(text));
        }
        let namespace = parent::namespace(request, config.link_in_container)?;
        parent::check(&namespace, Some(master), &link)?;
        check_addressing(previous, INTERFACE, &link)
    }

    fn gc(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.ipam.gc()
    }

    fn status(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        let config = &request.config;
        config.require_ipam()?;
        config.vlan()?;
        config.master()?;
        ipam::status()
    }
}

export_plugin!(Vlan);

/// What the kernel calls the kind.
pub(crate) const KIND: &str = "vlan";
/// Position of the interface in the result.
const INTERFACE: u32 = 0;

fn create(request: &Request<Config>) -> Result<Link, Failure> {
    let config = &request.config;
    let settings = LinkSettings::Vlan(VlanSettings { id: config.vlan()? });
    let master = config.master()?;
    let namespace = parent::namespace(request, config.link_in_container)?;
    let parent = parent::find(&namespace, Some(master))?;
    let mtu = parent::check_mtu(config.mtu, &parent)?;
    let container = request.container()?;
    let wanted = NewLink::new(&container, &request.interface_name, settings)
        .upon(&parent)
        .with_mtu(mtu);
    Ok(create_link(wanted)?)
}
