use cofferdam_protocol::Place;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::{
    AddressFamily,
    rule::{RuleAction, RuleAttribute, RuleMessage},
};
use nix::libc::{RTM_DELRULE, RTM_GETRULE, RTM_NEWRULE};

use super::{
    rule_info::{self, Listed},
    socket::Socket,
};
use crate::{Error, Result, Rule, request};

pub(super) fn all(socket: &mut Socket, place: Place) -> Result<Vec<Rule>> {
    let mut rules = family(socket, place, false)?;
    rules.extend(family(socket, place, true)?);
    let whole = rules.into_iter().filter(|listed| listed.is_whole);
    Ok(whole.map(|listed| listed.rule).collect())
}

/// In the order in which the kernel goes through them.
fn family(socket: &mut Socket, place: Place, ipv6: bool) -> Result<Vec<Listed>> {
    let mut request = RuleMessage::default();
    request.header.family = family_of(ipv6);
    socket
        .dump(RTM_GETRULE, &request, |payload, rules| {
            // Without the family the kernel answers with all that it has.
            rules.extend(rule_info::parse(payload)?.filter(|listed| listed.rule.ipv6 == ipv6));
            Ok(())
        })
        .map_err(|failure| failure.during("listing", format!("the rules of the {place} namespace")))
}

pub(super) fn add(socket: &mut Socket, place: Place, rule: &Rule) -> Result<()> {
    socket
        .change(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, &message(rule)?)
        .map_err(|failure| failure.during("adding", named(place, rule)))
}

/// To the kernel, what a description leaves out matches anything: of several
/// rules of one priority and table it would delete the oldest that the
/// description fits, which may be a narrower one. So the rule is looked for
/// first.
pub(super) fn delete(socket: &mut Socket, place: Place, described: &Rule) -> Result<()> {
    request::rule(described)?;
    let listed = family(socket, place, described.ipv6)?;
    let whole = || listed.iter().filter(|listed| listed.is_whole);
    let wanted = whole()
        .find(|listed| described.describes(&listed.rule))
        .or_else(|| whole().find(|listed| described.covers(&listed.rule)))
        .ok_or_else(|| Error::NotFound(named(place, described)))?;
    let first = listed.iter().find(|listed| is_taken_for(listed, &wanted.rule));
    if first.is_some_and(|first| first != wanted) {
        return Err(Error::Conflict(format!(
            "{}: the kernel would delete an older rule of the same priority and table instead",
            named(place, &wanted.rule)
        )));
    }
    socket
        .change(RTM_DELRULE, 0, &message(&wanted.rule)?)
        .map_err(|failure| failure.during("deleting", named(place, &wanted.rule)))
}

pub(super) fn has_like(socket: &mut Socket, place: Place, rule: &Rule) -> Result<bool> {
    let listed = family(socket, place, rule.ipv6)?;
    Ok(listed.iter().any(|listed| is_taken_for(listed, rule)))
}

/// Whether the kernel takes a rule that it has for one that it is to delete,
/// as its `rule_find`. To it mark 0 is any mark, and whether a rule is
/// inverted, or has a condition that [`Rule`] has no field for, is nothing
/// that it looks at.
fn is_taken_for(listed: &Listed, wanted: &Rule) -> bool {
    let any_mark = Rule {
        mark: None,
        ..wanted.clone()
    };
    match wanted.mark {
        Some(0) => any_mark.covers(&listed.rule) && listed.rule.mark.is_some(),
        _ => wanted.covers(&listed.rule),
    }
}

fn family_of(ipv6: bool) -> AddressFamily {
    if ipv6 {
        AddressFamily::Inet6
    } else {
        AddressFamily::Inet
    }
}

fn message(rule: &Rule) -> Result<RuleMessage> {
    request::rule(rule)?;
    let mut message = RuleMessage::default();
    message.header.family = family_of(rule.ipv6);
    message.header.action = RuleAction::ToTable;
    let attributes = &mut message.attributes;
    attributes.push(RuleAttribute::Table(rule.table));
    if let Some(source) = rule.source {
        message.header.src_len = source.length();
        attributes.push(RuleAttribute::Source(source.address()));
    }
    if let Some(destination) = rule.destination {
        message.header.dst_len = destination.length();
        attributes.push(RuleAttribute::Destination(destination.address()));
    }
    if let Some(name) = &rule.input_interface {
        attributes.push(RuleAttribute::Iifname(name.clone()));
    }
    if let Some(name) = &rule.output_interface {
        attributes.push(RuleAttribute::Oifname(name.clone()));
    }
    if let Some(mark) = rule.mark {
        attributes.push(RuleAttribute::FwMark(mark));
        // Without a mask the kernel takes mark 0 for any mark.
        attributes.push(RuleAttribute::FwMask(u32::MAX));
    }
    if let Some(priority) = rule.priority {
        attributes.push(RuleAttribute::Priority(priority));
    }
    Ok(message)
}

/// In the words of `ip rule`.
fn named(place: Place, rule: &Rule) -> String {
    let mut words = vec![if rule.ipv6 { "IPv6" } else { "IPv4" }.to_owned()];
    words.push("routing rule".to_owned());
    words.extend(rule.priority.map(|priority| format!("{priority}:")));
    words.extend(rule.source.map(|prefix| format!("from {prefix}")));
    words.extend(rule.destination.map(|prefix| format!("to {prefix}")));
    words.extend(rule.input_interface.iter().map(|name| format!("iif {name}")));
    words.extend(rule.output_interface.iter().map(|name| format!("oif {name}")));
    words.extend(rule.mark.map(|mark| format!("fwmark {mark:#x}")));
    words.push(format!("lookup {} in the {place} namespace", rule.table));
    words.join(" ")
}
