//! The bandwidth plugin: limits what a container gets and sends.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod config;
mod host_end;
mod ifb;
mod needs;

use cofferdam_guest_sdk::{Attachment, Failure, Need, NetworkRequest, Plugin, Request, export_plugin};
use config::Config;

struct Bandwidth;

impl Plugin for Bandwidth {
    type Config = Config;
    const NAME: &'static str = "bandwidth";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = needs::NEEDS;

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let bandwidth = config::bandwidth(request)?;
        let previous = request
            .previous
            .as_ref()
            .ok_or_else(|| Failure::invalid_config("must be called as chained plugin"))?;
        if !bandwidth.is_limited() {
            return Ok(previous.clone());
        }
        let host_end = host_end::find(request, previous)?;
        if let Some(limit) = bandwidth.ingress {
            host_end.limit_rate(limit)?;
        }
        let mut attachment = previous.clone();
        if let Some(limit) = bandwidth.egress {
            attachment.add_interface(ifb::add(request, &host_end, limit)?);
        }
        Ok(attachment)
    }

    fn del(_: &Request<Config>) -> Result<(), Failure> {
        // The host takes everything back.
        Ok(())
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        let bandwidth = config::bandwidth(request)?;
        let previous = request.required_previous()?;
        if !bandwidth.is_limited() {
            return Ok(());
        }
        let host_end = host_end::find(request, previous)?;
        if let Some(limit) = bandwidth.ingress
            && !host_end.is_rate_limited(limit)?
        {
            return Err(Failure::changed("what the container gets is not limited as it was"));
        }
        if let Some(limit) = bandwidth.egress {
            ifb::check(previous, &host_end, limit)?;
        }
        Ok(())
    }

    fn status(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.bandwidth().map(|_| ())
    }
}

export_plugin!(Bandwidth);
