use std::{fmt::Write as _, path::Path};

use cofferdam_protocol::Place;

use crate::{
    grant::RECORDS,
    quoted::Whole,
    words::{DEVICE_WITHOUT_KIND, FAMILIES, HOOKS, METHODS, MODES},
};

/// Kinds of links that a plugin can ask to be made; in the host namespace a
/// grant has to name them.
const KINDS: [&str; 11] = [
    "bridge",
    "veth",
    "macvlan",
    "ipvlan",
    "vlan",
    "dummy",
    "ifb",
    "vrf",
    "vxlan",
    "tun",
    DEVICE_WITHOUT_KIND,
];
/// Parts of a sysctl key that are no interface's name.
const NO_INTERFACES: [&str; 2] = ["all", "default"];
/// Parts that a key has at most.
const MOST_PARTS: usize = 8;

/// A policy that allows a plugin whatever there is, with all of it on record:
/// to see what it does where nothing can be harmed. Directories of records and
/// resolver files have to be named, besides the usual ones, and so have the origins of
/// services.
#[must_use]
pub fn everything(plugin: &str, locations: &[&Path], files: &[&Path], origins: &[&str]) -> String {
    let mut text = format!("[plugin.{plugin}]\naudit = \"all\"\n");
    let mut grant = |fields: &str| {
        let _ = write!(text, "\n[[plugin.{plugin}.grant]]\n{fields}\n");
    };
    let networks = "[\"0.0.0.0/0\", \"::/0\"]";
    for place in [Place::Host, Place::Container] {
        let names = format!("in = \"{place}\"\nnames = [\"*\"]");
        grant(&format!(
            "allow = [\"link.see\", \"link.set\", \"link.delete\", \"address.see\", \"neighbor.see\"]\n{names}"
        ));
        grant(&format!("allow = \"qdisc.*\"\n{names}"));
        let ports = match place {
            Place::Host => format!("ports = [[0, {}]]", u16::MAX),
            Place::Container => String::new(),
        };
        grant(&format!("allow = \"conntrack.forget\"\nin = \"{place}\"\n{ports}"));
        let tables = format!("tables = [[1, {}]]", u32::MAX);
        grant(&format!(
            "allow = \"link.create\"\n{names}\nkinds = {KINDS:?}\nparents = [\"*\"]\nmodes = {MODES:?}\n\
             vlans = [[0, 4094]]\n{tables}"
        ));
        grant(&format!(
            "allow = [\"address.add\", \"address.delete\", \"neighbor.add\", \"neighbor.delete\"]\n{names}\n\
             prefixes = {networks}"
        ));
        grant(&format!("allow = \"route.see\"\n{names}\n{tables}"));
        grant(&format!(
            "allow = [\"route.add\", \"route.delete\"]\n{names}\n{tables}\ndestinations = {networks}"
        ));
        grant(&format!("allow = \"rule.see\"\nin = \"{place}\""));
        grant(&format!(
            "allow = \"packet.exchange\"\n{names}\nports = [[0, {}]]",
            u16::MAX
        ));
        // All packets of the container are its own: there is nothing to be said of them.
        let (all_packets, marks) = match place {
            Place::Host => ("scope = \"all\"", "marks = [\"*\"]"),
            Place::Container => ("", ""),
        };
        let rules = format!("in = \"{place}\"\n{tables}\npriorities = [[0, {}]]", u32::MAX);
        grant(&format!("allow = \"rule.add\"\n{rules}\n{all_packets}"));
        grant(&format!("allow = \"rule.delete\"\n{rules}"));
        grant(&format!("allow = \"sysctl.*\"\nin = \"{place}\"\nkeys = {:?}", keys()));
        for family in FAMILIES {
            let tables = format!("in = \"{place}\"\nfamily = \"{family}\"\ntables = [\"*\"]");
            let elements = match place {
                Place::Host => format!("prefixes = {networks}\nnames = [\"*\"]\nports = [[0, {}]]", u16::MAX),
                Place::Container => String::new(),
            };
            grant(&format!(
                "allow = \"nftables.table\"\n{tables}\nhooks = {HOOKS:?}\npriorities = [[{}, {}]]\n{all_packets}\n{marks}",
                i32::MIN,
                i32::MAX
            ));
            grant(&format!(
                "allow = \"nftables.element\"\n{tables}\nsets = [\"*\"]\n{elements}"
            ));
        }
    }
    grant(&format!(
        "allow = \"store.open\"\nlocations = {}",
        paths(RECORDS, locations)
    ));
    grant(&format!(
        "allow = \"resolver.read\"\nfiles = {}",
        paths("/etc/resolv.conf", files)
    ));
    grant(&format!(
        "allow = \"allow-list.read\"\nfiles = {}",
        paths("/etc/cni/tuning/allowlist.conf", files)
    ));
    grant(&format!(
        "allow = \"forwarding.accept\"\nin = \"host\"\nchains = [\"*\"]\nprefixes = {networks}"
    ));
    grant(&format!(
        "allow = \"forwarding.publish\"\nin = \"host\"\nprefixes = {networks}"
    ));
    grant(&format!(
        "allow = \"forwarding.zone\"\nin = \"host\"\nzones = [\"*\"]\nprefixes = {networks}"
    ));
    grant("allow = \"vlan.join\"\nin = \"host\"\nnames = [\"*\"]\nvlans = [[0, 4094]]");
    grant(&format!(
        "allow = \"vxlan.join\"\nin = \"host\"\nnames = [\"*\"]\nvnis = [[1, 16777215]]\npeers = {networks}"
    ));
    grant("allow = \"ipam.delegate\"\nplugins = [\"*\"]");
    grant("allow = \"upkeep.keep\"");
    grant(&format!(
        "allow = \"device.take\"\nin = \"host\"\nkinds = {KINDS:?}\nnames = [\"*\"]"
    ));
    if !origins.is_empty() {
        grant(&format!(
            "allow = \"http.request\"\norigins = {origins:?}\nmethods = {METHODS:?}"
        ));
    }
    text
}

/// Patterns of every key that has at most one part which is no interface's
/// name but looks like one.
fn keys() -> Vec<String> {
    let mut keys = Vec::new();
    for count in 1..MOST_PARTS {
        let stars = vec!["*"; count];
        keys.push(format!("net/{}", stars.join("/")));
        for position in 0..count {
            for part in NO_INTERFACES {
                let mut parts = stars.clone();
                parts[position] = part;
                keys.push(format!("net/{}", parts.join("/")));
            }
        }
    }
    keys
}

fn paths(usual: &str, others: &[&Path]) -> String {
    let mut paths = vec![usual.to_owned()];
    for path in others.iter().map(|path| path.to_string_lossy().into_owned()) {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let quoted: Vec<String> = paths.iter().map(|path| Whole(path).to_string()).collect();
    format!("[{}]", quoted.join(", "))
}
