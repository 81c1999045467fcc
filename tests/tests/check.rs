//! CHECK: the kernel and the files compared with what the journal has, for
//! every plugin, whether or not its component looks itself.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;

use cofferdam_tests::{Attached, Container, Site, bridge_network, needs_kernel, with};
use serde_json::{Value, json};

/// The host's code for what differs from the journal.
const DRIFT: u64 = 116;
/// The guest SDK's for what a component finds.
const CHANGED: u64 = 107;

/// Both families, with all that the plugin can set up.
fn everything() -> Value {
    with(
        bridge_network("1.0.0"),
        json!({ "ipMasq": true, "isDefaultGateway": true, "mtu": 1400, "hairpinMode": true, "portIsolation": true,
            "ipam": { "subnet": null, "routes": null,
                "ranges": [[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]] } }),
    )
}

/// What is done by hand to an attachment.
trait On {
    /// The name of the host's end.
    fn port(&self) -> String;
    /// A command on the node.
    fn node(&self, command: &str);
    /// A command in the container.
    fn inside(&self, command: &str);
    /// The file of its address.
    fn lease(&self) -> std::path::PathBuf;
}

impl On for Attached {
    fn port(&self) -> String {
        self.result["interfaces"][1]["name"].as_str().unwrap().to_owned()
    }

    fn node(&self, arguments: &str) {
        let (program, rest) = arguments.split_once(' ').unwrap();
        self.site.node().tool(program, &words(rest));
    }

    fn inside(&self, arguments: &str) {
        let (program, rest) = arguments.split_once(' ').unwrap();
        self.container.namespace.tool(program, &words(rest));
    }

    fn lease(&self) -> std::path::PathBuf {
        self.site.leases().join("mynet/10.22.0.2")
    }
}

fn words(text: &str) -> Vec<&str> {
    text.split(' ').collect()
}

/// What somebody does to the attachment, and what CHECK says of it by the
/// journal; `PORT` is the host's end.
struct Change {
    what: &'static str,
    act: fn(&Attached),
    told: &'static [&'static str],
}

const CHANGES: &[Change] = &[
    Change {
        what: "an address of the container",
        act: |attached| attached.inside("ip address del fd00:22::2/64 dev eth0"),
        told: &["address fd00:22::2/64 of link eth0 in the container namespace is gone"],
    },
    Change {
        what: "a route of the container",
        act: |attached| attached.inside("ip route del default"),
        told: &["route 0.0.0.0/0 via 10.22.0.1 through link eth0 in the container namespace is gone"],
    },
    Change {
        what: "the host's end is down",
        act: |attached| attached.node(&format!("ip link set {} down", attached.port())),
        told: &["the state of link PORT in the host namespace is down instead of up"],
    },
    Change {
        what: "the host's end has left the bridge",
        act: |attached| attached.node(&format!("ip link set {} nomaster", attached.port())),
        told: &["link PORT in the host namespace is no port instead of a port of cni0"],
    },
    Change {
        what: "the container's mtu",
        act: |attached| attached.inside("ip link set eth0 mtu 1300"),
        told: &["mtu of link eth0 in the container namespace is 1300 instead of 1400"],
    },
    Change {
        what: "hairpin",
        act: |attached| {
            attached.node(&format!(
                "ip link set {} type bridge_slave hairpin off",
                attached.port()
            ));
        },
        told: &["hairpin mode of link PORT in the host namespace is off instead of on"],
    },
    Change {
        what: "the packet filter is flushed",
        act: |attached| attached.node("nft flush ruleset"),
        told: &["nftables table inet cofferdam_masquerade in the host namespace is gone"],
    },
    Change {
        what: "the rules are flushed",
        act: |attached| attached.node("nft flush chain inet cofferdam_masquerade postrouting"),
        told: &[
            "the number of rules of chain postrouting of nftables table inet cofferdam_masquerade in the host \
             namespace is 0 instead of 4",
        ],
    },
    Change {
        what: "an element is deleted",
        act: |attached| attached.node("nft delete element inet cofferdam_masquerade sources4 { 10.22.0.2 }"),
        told: &[
            "element 10.22.0.2 of sources4 of nftables table inet cofferdam_masquerade in the host namespace is gone",
        ],
    },
    Change {
        what: "forwarding is off",
        act: |attached| attached.site.node().set_sysctl("net/ipv4/ip_forward", "0"),
        told: &["sysctl net/ipv4/ip_forward in the host namespace is \"0\" instead of \"1\""],
    },
    Change {
        what: "a setting of the container",
        act: |attached| {
            attached
                .container
                .namespace
                .set_sysctl("net/ipv4/conf/eth0/arp_notify", "0")
        },
        told: &["sysctl net/ipv4/conf/eth0/arp_notify in the container namespace is \"0\" instead of \"1\""],
    },
    Change {
        what: "the lease is gone",
        act: |attached| fs::remove_file(attached.lease()).unwrap(),
        told: &["the claim on address 10.22.0.2 in LEASES is gone"],
    },
    Change {
        what: "the lease is another's",
        act: |attached| fs::write(attached.lease(), "c9\r\neth0").unwrap(),
        told: &["the claim on address 10.22.0.2 in LEASES is container c9's interface eth0 by now"],
    },
    Change {
        what: "the gateway's address",
        act: |attached| attached.node("ip address del 10.22.0.1/16 dev cni0"),
        told: &["address 10.22.0.1/16 of link cni0 in the host namespace is gone"],
    },
    Change {
        what: "the bridge is down",
        act: |attached| attached.node("ip link set cni0 down"),
        told: &[
            "the state of link cni0 in the host namespace is down instead of up",
            "address fd00:22::1/64 of link cni0 in the host namespace is gone",
        ],
    },
    Change {
        what: "isolation",
        act: |attached| {
            attached.node(&format!(
                "ip link set {} type bridge_slave isolated off",
                attached.port()
            ));
        },
        told: &["isolation of link PORT in the host namespace is off instead of on"],
    },
    Change {
        what: "the bridge is gone",
        act: |attached| attached.node("ip link del cni0"),
        told: &["bridge cni0 in the host namespace is gone"],
    },
    Change {
        what: "the pair is gone",
        act: |attached| attached.inside("ip link del eth0"),
        told: &["link PORT in the host namespace is gone"],
    },
];

#[test]
fn what_was_just_attached_is_as_it_was_made() {
    needs_kernel!();
    let attached = Attached::to(everything());
    let before = attached.site.snapshot().and_state(attached.site.installation());
    attached.check().silent_success();
    before.assert_same(&attached.site.snapshot().and_state(attached.site.installation()));
}

#[test]
fn each_change_is_told_of_and_nothing_else() {
    needs_kernel!();
    for change in CHANGES {
        let attached = Attached::to(everything());
        (change.act)(&attached);
        let output = attached.check();
        let error = output.error();
        assert!([DRIFT, CHANGED].contains(&error.code), "{}: {output}", change.what);
        let leases = attached.site.leases().join("mynet");
        let told: Vec<String> = change
            .told
            .iter()
            .map(|text| {
                text.replace("PORT", &attached.port())
                    .replace("LEASES", &leases.to_string_lossy())
            })
            .collect();
        let expected = format!("by the journal: {}", told.join("; "));
        assert_eq!(error.details, expected, "{}: {output}", change.what);
        if error.code == DRIFT {
            assert!(error.message.contains(&told[0]), "{output}");
        }
    }
}

/// The component does not look at this.
#[test]
fn what_no_component_looks_at_has_the_hosts_code_and_says_how_much_it_is() {
    needs_kernel!();
    let attached = Attached::to(everything());
    attached.site.node().set_sysctl("net/ipv4/ip_forward", "0");
    attached.inside("ip link set eth0 mtu 1300");
    let error = attached.check().error();
    assert_eq!(error.code, DRIFT);
    assert!(
        error
            .message
            .starts_with("container c1 interface eth0 of network mynet (bridge) is not as it was made: ")
            && error.message.ends_with(", and 1 more"),
        "{error:?}"
    );
}

#[test]
fn another_attachments_changes_are_not_told_of() {
    needs_kernel!();
    let attached = Attached::to(everything());
    let other = Container::new("c2");
    let result = attached.site.add(&other, &everything());
    attached.check().silent_success();
    other.namespace.ip(&["link", "set", "eth0", "mtu", "1300"]);
    attached.node("nft delete element inet cofferdam_masquerade sources4 { 10.22.0.3 }");
    attached.check().silent_success();
    attached.site.check(&other, &everything(), &result).error();
    attached.site.del(&other, &everything());
    attached.check().silent_success();
}

/// The first one made what all use, and is gone.
#[test]
fn what_is_shared_is_as_it_was_made_for_those_who_came_later() {
    needs_kernel!();
    let site = Site::new();
    let (one, two) = (Container::new("c1"), Container::new("c2"));
    site.add(&one, &everything());
    let result = site.add(&two, &everything());
    site.check(&two, &everything(), &result).silent_success();
    site.del(&one, &everything());
    site.check(&two, &everything(), &result).silent_success();
    site.node().ip(&["link", "del", "cni0"]);
    let error = site.check(&two, &everything(), &result).error();
    assert_eq!(
        error.details,
        "by the journal: bridge cni0 in the host namespace is gone"
    );
}

#[test]
fn without_its_component_or_grants_the_journal_is_compared_all_the_same() {
    needs_kernel!();
    for what in ["component", "grants"] {
        let attached = Attached::to(everything());
        attached.site.node().set_sysctl("net/ipv4/ip_forward", "0");
        match what {
            "component" => attached.site.installation().remove_component("bridge"),
            _ => attached.site.installation().remove_policies(),
        }
        let error = attached.check().error();
        assert!([100, 110].contains(&error.code), "{what}: {error:?}");
        assert_eq!(
            error.details, "by the journal: sysctl net/ipv4/ip_forward in the host namespace is \"0\" instead of \"1\"",
            "{what}"
        );
    }
}

#[test]
fn an_attachment_that_is_not_complete_is_told_of_with_the_way_out() {
    needs_kernel!();
    for (what, last, words) in [
        ("killed in ADD", "commit", "its ADD did not end"),
        ("torn", "half", "a part of its journal can't be read"),
    ] {
        let attached = Attached::to(everything());
        let path = journal(&attached.site);
        let text = fs::read_to_string(&path).unwrap();
        let mut lines: Vec<&str> = text.lines().filter(|line| !line.contains("commit")).collect();
        let mut half = String::new();
        if last == "half" {
            half = lines.pop().unwrap().chars().take(20).collect();
        }
        fs::write(&path, format!("{}\n{half}", lines.join("\n"))).unwrap();
        let error = attached.check().error();
        assert_eq!(error.code, DRIFT, "{what}: {error:?}");
        assert!(
            error.message.contains(words) && error.message.contains("call DEL"),
            "{what}: {error:?}"
        );
    }
}

fn journal(site: &Site) -> std::path::PathBuf {
    let directory = site.installation().state().join("attachments/mynet");
    let mut files = fs::read_dir(directory).unwrap();
    files.next().unwrap().unwrap().path()
}

/// A path soon leads to another namespace.
#[test]
fn another_container_at_the_path_is_not_the_one_that_was_attached() {
    needs_kernel!();
    let attached = Attached::to(everything());
    let another = Container::new("c1");
    let error = attached.site.check(&another, &everything(), &attached.result).error();
    assert!(
        error
            .details
            .starts_with("by the journal: the container's network namespace is gone"),
        "{error:?}"
    );
}

/// Without masquerading: what of a table is the attachment's, the registry
/// alone tells.
#[test]
fn a_state_directory_that_is_missing_is_not_made() {
    needs_kernel!();
    let attached = Attached::to(bridge_network("1.0.0"));
    let state = attached.site.installation().state();
    fs::remove_dir_all(&state).unwrap();
    attached.check().silent_success();
    assert!(!state.exists());
}
