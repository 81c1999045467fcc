use std::fs;

use cofferdam_network::{DeviceSelector, FoundDevice, Kernel, LinkId, LinkInfo, Network};
use cofferdam_protocol::Place;

use crate::fixture::{
    assert_exists, assert_invalid, assert_not_found, bridge, end, in_new_namespaces, mac, missing, prefix,
};

/// `nic0` of the node, whose other end is `nic1`.
fn nic(kernel: &mut Kernel) -> LinkId {
    let ends = (end(Place::Host, "nic0", 0x10), end(Place::Host, "nic1", 0x11));
    kernel.create_veth(&ends.0, &ends.1).unwrap().0
}

fn info(kernel: &mut Kernel, link: LinkId) -> LinkInfo {
    kernel.link(link).unwrap().unwrap()
}

#[test]
fn a_link_is_moved_and_renamed_at_once_and_back() {
    in_new_namespaces(|kernel| {
        let nic = nic(kernel);
        kernel.set_link_up(nic, true).unwrap();
        kernel.add_address(nic, prefix("192.0.2.1/24"), true).unwrap();

        let inside = kernel.move_link(nic, Place::Container, "net1", "nic0").unwrap();

        assert_eq!(kernel.link(nic).unwrap(), None);
        let moved = info(kernel, inside);
        assert_eq!((inside.place, moved.name.as_str()), (Place::Container, "net1"));
        assert_eq!(moved.alias.as_deref(), Some("nic0"));
        assert_eq!(moved.mac, Some(mac(0x10)));
        assert!(!moved.up, "the kernel takes it down");
        assert!(kernel.addresses(inside).unwrap().is_empty());

        let home = kernel.move_link(inside, Place::Host, "nic0", "").unwrap();

        assert_eq!(kernel.link(inside).unwrap(), None);
        let moved = info(kernel, home);
        assert_eq!((moved.name.as_str(), moved.alias), ("nic0", None));
    });
}

#[test]
fn a_link_is_renamed_where_it_is() {
    in_new_namespaces(|kernel| {
        let nic = nic(kernel);
        assert_eq!(kernel.move_link(nic, Place::Host, "nic7", "seven").unwrap(), nic);
        let renamed = info(kernel, nic);
        assert_eq!(
            (renamed.name.as_str(), renamed.alias.as_deref()),
            ("nic7", Some("seven"))
        );
        kernel.move_link(nic, Place::Host, "nic7", "").unwrap();
        assert_eq!(info(kernel, nic).alias, None);
    });
}

#[test]
fn a_link_is_not_moved_to_where_its_name_is_taken() {
    in_new_namespaces(|kernel| {
        let nic = nic(kernel);
        let other = kernel
            .create_veth(
                &end(Place::Container, "net1", 0x20),
                &end(Place::Container, "net2", 0x21),
            )
            .unwrap();
        let before = info(kernel, nic);
        assert_exists(kernel.move_link(nic, Place::Container, "net1", "nic0"), &["net1"]);
        assert_eq!(info(kernel, nic), before, "nothing was changed");
        // The number may be taken as well.
        assert!(other.0.index <= nic.index || kernel.link(other.0).unwrap().is_some());
        let moved = kernel.move_link(nic, Place::Container, "net3", "nic0").unwrap();
        assert_eq!(info(kernel, moved).name, "net3");
    });
}

/// Whoever is root in a container can give a link any other name.
#[test]
fn another_name_keeps_no_link_from_coming_home() {
    in_new_namespaces(|kernel| {
        let nic = nic(kernel);
        bridge(kernel, "br0");
        kernel.move_link(nic, Place::Container, "net1", "nic0").unwrap();
        for name in ["harmless", "br0"] {
            add_name(kernel, "net1", name);
        }
        let inside = kernel.link_by_name(Place::Container, "net1").unwrap().unwrap().id;
        let home = kernel.move_link(inside, Place::Host, "nic0", "").unwrap();
        assert_eq!(info(kernel, home).name, "nic0");
        let named = kernel.link_by_name(Place::Host, "harmless").unwrap().unwrap();
        assert_eq!(named.id, home, "a name that nobody else has stays");
        let bridge = kernel.link_by_name(Place::Host, "br0").unwrap().unwrap();
        assert_eq!(bridge.kind, "bridge");
    });
}

/// By way of the node, since `ip` is run there.
fn add_name(kernel: &mut Kernel, link: &str, name: &str) {
    let present = kernel.link_by_name(Place::Container, link).unwrap().unwrap();
    let alias = present.alias.clone().unwrap_or_default();
    let out = kernel.move_link(present.id, Place::Host, "detour", &alias).unwrap();
    // The name is taken there, and free for the moment that it takes to move.
    let bridge = kernel.link_by_name(Place::Host, name).unwrap();
    let away = bridge.filter(|bridge| bridge.name == name).map(|bridge| {
        kernel.move_link(bridge.id, Place::Host, "away", "").unwrap();
        bridge.id
    });
    let status = std::process::Command::new("ip")
        .args(["link", "property", "add", "dev", "detour", "altname", name])
        .status();
    assert!(status.unwrap().success());
    let back = kernel.move_link(out, Place::Container, &present.name, &alias).unwrap();
    assert_eq!(back.place, Place::Container);
    if let Some(bridge) = away {
        kernel.move_link(bridge, Place::Host, name, "").unwrap();
    }
}

#[test]
fn what_can_not_be_moved_stays_and_is_told() {
    in_new_namespaces(|kernel| {
        let nic = nic(kernel);
        let lo = kernel.link_by_name(Place::Host, "lo").unwrap().unwrap();
        assert!(kernel.move_link(lo.id, Place::Container, "lo9", "").is_err());
        assert!(kernel.link(lo.id).unwrap().is_some());
        assert_not_found(
            kernel.move_link(missing(Place::Host), Place::Container, "net1", ""),
            &["4711"],
        );
        for name in ["", "a/b", "net%d", "sixteen-letters-"] {
            assert_invalid(kernel.move_link(nic, Place::Container, name, ""));
        }
        assert_invalid(kernel.move_link(nic, Place::Container, "net1", &"a".repeat(300)));
        assert!(kernel.link(nic).unwrap().is_some());
    });
}

#[test]
fn a_device_is_found_by_name_address_and_where_the_kernel_shows_it() {
    in_new_namespaces(|kernel| {
        let nic = nic(kernel);
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("bus/pci/devices/0000:03:00.0/net");
        for name in ["nic0", "nic1", "elsewhere"] {
            fs::create_dir_all(directory.join(name)).unwrap();
        }
        let mut kernel = std::mem::replace(kernel, Kernel::new(crate::fixture::TIME_LIMIT)).with_sysfs(root.path());
        let names = |found: FoundDevice| match found {
            FoundDevice::Links(links) => links.into_iter().map(|link| link.name).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        let pci = DeviceSelector::Pci("0000:03:00.0".to_owned());
        for (selector, expected) in [
            (DeviceSelector::Name("nic0".to_owned()), vec!["nic0"]),
            (DeviceSelector::Mac(mac(0x11)), vec!["nic1"]),
            (pci.clone(), vec!["nic0", "nic1"]),
            (DeviceSelector::Id("0000:03:00.0".to_owned()), vec!["nic0", "nic1"]),
        ] {
            assert_eq!(names(kernel.find_device(&selector).unwrap()), expected, "{selector}");
        }
        for selector in [
            DeviceSelector::Name("nic7".to_owned()),
            DeviceSelector::Mac(mac(0x77)),
            DeviceSelector::Pci("0000:03:00.1".to_owned()),
        ] {
            assert_not_found(kernel.find_device(&selector), &[]);
        }
        // Another link of that name, of whichever namespace the directory is about.
        fs::write(directory.join("nic0/ifindex"), format!("{}\n", nic.index + 1000)).unwrap();
        assert_eq!(names(kernel.find_device(&pci).unwrap()), ["nic1"]);
        fs::write(directory.join("nic0/ifindex"), format!("{}\n", nic.index)).unwrap();
        assert_eq!(names(kernel.find_device(&pci).unwrap()), ["nic0", "nic1"]);
    });
}
