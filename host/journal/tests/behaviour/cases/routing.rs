//! Addresses, routes, rules and neighbours.

use cofferdam_journal::{Inverse, Operation};
use cofferdam_network::{LinkId, Network as _, Route, RouteMode, Rule};
use cofferdam_protocol::Place;

use super::Case;
use crate::{
    ground::Ground,
    things::{neighbor, others_neighbor, others_route, others_rule, prefix, route, rule},
};

pub(super) fn addresses(ground: &Ground) -> Vec<Case> {
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

pub(super) fn routes(ground: &mut Ground) -> Vec<Case> {
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
    cases.push(added_route_behind_another(nic));
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

/// With a route of somebody else's in front of it by now.
fn added_route_behind_another(nic: LinkId) -> Case {
    let ours = route("203.0.113.0/24", None);
    let theirs = Route {
        mtu: Some(1300),
        ..ours.clone()
    };
    let (act, again) = (ours.clone(), ours.clone());
    Case::new(
        Operation::AddRoute {
            link: nic,
            name: "nic0".to_owned(),
            route: ours.clone(),
            mode: RouteMode::Append,
        },
        Inverse::DeleteRoute {
            link: nic,
            name: "nic0".to_owned(),
            route: ours,
        },
        move |ground| ground.kernel.add_route(nic, &act, RouteMode::Append).unwrap(),
    )
    .but(
        move |ground| {
            ground.kernel.delete_route(nic, &again).unwrap();
            for route in [&theirs, &again] {
                ground.kernel.add_route(nic, route, RouteMode::Append).unwrap();
            }
        },
        Some("the kernel can't tell the route to"),
    )
}

pub(super) fn rules_and_neighbors(ground: &Ground) -> Vec<Case> {
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
        )
        // The kernel would delete the one that is in front of it now.
        .but(
            |ground| {
                let ours = rule(None, Some(2000));
                ground.kernel.delete_rule(Place::Host, &ours).unwrap();
                let narrower = Rule {
                    input_interface: Some("nic0".to_owned()),
                    ..ours.clone()
                };
                for rule in [narrower, ours] {
                    ground.kernel.add_rule(Place::Host, &rule).unwrap();
                }
            },
            Some("the kernel would delete an older rule"),
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
