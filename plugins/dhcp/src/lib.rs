//! The dhcp plugin: gets an address from a DHCP server of the segment that the
//! container's link is on (RFC 2131), and keeps it while the attachment lasts.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod client;
mod code;
mod config;
mod dns;
mod lease;
mod message;
mod result;
mod routes;
mod upkeep;

use client::Client;
use cofferdam_guest_sdk::{
    Attachment, Context as _, Failure, Keeper, Link, Need, NetworkRequest, Occasion, Outcome as _, Plugin, Request,
    export_keeper, export_plugin, packets::Exchange,
};
use config::Config;

struct Dhcp;

/// Ports of servers and clients.
const SERVER_PORT: u16 = 67;
const CLIENT_PORT: u16 = 68;
/// Milliseconds for the link to come up.
const LINK_WAIT: u32 = 3000;

impl Plugin for Dhcp {
    type Config = Config;
    const NAME: &'static str = "dhcp";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = &[
        Need::always("link.see").in_container(),
        Need::always("link.set").in_container().settings(&["up"]),
        Need::always("packet.exchange")
            .in_container()
            .ports(&[[SERVER_PORT, CLIENT_PORT]]),
        Need::always("upkeep.keep"),
    ];

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let ipam = request.config.ipam()?;
        let wishes = ipam.wishes(&request.args)?;
        let link = request.container()?.find(&request.interface_name)?;
        let client = begin(
            &link,
            &request.container_id,
            &request.network,
            &request.interface_name,
            wishes,
        )?;
        let granted = client.acquire().context("DHCP")?;
        let attachment = result::attachment(&granted.reply, &granted.lease, &client.wishes, ipam.priority)?;
        upkeep::keep(&client, &granted.lease)?;
        Ok(attachment)
    }

    fn del(_: &Request<Config>) -> Result<(), Failure> {
        // The host gives the lease back: it has what is to be sent then.
        Ok(())
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        request.config.ipam()?.wishes(&request.args)?;
        upkeep::check(cofferdam_guest_sdk::upkeep::kept().optional()?)
    }

    fn status(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.ipam()?.validate()
    }
}

impl Keeper for Dhcp {
    fn wake(occasion: &Occasion<Config>) -> Result<(), Failure> {
        let wishes = occasion.config.ipam()?.wishes(&occasion.args)?;
        let link = occasion.container()?.find(&occasion.interface_name)?;
        let (id, network, name) = (&occasion.container_id, &occasion.network, &occasion.interface_name);
        upkeep::look_after(&occasion.state, occasion.elapsed, &link, || {
            begin(&link, id, network, name, wishes.clone())
        })
    }
}

export_plugin!(Dhcp);
export_keeper!(Dhcp);

/// A client on a link, which is up afterwards.
fn begin(
    link: &Link,
    container_id: &str,
    network: &str,
    interface: &str,
    wishes: config::Wishes,
) -> Result<Client<Exchange>, Failure> {
    let info = link.info()?;
    let mac = info
        .mac
        .ok_or_else(|| Failure::internal(format!("link {interface:?} has no Ethernet address")))?;
    if !info.up {
        link.set_up()?;
    }
    link.wait_operational(LINK_WAIT).context("the link for DHCP")?;
    let exchange = Exchange::open(link, CLIENT_PORT, SERVER_PORT)?;
    let identifier = message::client_identifier(container_id, network, interface);
    Ok(Client::new(exchange, mac, identifier, wishes))
}
