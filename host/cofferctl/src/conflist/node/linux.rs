use cofferdam_broker::Installation;
use cofferdam_protocol::NetworkList;

use super::{super::findings::Finding, policies};
pub(in crate::conflist) use crate::net::Place;

/// What the network's plugins lack on this node: executables or components, and
/// grants.
///
/// # Errors
/// The node can't be looked at.
pub(in crate::conflist) fn unmet(
    installation: &Installation,
    place: &Place,
    network: &NetworkList,
) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let runtime = place.runtime(installation)?;
    for (number, plugin) in network.plugins.iter().enumerate() {
        // A plugin at a time, so that each has its own place.
        let alone = NetworkList {
            plugins: vec![plugin.clone()],
            ..network.clone()
        };
        if let Err(error) = runtime.validate(&alone) {
            findings.push(Finding::error(format!("plugins[{number}].type"), error.to_string()));
        }
    }
    findings.extend(policies::unmet(installation, network));
    Ok(findings)
}
