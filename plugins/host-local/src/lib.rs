//! The host-local plugin: hands out addresses from ranges, with the records on
//! the node.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod allocate;
mod config;
mod range;
mod requested;

use allocate::{allocate, has_room};
use cofferdam_guest_sdk::{
    Attachment, Failure, Need, NetworkRequest, Outcome as _, Plugin, Request, Route, export_plugin, resolver,
    store::{Owner, Records},
};
use config::Config;

struct HostLocal;

impl Plugin for HostLocal {
    type Config = Config;
    const NAME: &'static str = "host-local";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = &[
        Need::always("store.open"),
        Need::when("ipam.resolvConf", "resolver.read"),
    ];

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let ipam = request.config.ipam()?;
        let sets = config::range_sets(request)?;
        let requested = requested::requested(request)?;
        let dns = resolver::configured()?.unwrap_or_default();
        let records = Records::open()?;
        let addresses = allocate(&records, &sets, requested)?;
        Ok(Attachment {
            addresses,
            routes: ipam.routes.iter().map(Route::from).collect(),
            dns,
            ..Attachment::default()
        })
    }

    fn del(request: &Request<Config>) -> Result<(), Failure> {
        request.config.ipam()?;
        let Some(records) = Records::open().optional()? else {
            return Ok(());
        };
        for name in records.owned()? {
            records.release(&name)?;
        }
        Ok(())
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        request.config.ipam()?;
        let records = Records::open().optional()?;
        let owned = records.map(|records| records.owned()).transpose()?.unwrap_or_default();
        if owned.is_empty() {
            let text = format!(
                "host-local: Failed to find address added by container {}",
                request.container_id
            );
            return Err(Failure::changed(text));
        }
        Ok(())
    }

    fn gc(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        let Some(records) = Records::open().optional()? else {
            return Ok(());
        };
        let mut kept = Vec::new();
        for claim in records.claims()? {
            let in_use = request.valid_attachments.iter().any(|valid| is_of(&claim.owner, valid));
            if !in_use && let Err(error) = records.release_stale(&claim.name) {
                kept.push(format!("{}: {error}", claim.name));
            }
        }
        if kept.is_empty() {
            return Ok(());
        }
        Err(Failure::internal(format!("failed to release {}", kept.join("; "))))
    }

    fn status(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        let sets = config::configured_range_sets(&request.config)?;
        match Records::open().optional()? {
            Some(records) => has_room(&records, &sets),
            // Nothing was handed out yet.
            None => Ok(()),
        }
    }
}

export_plugin!(HostLocal);

/// Claims of very old plugins name no interface.
fn is_of(owner: &Owner, valid: &cofferdam_guest_sdk::AttachmentId) -> bool {
    owner.container_id == valid.container_id
        && owner
            .interface_name
            .as_ref()
            .is_none_or(|name| *name == valid.interface_name)
}
