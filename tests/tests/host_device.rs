//! The plugin `host-device`: a device of the node goes into a container and
//! comes home as it was.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, os::unix::fs::symlink};

use cofferdam_tests::{
    Container, EchoServer, SPEC_VERSIONS, Site, Snapshot, answers, device_network, furnish_device, has_flag, interface,
    needs_kernel, with,
};
use serde_json::{Value, json};

fn site() -> Site {
    let site = Site::new();
    furnish_device(&site);
    site
}

/// By another key than `device`.
fn by(key: &str, value: &str) -> Value {
    with(device_network(), json!({ "device": null, key: value }))
}

/// Shows `dev5` at an address of the PCI bus, as the kernel does.
fn show_on_bus(site: &Site, address: &str) {
    let device = site.installation().root().join("sys/bus/pci/devices").join(address);
    fs::create_dir_all(device.join("net/dev5")).unwrap();
}

/// More than the policy of the tests grants.
fn grant(site: &Site, names: &str) {
    let text = format!(
        "[plugin.host-device]\n\n[[plugin.host-device.grant]]\nallow = \"device.take\"\nin = \"host\"\n\
         kinds = [\"veth\", \"none\"]\nnames = [{names}]\n"
    );
    site.installation().policy("host-device.names.toml", &text);
}

#[test]
fn a_device_goes_into_a_container_and_comes_home_as_it_was() {
    needs_kernel!();
    let site = site();
    let before = site.snapshot();
    let container = Container::new("c1");
    let result = site.add(&container, &device_network());
    let eth0 = interface(&container);
    assert_eq!(eth0["address"], "02:00:00:00:05:05");
    assert!(has_flag(&eth0, "UP"), "{eth0}");
    assert_eq!(eth0["ifalias"], "dev5");
    assert_eq!(site.node().link("dev5"), None);
    assert_eq!(container.namespace.addresses("eth0"), ["10.22.0.2/16"]);
    let routes = container.namespace.ip_json(&["-4", "route", "show", "192.0.2.0/24"]);
    assert_eq!(routes[0]["gateway"], "10.22.0.9", "{routes:?}");
    assert_eq!(result["interfaces"].as_array().unwrap().len(), 1);
    assert_eq!(result["interfaces"][0]["name"], "eth0");
    assert_eq!(result["interfaces"][0]["mac"], "02:00:00:00:05:05");
    assert_eq!(result["interfaces"][0]["sandbox"], container.namespace.path());
    assert_eq!(result["ips"][0]["interface"], 0);
    site.check(&container, &device_network(), &result).silent_success();
    site.del(&container, &device_network());
    before.assert_same(&site.snapshot());
    assert_eq!(site.node().link("dev5").unwrap()["ifalias"], "port 5");
    assert_eq!(container.namespace.link_names(), ["lo"]);
    site.del(&container, &device_network());
    before.assert_same(&site.snapshot());
}

#[test]
fn every_version_of_the_specification_is_answered_in_its_shape() {
    needs_kernel!();
    for version in SPEC_VERSIONS {
        let site = site();
        let container = Container::new("c1");
        let result = site.add(&container, &with(device_network(), json!({ "cniVersion": version })));
        assert_eq!(result["cniVersion"], version);
    }
}

#[test]
fn the_neighbours_of_the_device_are_reached() {
    needs_kernel!();
    let site = site();
    site.node().ip(&["address", "add", "10.22.0.9/16", "dev", "far5"]);
    let container = Container::new("c1");
    site.add(&container, &device_network());
    let server = EchoServer::start(site.node());
    assert!(answers(&container.namespace, "10.22.0.9", &server));
}

#[test]
fn a_device_is_found_by_each_key() {
    needs_kernel!();
    let site = site();
    show_on_bus(&site, "0000:03:00.1");
    let root = site.installation().root().join("sys");
    fs::create_dir_all(root.join("devices/pci0000:00/0000:00:07.0/net/dev5")).unwrap();
    fs::create_dir_all(root.join("bus/auxiliary/devices/mlx5_core.sf.4/net/dev5")).unwrap();
    let before = site.snapshot();
    let allotted = |id: &str| {
        with(
            device_network(),
            json!({ "device": null, "runtimeConfig": { "deviceID": id } }),
        )
    };
    let instead = with(allotted("0000:03:00.1"), json!({ "pciBusID": "0000:99:00.0" }));
    for config in [
        by("hwaddr", "02:00:00:00:05:05"),
        by("HWAddr", "02:00:00:00:05:05"),
        by("kernelpath", "/sys/devices/pci0000:00/0000:00:07.0"),
        by("pciBusID", "0000:03:00.1"),
        allotted("0000:03:00.1"),
        allotted("mlx5_core.sf.4"),
        instead,
        with(
            device_network(),
            json!({ "hwaddr": "02:00:00:00:99:99", "pciBusID": "0000:99:00.0" }),
        ),
    ] {
        let container = Container::new("c1");
        let result = site.add(&container, &config);
        assert_eq!(interface(&container)["address"], "02:00:00:00:05:05", "{config}");
        site.check(&container, &config, &result).silent_success();
        site.del(&container, &config);
        before.assert_same(&site.snapshot());
    }
}

#[test]
fn a_device_that_is_not_there_or_not_asked_for_is_an_error() {
    needs_kernel!();
    let site = site();
    let before = site.snapshot();
    let nothing = with(device_network(), json!({ "device": "" }));
    for (config, words) in [
        (
            nothing,
            "specify either \"device\", \"hwaddr\", \"kernelpath\" or \"pciBusID\"",
        ),
        (by("device", "dev9"), "device \"dev9\""),
        (by("device", "eth0"), "device.take is not granted for link \"eth0\""),
        (by("hwaddr", "02:00:00:00:99:99"), "02:00:00:00:99:99"),
        (by("hwaddr", "02:00"), "hwaddr"),
        (by("kernelpath", "/sys/class/net"), "kernelpath"),
        (
            by("kernelpath", "/sys/devices/../class/net/eth1"),
            "is no absolute path of a device below",
        ),
        (by("kernelpath", "/sys/devices/virtual"), "/sys/devices/virtual"),
        (by("pciBusID", "0000:03:00.1"), "0000:03:00.1"),
        (by("pciBusID", "../../devices"), "../../devices"),
    ] {
        let container = Container::new("c1");
        let error = site.try_add(&container, &config).error();
        assert!(error.message.contains(words), "{config}: {error:?}");
        before.assert_same(&site.snapshot());
        site.del(&container, &config);
    }
}

#[test]
fn without_address_management_the_device_is_up_and_has_no_addresses() {
    needs_kernel!();
    let site = site();
    let before = site.snapshot();
    let config = with(device_network(), json!({ "ipam": null }));
    let container = Container::new("c1");
    let result = site.add(&container, &config);
    assert_eq!(result.get("ips"), None, "{result}");
    assert!(has_flag(&interface(&container), "UP"));
    site.check(&container, &config, &result).silent_success();
    site.del(&container, &config);
    before.assert_same(&site.snapshot());
}

#[test]
fn addresses_of_both_families_are_usable_at_once() {
    needs_kernel!();
    let site = site();
    let before = site.snapshot();
    let ranges = json!([[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]]);
    let config = with(
        device_network(),
        json!({ "ipam": { "subnet": null, "ranges": ranges } }),
    );
    let container = Container::new("c1");
    site.add(&container, &config);
    let addresses = container.namespace.addresses("eth0");
    assert!(addresses.contains(&"fd00:22::2/64".to_owned()), "{addresses:?}");
    assert_eq!(container.namespace.sysctl("net/ipv6/conf/eth0/keep_addr_on_down"), "1");
    site.del(&container, &config);
    before.assert_same(&site.snapshot());
}

/// Unlike the reference plugin, which drops them.
#[test]
fn name_servers_of_the_address_management_plugin_are_told() {
    needs_kernel!();
    let site = site();
    let ipam = json!({ "type": "static", "subnet": null, "routes": null,
        "addresses": [{ "address": "10.22.0.9/16" }], "dns": { "nameservers": ["192.0.2.53"] } });
    let config = with(device_network(), json!({ "ipam": ipam }));
    let container = Container::new("c1");
    let result = site.add(&container, &config);
    assert_eq!(result["dns"]["nameservers"], json!(["192.0.2.53"]));
    site.del(&container, &config);
    let own = with(config, json!({ "dns": { "nameservers": ["192.0.2.54"] } }));
    let result = site.add(&container, &own);
    assert_eq!(result["dns"]["nameservers"], json!(["192.0.2.54"]));
}

#[test]
fn a_device_is_one_containers_at_a_time() {
    needs_kernel!();
    let site = site();
    let (one, two) = (Container::new("c1"), Container::new("c2"));
    site.add(&one, &device_network());
    let text = site.try_add(&two, &device_network()).error().text();
    assert!(text.contains("device \"dev5\""), "{text}");
    let again = site.try_add(&one, &device_network()).error().text();
    assert!(again.contains("is attached already"), "{again}");
    assert!(site.node().link("dev5").is_none());
    site.del(&one, &device_network());
    site.add(&two, &device_network());
}

#[test]
fn a_device_comes_home_when_no_address_is_left() {
    needs_kernel!();
    let site = site();
    let before = site.snapshot();
    let config = with(
        device_network(),
        json!({ "ipam": { "rangeStart": "10.22.0.5", "rangeEnd": "10.22.0.5" } }),
    );
    fs::create_dir_all(site.leases().join("mynet")).unwrap();
    let lease = site.leases().join("mynet/10.22.0.5");
    fs::write(&lease, "other\r\neth0").unwrap();
    let container = Container::new("c1");
    let error = site.try_add(&container, &config).error();
    assert!(error.message.contains("10.22.0.5"), "{error:?}");
    fs::remove_file(lease).unwrap();
    before.assert_same(&site.snapshot());
    assert_eq!(container.namespace.link_names(), ["lo"]);
}

#[test]
fn what_the_container_did_to_a_device_stays_in_the_container() {
    needs_kernel!();
    let site = site();
    let before = site.snapshot();
    let container = Container::new("c1");
    site.add(&container, &device_network());
    for command in [
        "link set eth0 down",
        "link set eth0 name x0 address 02:00:00:00:06:66 mtu 1300 txqueuelen 9",
        "link set x0 promisc on allmulticast on alias other",
        "link set x0 up",
        "address add 198.51.100.1/24 dev x0",
    ] {
        container.namespace.ip(&command.split(' ').collect::<Vec<_>>());
    }
    // What is left to know it by: its number, and a name.
    container.namespace.ip(&["link", "set", "x0", "alias", "dev5"]);
    site.del(&container, &device_network());
    before.assert_same(&site.snapshot());
}

#[test]
fn a_device_whose_name_was_taken_is_not_lost() {
    needs_kernel!();
    let site = site();
    let container = Container::new("c1");
    site.add(&container, &device_network());
    site.node().ip(&["link", "add", "dev5", "type", "bridge"]);
    let output = site.call("DEL", &container, &device_network()).run();
    assert_eq!(output.code, 0, "{output}");
    assert!(output.stderr.contains("another link took the name dev5"), "{output}");
    let links = site.node().ip_json(&["-d", "link", "show"]);
    let home = links.iter().find(|link| link["ifalias"] == "dev5").unwrap();
    assert_eq!(home["address"], "02:00:00:00:05:05");
    assert_eq!(home["mtu"], 1450);
    site.del(&container, &device_network());
}

#[test]
fn a_device_without_hardware_goes_with_its_container() {
    needs_kernel!();
    let site = site();
    let container = Container::new("c1");
    site.add(&container, &device_network());
    let id = container.id.clone();
    drop(container);
    let gone = Container {
        id,
        namespace: Container::new("c1").namespace,
    };
    for _ in 0..2 {
        let del = site
            .call("DEL", &gone, &device_network())
            .netns_path("/nonexistent")
            .run();
        assert_eq!(del.code, 0, "{del}");
    }
    assert_eq!(site.leased("mynet"), Vec::<String>::new());
}

#[test]
fn a_del_without_a_namespace_gives_the_addresses_back() {
    needs_kernel!();
    let site = site();
    let before = site.snapshot();
    let container = Container::new("c1");
    site.add(&container, &device_network());
    assert_eq!(site.leased("mynet"), ["10.22.0.2"]);
    let del = site.call("DEL", &container, &device_network()).netns_path("").run();
    assert_eq!(del.code, 0, "{del}");
    assert_eq!(site.leased("mynet"), Vec::<String>::new());
    // The journal knows the container by more than its path.
    before.assert_same(&site.snapshot());
}

#[test]
fn check_tells_what_became_of_the_device() {
    needs_kernel!();
    for (tampering, words) in [
        ("link set eth0 address 02:00:00:00:06:66", "02:00:00:00:06:66"),
        ("address del 10.22.0.2/16 dev eth0", "10.22.0.2/16"),
        ("route del 192.0.2.0/24", "192.0.2.0/24"),
        ("link set eth0 name x0", "eth0"),
    ] {
        let site = site();
        let container = Container::new("c1");
        let result = site.add(&container, &device_network());
        if tampering.ends_with("x0") {
            container.namespace.ip(&["link", "set", "eth0", "down"]);
        }
        container.namespace.ip(&tampering.split(' ').collect::<Vec<_>>());
        let text = site.check(&container, &device_network(), &result).error().text();
        assert!(text.contains(words), "{tampering}: {text}");
        site.del(&container, &device_network());
    }
}

#[test]
fn gc_brings_the_devices_of_stale_attachments_home() {
    needs_kernel!();
    let site = site();
    let before = site.snapshot();
    let container = Container::new("c1");
    let config = with(device_network(), json!({ "cniVersion": "1.1.0" }));
    site.add(&container, &config);
    let stale = with(
        config,
        json!({ "cni.dev/valid-attachments": [], "cni.dev/attachments": [] }),
    );
    site.call("GC", &container, &stale).run().silent_success();
    before.assert_same(&site.snapshot());
}

#[test]
fn status_asks_the_address_management_plugin() {
    needs_kernel!();
    let site = site();
    let container = Container::new("c1");
    let config = with(device_network(), json!({ "cniVersion": "1.1.0" }));
    site.call("STATUS", &container, &config).run().silent_success();
    // Which device it is the runtime may say.
    let open = with(
        config.clone(),
        json!({ "device": null, "capabilities": { "deviceID": true } }),
    );
    site.call("STATUS", &container, &open).run().silent_success();
    let wrong = with(config, json!({ "device": null, "hwaddr": "x" }));
    let error = site.call("STATUS", &container, &wrong).run().error();
    assert!(error.message.contains("hwaddr"), "{error:?}");
}

/// DPDK: a program drives the device, and the result says which it is.
#[test]
fn a_device_with_a_driver_of_user_space_is_told_and_not_moved() {
    needs_kernel!();
    let site = site();
    let address = "0000:05:00.0";
    let bus = site.installation().root().join("sys/bus/pci");
    fs::create_dir_all(bus.join("devices").join(address)).unwrap();
    fs::create_dir_all(bus.join("drivers/vfio-pci")).unwrap();
    symlink(
        "../../drivers/vfio-pci",
        bus.join("devices").join(address).join("driver"),
    )
    .unwrap();
    let before = site.snapshot();
    let container = Container::new("c1");
    let config = by("pciBusID", address);
    let text = site.try_add(&container, &config).error().text();
    assert!(text.contains(address), "{text}");
    grant(&site, "\"0000:05:*\"");
    let result = site.add(&container, &config);
    assert_eq!(
        result["interfaces"],
        json!([{ "name": "eth0", "sandbox": container.namespace.path(), "pciID": address }])
    );
    assert_eq!(result["ips"][0]["address"], "10.22.0.2/16");
    assert_eq!(container.namespace.link_names(), ["lo"]);
    site.check(&container, &config, &result).silent_success();
    site.del(&container, &config);
    before.assert_same(&site.snapshot());
    let bare = with(config, json!({ "ipam": null }));
    site.add(&container, &bare);
    site.del(&container, &bare);
}

/// Of the node's own links only those that are named.
#[test]
fn a_link_that_the_node_uses_is_taken_only_by_its_very_name() {
    needs_kernel!();
    let site = site();
    site.node().ip(&["address", "add", "192.0.2.2/24", "dev", "dev5"]);
    let container = Container::new("c1");
    let before = Snapshot::of(site.node());
    let text = site.try_add(&container, &device_network()).error().text();
    assert!(text.contains("which the node itself uses"), "{text}");
    before.assert_same(&Snapshot::of(site.node()));
    grant(&site, "\"dev5\"");
    site.add(&container, &device_network());
    site.del(&container, &device_network());
    assert_eq!(site.node().link("dev5").unwrap()["mtu"], 1450);
}
