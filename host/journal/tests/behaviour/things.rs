//! Links, addresses, routes and the like, in few words.

use cofferdam_journal::SharedObject;
use cofferdam_network::{
    Bridge, FORWARDING_CHAIN, ForwardingLead, LinkSettings, Neighbor, NewLink, Route, Rule, SysctlKey, VethEnd, Vxlan,
    forwarding_table,
    nftables::{Base, Chain, ChainType, Element, Family, Hook, Set, Table, TableId, Value, ValueType},
};
use cofferdam_protocol::{IpPrefix, MacAddress, Place};

pub(crate) fn prefix(text: &str) -> IpPrefix {
    text.parse().unwrap()
}

pub(crate) fn mac(last: u8) -> MacAddress {
    MacAddress([2, 0, 0, 0, 0, last])
}

pub(crate) fn end(name: &str, last: u8) -> VethEnd {
    VethEnd {
        place: Place::Host,
        name: name.to_owned(),
        mac: mac(last),
        mtu: None,
        master: None,
    }
}

pub(crate) fn bridge(name: &str, last: u8) -> Bridge {
    Bridge {
        place: Place::Host,
        name: name.to_owned(),
        mac: mac(last),
        mtu: None,
        vlan_filtering: false,
    }
}

pub(crate) fn vxlan_link(name: &str, id: u32) -> NewLink {
    NewLink {
        place: Place::Host,
        name: name.to_owned(),
        mac: Some(mac(0x56)),
        mtu: None,
        transmit_queue_length: None,
        parent: None,
        settings: LinkSettings::Vxlan(Vxlan {
            id,
            port: 4789,
            parent: None,
            local: None,
            group: None,
            ttl: 0,
            learning: true,
        }),
    }
}

pub(crate) fn sysctl(parts: &[&str]) -> SysctlKey {
    SysctlKey::new(parts.iter().map(|&part| part.to_owned()).collect()).unwrap()
}

pub(crate) fn forwarding() -> SysctlKey {
    sysctl(&["net", "ipv4", "ip_forward"])
}

pub(crate) fn route(destination: &str, gateway: Option<&str>) -> Route {
    Route {
        destination: prefix(destination),
        gateway: gateway.map(|gateway| gateway.parse().unwrap()),
        source: None,
        priority: None,
        table: None,
        scope: None,
        mtu: None,
        advmss: None,
    }
}

pub(crate) fn others_route() -> Route {
    route("198.51.100.0/24", Some("192.0.2.254"))
}

pub(crate) fn neighbor(address: &str, last: u8) -> Neighbor {
    Neighbor {
        address: address.parse().unwrap(),
        mac: mac(last),
    }
}

pub(crate) fn others_neighbor() -> Neighbor {
    neighbor("192.0.2.9", 0x99)
}

pub(crate) fn rule(source: Option<&str>, priority: Option<u32>) -> Rule {
    Rule {
        ipv6: false,
        source: source.map(prefix),
        destination: None,
        input_interface: None,
        output_interface: None,
        mark: None,
        priority,
        table: 100,
    }
}

pub(crate) fn others_rule() -> Rule {
    rule(Some("192.0.2.77/32"), Some(1000))
}

pub(crate) fn set() -> Set {
    Set {
        name: "s".to_owned(),
        key: vec![ValueType::Ipv4Address],
        data: None,
    }
}

/// A table that is there before.
pub(crate) fn table() -> Table {
    named_table("t")
}

/// A table that is not.
pub(crate) fn other_table() -> Table {
    named_table("other")
}

/// One that is not, either, with a chain.
pub(crate) fn third_table() -> Table {
    let mut table = named_table("third");
    table.chains.push(chain("own"));
    table
}

/// The table `filter` as iptables has it, with nothing in it that is CNI's but
/// the chain for IPv4.
pub(crate) fn iptables(ipv6: bool) -> Table {
    let base = Base {
        chain_type: ChainType::Filter,
        hook: Hook::Forward,
        priority: 0,
        default_drop: false,
    };
    let mut chains = vec![Chain {
        base: Some(base),
        ..chain("FORWARD")
    }];
    chains.extend((!ipv6).then(|| chain(FORWARDING_CHAIN)));
    Table {
        id: forwarding_table(ipv6),
        sets: Vec::new(),
        chains,
    }
}

/// The first step to what is accepted for IPv6.
pub(crate) fn forwarding_lead() -> ForwardingLead {
    ForwardingLead {
        ipv6: true,
        from: "FORWARD".to_owned(),
        chain: FORWARDING_CHAIN.to_owned(),
        comment: "CNI firewall plugin rules".to_owned(),
    }
}

fn named_table(name: &str) -> Table {
    Table {
        id: TableId {
            family: Family::Inet,
            name: name.to_owned(),
        },
        sets: vec![set()],
        chains: Vec::new(),
    }
}

pub(crate) fn chain(name: &str) -> Chain {
    Chain {
        name: name.to_owned(),
        base: None,
        rules: Vec::new(),
    }
}

pub(crate) fn element(address: &str) -> Element {
    Element {
        key: vec![Value::Address(address.parse().unwrap())],
        data: None,
    }
}

pub(crate) fn bridge_object() -> SharedObject {
    SharedObject::Bridge {
        place: Place::Host,
        name: "cni0".to_owned(),
    }
}
