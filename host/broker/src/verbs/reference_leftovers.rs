//! What the reference plugins made on the node for attachments
//! that Cofferdam has no journal of: it was made before the node changed over.
//!
//! They name chains and rules by network and container, so that theirs are
//! known without the configuration of then. Chains of `iptables` are found
//! where it uses nf_tables, as it does by default in all that is current.

use std::{collections::BTreeSet, net::IpAddr};

use cofferdam_journal::StateDirectory;
use cofferdam_network::{
    Error, Forwarded, Kernel, Network as _, forwarding_table_of,
    nftables::{Family, TableId},
};
use cofferdam_protocol::{Place, PluginConfig};
use serde::Deserialize;
use sha2::{Digest as _, Sha512};

use crate::{call::Call, log::emit};

/// Hexadecimal digits of a digest in the names of chains and rules.
const CHAIN_NAME: usize = 28;
const RULE_NAME: usize = 16;
/// `IFNAMSIZ` of `linux/if.h` without the terminating zero.
const LINK_NAME: usize = 15;

/// Removes the rules that masquerade what comes from the container, those that
/// publish its ports, those that accept what it forwards, and the link that
/// limits what it sends. What can't be removed is told of.
pub(super) fn remove(call: &Call, state: &StateDirectory, kernel: &mut Kernel) {
    let network = &call.attachment.network;
    let container = &call.attachment.container_id;
    let instance = rule_name(network, container, &call.attachment.interface_name);
    for member in &call.members {
        match member.plugin.as_str() {
            "bridge" | "ptp" => {
                for family in [Family::Ip, Family::Ip6] {
                    let chain = chain_name("CNI-", network, container);
                    told(remove_chain(kernel, family, &["POSTROUTING"], chain));
                }
                let table = table(Family::Inet, "cni_plugins_masquerade");
                told(remove_rules(kernel, &table, "masq_checks", |comment| {
                    comment.starts_with(&instance)
                }));
            }
            "portmap" => {
                for family in [Family::Ip, Family::Ip6] {
                    let chain = chain_name("CNI-DN-", network, container);
                    told(remove_chain(kernel, family, &["CNI-HOSTPORT-DNAT"], chain));
                    let table = table(family, "cni_hostport");
                    for chain in ["hostports", "hostip_hostports", "masquerading"] {
                        told(remove_rules(kernel, &table, chain, |comment| comment == container));
                    }
                }
            }
            "bandwidth" => {
                let digest = hex(&[network, container]);
                let link = cut(&format!("bwp{digest}"), LINK_NAME).to_owned();
                told(remove_ifb(kernel, &link));
            }
            "firewall" => {
                for address in unowned_addresses(call, state) {
                    told(remove_accepted(kernel, address));
                    told(remove_from_zone(kernel, address, &zone(&member.config)));
                }
            }
            _ => {}
        }
    }
}

/// The link that what the container sends was led through. What led there is
/// at the host's end, and goes with it.
fn remove_ifb(kernel: &mut Kernel, name: &str) -> cofferdam_network::Result<Option<String>> {
    let found = kernel.link_by_name(Place::Host, name)?;
    let Some(link) = found.filter(|link| link.kind == "ifb" && link.name == name) else {
        return Ok(None);
    };
    kernel.delete_link(link.id)?;
    Ok(Some(format!("link {name}")))
}

/// The addresses of the previous result, but for those that an attachment of
/// ours has by now.
fn unowned_addresses(call: &Call, state: &StateDirectory) -> Vec<IpAddr> {
    let Ok(Some(previous)) = call.config.previous(call.version) else {
        return Vec::new();
    };
    let addresses: BTreeSet<IpAddr> = previous.ips.iter().map(|ip| ip.address.address()).collect();
    let owned = state.owned().survey().owners_of(&addresses);
    // Where that can't be told nothing is touched.
    let Ok(owners) = owned else { return Vec::new() };
    let is_owned = |address: &IpAddr| owners.iter().any(|(of, _)| of == address);
    addresses.into_iter().filter(|address| !is_owned(address)).collect()
}

/// The rules by which iptables accepts what an address forwards.
fn remove_accepted(kernel: &mut Kernel, address: IpAddr) -> cofferdam_network::Result<Option<String>> {
    match kernel.refuse_forwarding(address, Forwarded::Sent) {
        Ok(()) => Ok(Some(format!(
            "the rules that accept {address} in {}",
            forwarding_table_of(address)
        ))),
        Err(Error::NotFound(_) | Error::Unsupported(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The zone that a configuration of `firewall` wants.
fn zone(config: &PluginConfig) -> String {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wanted {
        firewalld_zone: Option<String>,
    }
    let wanted: Wanted = serde_json::from_str(config.text()).unwrap_or_default();
    let zone = wanted.firewalld_zone.filter(|zone| !zone.is_empty());
    zone.unwrap_or_else(|| "trusted".to_owned())
}

fn remove_from_zone(kernel: &mut Kernel, address: IpAddr, zone: &str) -> cofferdam_network::Result<Option<String>> {
    match kernel.leave_zone(address, zone) {
        Ok(()) => Ok(Some(format!("{address} in zone {zone} of firewalld"))),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes what there is of this kind for containers of the network that are
/// not in the valid list (container, interface). Rules that publish ports are
/// known by the container alone where they are in `cni_hostport`: whose
/// network they are of is not known, and they stay.
pub(super) fn remove_all_but(call: &Call, kernel: &mut Kernel, valid: &[(String, String)]) {
    for plugin in call.members.iter().map(|member| member.plugin.as_str()) {
        match plugin {
            "bridge" | "ptp" => {
                remove_chains_but(call, kernel, "POSTROUTING", "CNI-", valid);
                told(remove_masquerading_but(&call.attachment.network, kernel, valid));
            }
            "portmap" => remove_chains_but(call, kernel, "CNI-HOSTPORT-DNAT", "CNI-DN-", valid),
            _ => {}
        }
    }
}

/// Chains that a rule leads to whose comment says whose they are, and whose
/// name agrees.
fn remove_chains_but(call: &Call, kernel: &mut Kernel, from: &str, prefix: &str, valid: &[(String, String)]) {
    let network = &call.attachment.network;
    for family in [Family::Ip, Family::Ip6] {
        let rules = kernel.foreign_rules(Place::Host, &table(family, "nat"), from);
        let rules = match rules {
            Ok(rules) => rules,
            Err(error) => {
                told(Err(error));
                continue;
            }
        };
        for rule in rules {
            let container = container_of(&rule.comment, network).filter(|id| valid.iter().all(|(of, _)| of != id));
            let name = container.map(|container| chain_name(prefix, network, container));
            if let Some(chain) = name.filter(|name| rule.leads_to.as_ref() == Some(name)) {
                told(remove_chain(kernel, family, &[from], chain));
            }
        }
    }
}

/// The container of a rule for this network: `name: "…" id: "…"`.
fn container_of<'c>(comment: &'c str, network: &str) -> Option<&'c str> {
    let comment = comment.strip_prefix("dnat ").unwrap_or(comment);
    let rest = comment.strip_prefix("name: \"")?.strip_prefix(network)?;
    rest.strip_prefix("\" id: \"")?.strip_suffix('"')
}

fn remove_masquerading_but(
    network: &str,
    kernel: &mut Kernel,
    valid: &[(String, String)],
) -> cofferdam_network::Result<Option<String>> {
    let of_network = format!("{}-", cut(&hex(&[network]), RULE_NAME));
    let valid: Vec<String> = valid
        .iter()
        .map(|(container, interface)| rule_name(network, container, interface))
        .collect();
    let table = table(Family::Inet, "cni_plugins_masquerade");
    remove_rules(kernel, &table, "masq_checks", |comment| {
        comment.starts_with(&of_network) && !valid.iter().any(|valid| comment.starts_with(valid))
    })
}

fn chain_name(prefix: &str, network: &str, container: &str) -> String {
    cut(&format!("{prefix}{}", hex(&[network, container])), CHAIN_NAME).to_owned()
}

/// The beginning of the comments of an attachment's masquerading rules.
fn rule_name(network: &str, container: &str, interface: &str) -> String {
    format!(
        "{}-{}",
        cut(&hex(&[network]), RULE_NAME),
        cut(&hex(&[interface, ":", container]), RULE_NAME)
    )
}

/// A chain in the table that `iptables -t nat` uses, with the rules that lead
/// to it.
fn remove_chain(
    kernel: &mut Kernel,
    family: Family,
    from: &[&str],
    chain: String,
) -> cofferdam_network::Result<Option<String>> {
    let nat = table(family, "nat");
    if !kernel.has_chain(Place::Host, &nat, &chain)? {
        return Ok(None);
    }
    let mut rules = Vec::new();
    for from in from {
        let leading = kernel.foreign_rules(Place::Host, &nat, from)?.into_iter();
        let leading = leading.filter(|rule| rule.leads_to.as_ref() == Some(&chain));
        rules.extend(leading.map(|rule| ((*from).to_owned(), rule.handle)));
    }
    let text = format!("chain {chain} of {nat}");
    kernel.delete_foreign(Place::Host, &nat, &rules, &[chain])?;
    Ok(Some(text))
}

fn remove_rules(
    kernel: &mut Kernel,
    table: &TableId,
    chain: &str,
    is_meant: impl Fn(&str) -> bool,
) -> cofferdam_network::Result<Option<String>> {
    let rules = kernel.foreign_rules(Place::Host, table, chain)?.into_iter();
    let rules: Vec<(String, u64)> = rules
        .filter(|rule| is_meant(&rule.comment))
        .map(|rule| (chain.to_owned(), rule.handle))
        .collect();
    if rules.is_empty() {
        return Ok(None);
    }
    kernel.delete_foreign(Place::Host, table, &rules, &[])?;
    Ok(Some(format!("{} rules in chain {chain} of {table}", rules.len())))
}

fn told(outcome: cofferdam_network::Result<Option<String>>) {
    match outcome {
        Ok(None) => {}
        Ok(Some(what)) => emit(&format!("cofferdam: info: removed what another plugin left: {what}")),
        Err(error) => emit(&format!(
            "cofferdam: warn: what another plugin left can't be removed: {error}"
        )),
    }
}

fn table(family: Family, name: &str) -> TableId {
    TableId {
        family,
        name: name.to_owned(),
    }
}

fn hex(parts: &[&str]) -> String {
    let mut digest = Sha512::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn cut(text: &str, most: usize) -> &str {
    text.get(..most).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_has_the_name_that_the_reference_plugin_gives_it() {
        let name = format!("bwp{}", hex(&["p2p", "cid1"]));
        assert_eq!(cut(&name, LINK_NAME), "bwp8bbe0e319883");
    }

    #[test]
    fn chains_have_the_names_that_the_reference_plugins_give_them() {
        for (prefix, network, container, name) in [
            ("CNI-", "mynet", "cid1", "CNI-a631aa8e1549a3b129110fd2"),
            ("CNI-DN-", "p2p", "cid1", "CNI-DN-8bbe0e31988323462c2de"),
        ] {
            assert_eq!(chain_name(prefix, network, container), name);
        }
    }

    #[test]
    fn a_rules_comment_tells_the_container_of_this_network_only() {
        for (comment, container) in [
            (r#"name: "mynet" id: "cid1""#, Some("cid1")),
            (r#"dnat name: "mynet" id: "cid1""#, Some("cid1")),
            (r#"name: "mynet2" id: "cid1""#, None),
            (r#"name: "my" id: "cid1""#, None),
            (r#"name: "mynet" id: "cut"#, None),
            ("cid1", None),
            ("", None),
        ] {
            assert_eq!(container_of(comment, "mynet"), container, "{comment}");
        }
    }
}
