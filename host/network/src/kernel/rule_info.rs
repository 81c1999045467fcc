//! Reads what the kernel tells about a routing policy rule.

use std::net::IpAddr;

use cofferdam_protocol::IpPrefix;
use netlink_packet_core::{DecodeError, Emitable};
use netlink_packet_route::{
    AddressFamily,
    rule::{RuleAction, RuleFlags, RuleHeader},
};

use super::attribute::{address, attributes, text, unsigned};
use crate::Rule;

// `linux/fib_rules.h`.
const FRA_DST: u16 = 1;
const FRA_SRC: u16 = 2;
const FRA_IIFNAME: u16 = 3;
const FRA_PRIORITY: u16 = 6;
const FRA_FWMARK: u16 = 10;
const FRA_FLOW: u16 = 11;
const FRA_TUN_ID: u16 = 12;
const FRA_SUPPRESS_IFGROUP: u16 = 13;
const FRA_SUPPRESS_PREFIXLEN: u16 = 14;
const FRA_TABLE: u16 = 15;
const FRA_FWMASK: u16 = 16;
const FRA_OIFNAME: u16 = 17;
const FRA_L3MDEV: u16 = 19;
const FRA_UID_RANGE: u16 = 20;
/// The first of the later conditions (protocol, ports, DSCP, flow label); the
/// kernel tells them only where they are set.
const FRA_IP_PROTO: u16 = 22;
/// A suppressor that is off.
const NO_SUPPRESSION: u32 = u32::MAX;

/// A rule that looks into a table, as the kernel tells it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) rule: Rule,
    /// Whether it has no condition that [`Rule`] has no field for. With one,
    /// `rule` looks like another rule.
    pub(super) is_whole: bool,
}

/// The rule of an `RTM_NEWRULE` message. `None` when it does not look into a
/// table.
pub(super) fn parse(payload: &[u8]) -> Result<Option<Listed>, DecodeError> {
    let header = RuleHeader::parse(payload)?;
    let ipv6 = match header.family {
        AddressFamily::Inet => false,
        AddressFamily::Inet6 => true,
        _ => return Ok(None),
    };
    if header.action != RuleAction::ToTable {
        return Ok(None);
    }
    let mut reading = Reading {
        mask: None,
        is_whole: header.tos == 0 && !header.flags.contains(RuleFlags::Invert),
        rule: Rule {
            ipv6,
            source: None,
            destination: None,
            input_interface: None,
            output_interface: None,
            mark: None,
            // The kernel leaves out a priority of zero.
            priority: Some(0),
            table: u32::from(header.table),
        },
    };
    for (kind, value) in attributes(payload.get(header.buffer_len()..).unwrap_or_default()) {
        reading.take(&header, kind, value);
    }
    Ok(Some(reading.finish()))
}

struct Reading {
    rule: Rule,
    mask: Option<u32>,
    is_whole: bool,
}

impl Reading {
    fn take(&mut self, header: &RuleHeader, kind: u16, value: &[u8]) {
        let rule = &mut self.rule;
        match kind {
            FRA_SRC => rule.source = prefix(address(value), header.src_len),
            FRA_DST => rule.destination = prefix(address(value), header.dst_len),
            FRA_IIFNAME => rule.input_interface = Some(text(value)),
            FRA_OIFNAME => rule.output_interface = Some(text(value)),
            FRA_PRIORITY => rule.priority = unsigned(value),
            FRA_FWMARK => rule.mark = unsigned(value),
            FRA_FWMASK => self.mask = unsigned(value),
            FRA_TABLE => rule.table = unsigned(value).unwrap_or(rule.table),
            FRA_SUPPRESS_IFGROUP | FRA_SUPPRESS_PREFIXLEN => {
                self.is_whole &= unsigned(value) == Some(NO_SUPPRESSION);
            }
            FRA_FLOW | FRA_TUN_ID | FRA_UID_RANGE | FRA_IP_PROTO.. => self.is_whole = false,
            FRA_L3MDEV => self.is_whole &= value.first() == Some(&0),
            _ => {}
        }
    }

    fn finish(mut self) -> Listed {
        match self.mask {
            None | Some(0) => self.rule.mark = None,
            Some(u32::MAX) => self.rule.mark = Some(self.rule.mark.unwrap_or(0)),
            Some(_) => {
                self.rule.mark = None;
                self.is_whole = false;
            }
        }
        Listed {
            rule: self.rule,
            is_whole: self.is_whole,
        }
    }
}

fn prefix(address: Option<IpAddr>, length: u8) -> Option<IpPrefix> {
    IpPrefix::new(address?, length).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use netlink_packet_core::{DefaultNla, Emitable};
    use netlink_packet_route::{
        AddressFamily,
        rule::{RuleAction, RuleAttribute, RuleMessage},
    };
    use proptest::{collection::vec, prelude::*};

    use super::parse;

    fn message(attributes: Vec<RuleAttribute>) -> Vec<u8> {
        let mut message = RuleMessage::default();
        message.header.family = AddressFamily::Inet;
        message.header.action = RuleAction::ToTable;
        message.attributes = attributes;
        let mut payload = vec![0; message.buffer_len()];
        message.emit(&mut payload);
        payload
    }

    #[test]
    fn a_mark_counts_with_its_whole_mask_only() {
        let table = [
            (vec![], Some(None)),
            (
                vec![RuleAttribute::FwMark(7), RuleAttribute::FwMask(u32::MAX)],
                Some(Some(7)),
            ),
            (vec![RuleAttribute::FwMask(u32::MAX)], Some(Some(0))),
            (vec![RuleAttribute::FwMark(7), RuleAttribute::FwMask(0xff)], None),
        ];
        for (attributes, expected) in table {
            let listed = parse(&message(attributes.clone())).unwrap().unwrap();
            let mark = listed.is_whole.then_some(listed.rule.mark);
            assert_eq!(mark, expected, "{attributes:?}");
        }
    }

    #[test]
    fn a_rule_with_a_condition_that_cannot_be_told_is_not_whole() {
        let table = [
            (RuleAttribute::SuppressPrefixLen(0), false),
            (RuleAttribute::SuppressPrefixLen(u32::MAX), true),
            (RuleAttribute::L3MDev(true), false),
            (RuleAttribute::L3MDev(false), true),
            // FRA_DSCP, FRA_PROTOCOL
            (RuleAttribute::Other(DefaultNla::new(25, vec![1])), false),
            (RuleAttribute::Other(DefaultNla::new(21, vec![3])), true),
        ];
        for (attribute, is_whole) in table {
            let listed = parse(&message(vec![attribute.clone()])).unwrap().unwrap();
            assert_eq!(listed.is_whole, is_whole, "{attribute:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in vec(any::<u8>(), 0..120)) {
            let _ = parse(&bytes);
        }
    }
}
