//! An address management plugin whose addresses a remote service decides on.
//!
//! It keeps nothing on the node. The service knows each attachment by network,
//! container and interface: asked twice for one, it gives the same address, and
//! giving one back that is back already is no error.

// What only a component calls is dead code to the tests on this machine.
#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod config;
mod service;

use cofferdam_guest_sdk::{
    Attachment, Context as _, Failure, Need, NetworkRequest, Plugin, Request, export_plugin, http,
};

use self::{
    config::Config,
    service::{Allocated, InUse, Wanted},
};

struct RemoteAddress;

impl Plugin for RemoteAddress {
    type Config = Config;
    const NAME: &'static str = "remote-address";
    /// Where to is in the configuration, so it is left to the operator's policy.
    const NEEDS: &'static [Need] = &[
        Need::always("http.request").methods(&["POST"]),
        Need::when("CHECK", "http.request").methods(&["GET"]),
        Need::when("DEL", "http.request").methods(&["DELETE"]),
    ];
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let url = request.config.addresses()?;
        let answered = http::Request::post(url).json(&Wanted::of(request))?.send()?.success()?;
        answered.json::<Allocated>()?.attachment()
    }

    /// The attachment is gone whatever the service says: what it does not take
    /// back now it gets back with the next GC.
    fn del(request: &Request<Config>) -> Result<(), Failure> {
        let answered = http::Request::delete(of_attachment(request)?).send()?;
        match answered.status {
            404 | 410 => Ok(()),
            _ => answered.success().map(drop),
        }
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        let answered = http::Request::get(of_attachment(request)?).send()?;
        if answered.status == 404 {
            let text = format!("the service knows of no address of {}", request.container_id);
            return Err(Failure::changed(text));
        }
        let allocated: Allocated = answered.success()?.json()?;
        let attached = request.required_previous().context("CHECK")?;
        let address = allocated.address()?;
        if attached.addresses.iter().any(|known| known.address == address) {
            return Ok(());
        }
        let text = format!("the service says that {} has {address}", request.container_id);
        Err(Failure::changed(text))
    }

    fn gc(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        let url = format!("{}/collect", request.config.addresses()?);
        http::Request::post(url).json(&InUse::of(request))?.send()?.success()?;
        Ok(())
    }
}

export_plugin!(RemoteAddress);

/// What the service knows of the attachment.
fn of_attachment(request: &Request<Config>) -> Result<String, Failure> {
    let attachment = http::query(&[
        ("network", &request.network),
        ("container", &request.container_id),
        ("interface", &request.interface_name),
    ]);
    Ok(format!("{}?{attachment}", request.config.addresses()?))
}
