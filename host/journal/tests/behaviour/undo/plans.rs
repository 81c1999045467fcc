//! Operations that random sequences are made of, with their inverses as they
//! are where the ones before were done.

use cofferdam_journal::{Inverse, Operation};
use cofferdam_network::{Error, LinkId, Network as _, RouteMode, nftables::Element};
use cofferdam_protocol::Place;

use crate::{
    ground::{COMMENT, Ground},
    things::*,
};

/// What comes of a plan in the state that the steps before left; nothing where
/// it makes no sense there.
pub(super) type Planned = Option<(Operation, Inverse)>;
pub(super) type Plan = fn(&mut Ground, usize) -> Planned;

pub(super) const PLANS: [Plan; 16] = [
    mtu,
    up,
    address_of_link,
    promiscuous,
    all_multicast,
    queue_length,
    master,
    hairpin,
    isolated,
    add_address,
    delete_address,
    add_route,
    rule_or_neighbor,
    delete_others,
    setting,
    elements,
];

fn nic_or_port(ground: &Ground, choice: usize) -> (LinkId, String) {
    match choice % 2 {
        0 => (ground.nic, "nic0".to_owned()),
        _ => (ground.port, "nic2".to_owned()),
    }
}

fn port(ground: &Ground) -> (LinkId, String) {
    (ground.port, "nic2".to_owned())
}

fn mtu(ground: &mut Ground, choice: usize) -> Planned {
    let (link, name) = nic_or_port(ground, choice);
    let old = ground.kernel.link(link).unwrap().unwrap().mtu;
    let mtu = [1300, 1400, 1500][choice % 3];
    let operation = Operation::SetLinkMtu {
        link,
        name: name.clone(),
        mtu,
    };
    (mtu != old).then_some((operation, Inverse::RestoreMtu { link, name, old }))
}

fn up(ground: &mut Ground, choice: usize) -> Planned {
    let (link, name) = port(ground);
    let old = ground.kernel.link(link).unwrap().unwrap().up;
    let up = choice.is_multiple_of(2);
    let operation = Operation::SetLinkUp {
        link,
        name: name.clone(),
        up,
    };
    (up != old).then_some((operation, Inverse::RestoreUp { link, name, old }))
}

fn address_of_link(ground: &mut Ground, choice: usize) -> Planned {
    let (link, name) = port(ground);
    let old = ground.kernel.link(link).unwrap().unwrap().mac.unwrap();
    let new = mac([0x40, 0x41, 0x42][choice % 3]);
    let operation = Operation::SetLinkMac {
        link,
        name: name.clone(),
        mac: new,
    };
    (new != old).then_some((operation, Inverse::RestoreMac { link, name, old }))
}

fn promiscuous(ground: &mut Ground, choice: usize) -> Planned {
    let (link, name) = match choice % 4 {
        0 | 1 => (ground.bridge, "br0".to_owned()),
        _ => port(ground),
    };
    let old = ground.kernel.link(link).unwrap().unwrap().promiscuous;
    let on = choice.is_multiple_of(2);
    let operation = Operation::SetLinkPromiscuous {
        link,
        name: name.clone(),
        on,
    };
    (on != old).then_some((operation, Inverse::RestorePromiscuous { link, name, old }))
}

fn all_multicast(ground: &mut Ground, choice: usize) -> Planned {
    let (link, name) = port(ground);
    let old = ground.kernel.link(link).unwrap().unwrap().all_multicast;
    let on = choice.is_multiple_of(2);
    let operation = Operation::SetLinkAllMulticast {
        link,
        name: name.clone(),
        on,
    };
    (on != old).then_some((operation, Inverse::RestoreAllMulticast { link, name, old }))
}

fn queue_length(ground: &mut Ground, choice: usize) -> Planned {
    let (link, name) = port(ground);
    let old = ground.kernel.link(link).unwrap().unwrap().transmit_queue_length;
    let packets = [0, 500, 2000][choice % 3];
    let operation = Operation::SetLinkQueueLength {
        link,
        name: name.clone(),
        packets,
    };
    (packets != old).then_some((operation, Inverse::RestoreQueueLength { link, name, old }))
}

fn master(ground: &mut Ground, choice: usize) -> Planned {
    let (link, name) = nic_or_port(ground, choice);
    let old = ground.kernel.link(link).unwrap().unwrap().master;
    let master = (choice % 4 < 2).then_some(ground.bridge.index);
    let operation = Operation::SetLinkMaster {
        link,
        name: name.clone(),
        master,
    };
    (master != old).then_some((operation, Inverse::RestoreMaster { link, name, old }))
}

fn hairpin(ground: &mut Ground, choice: usize) -> Planned {
    let (link, name) = port(ground);
    let old = ground.kernel.link(link).unwrap().unwrap().hairpin?;
    let on = choice.is_multiple_of(2);
    let operation = Operation::SetPortHairpin {
        link,
        name: name.clone(),
        on,
    };
    (on != old).then_some((operation, Inverse::RestoreHairpin { link, name, old }))
}

fn isolated(ground: &mut Ground, choice: usize) -> Planned {
    let (link, name) = port(ground);
    let old = ground.kernel.link(link).unwrap().unwrap().isolated?;
    let on = choice.is_multiple_of(2);
    let operation = Operation::SetPortIsolated {
        link,
        name: name.clone(),
        on,
    };
    (on != old).then_some((operation, Inverse::RestoreIsolated { link, name, old }))
}

const ADDRESSES: [&str; 4] = [
    "203.0.113.5/24",
    "203.0.113.6/24",
    "198.51.100.7/32",
    "2001:db8:5::1/64",
];

fn has_address(ground: &mut Ground, link: LinkId, address: &str) -> bool {
    let found = ground.kernel.addresses(link).unwrap();
    found.iter().any(|found| found.address == prefix(address))
}

fn add_address(ground: &mut Ground, choice: usize) -> Planned {
    let link = ground.nic;
    let text = ADDRESSES[choice % ADDRESSES.len()];
    if has_address(ground, link, text) {
        return None;
    }
    let (name, address) = ("nic0".to_owned(), prefix(text));
    let operation = Operation::AddAddress {
        link,
        name: name.clone(),
        address,
        skip_duplicate_detection: true,
    };
    Some((operation, Inverse::DeleteAddress { link, name, address }))
}

/// The others' one of IPv6: with one of IPv4 routes would go, too.
fn delete_address(ground: &mut Ground, _: usize) -> Planned {
    let link = ground.nic;
    let text = "2001:db8::1/64";
    if !has_address(ground, link, text) {
        return None;
    }
    let (name, address) = ("nic0".to_owned(), prefix(text));
    let operation = Operation::DeleteAddress {
        link,
        name: name.clone(),
        address,
    };
    Some((operation, Inverse::AddAddress { link, name, address }))
}

fn add_route(ground: &mut Ground, choice: usize) -> Planned {
    let link = ground.nic;
    let route = match choice % 4 {
        0 => route("203.0.113.128/25", None),
        1 => route("203.0.113.128/25", Some("192.0.2.253")),
        2 => route("198.51.100.0/24", Some("192.0.2.252")),
        _ => route("2001:db8:9::/48", None),
    };
    let name = "nic0".to_owned();
    let operation = Operation::AddRoute {
        link,
        name: name.clone(),
        route: route.clone(),
        mode: RouteMode::Exclusive,
    };
    Some((operation, Inverse::DeleteRoute { link, name, route }))
}

fn rule_or_neighbor(ground: &mut Ground, choice: usize) -> Planned {
    let link = ground.nic;
    if choice.is_multiple_of(2) {
        let rule = rule(Some(["192.0.2.70/32", "192.0.2.71/32"][choice / 2 % 2]), Some(2000));
        let place = Place::Host;
        if ground
            .kernel
            .rules(place)
            .unwrap()
            .iter()
            .any(|there| rule.describes(there))
        {
            return None;
        }
        let operation = Operation::AddRule {
            place,
            rule: rule.clone(),
        };
        return Some((operation, Inverse::DeleteRule { place, rule }));
    }
    let neighbor = neighbor(["192.0.2.8", "192.0.2.7"][choice / 2 % 2], 0x88);
    let name = "nic0".to_owned();
    let operation = Operation::AddNeighbor {
        link,
        name: name.clone(),
        neighbor: neighbor.clone(),
    };
    Some((operation, Inverse::DeleteNeighbor { link, name, neighbor }))
}

/// A route, rule or neighbour of somebody else's.
fn delete_others(ground: &mut Ground, choice: usize) -> Planned {
    let link = ground.nic;
    let (name, place) = ("nic0".to_owned(), Place::Host);
    match choice % 3 {
        0 => {
            let routes = ground.kernel.routes(link, 254).unwrap();
            let theirs = routes.into_iter().find(|route| others_route().describes(route))?;
            let operation = Operation::DeleteRoute {
                link,
                name: name.clone(),
                route: others_route(),
            };
            Some((
                operation,
                Inverse::AddRoute {
                    link,
                    name,
                    route: theirs,
                },
            ))
        }
        1 => {
            let rules = ground.kernel.rules(place).unwrap();
            rules.iter().find(|there| others_rule().describes(there))?;
            let rule = others_rule();
            let operation = Operation::DeleteRule {
                place,
                rule: rule.clone(),
            };
            Some((operation, Inverse::AddRule { place, rule }))
        }
        _ => {
            let neighbors = ground.kernel.neighbors(link).unwrap();
            let neighbor = neighbors.into_iter().find(|there| *there == others_neighbor())?;
            let operation = Operation::DeleteNeighbor {
                link,
                name: name.clone(),
                neighbor: neighbor.clone(),
            };
            Some((operation, Inverse::AddNeighbor { link, name, neighbor }))
        }
    }
}

fn setting(ground: &mut Ground, choice: usize) -> Planned {
    let (place, key) = (Place::Container, forwarding());
    let old = ground.kernel.sysctl(place, &key).unwrap();
    let new = ["0", "1"][choice % 2].to_owned();
    let operation = Operation::SetSysctl {
        place,
        key: key.clone(),
        value: new.clone(),
    };
    (new != old).then_some((operation, Inverse::RestoreSysctl { place, key, old, new }))
}

fn elements(ground: &mut Ground, choice: usize) -> Planned {
    let (place, table, set) = (Place::Host, table().id, set());
    let address = ["10.0.0.1", "10.0.0.2", "10.0.0.3"][choice % 3];
    let elements: Vec<Element> = vec![element(address)];
    let comment = ground
        .kernel
        .element_comment(place, &table, &set, &elements[0])
        .unwrap();
    Some(if let Some(comment) = comment {
        let operation = Operation::DeleteElements {
            place,
            table: table.clone(),
            set: set.clone(),
            elements: elements.clone(),
        };
        let inverse = Inverse::AddElements {
            place,
            table,
            set,
            elements,
            comment,
        };
        (operation, inverse)
    } else {
        let comment = COMMENT.to_owned();
        let operation = Operation::AddElements {
            place,
            table: table.clone(),
            set: set.clone(),
            elements: elements.clone(),
            comment: comment.clone(),
        };
        let inverse = Inverse::DeleteElements {
            place,
            table,
            set,
            elements,
            comment,
        };
        (operation, inverse)
    })
}

/// Asks the kernel for a planned operation.
pub(super) fn carry_out(ground: &mut Ground, operation: &Operation) -> Result<(), Error> {
    let kernel = &mut ground.kernel;
    match operation {
        Operation::SetLinkMtu { link, mtu, .. } => kernel.set_link_mtu(*link, *mtu),
        Operation::SetLinkUp { link, up, .. } => kernel.set_link_up(*link, *up),
        Operation::SetLinkMac { link, mac, .. } => kernel.set_link_mac(*link, *mac),
        Operation::SetLinkPromiscuous { link, on, .. } => kernel.set_link_promiscuous(*link, *on),
        Operation::SetLinkAllMulticast { link, on, .. } => kernel.set_link_all_multicast(*link, *on),
        Operation::SetLinkQueueLength { link, packets, .. } => kernel.set_link_queue_length(*link, *packets),
        Operation::SetLinkMaster { link, master, .. } => kernel.set_link_master(*link, *master),
        Operation::SetPortHairpin { link, on, .. } => kernel.set_port_hairpin(*link, *on),
        Operation::SetPortIsolated { link, on, .. } => kernel.set_port_isolated(*link, *on),
        Operation::AddAddress { link, address, .. } => kernel.add_address(*link, *address, true),
        Operation::DeleteAddress { link, address, .. } => kernel.delete_address(*link, *address),
        Operation::AddRoute { link, route, mode, .. } => kernel.add_route(*link, route, *mode),
        Operation::DeleteRoute { link, route, .. } => kernel.delete_route(*link, route),
        Operation::AddRule { place, rule } => kernel.add_rule(*place, rule),
        Operation::DeleteRule { place, rule } => kernel.delete_rule(*place, rule),
        Operation::AddNeighbor { link, neighbor, .. } => kernel.add_neighbor(*link, neighbor),
        Operation::DeleteNeighbor { link, neighbor, .. } => kernel.delete_neighbor(*link, neighbor),
        Operation::SetSysctl { place, key, value } => kernel.set_sysctl(*place, key, value),
        Operation::AddElements {
            place,
            table,
            set,
            elements,
            comment,
        } => kernel.add_elements(*place, table, set, elements, comment),
        Operation::DeleteElements {
            place,
            table,
            set,
            elements,
        } => kernel.delete_elements(*place, table, set, elements),
        other => panic!("{other} is not planned"),
    }
}
