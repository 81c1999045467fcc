use cofferdam_protocol::{IpPrefix, Place};
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::{
    AddressFamily,
    rule::{RuleAction, RuleAttribute, RuleMessage},
};
use nix::libc::{RTM_DELRULE, RTM_GETRULE, RTM_NEWRULE};

use super::{name::check_name, rule_info, socket::Socket};
use crate::{Error, Result, Rule};

pub(super) fn all(socket: &mut Socket, place: Place) -> Result<Vec<Rule>> {
    let mut rules = family(socket, place, false)?;
    rules.extend(family(socket, place, true)?);
    Ok(rules)
}

fn family(socket: &mut Socket, place: Place, ipv6: bool) -> Result<Vec<Rule>> {
    let mut request = RuleMessage::default();
    request.header.family = family_of(ipv6);
    socket
        .dump(RTM_GETRULE, &request, |payload, rules| {
            // Without the family the kernel answers with all that it has.
            rules.extend(rule_info::parse(payload)?.filter(|rule| rule.ipv6 == ipv6));
            Ok(())
        })
        .map_err(|failure| failure.during("listing", format!("the rules of the {place} namespace")))
}

pub(super) fn add(socket: &mut Socket, place: Place, rule: &Rule) -> Result<()> {
    socket
        .change(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, &message(rule)?)
        .map_err(|failure| failure.during("adding", named(place, rule)))
}

pub(super) fn delete(socket: &mut Socket, place: Place, rule: &Rule) -> Result<()> {
    let request = message(&pin_down(socket, place, rule)?)?;
    socket
        .change(RTM_DELRULE, 0, &request)
        .map_err(|failure| failure.during("deleting", named(place, rule)))
}

/// When deleting, the kernel takes mark 0 for any mark: the rule has to be
/// found first, and is then deleted by its priority.
fn pin_down(socket: &mut Socket, place: Place, wanted: &Rule) -> Result<Rule> {
    if wanted.mark != Some(0) {
        return Ok(wanted.clone());
    }
    let mut candidates = all(socket, place)?;
    candidates.retain(|rule| matches_but_for_mark(rule, wanted));
    let found = candidates
        .iter()
        .find(|rule| rule.mark == Some(0))
        .ok_or_else(|| Error::NotFound(named(place, wanted)))?;
    let ambiguous = |other: &Rule| other.priority == found.priority && other.mark != Some(0);
    if candidates.iter().any(ambiguous) {
        return Err(Error::Conflict(format!(
            "{}: the kernel can't tell it from a rule of the same priority with another mark",
            named(place, found)
        )));
    }
    Ok(found.clone())
}

fn matches_but_for_mark(rule: &Rule, wanted: &Rule) -> bool {
    fn same<T: PartialEq>(present: Option<&T>, wanted: Option<&T>) -> bool {
        wanted.is_none() || wanted == present
    }
    rule.ipv6 == wanted.ipv6
        && rule.table == wanted.table
        && same(rule.source.as_ref(), wanted.source.as_ref())
        && same(rule.destination.as_ref(), wanted.destination.as_ref())
        && same(rule.input_interface.as_ref(), wanted.input_interface.as_ref())
        && same(rule.output_interface.as_ref(), wanted.output_interface.as_ref())
        && same(rule.priority.as_ref(), wanted.priority.as_ref())
}

fn family_of(ipv6: bool) -> AddressFamily {
    if ipv6 {
        AddressFamily::Inet6
    } else {
        AddressFamily::Inet
    }
}

fn message(rule: &Rule) -> Result<RuleMessage> {
    check(rule)?;
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

fn check(rule: &Rule) -> Result<()> {
    let other_family = |prefix: &IpPrefix| prefix.is_ipv6() != rule.ipv6;
    for prefix in [rule.source, rule.destination].iter().flatten() {
        if other_family(prefix) {
            return Err(Error::Invalid(format!(
                "routing rule with {prefix}: the prefix is not of the rule's family"
            )));
        }
    }
    for name in [&rule.input_interface, &rule.output_interface].into_iter().flatten() {
        check_name(name)?;
    }
    // The kernel would choose a free table.
    if rule.table == 0 {
        return Err(Error::Invalid("routing rule: there is no table 0".to_owned()));
    }
    Ok(())
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
