//! The firewall plugin: the node forwards what containers send and what
//! answers them, also where it forwards nothing by itself; and containers
//! reach each other as the network's policy says.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod acceptance;
mod config;
mod isolation;

use cofferdam_guest_sdk::{Attachment, Failure, Need, NetworkRequest, Plugin, Request, codes, export_plugin};
use config::Config;

const POLICY: &str = "ingressPolicy same-bridge or isolated";
const FIREWALLD: &str = "firewalld runs on the node";
const ISOLATED: &str = "ingressPolicy isolated";

struct Firewall;

impl Plugin for Firewall {
    type Config = Config;
    const NAME: &'static str = "firewall";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = &[
        Need::always("forwarding.accept").in_host(),
        Need::when(FIREWALLD, "forwarding.zone").in_host(),
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
        acceptance::add(config, previous)?;
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
        acceptance::check(config, previous)?;
        isolation::check(config.ingress_policy()?, previous)
    }

    fn status(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.validate()?;
        acceptance::status(&request.config)
    }
}

export_plugin!(Firewall);

fn previous(request: &Request<Config>) -> Result<&Attachment, Failure> {
    request
        .previous
        .as_ref()
        .ok_or_else(|| Failure::new(codes::INVALID_CONFIG, "missing prevResult from earlier plugin"))
}
