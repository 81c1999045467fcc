//! A component that attacks the host: the configuration's `attack` says how,
//! or its `calls` list what to ask the host for, one after the other. Whatever
//! the host answers comes back as the failure of the ADD.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod blab;
mod exhaustion;
mod forgery;
mod ground;
mod lies;
mod needs;
mod raw;
mod report;
mod script;
mod trespass;

use cofferdam_guest_sdk::{Attachment, Failure, Need, Plugin, Request, export_plugin, ipam};
use serde::Deserialize;

use crate::script::{Call, Script};

struct Hostile;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    attack: String,
    /// Something to be kept secret.
    token: String,
    calls: Vec<Call>,
    /// What is said to have come of it.
    result: report::Report,
    /// What an address management plugin says, called by another.
    allocation: Option<report::Report>,
    /// All calls are made, whatever the host says.
    undaunted: bool,
}

impl Plugin for Hostile {
    type Config = Config;
    const NAME: &'static str = "hostile";
    const NEEDS: &'static [Need] = needs::EVERYTHING;

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let attack = request.config.attack.as_str();
        if let Some(allocation) = &request.config.allocation {
            return allocated(allocation);
        }
        if let Some(lie) = lies::told(attack, request)? {
            return Ok(lie);
        }
        Script::new(request.config.undaunted).run(&request.config.calls)?;
        if !attack.is_empty()
            && !exhaustion::tried(attack)?
            && !forgery::tried(attack)?
            && !raw::tried(attack)?
            && !blab::tried(attack, &request.config.token)?
            && !trespass::tried(attack, request)?
        {
            return Err(Failure::internal(format!("there is no attack {attack:?}")));
        }
        request.config.result.told()
    }

    fn del(request: &Request<Config>) -> Result<(), Failure> {
        match request.config.attack.as_str() {
            "loop-in-del" => exhaustion::loop_for_ever(),
            "trap-in-del" => std::process::abort(),
            "calls-in-del" => return Script::new(request.config.undaunted).run(&request.config.calls),
            _ => {}
        }
        Ok(())
    }

    fn check(_: &Request<Config>) -> Result<(), Failure> {
        Ok(())
    }
}

export_plugin!(Hostile);

/// Passes on what the address management plugin says; the one that can't have
/// one is it.
fn allocated(allocation: &report::Report) -> Result<Attachment, Failure> {
    match ipam::add() {
        Err(failure)
            if failure
                .message
                .contains("can't be called by an address management plugin") =>
        {
            allocation.told()
        }
        answer => answer,
    }
}
