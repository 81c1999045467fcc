//! What kinds of links have in common with others of their kind.

use std::ops::RangeInclusive;

use cofferdam_network::{LinkInfo, LinkSettings, Result};
use cofferdam_system::Errno;

use crate::side::{is_loopback, refused};

/// The sizes of packets that a kind of link takes (`min_mtu`, `max_mtu`).
fn sizes(kind: &str, is_loopback: bool) -> RangeInclusive<u32> {
    const ANY: u32 = i32::MAX.cast_unsigned();
    match kind {
        "" if is_loopback => 0..=ANY,
        "dummy" | "ifb" => 0..=ANY,
        "vlan" => 0..=65_535,
        "tun" => 68..=65_521,
        "vrf" => 1280..=65_575,
        _ => 68..=65_535,
    }
}

/// What the size of packets is by itself.
pub(super) fn usual_mtu(settings: &LinkSettings, parent: Option<&LinkInfo>) -> u32 {
    match (settings, parent) {
        (LinkSettings::Vrf { .. }, _) => 65_575,
        (_, Some(parent)) => parent.mtu,
        _ => 1500,
    }
}

pub(super) fn usual_queue_length(settings: &LinkSettings) -> u32 {
    match settings {
        LinkSettings::Ifb => 32,
        _ => 1000,
    }
}

/// Refuses a size of packets that a kind can't have.
pub(super) fn check_mtu(info: &LinkInfo, mtu: u32) -> Result<()> {
    check_mtu_of(&info.kind, is_loopback(info), mtu)
}

pub(super) fn check_mtu_of(kind: &str, is_loopback: bool, mtu: u32) -> Result<()> {
    if sizes(kind, is_loopback).contains(&mtu) {
        return Ok(());
    }
    Err(refused(Errno::EINVAL, format!("an MTU of {mtu}")))
}

/// Whether a kind stays in the namespace that it was made in.
pub(super) fn stays(info: &LinkInfo) -> bool {
    is_loopback(info) || matches!(info.kind.as_str(), "bridge" | "vrf")
}
