//! Masquerading: packets from the containers to anywhere but their own network
//! leave with the node's address.
//!
//! One table for all networks of a plugin; a map leads from a container's address to the
//! chain of its network, so that the cost of a packet and of an attachment
//! does not grow with the number of containers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    Address, Failure, IpPrefix, Namespace,
    nftables::{
        Action, Base, Chain, ChainType, Element, Family, Field, Hook, Rule, Set, Table, TableId, ValueType, Verdict,
    },
};

/// The priority of the table's base chain, at the hook `postrouting`:
/// `NF_IP_PRI_NAT_SRC`.
///
/// ```
/// # use cofferdam_guest_sdk::{masquerade, Need};
/// const NEED: Need = Need::when("ipMasq", "nftables.table")
///     .in_host()
///     .family("inet")
///     .tables(&["masq"])
///     .hooks(&["postrouting"], &[masquerade::SOURCE_NAT]);
/// ```
pub const SOURCE_NAT: i32 = 100;

/// The maps in which the addresses are.
///
/// ```
/// # use cofferdam_guest_sdk::{masquerade, Need};
/// const NEED: Need = Need::when("ipMasq", "nftables.element")
///     .in_host()
///     .family("inet")
///     .tables(&["masq"])
///     .sets(masquerade::SETS);
/// ```
pub const SETS: &[&str] = &["sources4", "sources6"];

/// Masquerades these addresses, in a table of the plugin's own.
///
/// What it asks for: `nftables.table` and `nftables.element` of that table, of
/// the family `inet`, with the hook and the [`SETS`] above.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Attachment, Failure, masquerade, Namespace};
/// # fn example(attachment: &Attachment) -> Result<(), Failure> {
/// masquerade::add(&Namespace::host()?, "masq", &attachment.addresses)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// It is not granted, or the kernel refuses.
pub fn add(host: &Namespace, table: &str, addresses: &[Address]) -> Result<(), Failure> {
    let table = declaration(table)?;
    host.ensure_table(&table)?;
    for address in addresses {
        host.ensure_chain(&table.id, &network_chain(address.address))?;
        host.add_elements(&table.id, map(address.address), &[element(address.address)])?;
    }
    Ok(())
}

/// Whether each address is masqueraded in that table.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Attachment, Failure, masquerade, Namespace};
/// # fn example(attachment: &Attachment) -> Result<(), Failure> {
/// if !masquerade::is_complete(&Namespace::host()?, "masq", &attachment.addresses)? {
///     return Err(Failure::changed("an address is not masqueraded any more"));
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// It can't be looked at.
pub fn is_complete(host: &Namespace, table: &str, addresses: &[Address]) -> Result<bool, Failure> {
    let id = TableId {
        family: Family::Inet,
        name: table.to_owned(),
    };
    for address in addresses {
        let found = host.has_elements(&id, map(address.address), &[element(address.address)])?;
        if found.iter().any(|found| !found) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn declaration(name: &str) -> Result<Table, Failure> {
    let multicast4 = IpPrefix::new(IpAddr::V4(Ipv4Addr::new(224, 0, 0, 0)), 4)?;
    let multicast6 = IpPrefix::new(IpAddr::V6(Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0)), 8)?;
    let base = Base {
        chain_type: ChainType::Nat,
        hook: Hook::Postrouting,
        priority: SOURCE_NAT,
        default_drop: false,
    };
    let chain = Chain::new("postrouting")
        .with_base(base)
        .with_rule(Rule::new(Action::Verdict(Verdict::Return)).when_to(multicast4))
        .with_rule(Rule::new(Action::Verdict(Verdict::Return)).when_to(multicast6))
        .with_rule(Rule::new(Action::verdict_from("sources4", [Field::IpSource])))
        .with_rule(Rule::new(Action::verdict_from("sources6", [Field::Ip6Source])));
    Ok(Table::new(Family::Inet, name)
        .with_set(Set::verdict_map("sources4", [ValueType::Ipv4Address]))
        .with_set(Set::verdict_map("sources6", [ValueType::Ipv6Address]))
        .with_chain(chain))
}

fn map(address: IpPrefix) -> &'static str {
    if address.is_ipv6() { "sources6" } else { "sources4" }
}

/// What happens to packets from a network: `to-10.22.0.0-16`.
fn network_chain(address: IpPrefix) -> Chain {
    Chain::new(&chain_name(address)).with_rule(Rule::new(Action::Masquerade).unless_to(address))
}

fn chain_name(address: IpPrefix) -> String {
    let network = address.network();
    let mut name = String::from("to-");
    name.push_str(&network.address().to_string().replace(':', "_"));
    name.push('-');
    name.push_str(&network.length().to_string());
    name
}

fn element(address: IpPrefix) -> Element {
    Element::new([address.address().into()]).with_verdict(Verdict::Goto(chain_name(address)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_chain_is_named_by_its_network() {
        for (address, name) in [
            ("10.22.0.5/16", "to-10.22.0.0-16"),
            ("fd00:22::5/64", "to-fd00_22__-64"),
        ] {
            assert_eq!(chain_name(address.parse().unwrap()), name);
        }
    }
}
