//! Objects that attachments share.

use cofferdam_journal::{Inverse, Made, Operation, SHARED_ELEMENT, SharedObject, element_text};
use cofferdam_network::{LinkId, Network as _, NewLink, VlanGateway, nftables::Table};
use cofferdam_protocol::Place;

use super::Case;
use crate::{
    fixture::soon,
    ground::Ground,
    things::{bridge, chain, element, end, mac, other_table, prefix, set, table, third_table, vxlan_link},
};

/// Joins an object that nobody had made, records that we make it, makes it.
pub(crate) fn joined(
    operation: Operation,
    object: SharedObject,
    made: Made,
    make: impl Fn(&mut Ground) + 'static,
) -> Case {
    let inverse = Inverse::LeaveShared { object: object.clone() };
    Case::new(operation, inverse, move |ground| {
        let shared = ground.shared();
        let mut guard = shared.join(&object, &ground.id, soon()).unwrap();
        guard.set_made(made.clone()).unwrap();
        make(ground);
    })
}

/// The shared bridge `cni0`.
pub(crate) fn shared_bridge() -> Case {
    joined(
        Operation::CreateBridge {
            bridge: bridge("cni0", 0x50),
        },
        SharedObject::Bridge {
            place: Place::Host,
            name: "cni0".to_owned(),
        },
        Made::Bridge {
            mac: mac(0x50),
            index: None,
        },
        |ground| {
            ground.kernel.create_bridge(&bridge("cni0", 0x50)).unwrap();
        },
    )
}

/// The node's own way into a VLAN of `br0`. The port has the VLANs that every
/// port has: not every kernel has others.
fn vlan_gateway(ground: &mut Ground) -> Case {
    let place = Place::Host;
    let gateway = VlanGateway {
        place,
        name: "br0.5".to_owned(),
        mac: mac(0x52),
        port_name: "veth5".to_owned(),
        port_mac: mac(0x53),
        bridge: ground.bridge.index,
        mtu: 1400,
        vlans: ground.kernel.port_vlans(ground.port).unwrap(),
    };
    let pair = gateway.clone();
    joined(
        Operation::CreateVlanGateway { gateway },
        SharedObject::VlanGateway {
            place,
            name: "br0.5".to_owned(),
        },
        Made::Link {
            kind: "veth".to_owned(),
            mac: mac(0x52),
        },
        move |ground| {
            let (end, port) = pair.ends();
            ground.kernel.create_veth(&end, &port).unwrap();
        },
    )
    .but(
        |ground| {
            let old = ground.kernel.link_by_name(Place::Host, "br0.5").unwrap().unwrap();
            ground.kernel.delete_link(old.id).unwrap();
            let theirs = (end("br0.5", 0x54), end("veth5", 0x55));
            ground.kernel.create_veth(&theirs.0, &theirs.1).unwrap();
        },
        None,
    )
}

/// A VXLAN that is a port of `br0`, and a node that the one sends to which was
/// there before; nothing where the kernel has none.
pub(crate) fn vxlans(ground: &Ground) -> Vec<Case> {
    let there = ground.vxlan.into_iter();
    there
        .flat_map(|there| [vxlan(ground.bridge.index), peer(there)])
        .collect()
}

fn vxlan(bridge: u32) -> Case {
    let (place, link) = (Place::Host, vxlan_link("vx42", 42));
    let wanted = link.clone();
    joined(
        Operation::CreateVxlan { link, bridge },
        SharedObject::Vxlan {
            place,
            name: "vx42".to_owned(),
        },
        Made::Link {
            kind: "vxlan".to_owned(),
            mac: mac(0x56),
        },
        move |ground| {
            let id = ground.kernel.create_link(&wanted).unwrap();
            ground.kernel.set_link_master(id, Some(bridge)).unwrap();
            ground.kernel.set_link_up(id, true).unwrap();
        },
    )
    .but(
        |ground| {
            let old = ground.kernel.link_by_name(Place::Host, "vx42").unwrap().unwrap();
            ground.kernel.delete_link(old.id).unwrap();
            let theirs = NewLink {
                mac: Some(mac(0x57)),
                ..vxlan_link("vx42", 42)
            };
            ground.kernel.create_link(&theirs).unwrap();
        },
        None,
    )
}

fn peer(link: LinkId) -> Case {
    let (place, peer) = (Place::Host, "192.0.2.7".parse().unwrap());
    joined(
        Operation::AddVxlanPeer {
            link,
            name: "vx43".to_owned(),
            peer,
        },
        SharedObject::VxlanPeer {
            place,
            link: "vx43".to_owned(),
            peer,
        },
        Made::VxlanPeer { index: link.index },
        move |ground| ground.kernel.add_vxlan_peer(link, peer).unwrap(),
    )
    .but(move |ground| ground.kernel.delete_vxlan_peer(link, peer).unwrap(), None)
    .but(
        move |ground| {
            ground.kernel.delete_link(link).unwrap();
            let other = ground.kernel.create_link(&vxlan_link("vx43", 43)).unwrap();
            ground.kernel.add_vxlan_peer(other, peer).unwrap();
        },
        None,
    )
}

pub(super) fn shared(ground: &mut Ground) -> Vec<Case> {
    let place = Place::Host;
    let br0 = ground.bridge;
    let gateway = prefix("10.22.0.1/16");
    let new_bridge = |name: &'static str, address: Option<cofferdam_protocol::IpPrefix>| {
        move |ground: &mut Ground| {
            let old = ground.kernel.link_by_name(place, name).unwrap().unwrap();
            ground.kernel.delete_link(old.id).unwrap();
            let new = ground.kernel.create_bridge(&bridge(name, 0x51)).unwrap();
            if let Some(address) = address {
                ground.kernel.add_address(new, address, true).unwrap();
            }
        }
    };
    vec![
        shared_bridge()
            .but(
                |ground| {
                    let bridge = ground.kernel.link_by_name(Place::Host, "cni0").unwrap().unwrap();
                    ground
                        .kernel
                        .set_link_master(ground.nic, Some(bridge.id.index))
                        .unwrap();
                },
                Some("bridge cni0 has a port that is not ours: nic0"),
            )
            .but(new_bridge("cni0", None), None),
        vlan_gateway(ground),
        joined(
            Operation::AddAddress {
                link: br0,
                name: "br0".to_owned(),
                address: gateway,
                skip_duplicate_detection: true,
            },
            SharedObject::Address {
                place,
                link: "br0".to_owned(),
                address: gateway,
            },
            Made::Address { index: Some(br0.index) },
            move |ground| ground.kernel.add_address(br0, gateway, true).unwrap(),
        )
        .but(move |ground| ground.kernel.delete_address(br0, gateway).unwrap(), None)
        .but(new_bridge("br0", Some(gateway)), None),
        joined(
            Operation::CreateTable {
                place,
                table: other_table(),
            },
            SharedObject::Table {
                place,
                table: other_table().id,
            },
            Made::Table {
                plugin: "bridge".to_owned(),
                digest: cofferdam_journal::digest_of(&other_table()),
                sets: other_table().sets,
                chains: Vec::new(),
            },
            move |ground| ground.kernel.create_table(place, &other_table()).unwrap(),
        )
        .but(
            move |ground| ground.kernel.delete_table(place, &other_table().id).unwrap(),
            None,
        ),
        joined(
            Operation::CreateTable {
                place,
                table: third_table(),
            },
            SharedObject::Table {
                place,
                table: third_table().id,
            },
            Made::Table {
                plugin: "bridge".to_owned(),
                digest: cofferdam_journal::digest_of(&third_table()),
                sets: third_table().sets,
                chains: vec!["own".to_owned()],
            },
            move |ground| ground.kernel.create_table(place, &third_table()).unwrap(),
        )
        .but(
            move |ground| {
                ground.kernel.delete_table(place, &third_table().id).unwrap();
                let anothers = Table {
                    chains: Vec::new(),
                    ..third_table()
                };
                ground.kernel.create_table(place, &anothers).unwrap();
            },
            Some("nftables table inet third is another one by now, or has lost all its chains"),
        ),
        joined(
            Operation::CreateChain {
                place,
                table: table().id,
                chain: chain("own"),
            },
            SharedObject::Chain {
                place,
                table: table().id,
                chain: "own".to_owned(),
            },
            Made::Chain {
                digest: cofferdam_journal::digest_of(&chain("own")),
            },
            move |ground| {
                ground
                    .kernel
                    .create_chain(place, &table().id, &[set()], &chain("own"))
                    .unwrap();
            },
        )
        .but(
            move |ground| {
                ground
                    .kernel
                    .create_chain(place, &table().id, &[set()], &caller())
                    .unwrap();
            },
            Some("something that is not ours refers to chain own"),
        )
        .but(
            move |ground| ground.kernel.delete_chain(place, &table().id, "own").unwrap(),
            None,
        ),
        shared_element(),
    ]
}

fn shared_element() -> Case {
    let place = Place::Host;
    let one = [element("10.0.0.7")];
    let (operation, again) = (one.to_vec(), one.to_vec());
    joined(
        Operation::AddElements {
            place,
            table: table().id,
            set: set(),
            elements: operation,
            comment: SHARED_ELEMENT.to_owned(),
        },
        SharedObject::Element {
            place,
            table: table().id,
            set: set().name,
            element: element_text(&one[0]),
        },
        Made::Element {
            set: set(),
            element: one[0].clone(),
        },
        move |ground| {
            let kernel = &mut ground.kernel;
            kernel
                .add_elements(place, &table().id, &set(), &one, SHARED_ELEMENT)
                .unwrap();
        },
    )
    .but(
        move |ground| {
            let kernel = &mut ground.kernel;
            kernel.delete_elements(place, &table().id, &set(), &again).unwrap();
            kernel
                .add_elements(place, &table().id, &set(), &again, "mynet/c2/eth0")
                .unwrap();
        },
        Some("element 10.0.0.7 of s of nftables table inet t is somebody else's by now"),
    )
    .but(
        move |ground| ground.kernel.delete_table(place, &table().id).unwrap(),
        None,
    )
}

/// A chain of somebody's with a jump into ours.
fn caller() -> cofferdam_network::nftables::Chain {
    use cofferdam_network::nftables::{Action, Rule, Verdict};
    let mut caller = chain("caller");
    caller.rules.push(Rule {
        matches: Vec::new(),
        actions: vec![Action::Verdict(Verdict::Jump("own".to_owned()))],
        comment: None,
    });
    caller
}
