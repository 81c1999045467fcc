//! Which containers of the node reach each other through it: between bridges
//! with a policy nothing is forwarded, and within one as its policy says.
//!
//! One table for all networks. What its sets hold are the names of bridges
//! alone, however many containers there are.

use cofferdam_guest_sdk::{
    Attachment, Failure, Link, Namespace, Outcome as _, Place,
    nftables::{
        Action, Base, Chain, ChainType, Element, Family, Field, Hook, Match, Rule, Set, SetMatch, Table, TableId,
        Value, ValueType, Verdict,
    },
};

use crate::config::IngressPolicy;

pub(crate) const TABLE: &str = "cofferdam_firewall";
/// `NF_IP_PRI_FILTER`.
pub(crate) const FILTER: i32 = 0;
/// Bridges with a policy.
const BRIDGES: &str = "bridges";
/// Each of them with itself.
const WITHIN: &str = "within";
/// The same of those whose containers don't reach each other.
const CLOSED: &str = "closed";
pub(crate) const SETS: &[&str] = &[BRIDGES, WITHIN, CLOSED];

/// Puts the attachment's bridge under the policy.
pub(crate) fn add(policy: IngressPolicy, previous: &Attachment) -> Result<(), Failure> {
    if policy == IngressPolicy::Open {
        return Ok(());
    }
    let bridge = bridge_of(previous)?;
    let host = Namespace::host()?;
    let table = table();
    host.ensure_table(&table)?;
    for (set, element) in elements(policy, bridge) {
        host.share_elements(&table.id, set, &[element])?;
    }
    if policy == IngressPolicy::Isolated {
        for port in ports(&host, bridge, previous)? {
            port.set_isolated(true)?;
        }
    }
    Ok(())
}

/// Whether it still is.
pub(crate) fn check(policy: IngressPolicy, previous: &Attachment) -> Result<(), Failure> {
    if policy == IngressPolicy::Open {
        return Ok(());
    }
    let bridge = bridge_of(previous)?;
    let host = Namespace::host()?;
    let table = table_id();
    for (set, element) in elements(policy, bridge) {
        if host.has_elements(&table, set, &[element])?.contains(&false) {
            let text = format!("the ingress policy of {bridge:?} is not in effect any more");
            return Err(Failure::changed(text));
        }
    }
    Ok(())
}

/// What the container is behind: a bridge, or the host's end of its own link.
fn bridge_of(previous: &Attachment) -> Result<&str, Failure> {
    match previous.interfaces.first() {
        Some(interface) if interface.place == Place::Host => Ok(&interface.name),
        Some(interface) => Err(Failure::invalid_config(format!(
            "ingressPolicy: interface {:?}, the first one of prevResult, is not the node's",
            interface.name
        ))),
        None => Err(Failure::invalid_config("ingressPolicy: prevResult has no interfaces")),
    }
}

/// The attachment's ports of the bridge: what stays within it the node does
/// not forward.
fn ports(host: &Namespace, bridge: &str, previous: &Attachment) -> Result<Vec<Link>, Failure> {
    let on_node = previous
        .interfaces
        .iter()
        .skip(1)
        .filter(|interface| interface.place == Place::Host);
    let mut ports = Vec::new();
    for interface in on_node {
        if let Some(link) = host.find(&interface.name).optional()?
            && link.info()?.master.as_deref() == Some(bridge)
        {
            ports.push(link);
        }
    }
    Ok(ports)
}

fn elements(policy: IngressPolicy, bridge: &str) -> Vec<(&'static str, Element)> {
    let name = || Value::InterfaceName(bridge.to_owned());
    let mut elements = vec![
        (BRIDGES, Element::new([name()])),
        (WITHIN, Element::new([name(), name()])),
    ];
    if policy == IngressPolicy::Isolated {
        elements.push((CLOSED, Element::new([name(), name()])));
    }
    elements
}

fn table_id() -> TableId {
    TableId {
        family: Family::Inet,
        name: TABLE.to_owned(),
    }
}

fn table() -> Table {
    let both = [Field::InputInterface, Field::OutputInterface];
    let pair = [ValueType::InterfaceName, ValueType::InterfaceName];
    let within = Rule::new(Action::Verdict(Verdict::Drop)).when_in_set(both, CLOSED);
    let mut between = Rule::new(Action::Verdict(Verdict::Drop))
        .when_in_set([Field::InputInterface], BRIDGES)
        .when_in_set([Field::OutputInterface], BRIDGES);
    between.matches.push(Match::InSet(SetMatch {
        fields: both.to_vec(),
        set_name: WITHIN.to_owned(),
        negate: true,
    }));
    let base = Base {
        chain_type: ChainType::Filter,
        hook: Hook::Forward,
        priority: FILTER,
        default_drop: false,
    };
    Table::new(Family::Inet, TABLE)
        .with_set(Set::new(BRIDGES, [ValueType::InterfaceName]))
        .with_set(Set::new(WITHIN, pair))
        .with_set(Set::new(CLOSED, pair))
        .with_chain(
            Chain::new("forward")
                .with_base(base)
                .with_rule(within)
                .with_rule(between),
        )
}
