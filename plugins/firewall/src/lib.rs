//! The firewall plugin: the node forwards what containers send and what
//! answers them, also where it forwards nothing by itself; and containers
//! reach each other as the network's policy says.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod config;
mod isolation;

use cofferdam_guest_sdk::{
    Attachment, Failure, Need, NetworkRequest, Plugin, Request, codes, export_plugin, forwarding,
};
use config::Config;

const POLICY: &str = "ingressPolicy same-bridge or isolated";
const ISOLATED: &str = "ingressPolicy isolated";

struct Firewall;

impl Plugin for Firewall {
    type Config = Config;
    const NAME: &'static str = "firewall";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = &[
        Need::always("forwarding.accept").in_host(),
        Need::when(POLICY, "nftables.table")
            .in_host()
            .family("inet")
            .tables(&[isolation::TABLE])
            .hooks(&["forward"], &[isolation::FILTER])
            .scope("attachment"),
        Need::when(POLICY, "nftables.element")
            .in_host()
            .family("inet")
            .tables(&[isolation::TABLE])
            .sets(isolation::SETS)
            .names(&["*"]),
        Need::when(ISOLATED, "link.see").in_host(),
        Need::when(ISOLATED, "link.set").in_host().settings(&["isolated"]),
    ];

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let config = &request.config;
        config.validate()?;
        let previous = previous(request)?;
        for address in &previous.addresses {
            forwarding::accept(address.address.address(), config.admin_chain())?;
        }
        isolation::add(config.ingress_policy()?, previous)?;
        Ok(previous.clone())
    }

    fn del(_: &Request<Config>) -> Result<(), Failure> {
        // The host takes everything back.
        Ok(())
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        let config = &request.config;
        config.validate()?;
        let previous = previous(request)?;
        for address in &previous.addresses {
            let address = address.address.address();
            if !forwarding::is_accepted(address, config.admin_chain())? {
                return Err(Failure::changed(format!(
                    "what {address} forwards is not accepted any more by the node's iptables"
                )));
            }
        }
        isolation::check(config.ingress_policy()?, previous)
    }

    fn status(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.validate()
    }
}

export_plugin!(Firewall);

fn previous(request: &Request<Config>) -> Result<&Attachment, Failure> {
    request
        .previous
        .as_ref()
        .ok_or_else(|| Failure::new(codes::INVALID_CONFIG, "missing prevResult from earlier plugin"))
}
