//! The portmap plugin: ports of the node that lead to a container.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod conditions;
mod config;
mod forwarded;
mod localnet;
mod mapping;
mod needs;
mod table;

use cofferdam_guest_sdk::{
    Attachment, Context as _, Error, Failure, Flows, Namespace, Need, NetworkRequest, Plugin, Request, export_plugin,
    log,
};
use config::Config;
use mapping::{Protocol, Target};
use table::{Masquerade, Publication};

struct Portmap;

impl Plugin for Portmap {
    type Config = Config;
    const NAME: &'static str = "portmap";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = needs::NEEDS;

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let mappings = parsed(request).context("failed to parse config")?;
        let previous = request
            .previous
            .as_ref()
            .ok_or_else(|| Failure::invalid_config("must be called as chained plugin"))?;
        if mappings.is_empty() {
            return Ok(previous.clone());
        }
        let targets = mapping::targets(previous, &request.interface_name, &mappings)?;
        if targets.is_empty() {
            return Ok(previous.clone());
        }
        let publications = publications(&request.config, &targets)?;
        let host = Namespace::host()?;
        table::declare(&host, &publications)?;
        forwarded::accept(&targets)?;
        let flows = flows(&targets);
        // On record before what they follow, so that DEL forgets them after it.
        forget(&host, &flows)?;
        table::publish(&host, &publications)?;
        // What was sent in between went the old way.
        forget(&host, &flows)?;
        for target in targets.iter().filter(|target| !target.address.is_ipv6()) {
            if request.config.snat() {
                localnet::open(&host, previous, target.address.address())?;
            }
        }
        Ok(previous.clone())
    }

    fn del(_: &Request<Config>) -> Result<(), Failure> {
        // The host takes everything back.
        Ok(())
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        let mappings = parsed(request)?;
        let previous = request.required_previous()?;
        let targets = mapping::targets(previous, &request.interface_name, &mappings)?;
        if targets.is_empty() {
            return Ok(());
        }
        let publications = publications(&request.config, &targets)?;
        match table::missing(&Namespace::host()?, &publications)? {
            Some(set) => Err(Failure::changed(format!(
                "a port of the container is not published any more: an element of {set} in nftables table inet {} is gone",
                table::TABLE
            ))),
            None => Ok(()),
        }
    }

    fn status(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.validate().context("failed to parse config")
    }
}

export_plugin!(Portmap);

fn parsed(request: &Request<Config>) -> Result<Vec<mapping::Mapping>, Failure> {
    request.config.validate()?;
    config::mappings(request)
}

fn publications<'t>(config: &Config, targets: &'t [Target]) -> Result<Vec<Publication<'t>>, Failure> {
    let masquerade = match (config.snat(), config.masq_all) {
        (false, _) => None,
        (true, false) => Some(Masquerade::Near),
        (true, true) => Some(Masquerade::All),
    };
    let publication = |target: &'t Target| {
        Ok(Publication {
            target,
            conditions: config.conditions(target.address.is_ipv6())?,
            masquerade,
        })
    };
    targets.iter().map(publication).collect()
}

/// Those that would follow an older mapping, or none, as long as something is
/// sent: UDP has no end.
fn flows(targets: &[Target]) -> Vec<Flows> {
    let of_target = |target: &Target| {
        let ipv6 = target.address.is_ipv6();
        let udp = target
            .mappings
            .iter()
            .filter(|mapping| mapping.protocol == Protocol::Udp);
        let flows = udp.map(move |mapping| Flows {
            ipv6,
            port: mapping.host_port,
            address: mapping.address,
        });
        flows.collect::<Vec<_>>()
    };
    targets.iter().flat_map(of_target).collect()
}

/// A kernel that does not tell of flows is no reason to publish no ports.
fn forget(host: &Namespace, flows: &[Flows]) -> Result<(), Failure> {
    if flows.is_empty() {
        return Ok(());
    }
    match host.forget_flows(flows) {
        Err(Error::Unsupported(why)) => {
            log::warn(&why);
            Ok(())
        }
        forgotten => Ok(forgotten?),
    }
}
