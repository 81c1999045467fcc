use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::IpAddr,
    path::PathBuf,
};

use cofferdam_journal::{AttachmentSummary, Operation, Owner, Records};
use cofferdam_protocol::IpPrefix;
use serde_json::Value;

use super::{Finding, Node};

const CHECK: &str = "addresses";

/// Of an address range this part may be taken before it is told of.
const NEARLY: (u64, u64) = (9, 10);
/// Larger ones are never full.
const LARGEST: u32 = 20;
/// Owners that are named.
const NAMED: usize = 3;

/// The address records of one network.
struct Network {
    directory: PathBuf,
    leases: Vec<(IpAddr, Owner)>,
}

/// Pools that are nearly used up, and addresses that no attachment has.
pub(super) fn look(node: &Node<'_>) -> Vec<Finding> {
    let known = owners(node.summaries());
    let is_known = node.state.is_ok() && node.summaries.is_ok();
    let mut findings = Vec::new();
    for network in networks(node) {
        findings.extend(
            subnets(node.summaries(), &network)
                .iter()
                .filter_map(|subnet| fullness(&network, subnet)),
        );
        // Where it is not known what is attached, all would seem strange.
        if is_known {
            findings.extend(strangers(&network, &known));
        }
    }
    findings
}

/// Those in the usual place, and where attachments have addresses on record.
fn networks(node: &Node<'_>) -> Vec<Network> {
    let usual = fs::read_dir(node.installation.records())
        .into_iter()
        .flatten()
        .flatten();
    let mut directories: BTreeSet<PathBuf> = usual.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    directories.extend(claims(node.summaries()).map(|(directory, _)| directory.clone()));
    directories.into_iter().map(Network::read).collect()
}

fn claims(summaries: &[AttachmentSummary]) -> impl Iterator<Item = (&PathBuf, &IpAddr)> {
    let entries = summaries
        .iter()
        .filter_map(|summary| summary.history.as_ref())
        .flat_map(|history| history.pending());
    entries.filter_map(|entry| match &entry.operation {
        Operation::Claim { directory, address } => Some((directory, address)),
        _ => None,
    })
}

impl Network {
    fn read(directory: PathBuf) -> Self {
        let names = fs::read_dir(&directory).into_iter().flatten().flatten();
        let addresses = names.filter_map(|entry| entry.file_name().to_str()?.parse::<IpAddr>().ok());
        let leases = addresses
            .filter_map(|address| Some((address, Records::holder(&directory, &address).ok()??)))
            .collect();
        Self { directory, leases }
    }

    /// Whether an attachment has an address on record here.
    fn is_of(&self, summary: &AttachmentSummary) -> bool {
        claims(std::slice::from_ref(summary)).any(|(directory, _)| *directory == self.directory)
    }
}

/// Containers and interfaces that are on record.
fn owners(summaries: &[AttachmentSummary]) -> BTreeSet<(String, String)> {
    let headers = summaries.iter().filter_map(|summary| summary.header.as_ref());
    headers
        .map(|header| {
            let id = &header.attachment;
            (id.container_id.clone(), id.interface_name.clone())
        })
        .collect()
}

/// The subnets that attachments with an address here have it from, by what
/// their ADD printed. Ranges may be narrower: nobody but a configuration knows.
fn subnets(summaries: &[AttachmentSummary], network: &Network) -> BTreeSet<IpPrefix> {
    let results = summaries
        .iter()
        .filter(|summary| network.is_of(summary))
        .filter_map(|summary| serde_json::from_str::<Value>(summary.history.as_ref()?.result()?).ok());
    results
        .flat_map(|result| {
            let addresses = result.get("ips").and_then(Value::as_array).cloned().unwrap_or_default();
            let prefixes = addresses
                .iter()
                .filter_map(|ip| ip.get("address")?.as_str()?.parse::<IpPrefix>().ok());
            prefixes.map(|prefix| prefix.network()).collect::<Vec<_>>()
        })
        .collect()
}

fn fullness(network: &Network, subnet: &IpPrefix) -> Option<Finding> {
    let bits = if subnet.is_ipv6() { 128 } else { 32 };
    let free_bits = bits - u32::from(subnet.length());
    if free_bits > LARGEST {
        return None;
    }
    // All but the subnet's own address, its last one and the gateway.
    let room = (1_u64 << free_bits).saturating_sub(3);
    // An address of its own is no pool.
    if room == 0 {
        return None;
    }
    let taken = network
        .leases
        .iter()
        .filter(|(address, _)| subnet.contains(*address))
        .count() as u64;
    let place = network.directory.display();
    if taken >= room {
        let problem = format!("all {room} addresses of {subnet} are taken, so no further container can be attached");
        return Some(Finding::error(CHECK, place, problem).way_out(
            "detach containers, `cofferctl gc`, give back addresses of containers that are gone, or configure another range",
        ));
    }
    if taken * NEARLY.1 >= room * NEARLY.0 {
        let problem = format!("{taken} of {room} addresses of {subnet} are taken");
        return Some(
            Finding::warning(CHECK, place, problem).way_out("configure another range before they are used up"),
        );
    }
    None
}

/// Addresses on record for whom Cofferdam did not attach. They may be another
/// program's, so they are left alone and told of.
fn strangers(network: &Network, known: &BTreeSet<(String, String)>) -> Option<Finding> {
    let is_known = |owner: &Owner| match &owner.interface_name {
        Some(interface) => known.contains(&(owner.container_id.clone(), interface.clone())),
        None => known.iter().any(|(container, _)| *container == owner.container_id),
    };
    let mut of_strangers = BTreeMap::new();
    for (address, owner) in network.leases.iter().filter(|(_, owner)| !is_known(owner)) {
        of_strangers.insert(*address, owner.container_id.clone());
    }
    if of_strangers.is_empty() {
        return None;
    }
    let named: Vec<String> = of_strangers
        .iter()
        .take(NAMED)
        .map(|(address, container)| match container.as_str() {
            "" => format!("{address} for nobody"),
            container => format!("{address} for container {container}"),
        })
        .collect();
    let more = match of_strangers.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let problem = format!(
        "addresses are taken by containers that Cofferdam did not attach: {}{more}",
        named.join(", ")
    );
    Some(Finding::information(CHECK, network.directory.display(), problem).way_out(
        "where such a container is there, another program attached it; where it is gone, remove the file to free the address",
    ))
}
