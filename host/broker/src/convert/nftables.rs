use cofferdam_network::nftables as model;
use cofferdam_sandbox::{CallError, bindings::cofferdam::cni::nftables as wit};

use super::{ip_address, ip_prefix, mac_address};

fn nft_family(family: wit::Family) -> model::Family {
    match family {
        wit::Family::Inet => model::Family::Inet,
        wit::Family::Ip => model::Family::Ip,
        wit::Family::Ip6 => model::Family::Ip6,
        wit::Family::Bridge => model::Family::Bridge,
    }
}

pub(crate) fn nft_table_id(id: wit::TableId) -> model::TableId {
    model::TableId {
        family: nft_family(id.family),
        name: id.name,
    }
}

pub(crate) fn nft_table(table: wit::Table) -> Result<model::Table, CallError> {
    Ok(model::Table {
        id: nft_table_id(table.id),
        sets: table.sets.into_iter().map(set).collect(),
        chains: table.chains.into_iter().map(nft_chain).collect::<Result<_, _>>()?,
    })
}

pub(crate) fn nft_chain(chain: wit::Chain) -> Result<model::Chain, CallError> {
    Ok(model::Chain {
        name: chain.name,
        base: chain.base.map(base),
        rules: chain.rules.into_iter().map(rule).collect::<Result<_, _>>()?,
    })
}

pub(crate) fn nft_elements(elements: Vec<wit::Element>) -> Vec<model::Element> {
    elements
        .into_iter()
        .map(|element| model::Element {
            key: element.key.into_iter().map(value).collect(),
            data: element.data.map(|data| match data {
                wit::Data::Verdict(given) => model::Data::Verdict(verdict(given)),
                wit::Data::Values(values) => model::Data::Values(values.into_iter().map(value).collect()),
            }),
        })
        .collect()
}

fn set(set: wit::Set) -> model::Set {
    model::Set {
        name: set.name,
        key: set.key.into_iter().map(value_type).collect(),
        data: set.data.map(|data| match data {
            wit::DataType::Verdict => model::DataType::Verdict,
            wit::DataType::Values(types) => model::DataType::Values(types.into_iter().map(value_type).collect()),
        }),
    }
}

fn value_type(value_type: wit::ValueType) -> model::ValueType {
    match value_type {
        wit::ValueType::Ipv4Address => model::ValueType::Ipv4Address,
        wit::ValueType::Ipv6Address => model::ValueType::Ipv6Address,
        wit::ValueType::EtherAddress => model::ValueType::EtherAddress,
        wit::ValueType::InterfaceName => model::ValueType::InterfaceName,
        wit::ValueType::Protocol => model::ValueType::Protocol,
        wit::ValueType::Port => model::ValueType::Port,
        wit::ValueType::Mark => model::ValueType::Mark,
    }
}

fn value(value: wit::Value) -> model::Value {
    match value {
        wit::Value::Address(address) => model::Value::Address(ip_address(address)),
        wit::Value::Ether(mac) => model::Value::Ether(mac_address(mac)),
        wit::Value::InterfaceName(name) => model::Value::InterfaceName(name),
        wit::Value::Protocol(number) => model::Value::Protocol(number),
        wit::Value::Port(port) => model::Value::Port(port),
        wit::Value::Mark(mark) => model::Value::Mark(mark),
    }
}

fn verdict(verdict: wit::Verdict) -> model::Verdict {
    match verdict {
        wit::Verdict::Accept => model::Verdict::Accept,
        wit::Verdict::Drop => model::Verdict::Drop,
        wit::Verdict::Return => model::Verdict::Return,
        wit::Verdict::Jump(chain) => model::Verdict::Jump(chain),
        wit::Verdict::Goto(chain) => model::Verdict::Goto(chain),
    }
}

fn field(field: wit::Field) -> model::Field {
    match field {
        wit::Field::IpSource => model::Field::IpSource,
        wit::Field::IpDestination => model::Field::IpDestination,
        wit::Field::Ip6Source => model::Field::Ip6Source,
        wit::Field::Ip6Destination => model::Field::Ip6Destination,
        wit::Field::EtherSource => model::Field::EtherSource,
        wit::Field::EtherDestination => model::Field::EtherDestination,
        wit::Field::SourcePort => model::Field::SourcePort,
        wit::Field::DestinationPort => model::Field::DestinationPort,
        wit::Field::Protocol => model::Field::Protocol,
        wit::Field::InputInterface => model::Field::InputInterface,
        wit::Field::OutputInterface => model::Field::OutputInterface,
        wit::Field::Mark => model::Field::Mark,
    }
}

fn fields(fields: Vec<wit::Field>) -> Vec<model::Field> {
    fields.into_iter().map(field).collect()
}

fn address_type(address_type: wit::AddressType) -> model::AddressType {
    match address_type {
        wit::AddressType::Local => model::AddressType::Local,
        wit::AddressType::Unicast => model::AddressType::Unicast,
        wit::AddressType::Broadcast => model::AddressType::Broadcast,
        wit::AddressType::Multicast => model::AddressType::Multicast,
    }
}

fn connection_states(states: wit::ConnectionStates) -> model::ConnectionStates {
    model::ConnectionStates {
        new: states.contains(wit::ConnectionStates::NEW),
        established: states.contains(wit::ConnectionStates::ESTABLISHED),
        related: states.contains(wit::ConnectionStates::RELATED),
        invalid: states.contains(wit::ConnectionStates::INVALID),
        untracked: states.contains(wit::ConnectionStates::UNTRACKED),
    }
}

fn condition(given: wit::Match) -> Result<model::Match, CallError> {
    Ok(match given {
        wit::Match::Value(given) => model::Match::Value {
            field: field(given.field),
            value: value(given.value),
            negate: given.negate,
        },
        wit::Match::Prefix(given) => model::Match::Prefix {
            field: field(given.field),
            prefix: ip_prefix(given.prefix)?,
            negate: given.negate,
        },
        wit::Match::MarkBits(bits) => model::Match::MarkBits {
            mask: bits.mask,
            value: bits.value,
            negate: bits.negate,
        },
        wit::Match::InSet(given) => model::Match::InSet {
            fields: fields(given.fields),
            set: given.set_name,
            negate: given.negate,
        },
        wit::Match::ConnectionState(states) => model::Match::ConnectionState(connection_states(states)),
        wit::Match::DestinationTranslated => model::Match::DestinationTranslated,
        wit::Match::DestinationType(given) => model::Match::DestinationType(address_type(given)),
        wit::Match::SourceType(given) => model::Match::SourceType(address_type(given)),
    })
}

fn action(action: wit::Action) -> model::Action {
    match action {
        wit::Action::Verdict(given) => model::Action::Verdict(verdict(given)),
        wit::Action::VerdictMap(lookup) => model::Action::VerdictMap {
            fields: fields(lookup.fields),
            map: lookup.map_name,
        },
        wit::Action::Masquerade => model::Action::Masquerade,
        wit::Action::DestinationNat(target) => model::Action::DestinationNat {
            address: ip_address(target.address),
            port: target.port,
        },
        wit::Action::DestinationNatMap(lookup) => model::Action::DestinationNatMap {
            fields: fields(lookup.fields),
            map: lookup.map_name,
        },
        wit::Action::SetMark(change) => model::Action::SetMark {
            mask: change.mask,
            value: change.value,
        },
        wit::Action::Count => model::Action::Count,
    }
}

fn rule(rule: wit::Rule) -> Result<model::Rule, CallError> {
    Ok(model::Rule {
        matches: rule.matches.into_iter().map(condition).collect::<Result<_, _>>()?,
        actions: rule.actions.into_iter().map(action).collect(),
        comment: rule.comment,
    })
}

fn base(base: wit::Base) -> model::Base {
    model::Base {
        chain_type: match base.chain_type {
            wit::ChainType::Filter => model::ChainType::Filter,
            wit::ChainType::Nat => model::ChainType::Nat,
            wit::ChainType::Route => model::ChainType::Route,
        },
        hook: match base.hook {
            wit::Hook::Prerouting => model::Hook::Prerouting,
            wit::Hook::Input => model::Hook::Input,
            wit::Hook::Forward => model::Hook::Forward,
            wit::Hook::Output => model::Hook::Output,
            wit::Hook::Postrouting => model::Hook::Postrouting,
        },
        priority: base.priority,
        default_drop: base.default_drop,
    }
}
