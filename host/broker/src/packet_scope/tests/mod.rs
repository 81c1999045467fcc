#![allow(clippy::unwrap_used, clippy::panic)]

mod arbitrary;
mod cases;
mod interpreter;
mod properties;

use cofferdam_network::nftables::{Base, Chain, ChainType, DataType, Hook, Set, ValueType};
use cofferdam_policy::{Grants, NO_KEYS, Packets, PluginPolicy, Question};
use cofferdam_protocol::Place;

/// The sets and maps of all these tests.
fn sets() -> Vec<Set> {
    use ValueType::{InterfaceName, Ipv4Address, Ipv6Address, Mark, Port, Protocol};
    let set = |name: &str, key: &[ValueType], data: Option<DataType>| Set {
        name: name.to_owned(),
        key: key.to_vec(),
        data,
    };
    let verdict = || Some(DataType::Verdict);
    vec![
        set("addresses", &[Ipv4Address], None),
        set("addresses6", &[Ipv6Address], None),
        set("links", &[InterfaceName], None),
        set("marks", &[Mark], None),
        set("ports", &[Protocol, Port], None),
        set("services", &[Ipv4Address, Protocol, Port], None),
        set("by-address", &[Ipv4Address], verdict()),
        set("by-port", &[Protocol, Port], verdict()),
        set("by-mark", &[Mark], verdict()),
        set(
            "published",
            &[Protocol, Port],
            Some(DataType::Values(vec![Ipv4Address, Port])),
        ),
        set("translated", &[Ipv4Address], Some(DataType::Values(vec![Ipv4Address]))),
    ]
}

fn base_chain(name: &str, default_drop: bool) -> Chain {
    Chain {
        name: name.to_owned(),
        base: Some(Base {
            chain_type: ChainType::Filter,
            hook: Hook::Forward,
            priority: 0,
            default_drop,
        }),
        rules: Vec::new(),
    }
}

/// A policy that says this of packets, for tables and for elements.
fn grants(of_tables: &str, of_elements: &str) -> Grants {
    let text = format!(
        "[plugin.test]\n[[plugin.test.grant]]\nallow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = \
         [\"t\"]\n{of_tables}\n[[plugin.test.grant]]\nallow = \"nftables.element\"\nin = \"host\"\nfamily = \
         \"inet\"\ntables = [\"t\"]\nsets = [\"*\"]\n{of_elements}\n"
    );
    let policy = PluginPolicy::parse("test", &[("test.toml".into(), text)], NO_KEYS);
    policy
        .unwrap_or_else(|error| panic!("{error}"))
        .for_attachment("n", None)
}

fn allows(grants: &Grants, packets: &[Packets]) -> bool {
    let question = Question::NftTable {
        place: Place::Host,
        family: "inet",
        table: "t",
        hooks: &[],
        packets,
        marks: &[],
    };
    grants.decide(&question).is_ok()
}
