//! One operation for every kind of inverse (for some, several), with what
//! others may do to its outcome. The tests in `inverses` are about all of
//! them.

use std::path::PathBuf;

use cofferdam_journal::{Inverse, Made, Operation, Outcome, Owner, Records, Setting, SharedObject};
use cofferdam_network::{LinkId, Network, Route, RouteMode};
use cofferdam_protocol::Place;

use crate::{fixture::soon, ground::*};

type Act = Box<dyn Fn(&mut Ground) -> Outcome>;

/// An operation, how it goes back, and how it is done.
pub(crate) struct Case {
    pub(crate) operation: Operation,
    pub(crate) inverse: Inverse,
    pub(crate) act: Act,
    pub(crate) meddling: Vec<Meddling>,
}

/// What somebody else does after the operation, and what the report says was
/// left alone; nothing where it was simply gone.
pub(crate) struct Meddling {
    pub(crate) act: Act,
    pub(crate) left: Option<&'static str>,
}

impl Case {
    fn new(operation: Operation, inverse: Inverse, act: impl Fn(&mut Ground) + 'static) -> Self {
        let act = move |ground: &mut Ground| {
            act(ground);
            Outcome::default()
        };
        Self {
            operation,
            inverse,
            act: Box::new(act),
            meddling: Vec::new(),
        }
    }

    fn but(mut self, act: impl Fn(&mut Ground) + 'static, left: Option<&'static str>) -> Self {
        let act = move |ground: &mut Ground| {
            act(ground);
            Outcome::default()
        };
        self.meddling.push(Meddling {
            act: Box::new(act),
            left,
        });
        self
    }
}

/// The name of an inverse's kind. A new one needs a case here.
pub(crate) fn kind(inverse: &Inverse) -> &'static str {
    match inverse {
        Inverse::DeleteLink { .. } => "DeleteLink",
        Inverse::WithLink { .. } => "WithLink",
        Inverse::RestoreUp { .. } => "RestoreUp",
        Inverse::RestoreMtu { .. } => "RestoreMtu",
        Inverse::RestoreMac { .. } => "RestoreMac",
        Inverse::RestorePromiscuous { .. } => "RestorePromiscuous",
        Inverse::RestoreMaster { .. } => "RestoreMaster",
        Inverse::RestoreHairpin { .. } => "RestoreHairpin",
        Inverse::RestoreIsolated { .. } => "RestoreIsolated",
        Inverse::AddAddress { .. } => "AddAddress",
        Inverse::DeleteAddress { .. } => "DeleteAddress",
        Inverse::AddRoute { .. } => "AddRoute",
        Inverse::DeleteRoute { .. } => "DeleteRoute",
        Inverse::AddRule { .. } => "AddRule",
        Inverse::DeleteRule { .. } => "DeleteRule",
        Inverse::AddNeighbor { .. } => "AddNeighbor",
        Inverse::DeleteNeighbor { .. } => "DeleteNeighbor",
        Inverse::RestoreSysctl { .. } => "RestoreSysctl",
        Inverse::AddElements { .. } => "AddElements",
        Inverse::DeleteElements { .. } => "DeleteElements",
        Inverse::LeaveShared { .. } => "LeaveShared",
        Inverse::ReleaseClaim { .. } => "ReleaseClaim",
    }
}

/// How many kinds there are, for the test that none is left out.
pub(crate) const KINDS: usize = 22;

pub(crate) fn cases(ground: &mut Ground) -> Vec<Case> {
    let mut cases = links(ground);
    cases.extend(ports(ground));
    cases.extend(addresses(ground));
    cases.extend(routes(ground));
    cases.extend(rules_and_neighbors(ground));
    cases.extend(elements());
    cases.extend(shared(ground));
    cases.extend(settings(ground));
    cases.push(claim(ground));
    cases
}

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

pub(crate) fn veth_ends() -> (cofferdam_network::VethEnd, cofferdam_network::VethEnd) {
    let inside = cofferdam_network::VethEnd {
        place: Place::Container,
        ..end("e0", 0x31)
    };
    (end("w0", 0x30), inside)
}

fn links(ground: &Ground) -> Vec<Case> {
    let (nic, port) = (ground.nic, ground.port);
    vec![
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
    ]
}

fn ports(ground: &Ground) -> Vec<Case> {
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

fn addresses(ground: &Ground) -> Vec<Case> {
    let nic = ground.nic;
    let (theirs, ours) = (prefix("2001:db8::1/64"), prefix("203.0.113.5/24"));
    vec![
        Case::new(
            Operation::DeleteAddress {
                link: nic,
                name: "nic0".to_owned(),
                address: theirs,
            },
            Inverse::AddAddress {
                link: nic,
                name: "nic0".to_owned(),
                address: theirs,
            },
            move |ground| ground.kernel.delete_address(nic, theirs).unwrap(),
        )
        .but(
            move |ground| ground.kernel.add_address(nic, theirs, true).unwrap(),
            None,
        )
        .but(
            move |ground| ground.kernel.add_address(nic, prefix("2001:db8::1/48"), true).unwrap(),
            Some("can't be put back"),
        ),
        Case::new(
            Operation::AddAddress {
                link: nic,
                name: "nic0".to_owned(),
                address: ours,
                skip_duplicate_detection: true,
            },
            Inverse::DeleteAddress {
                link: nic,
                name: "nic0".to_owned(),
                address: ours,
            },
            move |ground| ground.kernel.add_address(nic, ours, true).unwrap(),
        )
        .but(move |ground| ground.kernel.delete_address(nic, ours).unwrap(), None)
        .but(
            move |ground| {
                ground.kernel.delete_address(nic, ours).unwrap();
                ground.kernel.add_address(nic, prefix("203.0.113.5/25"), true).unwrap();
            },
            None,
        ),
    ]
}

fn routes(ground: &mut Ground) -> Vec<Case> {
    let nic = ground.nic;
    let theirs = ground.kernel.routes(nic, 254).unwrap();
    let theirs = theirs
        .into_iter()
        .find(|route| others_route().describes(route))
        .unwrap();
    let put_back = theirs.clone();
    let mut cases = vec![
        Case::new(
            Operation::DeleteRoute {
                link: nic,
                name: "nic0".to_owned(),
                route: others_route(),
            },
            Inverse::AddRoute {
                link: nic,
                name: "nic0".to_owned(),
                route: theirs,
            },
            move |ground| ground.kernel.delete_route(nic, &others_route()).unwrap(),
        )
        .but(
            move |ground| ground.kernel.add_route(nic, &put_back, RouteMode::Exclusive).unwrap(),
            None,
        ),
    ];
    for (destination, gateway) in [("203.0.113.0/24", "192.0.2.254"), ("2001:db8:1::/48", "2001:db8::fe")] {
        let ours = route(destination, None);
        let replaced = Route {
            gateway: Some(gateway.parse().unwrap()),
            ..ours.clone()
        };
        let dearer = Route {
            priority: Some(2000),
            ..replaced.clone()
        };
        cases.push(added_route(nic, ours, replaced, dearer));
    }
    cases
}

fn added_route(nic: LinkId, ours: Route, replaced: Route, dearer: Route) -> Case {
    let without_ours = {
        let ours = ours.clone();
        move |ground: &mut Ground, instead: &Route| {
            ground.kernel.delete_route(nic, &ours).unwrap();
            ground.kernel.add_route(nic, instead, RouteMode::Exclusive).unwrap();
        }
    };
    let act = ours.clone();
    let again = without_ours.clone();
    Case::new(
        Operation::AddRoute {
            link: nic,
            name: "nic0".to_owned(),
            route: ours.clone(),
            mode: RouteMode::Exclusive,
        },
        Inverse::DeleteRoute {
            link: nic,
            name: "nic0".to_owned(),
            route: ours,
        },
        move |ground| ground.kernel.add_route(nic, &act, RouteMode::Exclusive).unwrap(),
    )
    .but(
        move |ground| without_ours(ground, &replaced),
        Some("somebody put another route to"),
    )
    // To the kernel, "to 203.0.113.0/24" describes this one as well.
    .but(move |ground| again(ground, &dearer), None)
}

fn rules_and_neighbors(ground: &Ground) -> Vec<Case> {
    let nic = ground.nic;
    let ours = neighbor("192.0.2.8", 0x88);
    let changed = |address: &'static str| {
        move |ground: &mut Ground| {
            let _ = ground.kernel.delete_neighbor(nic, &neighbor(address, 0));
            ground.kernel.add_neighbor(nic, &neighbor(address, 0x55)).unwrap();
        }
    };
    vec![
        Case::new(
            Operation::DeleteRule {
                place: Place::Host,
                rule: others_rule(),
            },
            Inverse::AddRule {
                place: Place::Host,
                rule: others_rule(),
            },
            |ground| ground.kernel.delete_rule(Place::Host, &others_rule()).unwrap(),
        )
        .but(
            |ground| ground.kernel.add_rule(Place::Host, &others_rule()).unwrap(),
            None,
        ),
        // To the kernel, "lookup 100" describes the others' rule as well.
        Case::new(
            Operation::AddRule {
                place: Place::Host,
                rule: rule(None, Some(2000)),
            },
            Inverse::DeleteRule {
                place: Place::Host,
                rule: rule(None, None),
            },
            |ground| ground.kernel.add_rule(Place::Host, &rule(None, Some(2000))).unwrap(),
        )
        .but(
            |ground| ground.kernel.delete_rule(Place::Host, &rule(None, Some(2000))).unwrap(),
            None,
        ),
        Case::new(
            Operation::DeleteNeighbor {
                link: nic,
                name: "nic0".to_owned(),
                neighbor: others_neighbor(),
            },
            Inverse::AddNeighbor {
                link: nic,
                name: "nic0".to_owned(),
                neighbor: others_neighbor(),
            },
            move |ground| ground.kernel.delete_neighbor(nic, &others_neighbor()).unwrap(),
        )
        .but(
            changed("192.0.2.9"),
            Some("somebody set neighbour 192.0.2.9 to 02:00:00:00:00:55 since"),
        ),
        Case::new(
            Operation::AddNeighbor {
                link: nic,
                name: "nic0".to_owned(),
                neighbor: ours.clone(),
            },
            Inverse::DeleteNeighbor {
                link: nic,
                name: "nic0".to_owned(),
                neighbor: ours.clone(),
            },
            move |ground| ground.kernel.add_neighbor(nic, &ours).unwrap(),
        )
        .but(
            changed("192.0.2.8"),
            Some("somebody set neighbour 192.0.2.8 to 02:00:00:00:00:55 since"),
        ),
    ]
}

fn elements() -> Vec<Case> {
    let place = Place::Host;
    let (theirs, ours) = (
        vec![element("10.0.0.1")],
        vec![element("10.0.0.2"), element("10.0.0.3")],
    );
    let claimed = |addresses: &'static [&'static str]| {
        move |ground: &mut Ground| {
            for address in addresses {
                let one = [element(address)];
                let _ = ground.kernel.delete_elements(place, &table().id, &set(), &one);
                ground
                    .kernel
                    .add_elements(place, &table().id, &set(), &one, "mynet/c2/eth0")
                    .unwrap();
            }
        }
    };
    let gone = move |ground: &mut Ground| ground.kernel.delete_table(place, &table().id).unwrap();
    let (delete, add) = (theirs.clone(), ours.clone());
    vec![
        Case::new(
            Operation::DeleteElements {
                place,
                table: table().id,
                set: set(),
                elements: theirs.clone(),
            },
            Inverse::AddElements {
                place,
                table: table().id,
                set: set(),
                elements: theirs,
                comment: COMMENT.to_owned(),
            },
            move |ground| {
                ground
                    .kernel
                    .delete_elements(place, &table().id, &set(), &delete)
                    .unwrap();
            },
        )
        .but(
            claimed(&["10.0.0.1"]),
            Some("element 10.0.0.1 belongs to mynet/c2/eth0 by now"),
        )
        .but(gone, None),
        Case::new(
            Operation::AddElements {
                place,
                table: table().id,
                set: set(),
                elements: ours.clone(),
                comment: COMMENT.to_owned(),
            },
            Inverse::DeleteElements {
                place,
                table: table().id,
                set: set(),
                elements: ours,
                comment: COMMENT.to_owned(),
            },
            move |ground| {
                ground
                    .kernel
                    .add_elements(place, &table().id, &set(), &add, COMMENT)
                    .unwrap();
            },
        )
        .but(
            claimed(&["10.0.0.2", "10.0.0.3"]),
            Some("element 10.0.0.3 belongs to mynet/c2/eth0 by now"),
        )
        .but(gone, None),
    ]
}

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

fn shared(ground: &Ground) -> Vec<Case> {
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
                digest: cofferdam_journal::digest_of(&other_table()),
                sets: other_table().sets,
            },
            move |ground| ground.kernel.create_table(place, &other_table()).unwrap(),
        )
        .but(
            move |ground| ground.kernel.delete_table(place, &other_table().id).unwrap(),
            None,
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
    ]
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

fn settings(ground: &Ground) -> Vec<Case> {
    let nic = ground.nic;
    let set = |place: Place, value: &'static str| {
        move |ground: &mut Ground| ground.kernel.set_sysctl(place, &forwarding(), value).unwrap()
    };
    let operation = |place: Place| Operation::SetSysctl {
        place,
        key: forwarding(),
        value: "1".to_owned(),
    };
    let left = Some("somebody set net/ipv4/ip_forward to \"2\" since");
    vec![
        joined(
            Operation::SetLinkMtu {
                link: nic,
                name: "nic0".to_owned(),
                mtu: 1400,
            },
            SharedObject::LinkSetting {
                place: Place::Host,
                link: "nic0".to_owned(),
                setting: Setting::Mtu,
            },
            Made::LinkSetting {
                old: 1500,
                new: 1400,
                index: Some(nic.index),
            },
            move |ground| ground.kernel.set_link_mtu(nic, 1400).unwrap(),
        )
        .but(
            move |ground| ground.kernel.set_link_mtu(nic, 1300).unwrap(),
            Some("somebody set mtu of link nic0 to 1300 since"),
        ),
        joined(
            operation(Place::Host),
            SharedObject::Sysctl {
                place: Place::Host,
                key: forwarding(),
            },
            Made::Sysctl {
                old: "0".to_owned(),
                new: "1".to_owned(),
            },
            set(Place::Host, "1"),
        )
        .but(set(Place::Host, "2"), left),
        Case::new(
            operation(Place::Container),
            Inverse::RestoreSysctl {
                place: Place::Container,
                key: forwarding(),
                old: "0".to_owned(),
                new: "01".to_owned(),
            },
            set(Place::Container, "01"),
        )
        .but(set(Place::Container, "2"), left),
    ]
}

fn claim(ground: &Ground) -> Case {
    let directory = ground.state.root().join("records");
    let address = "10.22.0.2".parse().unwrap();
    let (there, theirs): (PathBuf, _) = (directory.clone(), directory.join("10.22.0.2"));
    Case::new(
        Operation::Claim {
            directory: directory.clone(),
            address,
        },
        Inverse::ReleaseClaim { directory, address },
        move |ground| {
            let owner = Owner {
                container_id: ground.id.container_id.clone(),
                interface_name: Some(ground.id.interface_name.clone()),
            };
            let state = ground.state.directory.path().to_owned();
            let mut records = Records::open(&there, &state, &ground.id, owner, soon()).unwrap();
            assert!(records.claim(&address).unwrap());
        },
    )
    .but(move |_| std::fs::write(&theirs, "c2\r\neth0").unwrap(), None)
}
