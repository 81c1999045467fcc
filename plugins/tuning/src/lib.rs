//! The tuning plugin: kernel settings of the container, and settings of the
//! interface that another plugin of the list made.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod allow_list;
mod config;
mod sysctl;

use cofferdam_guest_sdk::{
    Attachment, Context as _, Failure, Link, LinkInfo, Need, Place, Plugin, Request, export_plugin,
};
use config::{Config, Tuning};

const LINK: &str = "mac, promisc, mtu, allmulti or txQLen";

struct Tune;

impl Plugin for Tune {
    type Config = Config;
    const NAME: &'static str = "tuning";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = &[
        Need::when("sysctl", "sysctl.write").in_container(),
        Need::when("sysctl", "allow-list.read"),
        Need::when(LINK, "link.see").in_container(),
        Need::when(LINK, "link.set").in_container().settings(&[
            "mac",
            "promiscuous",
            "mtu",
            "all-multicast",
            "transmit-queue-length",
        ]),
        Need::when("CHECK of sysctl", "sysctl.read").in_container(),
    ];

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let tuning = Tuning::of(request)?;
        let mut result = request.required_previous()?.clone();
        let container = request.container()?;
        sysctl::write(&container, &request.interface_name, &tuning.sysctl)?;
        if tuning.has_link_settings() {
            let link = container.find(&request.interface_name)?;
            tune(&link, &tuning)?;
            tell(&mut result, &request.interface_name, &link.info()?);
        }
        Ok(result)
    }

    fn del(_: &Request<Config>) -> Result<(), Failure> {
        // The host puts everything back.
        Ok(())
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        let tuning = Tuning::of(request)?;
        request.required_previous()?;
        let container = request.container()?;
        sysctl::compare(&container, &request.interface_name, &tuning.sysctl)?;
        if tuning.has_link_settings() {
            let info = container.find(&request.interface_name)?.info()?;
            compare(&info, &tuning)?;
        }
        Ok(())
    }
}

export_plugin!(Tune);

fn tune(link: &Link, tuning: &Tuning) -> Result<(), Failure> {
    if let Some(mac) = tuning.mac {
        link.set_mac(mac).context("mac")?;
    }
    if tuning.promiscuous {
        link.set_promiscuous(true).context("promisc")?;
    }
    if let Some(mtu) = tuning.mtu {
        link.set_mtu(mtu).context("mtu")?;
    }
    if let Some(on) = tuning.all_multicast {
        link.set_all_multicast(on).context("allmulti")?;
    }
    if let Some(packets) = tuning.queue_length {
        link.set_transmit_queue_length(packets).context("txQLen")?;
    }
    Ok(())
}

/// What the result tells of the interface is as it is by now.
fn tell(result: &mut Attachment, name: &str, info: &LinkInfo) {
    let its =
        |interface: &&mut cofferdam_guest_sdk::Interface| interface.place == Place::Container && interface.name == name;
    for interface in result.interfaces.iter_mut().filter(its) {
        if let Some(mac) = info.mac {
            interface.mac = Some(mac.to_string());
        }
        interface.mtu = interface.mtu.map(|_| info.mtu);
    }
}

fn compare(info: &LinkInfo, tuning: &Tuning) -> Result<(), Failure> {
    let name = &info.name;
    let differs = |what: &str, now: String, wanted: String| {
        Err(Failure::changed(format!("{what} of {name:?} is {now}, not {wanted}")))
    };
    if let Some(mac) = tuning.mac
        && info.mac != Some(mac)
    {
        let now = info.mac.map_or("absent".to_owned(), |mac| mac.to_string());
        return differs("mac", now, mac.to_string());
    }
    if tuning.promiscuous && !info.promiscuous {
        return differs("promisc", "false".to_owned(), "true".to_owned());
    }
    if let Some(mtu) = tuning.mtu
        && info.mtu != mtu
    {
        return differs("mtu", info.mtu.to_string(), mtu.to_string());
    }
    if let Some(on) = tuning.all_multicast
        && info.all_multicast != on
    {
        return differs("allmulti", info.all_multicast.to_string(), on.to_string());
    }
    if let Some(packets) = tuning.queue_length
        && info.transmit_queue_length != packets
    {
        let now = info.transmit_queue_length.to_string();
        return differs("txQLen", now, packets.to_string());
    }
    Ok(())
}
