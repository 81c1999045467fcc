use std::net::IpAddr;

use cofferdam_network::{Error, Kernel, LinkId, LinkSettings, Network, NewLink, Vxlan};
use cofferdam_protocol::Place;

use crate::fixture::{
    assert_conflict, assert_exists, assert_not_found, in_new_namespaces, mac, missing, skipped, veth,
};

fn vxlan(id: u32) -> Vxlan {
    Vxlan {
        id,
        port: 4789,
        parent: None,
        local: None,
        group: None,
        ttl: 0,
        learning: true,
    }
}

fn new(name: &str, vxlan: Vxlan) -> NewLink {
    NewLink {
        place: Place::Host,
        name: name.to_owned(),
        mac: Some(mac(0x50)),
        mtu: None,
        transmit_queue_length: None,
        parent: None,
        settings: LinkSettings::Vxlan(vxlan),
    }
}

/// The link; `None`, and says so, where the kernel has no VXLANs.
fn made(kernel: &mut Kernel, link: &NewLink) -> Option<LinkId> {
    match kernel.create_link(link) {
        Ok(id) => Some(id),
        Err(Error::Unsupported(text)) => {
            skipped(text);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn a_vxlan_is_set_to_what_was_declared() {
    in_new_namespaces(|kernel| {
        let (_, nic) = veth(kernel);
        let all = [
            vxlan(1),
            Vxlan {
                port: 8472,
                ttl: 7,
                learning: false,
                local: "192.0.2.1".parse().ok(),
                ..vxlan(0x00ff_ffff)
            },
            Vxlan {
                parent: Some(nic.index),
                group: "239.1.1.1".parse().ok(),
                ..vxlan(42)
            },
            Vxlan {
                parent: Some(nic.index),
                local: "2001:db8::1".parse().ok(),
                group: "ff05::1".parse().ok(),
                ..vxlan(42)
            },
        ];
        for (number, wanted) in all.into_iter().enumerate() {
            let link = new(&format!("vx{number}"), wanted);
            let Some(id) = made(kernel, &link) else { return };
            let info = kernel.link(id).unwrap().unwrap();
            assert_eq!(info.settings.as_ref(), Some(&link.settings));
            assert_eq!((info.kind.as_str(), info.mac, info.up), ("vxlan", link.mac, false));
            let LinkSettings::Vxlan(wanted) = &link.settings else {
                unreachable!()
            };
            assert_eq!(kernel.vxlan_peers(id).unwrap(), Vec::from_iter(wanted.group));
        }
    });
}

#[test]
fn a_network_is_there_once() {
    in_new_namespaces(|kernel| {
        if made(kernel, &new("vx0", vxlan(42))).is_none() {
            return;
        }
        assert_conflict(kernel.create_link(&new("vx1", vxlan(42))), &["VXLAN 42 at port 4789"]);
        assert_exists(kernel.create_link(&new("vx0", vxlan(43))), &["vx0"]);
        let nowhere = Vxlan {
            parent: Some(4711),
            ..vxlan(43)
        };
        assert_not_found(kernel.create_link(&new("vx1", nowhere)), &["4711"]);
    });
}

#[test]
fn peers_are_those_that_were_added() {
    in_new_namespaces(|kernel| {
        let (_, other) = veth(kernel);
        for (name, local, peers) in [
            ("vx4", "192.0.2.1", ["192.0.2.7", "192.0.2.8"]),
            ("vx6", "2001:db8::1", ["2001:db8::7", "2001:db8::8"]),
        ] {
            let wanted = Vxlan {
                local: local.parse().ok(),
                ..vxlan(42)
            };
            let Some(id) = made(kernel, &new(name, wanted)) else {
                return;
            };
            let peers = addresses(&peers);
            for peer in peers.iter().chain(&peers) {
                kernel.add_vxlan_peer(id, *peer).unwrap();
            }
            assert_eq!(kernel.vxlan_peers(id).unwrap(), peers);
            kernel.set_link_up(id, true).unwrap();
            kernel.set_link_up(id, false).unwrap();
            assert_eq!(
                kernel.vxlan_peers(id).unwrap(),
                peers,
                "they outlast the link's being down"
            );

            kernel.delete_vxlan_peer(id, peers[0]).unwrap();

            assert_eq!(kernel.vxlan_peers(id).unwrap(), peers[1..]);
            assert_not_found(kernel.delete_vxlan_peer(id, peers[0]), &["peer"]);
            kernel.delete_vxlan_peer(id, peers[1]).unwrap();
            assert!(kernel.vxlan_peers(id).unwrap().is_empty());
            assert_conflict(kernel.add_vxlan_peer(other, peers[0]), &["not a VXLAN"]);
            assert_conflict(kernel.delete_vxlan_peer(other, peers[0]), &["not a VXLAN"]);
        }
        assert!(kernel.vxlan_peers(other).unwrap().is_empty());
        let peer = addresses(&["192.0.2.7"])[0];
        assert_not_found(kernel.add_vxlan_peer(missing(Place::Host), peer), &["4711"]);
        assert_not_found(kernel.delete_vxlan_peer(missing(Place::Host), peer), &["4711"]);
    });
}
