//! What the reference plugins made on the node for an attachment
//! that Cofferdam has no journal of: it was made before the node changed over.
//!
//! They name chains and rules by network and container, so that theirs are
//! known without the configuration of then. Chains of `iptables` are found
//! where it uses nf_tables, as it does by default in all that is current.

use cofferdam_network::{
    Kernel, Network as _,
    nftables::{Family, TableId},
};
use cofferdam_protocol::Place;
use sha2::{Digest as _, Sha512};

use crate::{call::Call, log::emit};

/// Hexadecimal digits of a digest in the names of chains and rules.
const CHAIN_NAME: usize = 28;
const RULE_NAME: usize = 16;
/// `IFNAMSIZ` of `linux/if.h` without the terminating zero.
const LINK_NAME: usize = 15;

/// Removes the rules that masquerade what comes from the container, those
/// that publish its ports, and the link that limits what it sends. What can't be removed is told of.
pub(super) fn remove(call: &Call, kernel: &mut Kernel) {
    let network = &call.attachment.network;
    let container = &call.attachment.container_id;
    let digest = hex(&[network, container]);
    let instance = format!(
        "{}-{}",
        cut(&hex(&[network]), RULE_NAME),
        cut(&hex(&[&call.attachment.interface_name, ":", container]), RULE_NAME)
    );
    for plugin in call.members.iter().map(|member| member.plugin.as_str()) {
        match plugin {
            "bridge" | "ptp" => {
                for family in [Family::Ip, Family::Ip6] {
                    let chain = cut(&format!("CNI-{digest}"), CHAIN_NAME).to_owned();
                    told(remove_chain(kernel, family, &["POSTROUTING"], chain));
                }
                let table = table(Family::Inet, "cni_plugins_masquerade");
                told(remove_rules(kernel, &table, "masq_checks", |comment| {
                    comment.starts_with(&instance)
                }));
            }
            "portmap" => {
                for family in [Family::Ip, Family::Ip6] {
                    let chain = cut(&format!("CNI-DN-{digest}"), CHAIN_NAME).to_owned();
                    told(remove_chain(kernel, family, &["CNI-HOSTPORT-DNAT"], chain));
                    let table = table(family, "cni_hostport");
                    for chain in ["hostports", "hostip_hostports", "masquerading"] {
                        told(remove_rules(kernel, &table, chain, |comment| comment == container));
                    }
                }
            }
            "bandwidth" => {
                let link = cut(&format!("bwp{digest}"), LINK_NAME).to_owned();
                told(remove_ifb(kernel, &link));
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
            let chain = format!("{prefix}{}", hex(&[network, container]));
            assert_eq!(cut(&chain, CHAIN_NAME), name);
        }
    }
}
