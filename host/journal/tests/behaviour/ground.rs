//! A node of the test's own, with links, addresses, routes and rules of
//! "others" on it, a container, and a journal whose operations are really
//! done.

use std::time::Duration;

use cofferdam_journal::{AttachmentId, Inverse, Journal, Operation, Outcome, Report, Shared, Undo};
use cofferdam_network::{Kernel, LinkId, Network, NewLink, OperationalState, RouteMode, namespace::open_namespace};
use cofferdam_protocol::Place;
use cofferdam_system::files as fs;
use cofferdam_tests::{Namespace, firewalld::MadeUpFirewalld};

use crate::{
    fixture::{State, attachment, soon},
    things::*,
};

const TIME_LIMIT: Duration = Duration::from_secs(10);

/// What marks an element as the attachment's.
pub(crate) const COMMENT: &str = "mynet/c1/eth0";

/// The node, the container and the state directory.
pub(crate) struct Ground {
    pub(crate) state: State,
    pub(crate) kernel: Kernel,
    pub(crate) id: AttachmentId,
    /// `nic0`, up, with address, route, neighbour and rule.
    pub(crate) nic: LinkId,
    /// `nic2`, a port of `br0`.
    pub(crate) port: LinkId,
    /// `br0`.
    pub(crate) bridge: LinkId,
    /// `vx43`, where the kernel has VXLANs.
    pub(crate) vxlan: Option<LinkId>,
    firewalld: MadeUpFirewalld,
    container: Option<Namespace>,
}

impl Ground {
    /// Runs a test on a new node.
    pub(crate) fn run(test: impl FnOnce(&mut Self) + Send) {
        Namespace::container().run(|| test(&mut Self::new()));
    }

    fn new() -> Self {
        let container = Namespace::container();
        let firewalld = MadeUpFirewalld::new();
        let mut kernel = kernel_of(&container).with_bus(firewalld.bus());
        // No addresses of the kernel's own, which come and go.
        kernel
            .set_sysctl(
                Place::Host,
                &sysctl(&["net", "ipv6", "conf", "default", "addr_gen_mode"]),
                "1",
            )
            .unwrap();
        let (nic, other) = kernel.create_veth(&end("nic0", 0x10), &end("nic1", 0x11)).unwrap();
        let (port, _) = kernel.create_veth(&end("nic2", 0x12), &end("nic3", 0x13)).unwrap();
        let bridge = kernel.create_bridge(&bridge("br0", 0x20)).unwrap();
        kernel.set_link_master(port, Some(bridge.index)).unwrap();
        let others = NewLink {
            mac: Some(mac(0x58)),
            ..vxlan_link("vx43", 43)
        };
        let vxlan = kernel.create_link(&others).ok();
        for link in [nic, other] {
            kernel.set_link_up(link, true).unwrap();
        }
        while kernel.link(nic).unwrap().unwrap().operational_state != OperationalState::Up {
            std::thread::sleep(Duration::from_millis(1));
        }
        kernel.add_address(nic, prefix("192.0.2.1/24"), true).unwrap();
        kernel.add_address(nic, prefix("2001:db8::1/64"), true).unwrap();
        kernel.add_route(nic, &others_route(), RouteMode::Exclusive).unwrap();
        kernel.add_neighbor(nic, &others_neighbor()).unwrap();
        kernel.add_rule(Place::Host, &others_rule()).unwrap();
        kernel.create_table(Place::Host, &table()).unwrap();
        for ipv6 in [false, true] {
            kernel.create_table(Place::Host, &iptables(ipv6)).unwrap();
        }
        kernel
            .add_elements(Place::Host, &table().id, &set(), &[element("10.0.0.1")], COMMENT)
            .unwrap();
        Self {
            state: State::new(),
            kernel,
            id: attachment("c1"),
            nic,
            port,
            bridge,
            vxlan,
            firewalld,
            container: Some(container),
        }
    }

    /// Makes the container's namespace go away.
    pub(crate) fn lose_container(&mut self) {
        self.kernel = Kernel::new(TIME_LIMIT).with_bus(self.firewalld.bus());
        self.container = None;
    }

    pub(crate) fn shared(&self) -> Shared {
        self.state.directory.shared()
    }

    pub(crate) fn begin(&self) -> Journal {
        self.state.begin(&self.id)
    }

    /// Journal, then kernel, as the host does it.
    pub(crate) fn perform(
        &mut self,
        journal: &mut Journal,
        operation: &Operation,
        inverse: &Inverse,
        act: impl FnOnce(&mut Self) -> Outcome,
    ) {
        let sequence = journal.intend("bridge", operation, inverse).unwrap();
        let outcome = act(self);
        journal.done(sequence, outcome);
    }

    pub(crate) fn roll_back(&mut self, journal: &mut Journal) -> Report {
        let id = self.id.clone();
        self.roll_back_of(&id, journal)
    }

    /// The same for another attachment.
    pub(crate) fn roll_back_of(&mut self, id: &AttachmentId, journal: &mut Journal) -> Report {
        journal.roll_back(&mut Undo {
            network: &mut self.kernel,
            shared: &self.state.directory.shared(),
            id,
            deadline: soon(),
        })
    }

    /// All that undoing could touch, as text.
    pub(crate) fn picture(&mut self) -> String {
        let mut lines = Vec::new();
        for place in [Place::Host, Place::Container] {
            if place == Place::Host || self.container.is_some() {
                self.picture_of(place, &mut lines);
            }
        }
        let records = self.state.root().join("records");
        lines.extend(files(&records).into_iter().map(|name| format!("record {name}")));
        let slots = self.state.root().join("state/quota/counter.c/3");
        lines.extend(fs::read_link(slots).map(|owner| format!("slot {}", owner.display())));
        let zones = self.firewalld.sources().into_iter();
        lines.extend(zones.map(|(source, zone)| format!("{source} in zone {zone}")));
        let kept = self.state.directory.upkeep().all().unwrap();
        lines.extend(kept.into_iter().map(|(path, _)| format!("kept {}", path.display())));
        lines.join("\n")
    }

    fn picture_of(&mut self, place: Place, lines: &mut Vec<String>) {
        let kernel = &mut self.kernel;
        for link in kernel.links(place).unwrap() {
            lines.push(format!(
                "{place} link {} {} {:?} mtu {} up {} promiscuous {} allmulticast {} queue {} master {:?} hairpin {:?} isolated {:?}",
                link.name,
                link.kind,
                link.mac,
                link.mtu,
                link.up,
                link.promiscuous,
                link.all_multicast,
                link.transmit_queue_length,
                link.master,
                link.hairpin,
                link.isolated
            ));
            for address in kernel.addresses(link.id).unwrap() {
                lines.push(format!("{place} {} address {}", link.name, address.address));
            }
            for route in kernel.routes(link.id, 254).unwrap() {
                lines.push(format!("{place} {} {route:?}", link.name));
            }
            lines.push(format!(
                "{place} {} sends with {} and is {}",
                link.name,
                kernel.outgoing(link.id).unwrap(),
                kernel.incoming(link.id).unwrap()
            ));
            for neighbor in kernel.neighbors(link.id).unwrap() {
                lines.push(format!("{place} {} {neighbor:?}", link.name));
            }
            for peer in kernel.vxlan_peers(link.id).unwrap() {
                lines.push(format!("{place} {} peer {peer}", link.name));
            }
        }
        for rule in kernel.rules(place).unwrap() {
            lines.push(format!("{place} {rule:?}"));
        }
        let value = kernel.sysctl(place, &forwarding()).unwrap();
        lines.push(format!("{place} forwarding {value}"));
        for id in [iptables(false).id, iptables(true).id] {
            for chain in ["FORWARD", "CNI-FORWARD"] {
                let count = kernel.rule_count(place, &id, chain).unwrap();
                lines.push(format!("{place} {id} {chain}: {count:?} rules"));
            }
        }
        for id in [table().id, other_table().id, third_table().id] {
            let there = kernel.has_table(place, &id).unwrap();
            lines.push(format!("{place} {id}: {there}"));
            let chain = kernel.has_chain(place, &id, "own").unwrap();
            lines.push(format!("{place} {id} own: {chain}"));
            for address in ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.7"] {
                let comment = kernel.element_comment(place, &id, &set(), &element(address));
                lines.push(format!("{place} {id} {address}: {:?}", comment.ok().flatten()));
            }
        }
    }
}

/// Fails the test, showing what differs, when two pictures do.
#[track_caller]
pub(crate) fn assert_same(now: &str, before: &str) {
    assert!(now == before, "{}", difference(now, before));
}

/// The lines that only one of two pictures has.
pub(crate) fn difference(now: &str, before: &str) -> String {
    let only = |here: &str, there: &str| {
        let there: Vec<&str> = there.lines().collect();
        let lines = here.lines().filter(|line| !there.contains(line));
        lines.collect::<Vec<_>>().join("\n  ")
    };
    format!(
        "only before:\n  {}\nonly now:\n  {}",
        only(before, now),
        only(now, before)
    )
}

pub(crate) fn kernel_of(container: &Namespace) -> Kernel {
    let container = open_namespace(container.path().as_ref()).unwrap();
    Kernel::new(TIME_LIMIT).with_container(container)
}

fn files(directory: &std::path::Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "lock")
        .collect();
    names.sort();
    names
}
