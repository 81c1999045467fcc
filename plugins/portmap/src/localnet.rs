//! Published ports at the node's own 127.0.0.1.
//!
//! A packet from 127.0.0.1 may leave by a link only if that link has
//! `route_localnet`. With that its neighbours reach what the node serves at
//! 127.0.0.1 as well (CVE-2020-8558), so such packets are dropped first.

use std::net::IpAddr;

use cofferdam_guest_sdk::{
    Attachment, Failure, Link, Namespace, Outcome as _, Place,
    nftables::{
        Action, Base, Chain, ChainType, Family, Field, Hook, Match, PrefixMatch, Rule, Table, Value, ValueMatch,
        Verdict,
    },
};

use crate::table::loopback;

pub(crate) const TABLE: &str = "cofferdam_localnet";
/// `NF_IP_PRI_RAW`: before anything is translated.
pub(crate) const RAW: i32 = -300;

/// Lets the node itself reach the container's published ports at 127.0.0.1.
/// Where no link of the result leads to the container there is nothing to do.
pub(crate) fn open(host: &Namespace, previous: &Attachment, container: IpAddr) -> Result<(), Failure> {
    let Some(link) = link_to(host, previous, container)? else {
        return Ok(());
    };
    host.ensure_table(&guard())?;
    host.set_sysctl(&["net", "ipv4", "conf", &link, "route_localnet"], "1")?;
    Ok(())
}

/// The link of the node whose routes lead to the container, by the longest
/// prefix.
fn link_to(host: &Namespace, previous: &Attachment, container: IpAddr) -> Result<Option<String>, Failure> {
    let mut best: Option<(u8, String)> = None;
    let of_node = previous
        .interfaces
        .iter()
        .filter(|interface| interface.place == Place::Host);
    for interface in of_node {
        let Some(link) = host.find_optional(&interface.name)? else {
            continue;
        };
        if let Some(length) = longest_prefix(&link, container)?
            && best.as_ref().is_none_or(|(best, _)| *best < length)
        {
            best = Some((length, interface.name.clone()));
        }
    }
    Ok(best.map(|(_, name)| name))
}

fn longest_prefix(link: &Link, container: IpAddr) -> Result<Option<u8>, Failure> {
    let routes = link.routes(None).optional()?.unwrap_or_default();
    let covering = routes.iter().map(|route| route.destination).filter(|destination| {
        destination.is_ipv6() == container.is_ipv6() && destination.length() > 0 && destination.contains(container)
    });
    Ok(covering.map(|destination| destination.length()).max())
}

fn guard() -> Table {
    let base = Base {
        chain_type: ChainType::Filter,
        hook: Hook::Prerouting,
        priority: RAW,
        default_drop: false,
    };
    let from_outside = Match::Value(ValueMatch {
        field: Field::InputInterface,
        value: Value::InterfaceName("lo".to_owned()),
        negate: true,
    });
    let to_loopback = loopback().map(|loopback| {
        Match::Prefix(PrefixMatch {
            field: Field::IpDestination,
            prefix: loopback.into(),
            negate: false,
        })
    });
    let rule = Rule {
        matches: [from_outside].into_iter().chain(to_loopback).collect(),
        actions: vec![Action::Verdict(Verdict::Drop)],
        comment: None,
    };
    Table::new(Family::Inet, TABLE).with_chain(Chain::new("prerouting").with_base(base).with_rule(rule))
}
