//! In place of the reference plugins: the same configuration, under the same
//! names, leads to the same results and the same kernel.
//!
//! Each plugin has a table of networks ([`Network`]) that both implementations
//! attach a container to. Whatever then differs has to be told of in
//! docs/differences.md, and has to differ still. The packet filter is not
//! compared: the ways differ by design, and what packets meet is in the tests
//! of the plugins.

#![allow(clippy::unwrap_used, clippy::panic)]

mod bridge;
mod facts;
mod host_device;
mod leases;
mod lists;
mod loopback;
mod meta;
mod mixed;
mod network;
mod ptp;
mod refusals;
mod side;
mod upon;
mod versions;
mod vlans;
mod vrfs;

use cofferdam_tests::{GoPlugins, needs_go_plugins, needs_kernel};
use network::Network;

#[test]
fn bridge() {
    needs_kernel!();
    compare(&needs_go_plugins!(), bridge::networks());
}

#[test]
fn loopback() {
    needs_kernel!();
    compare(&needs_go_plugins!(), loopback::networks());
}

#[test]
fn macvlan() {
    needs_kernel!();
    compare(&needs_go_plugins!(), upon::macvlans());
}

#[test]
fn tap() {
    needs_kernel!();
    compare(&needs_go_plugins!(), upon::taps());
}

#[test]
fn ipvlan_vlan_and_dummy() {
    needs_kernel!();
    compare(&needs_go_plugins!(), upon::others());
}

#[test]
fn portmap() {
    needs_kernel!();
    compare(&needs_go_plugins!(), meta::portmap());
}

#[test]
fn bandwidth() {
    needs_kernel!();
    compare(&needs_go_plugins!(), meta::bandwidth());
}

#[test]
fn ptp() {
    needs_kernel!();
    compare(&needs_go_plugins!(), ptp::networks());
}

#[test]
fn host_device() {
    needs_kernel!();
    compare(&needs_go_plugins!(), host_device::networks());
}

#[test]
fn dhcp_behind_bridge() {
    needs_kernel!();
    compare(&needs_go_plugins!(), leases::networks());
}

#[test]
fn tuning_sbr_and_firewall_behind_bridge() {
    needs_kernel!();
    compare(&needs_go_plugins!(), lists::networks());
}

#[test]
fn vlans_of_bridges() {
    needs_kernel!();
    compare(&needs_go_plugins!(), vlans::networks());
}

#[test]
fn vrfs() {
    needs_kernel!();
    compare(&needs_go_plugins!(), vrfs::networks());
}

#[test]
fn results_are_printed_the_same_in_every_version() {
    needs_kernel!();
    versions::compare(&needs_go_plugins!());
}

#[test]
fn refusals_are_the_same_in_code_and_message() {
    needs_kernel!();
    refusals::compare(&needs_go_plugins!());
}

#[test]
fn members_of_a_chain_may_be_of_either_kind() {
    needs_kernel!();
    let go = needs_go_plugins!();
    for network in mixed::networks() {
        network.compare_mixed(&go);
    }
}

fn compare(go: &GoPlugins, networks: Vec<Network>) {
    for network in networks {
        network.compare(go);
    }
}
