//! Links that are made, and settings of links of others.

use cofferdam_journal::{Inverse, Operation, Outcome};
use cofferdam_network::{LinkId, LinkSettings, MacvlanMode, Network as _, NewLink};
use cofferdam_protocol::Place;

use super::Case;
use crate::{
    ground::Ground,
    things::{bridge, end, mac},
};

/// `w0` on the node, `e0` in the container.
pub(crate) fn veth() -> Case {
    let (first, second) = veth_ends();
    let operation = Operation::CreateVeth {
        first: first.clone(),
        second: second.clone(),
    };
    let inverse = Inverse::DeleteLink {
        place: first.place,
        name: first.name.clone(),
        kind: "veth".to_owned(),
        mac: first.mac,
        index: None,
    };
    Case {
        operation,
        inverse,
        act: Box::new(|ground| {
            let (first, second) = veth_ends();
            let (first, second) = ground.kernel.create_veth(&first, &second).unwrap();
            Outcome {
                index: Some(first.index),
                second_index: Some(second.index),
            }
        }),
        meddling: Vec::new(),
    }
    .but(
        |ground| {
            let link = ground.kernel.link_by_name(Place::Host, "w0").unwrap().unwrap();
            ground.kernel.delete_link(link.id).unwrap();
            ground.kernel.create_veth(&end("w0", 0x77), &end("w1", 0x78)).unwrap();
        },
        None,
    )
}

/// A link by itself, where the kernel has its kind.
fn made(link: NewLink) -> Case {
    let inverse = Inverse::DeleteLink {
        place: link.place,
        name: link.name.clone(),
        kind: link.settings.kind().to_owned(),
        mac: link.mac.unwrap_or(mac(0x10)),
        index: None,
    };
    let (wanted, replaced) = (link.clone(), link.clone());
    Case {
        operation: Operation::CreateLink { link },
        inverse,
        act: Box::new(move |ground| Outcome {
            index: Some(ground.kernel.create_link(&wanted).unwrap().index),
            ..Outcome::default()
        }),
        meddling: Vec::new(),
    }
    .but(
        move |ground| {
            let NewLink { place, name, .. } = &replaced;
            let link = ground.kernel.link_by_name(*place, name).unwrap().unwrap();
            ground.kernel.delete_link(link.id).unwrap();
            let other = NewLink {
                mac: Some(mac(0x77)),
                ..replaced.clone()
            };
            ground.kernel.create_link(&other).unwrap();
        },
        None,
    )
}

/// Of the kinds that every kernel for containers has.
fn made_links(ground: &mut Ground) -> Vec<Case> {
    let parent = ground.kernel.link_by_name(Place::Host, "nic1").unwrap().unwrap();
    let link = |place, name: &str, last, parent, settings| NewLink {
        place,
        name: name.to_owned(),
        mac: Some(mac(last)),
        mtu: Some(1400),
        transmit_queue_length: Some(5),
        parent,
        settings,
    };
    let macvlan = LinkSettings::Macvlan {
        mode: MacvlanMode::Private,
        broadcast_queue_length: None,
    };
    let tap = LinkSettings::Tap {
        owner: Some(1000),
        group: None,
        multi_queue: false,
    };
    vec![
        made(link(Place::Container, "x0", 0x32, Some(parent.id), macvlan)),
        made(link(Place::Host, "x1", 0x33, None, LinkSettings::Ifb)),
        made(link(Place::Container, "x2", 0x34, None, tap)),
    ]
}

pub(crate) fn veth_ends() -> (cofferdam_network::VethEnd, cofferdam_network::VethEnd) {
    let inside = cofferdam_network::VethEnd {
        place: Place::Container,
        ..end("e0", 0x31)
    };
    (end("w0", 0x30), inside)
}

pub(super) fn links(ground: &mut Ground) -> Vec<Case> {
    let (nic, port) = (ground.nic, ground.port);
    let mut cases = made_links(ground);
    cases.extend([
        veth(),
        Case::new(
            Operation::SetLinkMtu {
                link: nic,
                name: "nic0".to_owned(),
                mtu: 1400,
            },
            Inverse::WithLink { link: nic },
            |_| {},
        ),
        Case::new(
            Operation::SetLinkUp {
                link: port,
                name: "nic2".to_owned(),
                up: true,
            },
            Inverse::RestoreUp {
                link: port,
                name: "nic2".to_owned(),
                old: false,
            },
            move |ground| ground.kernel.set_link_up(port, true).unwrap(),
        ),
        Case::new(
            Operation::SetLinkMtu {
                link: nic,
                name: "nic0".to_owned(),
                mtu: 1400,
            },
            Inverse::RestoreMtu {
                link: nic,
                name: "nic0".to_owned(),
                old: 1500,
            },
            move |ground| ground.kernel.set_link_mtu(nic, 1400).unwrap(),
        )
        .but(
            move |ground| ground.kernel.set_link_mtu(nic, 1300).unwrap(),
            Some("somebody set mtu of link nic0 to 1300 since"),
        )
        .but(move |ground| ground.kernel.set_link_mtu(nic, 1500).unwrap(), None),
        Case::new(
            Operation::SetLinkMac {
                link: port,
                name: "nic2".to_owned(),
                mac: mac(0x40),
            },
            Inverse::RestoreMac {
                link: port,
                name: "nic2".to_owned(),
                old: mac(0x12),
            },
            move |ground| ground.kernel.set_link_mac(port, mac(0x40)).unwrap(),
        )
        .but(
            move |ground| ground.kernel.set_link_mac(port, mac(0x41)).unwrap(),
            Some("somebody set the address of link nic2 to 02:00:00:00:00:41 since"),
        ),
        Case::new(
            Operation::SetLinkPromiscuous {
                link: nic,
                name: "nic0".to_owned(),
                on: true,
            },
            Inverse::RestorePromiscuous {
                link: nic,
                name: "nic0".to_owned(),
                old: false,
            },
            move |ground| ground.kernel.set_link_promiscuous(nic, true).unwrap(),
        ),
        Case::new(
            Operation::SetLinkAllMulticast {
                link: nic,
                name: "nic0".to_owned(),
                on: true,
            },
            Inverse::RestoreAllMulticast {
                link: nic,
                name: "nic0".to_owned(),
                old: false,
            },
            move |ground| ground.kernel.set_link_all_multicast(nic, true).unwrap(),
        ),
        Case::new(
            Operation::SetLinkQueueLength {
                link: nic,
                name: "nic0".to_owned(),
                packets: 500,
            },
            Inverse::RestoreQueueLength {
                link: nic,
                name: "nic0".to_owned(),
                old: 1000,
            },
            move |ground| ground.kernel.set_link_queue_length(nic, 500).unwrap(),
        )
        .but(
            move |ground| ground.kernel.set_link_queue_length(nic, 600).unwrap(),
            Some("somebody set transmit-queue-length of link nic0 to 600 since"),
        ),
    ]);
    cases
}

pub(super) fn ports(ground: &Ground) -> Vec<Case> {
    let (nic, port, master) = (ground.nic, ground.port, ground.bridge.index);
    let released = move |ground: &mut Ground| ground.kernel.set_link_master(port, None).unwrap();
    let moved = |link: LinkId| {
        move |ground: &mut Ground| {
            let other = ground.kernel.create_bridge(&bridge("br9", 0x21)).unwrap();
            ground.kernel.set_link_master(link, Some(other.index)).unwrap();
        }
    };
    vec![
        Case::new(
            Operation::SetLinkMaster {
                link: nic,
                name: "nic0".to_owned(),
                master: Some(master),
            },
            Inverse::RestoreMaster {
                link: nic,
                name: "nic0".to_owned(),
                old: None,
            },
            move |ground| ground.kernel.set_link_master(nic, Some(master)).unwrap(),
        )
        .but(moved(nic), Some("somebody made link nic0 a port of link")),
        Case::new(
            Operation::SetLinkMaster {
                link: port,
                name: "nic2".to_owned(),
                master: None,
            },
            Inverse::RestoreMaster {
                link: port,
                name: "nic2".to_owned(),
                old: Some(master),
            },
            released,
        )
        .but(moved(port), Some("somebody made link nic2 a port of link")),
        Case::new(
            Operation::SetPortHairpin {
                link: port,
                name: "nic2".to_owned(),
                on: true,
            },
            Inverse::RestoreHairpin {
                link: port,
                name: "nic2".to_owned(),
                old: false,
            },
            move |ground| ground.kernel.set_port_hairpin(port, true).unwrap(),
        )
        .but(released, None),
        Case::new(
            Operation::SetPortIsolated {
                link: port,
                name: "nic2".to_owned(),
                on: true,
            },
            Inverse::RestoreIsolated {
                link: port,
                name: "nic2".to_owned(),
                old: false,
            },
            move |ground| ground.kernel.set_port_isolated(port, true).unwrap(),
        )
        .but(released, None),
    ]
}
