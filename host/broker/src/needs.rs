//! Holds what a component declares to need against what it is granted, before
//! anything of it runs.

use std::path::Path;

use cofferdam_policy::{Grants, Needs, PluginPolicy, Unmet};
use cofferdam_protocol::CniError;
use cofferdam_sandbox::Artifact;

use crate::{codes, mode::Mode};

/// Reads the declaration of a component.
pub(crate) fn declared(plugin: &str, artifact: &Artifact) -> Result<Needs, CniError> {
    let source = format!("component sha256:{}", artifact.digest());
    Needs::parse(Path::new(&source), artifact.needs()).map_err(|error| {
        let message = format!("plugin {plugin:?}: {error}; compile it again with `cofferctl component compile`");
        CniError::new(codes::COMPONENT, message)
    })
}

/// Refuses an ADD that could not come to its end, and lets STATUS tell of it.
/// Whatever else is asked of an attachment must not fail for that.
pub(crate) fn check(
    mode: Mode,
    network: &str,
    policy: &PluginPolicy,
    grants: &Grants,
    needs: &Needs,
) -> Result<(), Unmet> {
    match mode {
        Mode::Add => grants.satisfy(needs),
        // It is asked for no tenant's attachment in particular.
        Mode::Status => policy.satisfy_on_network(network, needs),
        Mode::Del | Mode::Wake | Mode::Check | Mode::Gc => Ok(()),
    }
}

/// The answer to the runtime.
pub(crate) fn refusal(plugin: &str, unmet: &Unmet) -> CniError {
    let message = format!("plugin {plugin:?} needs for every attachment what is not granted: {unmet}");
    let details = format!("missing grant: {}", unmet.missing.join("; "));
    CniError::new(codes::DENIED, message).with_details(details)
}
