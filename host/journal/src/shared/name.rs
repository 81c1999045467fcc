use cofferdam_protocol::{IpPrefix, Place};

use crate::{
    model::SharedObject,
    names::{file_name, unescape},
};

/// What stands in the place of a VLAN where there is none.
const UNTAGGED: &str = "untagged";

/// A file name for an object that can be read, and that no other object has.
/// Objects of different containers are different objects.
pub(crate) fn directory_name(object: &SharedObject, container_id: &str) -> String {
    let scope = match object.place() {
        Place::Host => vec!["host"],
        Place::Container => vec!["container", container_id],
    };
    let (kind, parts) = parts(object);
    file_name(kind, scope.into_iter().chain(parts.iter().map(String::as_str)))
}

fn parts(object: &SharedObject) -> (&'static str, Vec<String>) {
    match object {
        SharedObject::Bridge { name, .. } => ("bridge", vec![name.clone()]),
        SharedObject::Parent { name, vlan, .. } => (
            "parent",
            vec![name.clone(), vlan.map_or(UNTAGGED.to_owned(), |vlan| vlan.to_string())],
        ),
        SharedObject::Address { link, address, .. } => ("address", vec![link.clone(), address.to_string()]),
        SharedObject::LinkSetting { link, setting, .. } => ("setting", vec![link.clone(), setting.name().to_owned()]),
        SharedObject::Sysctl { key, .. } => ("sysctl", key.parts().to_vec()),
        SharedObject::Table { table, .. } => ("table", vec![table.family.to_string(), table.name.clone()]),
        SharedObject::Chain { table, chain, .. } => (
            "chain",
            vec![table.family.to_string(), table.name.clone(), chain.clone()],
        ),
        SharedObject::Element {
            table, set, element, ..
        } => (
            "element",
            vec![
                table.family.to_string(),
                table.name.clone(),
                set.clone(),
                element.clone(),
            ],
        ),
        SharedObject::VlanGateway { name, .. } => ("vlan-gateway", vec![name.clone()]),
        SharedObject::Vrf { name, .. } => ("vrf", vec![name.clone()]),
        SharedObject::Vxlan { name, .. } => ("vxlan", vec![name.clone()]),
        SharedObject::VxlanPeer { link, peer, .. } => ("vxlan-peer", vec![link.clone(), peer.to_string()]),
        SharedObject::ForwardingLead { lead } => (
            "forwarding",
            vec![lead.table().family.to_string(), lead.from.clone(), lead.chain.clone()],
        ),
    }
}

/// The bridge of the node whose directory has this name.
pub(super) fn node_bridge(name: &str) -> Option<String> {
    unescape(name.strip_prefix("bridge.host.")?)
}

/// The same of a link of the node that others are upon.
pub(super) fn node_parent(name: &str) -> Option<(String, Option<u16>)> {
    let (link, vlan) = name.strip_prefix("parent.host.")?.split_once('.')?;
    let vlan = match vlan {
        UNTAGGED => None,
        vlan => Some(vlan.parse().ok()?),
    };
    Some((unescape(link)?, vlan))
}

/// The same of an address on a link of the node.
pub(super) fn node_address(name: &str) -> Option<(String, IpPrefix)> {
    let (link, address) = name.strip_prefix("address.host.")?.split_once('.')?;
    Some((unescape(link)?, unescape(address)?.parse().ok()?))
}

/// What of a link of the node the object is whose directory has this name.
pub(super) fn use_of_link(name: &str, link: &str) -> Option<&'static str> {
    let of_link = |rest: &str| {
        let first = rest.split_once('.').map_or(rest, |(first, _)| first);
        unescape(first).as_deref() == Some(link)
    };
    let kinds = [
        ("parent.host.", "its network"),
        ("address.host.", "an address of it"),
        ("setting.host.", "a setting of it"),
        ("bridge.host.", "it"),
        ("vxlan.host.", "it"),
        ("vxlan-peer.host.", "a peer of it"),
    ];
    let uses = kinds
        .into_iter()
        .find_map(|(kind, what)| Some((name.strip_prefix(kind)?, what)));
    uses.filter(|(rest, _)| of_link(rest)).map(|(_, what)| what)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_network::{
        ForwardingLead, SysctlKey,
        nftables::{Family, TableId},
    };

    use super::*;

    fn bridge(place: Place, name: &str) -> SharedObject {
        SharedObject::Bridge {
            place,
            name: name.to_owned(),
        }
    }

    #[test]
    fn names_can_be_read() {
        let table = TableId {
            family: Family::Inet,
            name: "cofferdam".to_owned(),
        };
        let key = |parts: &[&str]| SysctlKey::new(parts.iter().map(|&part| part.to_owned()).collect()).unwrap();
        for (object, name) in [
            (bridge(Place::Host, "cni0"), "bridge.host.cni0"),
            (bridge(Place::Container, "br0"), "bridge.container.c1.br0"),
            (bridge(Place::Host, "../x"), "bridge.host.%2E%2E%2Fx"),
            (
                SharedObject::Address {
                    place: Place::Host,
                    link: "cni0".to_owned(),
                    address: "fd00::1/64".parse().unwrap(),
                },
                "address.host.cni0.fd00::1%2F64",
            ),
            (
                SharedObject::Sysctl {
                    place: Place::Host,
                    key: key(&["net", "ipv4", "conf", "eth0.5", "forwarding"]),
                },
                "sysctl.host.net.ipv4.conf.eth0%2E5.forwarding",
            ),
            (
                SharedObject::Table {
                    place: Place::Host,
                    table: table.clone(),
                },
                "table.host.inet.cofferdam",
            ),
            (
                SharedObject::Chain {
                    place: Place::Host,
                    table,
                    chain: "masquerade".to_owned(),
                },
                "chain.host.inet.cofferdam.masquerade",
            ),
            (
                SharedObject::ForwardingLead {
                    lead: ForwardingLead {
                        ipv6: true,
                        from: "FORWARD".to_owned(),
                        chain: "CNI-FORWARD".to_owned(),
                        comment: "of no account".to_owned(),
                    },
                },
                "forwarding.host.ip6.FORWARD.CNI-FORWARD",
            ),
        ] {
            assert_eq!(directory_name(&object, "c1"), name);
        }
    }

    #[test]
    fn what_the_node_has_is_read_from_names() {
        let address = SharedObject::Address {
            place: Place::Host,
            link: "br0.5".to_owned(),
            address: "10.22.0.1/16".parse().unwrap(),
        };
        let read = node_address(&directory_name(&address, "c1")).unwrap();
        assert_eq!(read, ("br0.5".to_owned(), "10.22.0.1/16".parse().unwrap()));
        for vlan in [None, Some(5)] {
            let parent = SharedObject::Parent {
                place: Place::Host,
                name: "eth0.7".to_owned(),
                vlan,
            };
            let name = directory_name(&parent, "c1");
            assert_eq!(node_parent(&name), Some(("eth0.7".to_owned(), vlan)), "{name}");
            assert_eq!((node_bridge(&name), node_address(&name)), (None, None));
        }
        let name = directory_name(&bridge(Place::Host, "br0.5"), "c1");
        assert_eq!(node_bridge(&name).as_deref(), Some("br0.5"));
        let inside = directory_name(&bridge(Place::Container, "br0"), "host");
        assert_eq!((node_bridge(&inside), node_address(&name)), (None, None));
    }

    #[test]
    fn uses_of_a_link_are_read_from_names() {
        let place = Place::Host;
        let link = || "eth0.7".to_owned();
        for (object, what) in [
            (bridge(place, "eth0.7"), "it"),
            (
                SharedObject::Parent {
                    place,
                    name: link(),
                    vlan: Some(5),
                },
                "its network",
            ),
            (
                SharedObject::Address {
                    place,
                    link: link(),
                    address: "10.22.0.1/16".parse().unwrap(),
                },
                "an address of it",
            ),
            (
                SharedObject::LinkSetting {
                    place,
                    link: link(),
                    setting: crate::Setting::Up,
                },
                "a setting of it",
            ),
            (SharedObject::Vxlan { place, name: link() }, "it"),
            (
                SharedObject::VxlanPeer {
                    place,
                    link: link(),
                    peer: "2001:db8::7".parse().unwrap(),
                },
                "a peer of it",
            ),
        ] {
            let name = directory_name(&object, "c1");
            assert_eq!(use_of_link(&name, "eth0.7"), Some(what), "{name}");
            assert_eq!(use_of_link(&name, "eth0"), None, "{name}");
        }
        let inside = directory_name(&bridge(Place::Container, "eth0"), "host");
        assert_eq!(use_of_link(&inside, "eth0"), None);
    }

    #[test]
    fn a_container_has_its_own_objects_and_the_host_one_for_all() {
        let inside = bridge(Place::Container, "br0");
        assert_ne!(directory_name(&inside, "c1"), directory_name(&inside, "c2"));
        let outside = bridge(Place::Host, "br0");
        assert_eq!(directory_name(&outside, "c1"), directory_name(&outside, "c2"));
    }

    #[test]
    fn long_names_still_are_file_names() {
        let name = directory_name(&bridge(Place::Container, "br0"), &"c".repeat(500));
        assert!(name.len() < 255 && name.starts_with("bridge.sha256="), "{name}");
    }
}
