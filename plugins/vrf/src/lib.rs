//! The vrf plugin: puts the interface that another plugin of the list made into
//! a VRF of the container, and makes that VRF for the first.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod config;
mod enslave;

use cofferdam_guest_sdk::{
    Attachment, Failure, Link, LinkSettings, Need, Outcome as _, Plugin, Request, export_plugin,
};
use config::Config;

struct Vrf;

impl Plugin for Vrf {
    type Config = Config;
    const NAME: &'static str = "vrf";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = &[
        Need::always("link.see").in_container(),
        Need::always("link.create").in_container().kinds(&["vrf"]),
        Need::always("link.set").in_container().settings(&["master"]),
        Need::always("address.see").in_container(),
        Need::always("route.see").in_container(),
        Need::when("an interface with routes", "route.add").in_container(),
        Need::when("an interface that does not keep its IPv6 addresses", "address.add").in_container(),
    ];

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let name = request.config.name()?;
        let previous = request
            .previous
            .as_ref()
            .ok_or_else(|| Failure::internal("missing prevResult from earlier plugin"))?;
        let container = request.container()?;
        let link = container.find(&request.interface_name)?;
        refuse_port(&link)?;
        let vrf = container.ensure_vrf(name, request.config.table())?;
        enslave::enslave(&link, &vrf, table_of(&vrf, name)?)?;
        Ok(previous.clone())
    }

    fn del(_: &Request<Config>) -> Result<(), Failure> {
        // The host releases the interface, and deletes the VRF after the last.
        Ok(())
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        let name = request.config.name()?;
        request.required_previous()?;
        let container = request.container()?;
        let gone = || Failure::changed(format!("VRF {name:?} is gone"));
        let vrf = container.find(name).optional()?.ok_or_else(gone)?;
        let table = table_of(&vrf, name)?;
        if let Some(wanted) = request.config.table().filter(|wanted| *wanted != table) {
            let text = format!("VRF {name:?} has routing table {table}, not {wanted}");
            return Err(Failure::changed(text));
        }
        let interface = &request.interface_name;
        let link = container.find(interface).optional()?;
        let link = link.ok_or_else(|| Failure::changed(format!("interface {interface:?} is gone")))?;
        if link.info()?.master.as_deref() == Some(name) {
            return Ok(());
        }
        let text = format!("failed to find {interface} associated to vrf {name}");
        Err(Failure::changed(text))
    }
}

export_plugin!(Vrf);

fn refuse_port(link: &Link) -> Result<(), Failure> {
    let info = link.info()?;
    match info.master {
        Some(master) => {
            let text = format!("interface {} has already a master set: {master}", info.name);
            Err(Failure::internal(text))
        }
        None => Ok(()),
    }
}

fn table_of(vrf: &Link, name: &str) -> Result<u32, Failure> {
    match vrf.settings()? {
        Some(LinkSettings::Vrf(settings)) => Ok(settings.table),
        _ => Err(Failure::changed(format!("link {name:?} is not a VRF"))),
    }
}
