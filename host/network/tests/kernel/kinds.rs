use cofferdam_network::{
    Ahead, Error, IpvlanIsolation, IpvlanMode, Kernel, LinkId, LinkSettings, MacvlanMode, Network, NewLink, Route,
    RouteMode,
};
use cofferdam_protocol::Place;

use crate::fixture::{
    assert_conflict, assert_exists, assert_invalid, assert_not_found, bridge, end, has_file, in_new_namespaces, mac,
    missing, prefix, skipped, veth,
};

const MACVLAN: LinkSettings = LinkSettings::Macvlan {
    mode: MacvlanMode::Bridge,
    broadcast_queue_length: None,
};
const TAP: LinkSettings = LinkSettings::Tap {
    owner: None,
    group: None,
    multi_queue: false,
};

fn new(place: Place, name: &str, settings: LinkSettings) -> NewLink {
    NewLink {
        place,
        name: name.to_owned(),
        mac: Some(mac(0x50)),
        mtu: Some(1400),
        transmit_queue_length: Some(77),
        parent: None,
        settings,
    }
}

fn upon(parent: LinkId, link: NewLink) -> NewLink {
    NewLink {
        parent: Some(parent),
        mac: link.mac.filter(|_| !link.settings.has_parents_mac()),
        ..link
    }
}

/// A link of the node that others can be upon.
fn parent(kernel: &mut Kernel) -> LinkId {
    kernel
        .create_veth(&end(Place::Host, "nic0", 1), &end(Place::Host, "nic1", 2))
        .unwrap()
        .0
}

/// Makes a link; `None`, and says so, where the kernel has none of its kind.
fn made(kernel: &mut Kernel, link: &NewLink) -> Option<LinkId> {
    match kernel.create_link(link) {
        Ok(id) => Some(id),
        Err(Error::Unsupported(text)) => {
            assert!(
                text.contains(link.settings.kind()) && text.contains(&link.name),
                "{text}"
            );
            skipped(format_args!("{text}"));
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn has_taps() -> bool {
    has_file("/dev/net/tun", "TAP devices")
}

fn with_parents() -> Vec<LinkSettings> {
    let macvlans = [
        MacvlanMode::Bridge,
        MacvlanMode::Private,
        MacvlanMode::Vepa,
        MacvlanMode::Passthru,
    ];
    let ipvlans = [IpvlanMode::L2, IpvlanMode::L3, IpvlanMode::L3s];
    let isolations = [IpvlanIsolation::None, IpvlanIsolation::Private, IpvlanIsolation::Vepa];
    macvlans
        .map(|mode| LinkSettings::Macvlan {
            mode,
            broadcast_queue_length: Some(5000),
        })
        .into_iter()
        .chain(
            ipvlans
                .into_iter()
                .flat_map(|mode| isolations.map(|isolation| LinkSettings::Ipvlan { mode, isolation })),
        )
        .chain([LinkSettings::Vlan { id: 0 }, LinkSettings::Vlan { id: 4094 }])
        .collect()
}

fn without_parents() -> Vec<LinkSettings> {
    let mut all = vec![
        LinkSettings::Dummy,
        LinkSettings::Ifb,
        LinkSettings::Vrf { table: 70_000 },
        TAP,
    ];
    all.push(LinkSettings::Tap {
        owner: Some(1000),
        group: Some(0),
        multi_queue: true,
    });
    all
}

#[test]
fn a_link_appears_where_it_belongs_as_declared() {
    for settings in without_parents() {
        for place in [Place::Host, Place::Container] {
            let wanted = new(place, "x0", settings.clone());
            in_new_namespaces(move |kernel| {
                let Some(id) = made(kernel, &wanted) else { return };
                assert_as_declared(kernel, id, &wanted);
                kernel.delete_link(id).unwrap();
                assert_eq!(kernel.links(place).unwrap().len(), 1);
            });
        }
    }
}

#[test]
fn a_link_upon_another_is_made_in_either_namespace() {
    for settings in with_parents() {
        for (of_parent, place) in [
            (Place::Host, Place::Container),
            (Place::Host, Place::Host),
            (Place::Container, Place::Container),
        ] {
            let wanted = new(place, "x0", settings.clone());
            in_new_namespaces(move |kernel| {
                let (inner, _) = veth(kernel);
                let parent = if of_parent == Place::Host {
                    parent(kernel)
                } else {
                    inner
                };
                let wanted = upon(parent, wanted);
                let Some(id) = made(kernel, &wanted) else { return };
                assert_as_declared(kernel, id, &wanted);
                let info = kernel.link(id).unwrap().unwrap();
                assert_eq!(info.lower, Some(parent.index));
                assert_eq!(info.lower_elsewhere, place != of_parent);
                if wanted.mac.is_none() {
                    assert_eq!(info.mac, kernel.link(parent).unwrap().unwrap().mac);
                }
            });
        }
    }
}

fn assert_as_declared(kernel: &mut Kernel, id: LinkId, wanted: &NewLink) {
    assert_eq!(id.place, wanted.place);
    let info = kernel.link(id).unwrap().unwrap();
    assert_eq!((info.name.as_str(), info.up), (wanted.name.as_str(), false));
    assert_eq!(info.kind, wanted.settings.kind());
    assert_eq!(info.settings.as_ref(), Some(&wanted.settings));
    assert_eq!(
        (info.mtu, info.transmit_queue_length),
        (1400, 77),
        "{:?}",
        wanted.settings
    );
    assert!(wanted.mac.is_none_or(|mac| info.mac == Some(mac)), "{info:?}");
}

/// The kernel looks for names in the namespace that a request comes from.
#[test]
fn a_name_may_be_that_of_a_link_of_the_other_namespace() {
    in_new_namespaces(|kernel| {
        let parent = parent(kernel);
        let settings = LinkSettings::Macvlan {
            mode: MacvlanMode::Bridge,
            broadcast_queue_length: Some(17),
        };
        let wanted = upon(parent, new(Place::Container, "nic1", settings));
        let id = kernel.create_link(&wanted).unwrap();
        assert_as_declared(kernel, id, &wanted);
        assert_eq!(kernel.links(Place::Host).unwrap().len(), 3);
    });
}

#[test]
fn a_name_that_is_taken_is_told_and_nothing_is_left() {
    in_new_namespaces(|kernel| {
        if !has_taps() {
            return;
        }
        veth(kernel);
        let parent = parent(kernel);
        assert_exists(
            kernel.create_link(&upon(parent, new(Place::Container, "eth0", MACVLAN))),
            &["eth0", "container"],
        );
        for settings in [TAP, LinkSettings::Ifb] {
            let wanted = new(Place::Container, "eth0", settings);
            assert_exists(kernel.create_link(&wanted), &["eth0", "container"]);
        }
        assert_eq!(kernel.links(Place::Container).unwrap().len(), 2);
    });
}

#[test]
fn a_parent_that_is_missing_or_in_use_is_told() {
    in_new_namespaces(|kernel| {
        let wanted = new(Place::Container, "x0", MACVLAN);
        assert_not_found(
            kernel.create_link(&upon(missing(Place::Host), wanted.clone())),
            &["link 4711", "host"],
        );
        let port = parent(kernel);
        let bridge = bridge(kernel, "br0");
        kernel.set_link_master(port, Some(bridge.index)).unwrap();
        assert_conflict(kernel.create_link(&upon(port, wanted.clone())), &["x0", "in use"]);
        assert_invalid(kernel.create_link(&wanted));
        assert_invalid(kernel.create_link(&upon(port, new(Place::Host, "x0", LinkSettings::Ifb))));
        assert_eq!(kernel.links(Place::Container).unwrap().len(), 1);
    });
}

#[test]
fn a_vlan_that_is_taken_is_told() {
    in_new_namespaces(|kernel| {
        let parent = parent(kernel);
        let vlan = LinkSettings::Vlan { id: 5 };
        if made(kernel, &upon(parent, new(Place::Container, "x0", vlan.clone()))).is_none() {
            return;
        }
        let other = upon(parent, new(Place::Host, "x1", vlan));
        assert_conflict(kernel.create_link(&other), &["VLAN 5", "in use"]);
    });
}

/// Until the last step the device goes with its descriptor.
#[test]
fn a_tap_device_that_could_not_be_made_as_a_whole_is_not_there() {
    in_new_namespaces(|kernel| {
        if !has_taps() {
            return;
        }
        let wanted = NewLink {
            mtu: Some(10),
            ..new(Place::Container, "tap0", TAP)
        };
        assert!(matches!(kernel.create_link(&wanted), Err(Error::Os { .. })));
        assert_eq!(kernel.links(Place::Container).unwrap().len(), 1);
    });
}

#[test]
fn as_many_tap_devices_can_be_made_as_were_opened_ahead() {
    in_new_namespaces(|kernel| {
        if !has_taps() {
            return;
        }
        let ahead = Ahead {
            taps: 2,
            ..Ahead::default()
        };
        kernel.open_ahead(&ahead).unwrap();
        for (name, expected) in [("tap0", true), ("tap1", true), ("tap2", false)] {
            let made = kernel.create_link(&new(Place::Container, name, TAP));
            assert_eq!(made.is_ok(), expected, "{name}: {made:?}");
        }
    });
}

#[test]
fn the_default_link_is_that_of_the_first_default_route() {
    in_new_namespaces(|kernel| {
        assert_eq!(kernel.default_link(Place::Host).unwrap(), None);
        let parent = parent(kernel);
        let (inner, outer) = veth(kernel);
        for link in [parent, inner, outer] {
            kernel.set_link_up(link, true).unwrap();
        }
        let route = |destination: &str| Route {
            destination: prefix(destination),
            gateway: None,
            source: None,
            priority: None,
            table: None,
            scope: None,
            mtu: None,
            advmss: None,
        };
        let elsewhere = Route {
            table: Some(100),
            ..route("0.0.0.0/0")
        };
        let add =
            |kernel: &mut Kernel, link, route: Route| kernel.add_route(link, &route, RouteMode::Exclusive).unwrap();
        add(kernel, outer, elsewhere);
        add(kernel, outer, route("10.0.0.0/8"));
        assert_eq!(kernel.default_link(Place::Host).unwrap(), None);
        add(kernel, parent, route("::/0"));
        assert_eq!(kernel.default_link(Place::Host).unwrap(), Some(parent));
        add(kernel, outer, route("0.0.0.0/0"));
        assert_eq!(kernel.default_link(Place::Host).unwrap(), Some(outer));
        assert_eq!(kernel.default_link(Place::Container).unwrap(), None);
        add(kernel, inner, route("0.0.0.0/0"));
        assert_eq!(kernel.default_link(Place::Container).unwrap(), Some(inner));
    });
}
