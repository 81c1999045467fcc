//! Devices come home, whatever a container or somebody else did meanwhile.

use cofferdam_network::{LinkInfo, Network as _};
use cofferdam_protocol::Place;
use cofferdam_tests::{Namespace, needs_kernel};

use crate::{
    cases::device,
    ground::{Ground, assert_same, kernel_of},
    steps::{do_it, ip},
};

fn at_home(ground: &mut Ground, name: &str) -> Option<LinkInfo> {
    ground.kernel.link_by_name(Place::Host, name).unwrap()
}

/// What a container can do to keep or change it.
#[test]
fn a_device_comes_home_as_it_was_whatever_the_container_did_to_it() {
    needs_kernel!();
    type Disguise = fn(&Namespace);
    let disguises: [(&str, Disguise); 6] = [
        ("set up, with addresses and a route", |container| {
            container.ip(&["link", "set", "net1", "up"]);
            container.ip(&["address", "add", "198.51.100.1/24", "dev", "net1"]);
        }),
        ("renamed, without its alias", |container| {
            container.ip(&["link", "set", "net1", "name", "x0"]);
            container.ip(&["link", "set", "x0", "alias", "x"]);
        }),
        ("with other settings", |container| {
            container.ip(&["link", "set", "net1", "address", "02:00:00:00:00:77"]);
            container.ip(&["link", "set", "net1", "mtu", "1400", "txqueuelen", "7"]);
            container.ip(&["link", "set", "net1", "promisc", "on", "allmulticast", "on"]);
        }),
        ("with a name of the node's", |container| {
            container.ip(&["link", "property", "add", "dev", "net1", "altname", "nic0"]);
        }),
        ("as a port", |container| {
            container.ip(&["link", "add", "br1", "type", "bridge"]);
            container.ip(&["link", "set", "net1", "master", "br1"]);
        }),
        ("with a link of the same looks beside it", |container| {
            container.ip(&["link", "set", "net1", "name", "x0"]);
            let looks = ["link", "add", "net1", "address", "02:00:00:00:00:13", "type", "veth"];
            container.ip(&looks);
            container.ip(&["link", "set", "net1", "alias", "nic3"]);
        }),
    ];
    for (what, disguise) in disguises {
        Ground::run(|ground| {
            let container = Namespace::container();
            ground.kernel = kernel_of(&container);
            ip("link set nic3 alias mine");
            let number = at_home(ground, "nic3").unwrap().id;
            let host = |ground: &mut Ground| -> Vec<String> {
                let picture = ground.picture();
                let lines = picture.lines().filter(|line| line.starts_with("host"));
                lines.map(str::to_owned).collect()
            };
            let before = host(ground);
            let mut journal = ground.begin();
            let case = device(ground);
            do_it(ground, &mut journal, &case);
            disguise(&container);

            let report = ground.roll_back(&mut journal);

            assert_same(&host(ground).join("\n"), &before.join("\n"));
            assert!(report.is_clean() && !report.has_remarks(), "{what}: {report}");
            assert!(report.items[0].restored, "{what}: {report}");
            let home = at_home(ground, "nic3").unwrap();
            assert_eq!(home.alias.as_deref(), Some("mine"), "{what}");
            assert_eq!(home.id, number, "{what}");
        });
    }
}

#[test]
fn a_device_whose_name_was_taken_comes_home_under_another() {
    needs_kernel!();
    Ground::run(|ground| {
        let mut journal = ground.begin();
        let case = device(ground);
        do_it(ground, &mut journal, &case);
        ip("link add nic3 type bridge");

        let report = ground.roll_back(&mut journal);

        let left = report.items[0].left.clone().unwrap_or_default();
        assert!(left.contains("another link took the name nic3"), "{report}");
        let links = ground.kernel.links(Place::Host).unwrap();
        let home: Vec<&LinkInfo> = links
            .iter()
            .filter(|link| link.alias.as_deref() == Some("nic3"))
            .collect();
        let [home] = home.as_slice() else { panic!("{links:?}") };
        assert!(home.kind == "veth" && home.name.starts_with("dev"), "{home:?}");
        assert!(left.contains(&home.name), "{left}");
        assert_eq!(at_home(ground, "nic3").unwrap().kind, "bridge", "theirs stays");
        // That is settled, and a DEL does not come back to it.
        journal.finish().unwrap();
    });
}

/// As the kernel gives back a card whose container is gone: under the name
/// that it had there.
#[test]
fn a_device_that_is_at_home_under_another_name_gets_its_own() {
    needs_kernel!();
    for name in ["net1", "dev17"] {
        Ground::run(|ground| {
            let before = ground.picture();
            let mut journal = ground.begin();
            let case = device(ground);
            do_it(ground, &mut journal, &case);
            let inside = ground.kernel.link_by_name(Place::Container, "net1").unwrap().unwrap();
            ground.kernel.move_link(inside.id, Place::Host, name, "nic3").unwrap();
            ip(&format!("link set {name} up mtu 1400"));

            let report = ground.roll_back(&mut journal);

            assert_same(&ground.picture(), &before);
            assert!(report.items[0].restored && !report.has_remarks(), "{report}");
        });
    }
}

#[test]
fn a_device_without_hardware_goes_with_the_container() {
    needs_kernel!();
    Ground::run(|ground| {
        let mut journal = ground.begin();
        let case = device(ground);
        do_it(ground, &mut journal, &case);
        ground.lose_container();

        let report = ground.roll_back(&mut journal);

        assert!(report.is_clean() && !report.has_remarks(), "{report}");
        journal.finish().unwrap();
    });
}
