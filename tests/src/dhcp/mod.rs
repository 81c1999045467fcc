//! A segment with a DHCP server on it, whose every answer is a test's.

mod server;
pub mod wire;

pub use server::Server;

use crate::{Namespace, Site};

/// Gives a node the bridge `cni0`, and the namespace of a server behind it,
/// with address 10.77.0.1/24 on `lan0`.
#[must_use]
pub fn segment(site: &Site) -> Namespace {
    let server = Namespace::container();
    let node = site.node();
    node.keep_links_bare();
    // An address of its own, which no port changes.
    node.ip(&["link", "add", "cni0", "address", "02:00:00:00:00:c0", "type", "bridge"]);
    node.ip(&["link", "set", "cni0", "up"]);
    node.ip(&[
        "link",
        "add",
        "srv0",
        "master",
        "cni0",
        "type",
        "veth",
        "peer",
        "name",
        "lan0",
        "netns",
        &server.path(),
    ]);
    node.ip(&["link", "set", "srv0", "up"]);
    server.ip(&["link", "set", "lo", "up"]);
    server.ip(&["address", "add", "10.77.0.1/24", "dev", "lan0"]);
    server.ip(&["link", "set", "lan0", "up"]);
    // Where datagrams to all go.
    server.ip(&["route", "add", "default", "dev", "lan0"]);
    server
}
