//! Hands out the addresses of a list, one to each attachment.

// What only a component calls is dead code to the tests on this machine.
#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod config;

use cofferdam_guest_sdk::{
    Address, Attachment, Failure, IpPrefix, Need, NetworkRequest, Outcome as _, Plugin, Request,
    codes, export_plugin, store::Records,
};
use config::Config;

struct AddressList;

impl Plugin for AddressList {
    type Config = Config;
    const NAME: &'static str = "my-plugin";
    /// What is not declared here is denied, whatever a policy grants.
    const NEEDS: &'static [Need] = &[Need::always("store.open")];

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let addresses = request.config.addresses()?;
        // The records' lock is held as long as this lives. A claim is given
        // back by the host when the ADD fails.
        let records = Records::open()?;
        if let Some(held) = records.owned()?.first() {
            let text = format!("{held} has been handed out to this attachment already");
            return Err(Failure::internal(text));
        }
        for address in addresses {
            if records.claim(&address.address().to_string())? {
                return Ok(attachment(&request.config, *address));
            }
        }
        Err(exhausted(addresses))
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

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        let records = Records::open().optional()?;
        let owned = records
            .map(|records| records.owned())
            .transpose()?
            .unwrap_or_default();
        if owned.is_empty() {
            let text = format!("no address is on record for {}", request.container_id);
            return Err(Failure::changed(text));
        }
        Ok(())
    }

    fn gc(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        let Some(records) = Records::open().optional()? else {
            return Ok(());
        };
        for claim in records.claims()? {
            let in_use = request.valid_attachments.iter().any(|valid| {
                valid.container_id == claim.owner.container_id
                    && Some(&valid.interface_name) == claim.owner.interface_name.as_ref()
            });
            if !in_use {
                records.release_stale(&claim.name)?;
            }
        }
        Ok(())
    }

    fn status(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        let addresses = request.config.addresses()?;
        let Some(records) = Records::open().optional()? else {
            // Nothing was handed out yet.
            return Ok(());
        };
        for address in addresses {
            if records.owner(&address.address().to_string())?.is_none() {
                return Ok(());
            }
        }
        Err(exhausted(addresses))
    }
}

export_plugin!(AddressList);

fn attachment(config: &Config, address: IpPrefix) -> Attachment {
    let mut given = Address::new(address);
    if let Some(gateway) = config.gateway() {
        given = given.with_gateway(gateway);
    }
    Attachment {
        addresses: vec![given],
        ..Attachment::default()
    }
}

fn exhausted(addresses: &[IpPrefix]) -> Failure {
    Failure::new(
        codes::NOT_AVAILABLE,
        format!(
            "all {} addresses of the list are in use; detach containers or add addresses to ipam.addresses",
            addresses.len()
        ),
    )
}
