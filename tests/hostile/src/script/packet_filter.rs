use cofferdam_guest_sdk::{
    Failure,
    bindings::nftables::{
        self, Action, Base, Chain, ChainType, DataType, Element, Family, Hook, NatTarget, Rule, Set, Table, TableId,
        Value, ValueType, Verdict,
    },
};

use super::{Outcome, Script, address, call, call::Call, done, namespace};

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

/// A set of IPv4 addresses; one whose name says so is a map of verdicts.
fn set(name: &str) -> Set {
    Set {
        name: name.to_owned(),
        key: vec![ValueType::Ipv4Address],
        data: name.ends_with("-verdicts").then_some(DataType::Verdict),
    }
}

fn chain_of(chain: &call::Chain) -> Result<Chain, Failure> {
    let rules = chain.rules.iter().map(|rule| {
        Ok(Rule {
            matches: Vec::new(),
            actions: vec![action(rule)?],
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
        ("drop", _) => Action::Verdict(Verdict::Drop),
        ("accept", _) => Action::Verdict(Verdict::Accept),
        ("masquerade", _) => Action::Masquerade,
        ("jump", chain) => Action::Verdict(Verdict::Jump(chain.to_owned())),
        ("dnat", to) => Action::DestinationNat(NatTarget {
            address: address(to)?,
            port: None,
        }),
        (other, _) => return Err(unknown("action", other)),
    })
}

fn elements_of(elements: &call::Elements) -> Result<(TableId, Vec<Element>), Failure> {
    let first: std::net::Ipv4Addr = elements
        .address
        .parse()
        .map_err(|_| unknown("address", &elements.address))?;
    let list = (0..elements.count).map(|number| {
        let address = std::net::Ipv4Addr::from_bits(first.to_bits().wrapping_add(number));
        Element {
            key: vec![Value::Address(std::net::IpAddr::V4(address).into())],
            data: None,
        }
    });
    Ok((table_id(&elements.family, &elements.table)?, list.collect()))
}

fn unknown(what: &str, text: &str) -> Failure {
    Failure::invalid_config(format!("no {what} is called {text:?}"))
}
