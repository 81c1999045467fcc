//! What elements say of packets.

use std::{collections::BTreeSet, net::IpAddr};

use cofferdam_network::nftables::{Data, Element, Value};

/// The addresses, links and ports of an element, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Parts {
    /// In keys and in what a map gives.
    pub(crate) addresses: BTreeSet<IpAddr>,
    /// In keys and in what a map gives.
    pub(crate) links: BTreeSet<String>,
    /// In keys. To which port of its own an attachment sends packets is its
    /// own matter.
    pub(crate) ports: BTreeSet<u16>,
}

/// Takes an element apart.
pub(crate) fn parts_of(element: &Element) -> Parts {
    let mut parts = Parts::default();
    for value in &element.key {
        parts.add(value);
        if let Value::Port(port) = value {
            parts.ports.insert(*port);
        }
    }
    if let Some(Data::Values(values)) = &element.data {
        values.iter().for_each(|value| parts.add(value));
    }
    parts
}

impl Parts {
    pub(crate) fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.links.is_empty() && self.ports.is_empty()
    }

    fn add(&mut self, value: &Value) {
        match value {
            Value::Address(address) => {
                self.addresses.insert(*address);
            }
            Value::InterfaceName(link) => {
                self.links.insert(link.clone());
            }
            Value::Ether(_) | Value::Protocol(_) | Value::Port(_) | Value::Mark(_) => {}
        }
    }
}
