//! What a component is able to ask for by its imports, in words.

/// The package of the host's own interfaces.
const PACKAGE: &str = "cofferdam:cni/";

/// What a component with an import of this interface can ask for, if it is
/// granted. Without a word: nothing comes of it alone.
const INTERFACES: [(&str, &str); 23] = [
    ("types", ""),
    ("namespaces", ""),
    ("links", "can see, create, change and delete network interfaces"),
    ("vlans", "can put ports of bridges into VLANs"),
    (
        "vxlans",
        "can join bridges of the node to networks of other nodes (VXLANs)",
    ),
    ("vrfs", "can create devices for virtual routing (VRFs)"),
    ("addresses", "can see, add and remove addresses of network interfaces"),
    ("routes", "can see, add and remove routes"),
    ("rules", "can see, add and remove routing rules"),
    ("neighbors", "can see, add and remove permanent neighbours"),
    ("sysctl", "can read and write kernel settings of the network"),
    ("nftables", "can set up packet filters and address translation"),
    (
        "traffic-control",
        "can limit what network interfaces send, and redirect what they get",
    ),
    ("conntrack", "can have the node forget connections that it tracks"),
    (
        "forwarding",
        "can have the node forward what its own packet filter would drop",
    ),
    ("store", "can read and write its own records"),
    ("resolver", "can read the node's file on name resolution"),
    ("allow-list", "can read what the operator lets containers have set"),
    (
        "ipam",
        "can call the address management plugin that the configuration names",
    ),
    ("packets", "can exchange UDP datagrams on a network interface"),
    (
        "upkeep",
        "can keep a record that it is called again for, such as a lease",
    ),
    ("devices", "can take a network device of the node for a container"),
    ("http", "can send HTTP requests to services, which the host carries"),
];
/// What every component may do.
const LOG: (&str, &str) = ("log", "can write messages for the operator");

/// What interfaces of WASI come to here.
const WASI: [(&str, &str); 4] = [
    ("wasi:clocks/", "can read the clock"),
    ("wasi:random/", "can draw random numbers"),
    (
        "wasi:cli/",
        "can end itself; it gets no arguments, variables, files or terminal",
    ),
    ("wasi:io/", "can wait for its own clock; it gets no streams"),
];

/// The version of the host's interfaces that a component was built for.
pub(crate) fn wit_version<'i>(imports: impl IntoIterator<Item = &'i String>) -> Option<&'i str> {
    let mut own = imports.into_iter().filter_map(|import| import.strip_prefix(PACKAGE));
    own.find_map(|import| import.split_once('@').map(|(_, version)| version))
}

/// An import in words; empty where nothing comes of it alone.
pub(crate) fn of_import(import: &str) -> &'static str {
    let interface = import.split('@').next().unwrap_or(import);
    match interface.strip_prefix(PACKAGE) {
        Some(name) => own(name).unwrap_or("can do what this version of cofferctl has no words for"),
        None => {
            let known = WASI.iter().find(|(prefix, _)| interface.starts_with(prefix));
            known.map_or("is offered by no host: it can't be installed", |(_, words)| words)
        }
    }
}

fn own(interface: &str) -> Option<&'static str> {
    let mut known = INTERFACES.iter().chain([&LOG]);
    known.find(|(name, _)| *name == interface).map(|(_, words)| *words)
}

/// What all imports come to, each word once, in their order.
pub(crate) fn in_words<'i>(imports: impl IntoIterator<Item = &'i String>) -> Vec<&'static str> {
    let mut words = Vec::new();
    for import in imports {
        let of_import = of_import(import);
        if !of_import.is_empty() && !words.contains(&of_import) {
            words.push(of_import);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn every_interface_that_can_be_imported_has_words_and_no_other() {
        let world = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/world.wit");
        let world = fs::read_to_string(world).unwrap();
        let imports = world.lines().filter_map(|line| line.trim().strip_prefix("import "));
        let imports: BTreeSet<&str> = imports.map(|import| import.trim_end_matches(';')).collect();
        let known: BTreeSet<&str> = INTERFACES.iter().chain([&LOG]).map(|(name, _)| *name).collect();
        assert!(!imports.is_empty());
        assert_eq!(imports, known);
    }

    #[test]
    fn imports_are_told_once_and_the_unknown_as_such() {
        let imports = [
            "cofferdam:cni/types@0.1.1",
            "cofferdam:cni/store@0.1.1",
            "cofferdam:cni/later@0.1.1",
            "wasi:io/poll@0.2.6",
            "wasi:io/error@0.2.6",
            "wasi:sockets/tcp@0.2.6",
        ]
        .map(str::to_owned);
        assert_eq!(
            in_words(&imports),
            [
                "can read and write its own records",
                "can do what this version of cofferctl has no words for",
                "can wait for its own clock; it gets no streams",
                "is offered by no host: it can't be installed",
            ]
        );
        assert_eq!(wit_version(&imports), Some("0.1.1"));
    }
}
