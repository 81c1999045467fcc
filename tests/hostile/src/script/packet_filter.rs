use cofferdam_guest_sdk::{
    Failure,
    bindings::{
        forwarding,
        nftables::{
            self, Action, AddressType, Base, Chain, ChainType, Data, DataType, Element, Family, Field, Hook, MapLookup,
            MarkChange, MarkMatch, Match, NatTarget, PrefixMatch, Rule, Set, SetMatch, Table, TableId, Value,
            ValueMatch, ValueType, Verdict,
        },
    },
};

use super::{Outcome, Script, address, call, call::Call, done, namespace, prefix};

impl Script {
    /// `None` when the call is of another kind.
    pub(super) fn packet_filter_call(&mut self, call: &Call) -> Option<Outcome> {
        let outcome = match call {
            Call::EnsureTable { r#in, table } => {
                table_of(table).and_then(|table| done(nftables::ensure_table(&namespace(*r#in)?, &table)))
            }
            Call::EnsureChain { r#in, table, chain } => table_id(&table.family, &table.name).and_then(|id| {
                let mut chain = chain_of(chain)?;
                chain.name = self.text(&chain.name);
                done(nftables::ensure_chain(&namespace(*r#in)?, &id, &chain))
            }),
            Call::AddElements { r#in, elements } => elements_of(elements).and_then(|(id, list)| {
                let place = namespace(*r#in)?;
                done(nftables::add_elements(&place, &id, &elements.set, &list))
            }),
            Call::ShareElements { r#in, elements } => elements_of(elements).and_then(|(id, list)| {
                let place = namespace(*r#in)?;
                done(nftables::share_elements(&place, &id, &elements.set, &list))
            }),
            Call::AcceptForwarding { address: of, first } => {
                address(of).and_then(|address| self.look(forwarding::accept(address, first)))
            }
            Call::AcceptPublished { address: of } => {
                address(of).and_then(|address| self.look(forwarding::accept_published(address)))
            }
            Call::IsAccepted { address: of, first } => {
                address(of).and_then(|address| self.look(forwarding::is_accepted(address, first)))
            }
            Call::HasZones => self.look(forwarding::has_zones()),
            Call::JoinZone { address: of, zone } => {
                address(of).and_then(|address| done(forwarding::join_zone(address, zone)))
            }
            Call::IsInZone { address: of, zone } => {
                address(of).and_then(|address| self.look(forwarding::is_in_zone(address, zone)))
            }
            Call::DeleteElements { r#in, elements } => elements_of(elements).and_then(|(id, list)| {
                let place = namespace(*r#in)?;
                done(nftables::delete_elements(&place, &id, &elements.set, &list))
            }),
            Call::HasElements { r#in, elements } => elements_of(elements).and_then(|(id, list)| {
                let place = namespace(*r#in)?;
                let told = nftables::has_elements(&place, &id, &elements.set, &list);
                self.look(told)
            }),
            _ => return None,
        };
        Some(outcome)
    }
}

fn table_id(family: &str, name: &str) -> Result<TableId, Failure> {
    Ok(TableId {
        family: match family {
            "inet" => Family::Inet,
            "ip" => Family::Ip,
            "ip6" => Family::Ip6,
            "bridge" => Family::Bridge,
            other => return Err(unknown("family", other)),
        },
        name: name.to_owned(),
    })
}

fn table_of(table: &call::Table) -> Result<Table, Failure> {
    Ok(Table {
        id: table_id(&table.family, &table.name)?,
        sets: table.sets.iter().map(|name| set(name)).collect(),
        chains: table.chains.iter().map(chain_of).collect::<Result<_, _>>()?,
    })
}

/// A set of IPv4 addresses, or of what its name says.
fn set(name: &str) -> Set {
    let (name, kind) = name.split_once(':').unwrap_or((name, name));
    let (key, data) = match kind {
        "links" => (vec![ValueType::InterfaceName], None),
        "ports" => (vec![ValueType::Protocol, ValueType::Port], None),
        "published" => (
            vec![ValueType::Protocol, ValueType::Port],
            Some(DataType::Values(vec![ValueType::Ipv4Address, ValueType::Port])),
        ),
        kind => (
            vec![ValueType::Ipv4Address],
            kind.ends_with("-verdicts").then_some(DataType::Verdict),
        ),
    };
    Set {
        name: name.to_owned(),
        key,
        data,
    }
}

fn chain_of(chain: &call::Chain) -> Result<Chain, Failure> {
    let rules = chain.rules.iter().map(|rule| {
        let (action, matches) = rule.split_once(" if ").unwrap_or((rule, ""));
        let matches = matches.split(" and ").filter(|matching| !matching.is_empty());
        Ok(Rule {
            matches: matches.map(self::matching).collect::<Result<_, _>>()?,
            actions: vec![self::action(action)?],
            comment: chain.comment.clone(),
        })
    });
    Ok(Chain {
        name: chain.name.clone(),
        base: chain
            .base
            .as_ref()
            .map(|base| self::base(base, chain.drop))
            .transpose()?,
        rules: rules.collect::<Result<_, Failure>>()?,
    })
}

fn base((kind, hook, priority): &(String, String, i32), drop: bool) -> Result<Base, Failure> {
    Ok(Base {
        chain_type: match kind.as_str() {
            "filter" => ChainType::Filter,
            "nat" => ChainType::Nat,
            "route" => ChainType::Route,
            other => return Err(unknown("chain type", other)),
        },
        hook: match hook.as_str() {
            "prerouting" => Hook::Prerouting,
            "input" => Hook::Input,
            "forward" => Hook::Forward,
            "output" => Hook::Output,
            "postrouting" => Hook::Postrouting,
            other => return Err(unknown("hook", other)),
        },
        priority: *priority,
        default_drop: drop,
    })
}

fn action(text: &str) -> Result<Action, Failure> {
    Ok(match text.split_once(' ').unwrap_or((text, "")) {
        ("masquerade", _) => Action::Masquerade,
        ("mark", "") => Action::SetMark(MarkChange { mask: 1, value: 1 }),
        ("mark", change) => Action::SetMark(mark(change)?),
        ("dnat", to) => Action::DestinationNat(NatTarget {
            address: address(to)?,
            port: None,
        }),
        ("publish", map) => Action::DestinationNatMap(MapLookup {
            fields: vec![Field::Protocol, Field::DestinationPort],
            map_name: map.to_owned(),
        }),
        ("decide", map) => Action::VerdictMap(MapLookup {
            fields: vec![Field::IpSource],
            map_name: map.to_owned(),
        }),
        _ => Action::Verdict(verdict(text)?),
    })
}

/// `VALUE/MASK`, both in hexadecimal.
fn mark(text: &str) -> Result<MarkChange, Failure> {
    let number = |text| u32::from_str_radix(text, 16).map_err(|_| unknown("mark", text));
    let (value, mask) = text.split_once('/').unwrap_or((text, "ffffffff"));
    Ok(MarkChange {
        value: number(value)?,
        mask: number(mask)?,
    })
}

fn verdict(text: &str) -> Result<Verdict, Failure> {
    Ok(match text.split_once(' ').unwrap_or((text, "")) {
        ("drop", _) => Verdict::Drop,
        ("accept", _) => Verdict::Accept,
        ("jump", chain) => Verdict::Jump(chain.to_owned()),
        ("goto", chain) => Verdict::Goto(chain.to_owned()),
        (other, _) => return Err(unknown("action", other)),
    })
}

fn matching(text: &str) -> Result<Match, Failure> {
    let (text, negate) = match text.strip_prefix("not ") {
        Some(text) => (text, true),
        None => (text, false),
    };
    let (word, what) = text.split_once(' ').unwrap_or((text, ""));
    let field = match word {
        "from" => Field::IpSource,
        "to" => Field::IpDestination,
        "in" => Field::InputInterface,
        "out" => Field::OutputInterface,
        "port" => Field::DestinationPort,
        "local" => return Ok(Match::DestinationType(AddressType::Local)),
        "marked" => {
            return Ok(Match::MarkBits(MarkMatch {
                mask: 1,
                value: 1,
                negate,
            }));
        }
        other => return Err(unknown("match", other)),
    };
    if let Some(set) = what.strip_prefix('@') {
        let protocol = (field == Field::DestinationPort).then_some(Field::Protocol);
        return Ok(Match::InSet(SetMatch {
            fields: protocol.into_iter().chain([field]).collect(),
            set_name: set.to_owned(),
            negate,
        }));
    }
    Ok(match field {
        Field::IpSource | Field::IpDestination => Match::Prefix(PrefixMatch {
            field,
            prefix: prefix(what)?,
            negate,
        }),
        Field::DestinationPort => {
            let port = what.parse().map_err(|_| unknown("port", what))?;
            of_value(field, Value::Port(port), negate)
        }
        _ => of_value(field, Value::InterfaceName(what.to_owned()), negate),
    })
}

fn of_value(field: Field, value: Value, negate: bool) -> Match {
    Match::Value(ValueMatch { field, value, negate })
}

fn elements_of(elements: &call::Elements) -> Result<(TableId, Vec<Element>), Failure> {
    let data = match (&elements.to, &elements.verdict) {
        (Some(to), _) => Some(Data::Values(vec![
            Value::Address(std::net::IpAddr::V4(*to.ip()).into()),
            Value::Port(to.port()),
        ])),
        (None, Some(text)) => Some(Data::Verdict(verdict(text)?)),
        (None, None) => None,
    };
    let element = |key| Element {
        key,
        data: data.clone(),
    };
    let list = match (&elements.address, &elements.link, elements.port) {
        (Some(address), ..) => {
            let first: std::net::Ipv4Addr = address.parse().map_err(|_| unknown("address", address))?;
            let number = |number| std::net::Ipv4Addr::from_bits(first.to_bits().wrapping_add(number));
            let key = |address| vec![Value::Address(std::net::IpAddr::V4(address).into())];
            (0..elements.count).map(number).map(key).map(element).collect()
        }
        (None, Some(link), _) => vec![element(vec![Value::InterfaceName(link.clone())])],
        (None, None, Some(first)) => (0..elements.count)
            .map(|number| first.wrapping_add(u16::try_from(number).unwrap_or(u16::MAX)))
            .map(|port| element(vec![Value::Protocol(elements.protocol), Value::Port(port)]))
            .collect(),
        (None, None, None) => Vec::new(),
    };
    Ok((table_id(&elements.family, &elements.table)?, list))
}

fn unknown(what: &str, text: &str) -> Failure {
    Failure::invalid_config(format!("no {what} is called {text:?}"))
}
