//! Reads fields of a packet, and makes sure first that it has them: the
//! kernel reads bytes at an offset, whatever the packet is.

use super::{
    super::{
        check::Checked,
        constants::{
            ARPHRD_ETHER, ETH_P_IP, ETH_P_IPV6, IPPROTO_DCCP, IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE,
            NFPROTO_IPV4, NFPROTO_IPV6,
        },
        expression::{Meta, Payload, Register},
    },
    PORT_PROTOCOLS_SET, RuleEncoder,
};
use crate::nftables::{Family, Field, Match, Rule, Value, ValueType};

/// The protocols that have a source and a destination port first in their
/// header.
pub(crate) const PORT_PROTOCOLS: [u8; 5] = [IPPROTO_TCP, IPPROTO_UDP, IPPROTO_DCCP, IPPROTO_SCTP, IPPROTO_UDPLITE];

/// The type of a field's values.
pub(crate) fn value_type(field: Field) -> ValueType {
    match field {
        Field::IpSource | Field::IpDestination => ValueType::Ipv4Address,
        Field::Ip6Source | Field::Ip6Destination => ValueType::Ipv6Address,
        Field::EtherSource | Field::EtherDestination => ValueType::EtherAddress,
        Field::SourcePort | Field::DestinationPort => ValueType::Port,
        Field::Protocol => ValueType::Protocol,
        Field::InputInterface | Field::OutputInterface => ValueType::InterfaceName,
        Field::Mark => ValueType::Mark,
    }
}

/// Which header the addresses are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NetworkLayer {
    Ipv4,
    Ipv6,
}

impl NetworkLayer {
    /// What a table's packets have in any case.
    pub(super) fn of(family: Family) -> Option<Self> {
        match family {
            Family::Ip => Some(Self::Ipv4),
            Family::Ip6 => Some(Self::Ipv6),
            Family::Inet | Family::Bridge => None,
        }
    }

    pub(super) fn of_version(ipv6: bool) -> Self {
        if ipv6 { Self::Ipv6 } else { Self::Ipv4 }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
        }
    }
}

/// What a rule says of the transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TransportLayer {
    /// Nothing.
    Any,
    /// It has ports, or the rule takes care of it.
    Ports,
    /// This one, which has no ports.
    Portless(u8),
}

impl TransportLayer {
    /// Looks at all matches: they all have to be true, so it does not matter
    /// which comes first.
    pub(super) fn of(rule: &Rule) -> Self {
        rule.matches.iter().fold(Self::Any, |known, matching| match matching {
            Match::Value {
                field: Field::Protocol,
                value: Value::Protocol(number),
                negate: false,
            } if PORT_PROTOCOLS.contains(number) => Self::Ports,
            Match::Value {
                field: Field::Protocol,
                value: Value::Protocol(number),
                negate: false,
            } => Self::Portless(*number),
            Match::InSet {
                fields, negate: false, ..
            } if known == Self::Any && looks_up_ports(fields) => Self::Ports,
            _ => known,
        })
    }
}

/// Whether elements for these fields have a protocol that has ports: none is
/// added with another one.
fn looks_up_ports(fields: &[Field]) -> bool {
    fields.contains(&Field::Protocol) && fields.iter().any(|field| value_type(*field) == ValueType::Port)
}

impl RuleEncoder<'_> {
    /// Makes sure that the packet has the field. With `protocol_in_key` the
    /// protocol is looked up together with it.
    pub(super) fn require(&mut self, field: Field, protocol_in_key: bool) -> Checked<()> {
        match value_type(field) {
            ValueType::Ipv4Address => self.require_network(NetworkLayer::Ipv4),
            ValueType::Ipv6Address => self.require_network(NetworkLayer::Ipv6),
            ValueType::EtherAddress => {
                self.require_ethernet();
                Ok(())
            }
            ValueType::Port if !protocol_in_key => self.require_ports(),
            ValueType::Port | ValueType::Protocol | ValueType::InterfaceName | ValueType::Mark => Ok(()),
        }
    }

    pub(super) fn require_network(&mut self, layer: NetworkLayer) -> Checked<()> {
        self.expect_network(layer)?;
        if self.network.replace(layer).is_some() {
            return Ok(());
        }
        if self.family() == Family::Bridge {
            let protocol = match layer {
                NetworkLayer::Ipv4 => ETH_P_IP,
                NetworkLayer::Ipv6 => ETH_P_IPV6,
            };
            self.require_meta(Meta::Protocol, &protocol.to_be_bytes());
        } else {
            let protocol = match layer {
                NetworkLayer::Ipv4 => NFPROTO_IPV4,
                NetworkLayer::Ipv6 => NFPROTO_IPV6,
            };
            self.require_meta(Meta::NetworkProtocol, &[protocol]);
        }
        Ok(())
    }

    /// Refuses when the packet is known to be of the other version.
    pub(super) fn expect_network(&self, layer: NetworkLayer) -> Checked<()> {
        match self.network {
            Some(known) if known != layer => Err(format!(
                "it is about {}, and the table or another part of the rule about {} only",
                layer.name(),
                known.name()
            )),
            _ => Ok(()),
        }
    }

    fn require_ethernet(&mut self) {
        if !std::mem::replace(&mut self.ethernet, true) {
            self.require_meta(Meta::InputType, &ARPHRD_ETHER.to_ne_bytes());
        }
    }

    pub(super) fn require_ports(&mut self) -> Checked<()> {
        match self.transport {
            TransportLayer::Ports => {}
            TransportLayer::Portless(number) => {
                return Err(format!("the protocol {number} of this rule has no ports"));
            }
            TransportLayer::Any => {
                self.transport = TransportLayer::Ports;
                self.needs_port_protocols = true;
                self.list.load_meta(Meta::TransportProtocol, Register::FIRST);
                self.list
                    .lookup_anonymous(PORT_PROTOCOLS_SET, self.set_id, Register::FIRST);
            }
        }
        Ok(())
    }

    fn require_meta(&mut self, meta: Meta, value: &[u8]) {
        self.list.load_meta(meta, Register::FIRST);
        self.list.compare(Register::FIRST, value, false);
    }

    /// Reads a field that the packet is known to have.
    pub(super) fn load(&mut self, field: Field, to: Register) {
        match field {
            Field::IpSource => self.list.load_payload(Payload::IP_SOURCE, to),
            Field::IpDestination => self.list.load_payload(Payload::IP_DESTINATION, to),
            Field::Ip6Source => self.list.load_payload(Payload::IP6_SOURCE, to),
            Field::Ip6Destination => self.list.load_payload(Payload::IP6_DESTINATION, to),
            Field::EtherSource => self.list.load_payload(Payload::ETHER_SOURCE, to),
            Field::EtherDestination => self.list.load_payload(Payload::ETHER_DESTINATION, to),
            Field::SourcePort => self.list.load_payload(Payload::SOURCE_PORT, to),
            Field::DestinationPort => self.list.load_payload(Payload::DESTINATION_PORT, to),
            Field::Protocol => self.list.load_meta(Meta::TransportProtocol, to),
            Field::InputInterface => self.list.load_meta(Meta::InputName, to),
            Field::OutputInterface => self.list.load_meta(Meta::OutputName, to),
            Field::Mark => self.list.load_meta(Meta::Mark, to),
        }
    }
}
