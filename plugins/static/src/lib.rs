//! The static plugin: gives the addresses that it is told to give, and keeps
//! no records.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod config;

use cofferdam_guest_sdk::{Attachment, Failure, Need, NetworkRequest, Plugin, Request, Route, export_plugin};
use config::Config;

struct Static;

impl Plugin for Static {
    type Config = Config;
    const NAME: &'static str = "static";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = &[];

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let addresses = config::addresses(request)?;
        let ipam = request.config.ipam()?;
        Ok(Attachment {
            addresses,
            routes: ipam.routes.iter().map(Route::from).collect(),
            dns: ipam.dns.given().unwrap_or_default(),
            ..Attachment::default()
        })
    }

    fn del(_: &Request<Config>) -> Result<(), Failure> {
        Ok(())
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        let previous = request.required_previous()?;
        for expected in config::addresses(request)? {
            let address = expected.address;
            let found = previous.addresses.iter().find(|found| found.address == address);
            let Some(found) = found else {
                return Err(Failure::changed(format!(
                    "static: address {address} is not in prevResult"
                )));
            };
            if let Some(gateway) = expected.gateway
                && found.gateway != Some(gateway)
            {
                return Err(Failure::changed(format!(
                    "static: Failed to match gateway {gateway} of address {address} in prevResult"
                )));
            }
        }
        Ok(())
    }

    fn status(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.configured().map(drop)
    }
}

export_plugin!(Static);
