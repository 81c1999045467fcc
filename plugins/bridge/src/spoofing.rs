//! Frames from a container have the Ethernet address of its interface, or go
//! nowhere (`macspoofchk`).
//!
//! One table for all networks: a set of the ports that are looked at, and one
//! of the pairs of port and address that may be, so that a frame costs two
//! look-ups whatever the number of containers.

use cofferdam_guest_sdk::{
    Failure, Link, MacAddress, Namespace,
    nftables::{
        Action, Base, Chain, ChainType, Element, Family, Field, Hook, Rule, Set, Table, TableId, Value, ValueType,
        Verdict,
    },
};

pub(crate) const TABLE: &str = "cofferdam_spoofing";
pub(crate) const PORTS: &str = "ports";
pub(crate) const ADDRESSES: &str = "addresses";
/// `NF_BR_PRI_NAT_DST_BRIDGED`, where the reference plugin looks as well.
pub(crate) const PREROUTING: i32 = -300;

/// Has the node look at the frames that come from this port.
pub(crate) fn guard(host: &Namespace, host_end: &Link, container_end: &Link) -> Result<(), Failure> {
    let (port, address) = port_and_address(host_end, container_end)?;
    let table = table();
    host.ensure_table(&table)?;
    // The other way round frames would be lost in between.
    host.add_elements(&table.id, ADDRESSES, &[pair(&port, address)])?;
    host.add_elements(&table.id, PORTS, &[Element::new([Value::InterfaceName(port)])])?;
    Ok(())
}

/// Whether it does.
pub(crate) fn is_guarded(host: &Namespace, host_end: &Link, container_end: &Link) -> Result<bool, Failure> {
    let (port, address) = port_and_address(host_end, container_end)?;
    let id = table().id;
    let pairs = host.has_elements(&id, ADDRESSES, &[pair(&port, address)])?;
    let ports = host.has_elements(&id, PORTS, &[Element::new([Value::InterfaceName(port)])])?;
    Ok(pairs.into_iter().chain(ports).all(|found| found))
}

fn port_and_address(host_end: &Link, container_end: &Link) -> Result<(String, MacAddress), Failure> {
    let address = container_end.info()?.mac;
    let address = address.ok_or_else(|| Failure::internal("the container's interface has no Ethernet address"))?;
    Ok((host_end.info()?.name, address))
}

fn pair(port: &str, address: MacAddress) -> Element {
    Element::new([Value::InterfaceName(port.to_owned()), address.into()])
}

fn table() -> Table {
    let base = Base {
        chain_type: ChainType::Filter,
        hook: Hook::Prerouting,
        priority: PREROUTING,
        default_drop: false,
    };
    let known =
        Rule::new(Action::Verdict(Verdict::Return)).when_in_set([Field::InputInterface, Field::EtherSource], ADDRESSES);
    let any_other = Rule::new(Action::Verdict(Verdict::Drop)).when_in_set([Field::InputInterface], PORTS);
    Table {
        id: TableId {
            family: Family::Bridge,
            name: TABLE.to_owned(),
        },
        sets: vec![
            Set::new(PORTS, [ValueType::InterfaceName]),
            Set::new(ADDRESSES, [ValueType::InterfaceName, ValueType::EtherAddress]),
        ],
        chains: vec![
            Chain::new("prerouting")
                .with_base(base)
                .with_rule(known)
                .with_rule(any_other),
        ],
    }
}
