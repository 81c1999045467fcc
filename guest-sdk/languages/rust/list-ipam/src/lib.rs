//! The plugin list-ipam: gives out the first free address of a list.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

use std::net::IpAddr;

use cofferdam_guest_sdk::{
    Address, Attachment, Failure, IpPrefix, Need, NetworkRequest, Outcome as _, Plugin, Request, codes, export_plugin,
    store::{Owner, Records},
};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Config {
    ipam: Ipam,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ipam {
    addresses: Vec<String>,
}

impl Config {
    fn addresses(&self) -> Result<Vec<IpPrefix>, Failure> {
        if self.ipam.addresses.is_empty() {
            return Err(Failure::invalid_config("ipam.addresses is missing or empty"));
        }
        let addresses = self.ipam.addresses.iter().map(|text| {
            text.parse::<IpPrefix>()
                .ok()
                .filter(|prefix| matches!(prefix.address(), IpAddr::V4(_)))
                .ok_or_else(|| {
                    Failure::invalid_config(format!(
                        "ipam.addresses: {text:?} is no IPv4 address with a prefix length, as 10.1.2.3/24"
                    ))
                })
        });
        addresses.collect()
    }
}

struct ListIpam;

impl Plugin for ListIpam {
    type Config = Config;
    const NAME: &'static str = "list-ipam";
    const NEEDS: &'static [Need] = &[Need::always("store.open")];

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let addresses = request.config.addresses()?;
        let records = Records::open()?;
        for address in addresses {
            if records.claim(&address.address().to_string())? {
                return Ok(Attachment {
                    addresses: vec![Address {
                        address,
                        gateway: None,
                        interface: None,
                    }],
                    ..Attachment::default()
                });
            }
        }
        let text = format!("all addresses of network {:?} are taken", request.network);
        Err(Failure::new(codes::TRY_AGAIN_LATER, text))
    }

    fn del(_: &Request<Config>) -> Result<(), Failure> {
        let Some(records) = Records::open().optional()? else {
            return Ok(());
        };
        for name in records.owned()? {
            records.release(&name)?;
        }
        Ok(())
    }

    fn check(_: &Request<Config>) -> Result<(), Failure> {
        let records = Records::open().optional()?;
        let owned = records.map(|records| records.owned()).transpose()?.unwrap_or_default();
        if owned.is_empty() {
            return Err(Failure::changed("the attachment has no address on record"));
        }
        Ok(())
    }

    fn gc(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        let Some(records) = Records::open().optional()? else {
            return Ok(());
        };
        for claim in records.claims()? {
            if !request.valid_attachments.iter().any(|valid| is_of(&claim.owner, valid)) {
                records.release_stale(&claim.name)?;
            }
        }
        Ok(())
    }

    fn status(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        let addresses = request.config.addresses()?;
        let Some(records) = Records::open().optional()? else {
            return Ok(());
        };
        for address in addresses {
            if records.owner(&address.address().to_string())?.is_none() {
                return Ok(());
            }
        }
        let text = format!("all addresses of network {:?} are taken", request.network);
        Err(Failure::new(codes::NOT_AVAILABLE, text))
    }
}

export_plugin!(ListIpam);

fn is_of(owner: &Owner, valid: &cofferdam_guest_sdk::AttachmentId) -> bool {
    owner.container_id == valid.container_id
        && owner
            .interface_name
            .as_ref()
            .is_none_or(|name| *name == valid.interface_name)
}
