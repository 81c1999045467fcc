use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use cofferdam_network::{Error, Kernel, LinkId, Network, OperationalState};
use cofferdam_protocol::Place;
use nix::sched::{CloneFlags, setns};

use crate::fixture::{
    TIME_LIMIT, assert_conflict, assert_invalid, assert_not_found, bridge, end, in_new_namespaces, mac, missing,
    new_namespace, skipped, veth, veth_up, with_namespace,
};

#[test]
fn a_new_namespace_has_a_loopback_that_is_down() {
    in_new_namespaces(|kernel| {
        for place in [Place::Host, Place::Container] {
            let lo = kernel.link_by_name(place, "lo").unwrap().unwrap();
            assert_eq!(lo.id, LinkId { place, index: 1 });
            assert_eq!((lo.kind.as_str(), lo.up, lo.mtu), ("", false, 65536));
            assert_eq!(kernel.links(place).unwrap()[0], lo);
            assert_eq!(kernel.link(lo.id).unwrap(), Some(lo));
        }
    });
}

#[test]
fn a_link_that_is_not_there_is_none() {
    in_new_namespaces(|kernel| {
        let name = "a-long-alternative-name";
        assert_eq!(kernel.link_by_name(Place::Host, "eth7").unwrap(), None);
        assert_eq!(kernel.link_by_name(Place::Host, name).unwrap(), None);
        assert_eq!(kernel.link(missing(Place::Container)).unwrap(), None);
    });
}

#[test]
fn what_cannot_name_a_link_is_refused_before_the_kernel_is_asked() {
    in_new_namespaces(|kernel| {
        assert_invalid(kernel.link_by_name(Place::Host, ""));
        assert_invalid(kernel.link_by_name(Place::Host, "lo\0x"));
        for index in [0, u32::MAX] {
            let place = Place::Host;
            assert_invalid(kernel.delete_link(LinkId { place, index }));
        }
    });
}

#[test]
fn without_a_container_there_is_no_container_namespace() {
    let mut kernel = Kernel::new(TIME_LIMIT);
    let result = kernel.links(Place::Container);
    assert!(matches!(result, Err(Error::NoNamespace(Place::Container))));
}

#[test]
fn alternative_names_count() {
    in_new_namespaces(|kernel| {
        let (_, outer) = veth(kernel);
        for name in ["other", "a-long-alternative-name"] {
            if !add_alternative_name("veth0", name) {
                return;
            }
            let found = kernel.link_by_name(Place::Host, name).unwrap().unwrap();
            assert_eq!((found.id, found.name.as_str()), (outer, "veth0"));
        }
    });
}

/// With `ip`, so that a test does not trust the code that it tests.
fn add_alternative_name(link: &str, name: &str) -> bool {
    let arguments = ["link", "property", "add", "dev", link, "altname", name];
    let added = std::process::Command::new("ip").args(arguments).status();
    let added = added.is_ok_and(|status| status.success());
    if !added {
        skipped(format_args!("`ip` can't add an alternative name here"));
    }
    added
}

#[test]
fn the_settings_of_a_link_change() {
    in_new_namespaces(|kernel| {
        let (inner, outer) = veth(kernel);
        for link in [inner, outer] {
            kernel.set_link_mtu(link, 1400).unwrap();
            kernel.set_link_mac(link, mac(0x77)).unwrap();
            kernel.set_link_promiscuous(link, true).unwrap();
            let info = kernel.link(link).unwrap().unwrap();
            assert_eq!((info.mtu, info.mac), (1400, Some(mac(0x77))));
            assert!(info.promiscuous && !info.up);

            kernel.set_link_promiscuous(link, false).unwrap();
            assert!(!kernel.link(link).unwrap().unwrap().promiscuous);
        }
    });
}

#[test]
fn a_link_takes_all_multicast_frames_and_has_a_queue() {
    in_new_namespaces(|kernel| {
        let (inner, outer) = veth(kernel);
        for link in [inner, outer] {
            kernel.set_link_all_multicast(link, true).unwrap();
            kernel.set_link_queue_length(link, 123).unwrap();
            let info = kernel.link(link).unwrap().unwrap();
            assert_eq!((info.all_multicast, info.transmit_queue_length), (true, 123));
            assert!(!info.promiscuous && !info.up);
            kernel.set_link_all_multicast(link, false).unwrap();
            kernel.set_link_queue_length(link, 0).unwrap();
            let info = kernel.link(link).unwrap().unwrap();
            assert_eq!((info.all_multicast, info.transmit_queue_length), (false, 0));
        }
    });
}

#[test]
fn a_port_is_not_promiscuous_for_being_one() {
    in_new_namespaces(|kernel| {
        let (_, outer) = veth(kernel);
        let bridge = bridge(kernel, "br0");
        kernel.set_link_master(outer, Some(bridge.index)).unwrap();
        assert!(!kernel.link(outer).unwrap().unwrap().promiscuous);
        kernel.set_link_promiscuous(outer, true).unwrap();
        kernel.set_link_master(outer, None).unwrap();
        assert!(kernel.link(outer).unwrap().unwrap().promiscuous);
    });
}

#[test]
fn a_link_goes_up_and_down() {
    in_new_namespaces(|kernel| {
        let (inner, outer) = veth_up(kernel);
        kernel.set_link_up(inner, false).unwrap();
        let info = kernel.link(inner).unwrap().unwrap();
        assert_eq!((info.up, info.operational_state), (false, OperationalState::Down));
        let other = kernel.link(outer).unwrap().unwrap();
        assert!(other.up);
    });
}

#[test]
fn changing_a_missing_link_names_it() {
    in_new_namespaces(|kernel| {
        let link = missing(Place::Container);
        let words = ["link 4711", "container"];
        assert_not_found(kernel.set_link_up(link, true), &words);
        assert_not_found(kernel.set_link_mtu(link, 1400), &words);
        assert_not_found(kernel.set_link_mac(link, mac(1)), &words);
        assert_not_found(kernel.set_link_promiscuous(link, true), &words);
        assert_not_found(kernel.set_link_all_multicast(link, true), &words);
        assert_not_found(kernel.set_link_queue_length(link, 500), &words);
        assert_not_found(kernel.set_link_master(link, None), &words);
        assert_not_found(kernel.set_port_hairpin(link, true), &words);
        assert_not_found(kernel.set_port_isolated(link, true), &words);
        assert_not_found(kernel.delete_link(link), &words);
    });
}

#[test]
fn the_kernels_own_words_are_in_the_error() {
    in_new_namespaces(|kernel| {
        let (inner, _) = veth(kernel);
        let error = kernel.set_link_mtu(inner, 10).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("changing the MTU of link"), "{text}");
        assert!(text.contains("mtu less than device minimum"), "{text}");
    });
}

#[test]
fn an_address_that_no_link_can_have_is_refused() {
    in_new_namespaces(|kernel| {
        let (inner, _) = veth(kernel);
        for bytes in [[0; 6], [1, 0, 0, 0, 0, 1]] {
            let address = cofferdam_protocol::MacAddress(bytes);
            assert_invalid(kernel.set_link_mac(inner, address));
        }
    });
}

#[test]
fn deleting_one_end_of_a_pair_deletes_both() {
    in_new_namespaces(|kernel| {
        let (inner, outer) = veth(kernel);
        kernel.delete_link(outer).unwrap();
        assert_eq!(kernel.link(inner).unwrap(), None);
        assert_not_found(kernel.delete_link(outer), &["link", "host"]);
    });
}

#[test]
fn a_port_of_a_bridge_has_settings_of_its_own() {
    in_new_namespaces(|kernel| {
        let bridge = bridge(kernel, "br0");
        let (_, outer) = veth(kernel);
        kernel.set_link_master(outer, Some(bridge.index)).unwrap();
        let info = kernel.link(outer).unwrap().unwrap();
        assert_eq!(info.master, Some(bridge.index));
        assert_eq!((info.hairpin, info.isolated), (Some(false), Some(false)));

        for on in [true, false] {
            kernel.set_port_hairpin(outer, on).unwrap();
            kernel.set_port_isolated(outer, !on).unwrap();
            let info = kernel.link(outer).unwrap().unwrap();
            assert_eq!((info.hairpin, info.isolated), (Some(on), Some(!on)));
        }

        kernel.set_link_master(outer, None).unwrap();
        let info = kernel.link(outer).unwrap().unwrap();
        assert_eq!((info.master, info.hairpin, info.isolated), (None, None, None));
    });
}

#[test]
fn what_is_no_port_has_no_port_settings() {
    in_new_namespaces(|kernel| {
        let (inner, outer) = veth(kernel);
        assert_conflict(kernel.set_port_hairpin(inner, true), &["not a port"]);
        assert_conflict(kernel.set_port_isolated(outer, true), &["not a port"]);
    });
}

#[test]
fn a_master_has_to_be_a_bridge_that_exists() {
    in_new_namespaces(|kernel| {
        let (_, outer) = veth(kernel);
        assert_not_found(kernel.set_link_master(outer, Some(4711)), &["link 4711", "host"]);
        let lo = kernel.set_link_master(outer, Some(1));
        assert_conflict(lo, &["link 1", "not a bridge"]);
    });
}

#[test]
fn a_list_of_many_links_is_complete() {
    in_new_namespaces(|kernel| {
        make_pairs(kernel, 300);
        let mut names: Vec<_> = kernel
            .links(Place::Host)
            .unwrap()
            .into_iter()
            .map(|link| link.name)
            .collect();
        names.sort();
        names.dedup();
        // 600 ends and lo
        assert_eq!(names.len(), 601);
    });
}

fn make_pairs(kernel: &mut Kernel, number: u32) {
    for i in 0..number {
        let (first, second) = (format!("a{i}"), format!("b{i}"));
        kernel
            .create_veth(&end(Place::Host, &first, 1), &end(Place::Host, &second, 2))
            .unwrap();
    }
}

#[test]
fn a_list_is_right_while_links_come_and_go() {
    with_namespace(|container| {
        let busy = container.try_clone().unwrap();
        let mut kernel = Kernel::new(TIME_LIMIT).with_container(container);
        for i in 0..100 {
            let name = format!("stays{i}");
            let first = end(Place::Container, &name, 1);
            let second = end(Place::Host, &name, 2);
            kernel.create_veth(&first, &second).unwrap();
        }
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let churn = thread::spawn(move || {
            setns(busy, CloneFlags::CLONE_NEWNET).unwrap();
            let mut here = Kernel::new(TIME_LIMIT);
            while !stopped.load(Ordering::Relaxed) {
                let first = end(Place::Host, "comes", 3);
                let second = end(Place::Host, "goes", 4);
                let (link, _) = here.create_veth(&first, &second).unwrap();
                here.delete_link(link).unwrap();
                // The list has to come to an end some time.
                thread::sleep(Duration::from_millis(5));
            }
        });
        for _ in 0..50 {
            let links = kernel.links(Place::Container).unwrap();
            let staying = links.iter().filter(|link| link.name.starts_with("stays"));
            assert_eq!(staying.count(), 100);
        }
        stop.store(true, Ordering::Relaxed);
        churn.join().unwrap();
    });
}

#[test]
fn the_calling_thread_stays_in_its_namespace() {
    with_namespace(|container| {
        let before = cofferdam_network::namespace::open_current().unwrap();
        let mut kernel = Kernel::new(TIME_LIMIT).with_container(container);
        veth(&mut kernel);
        assert!(cofferdam_network::namespace::is_current(before).unwrap());
    });
}

#[test]
fn a_dropped_value_does_not_keep_the_namespace() {
    with_namespace(|_| {
        let gone = new_namespace();
        let mut kernel = Kernel::new(TIME_LIMIT).with_container(gone);
        let (_, outer) = veth(&mut kernel);
        drop(kernel);
        // The last reference was ours: the kernel takes the namespace down,
        // and with it the pair.
        let mut kernel = Kernel::new(TIME_LIMIT);
        crate::fixture::wait_until(|| kernel.link(outer).unwrap().is_none());
    });
}
