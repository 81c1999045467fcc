//! All that can be read of a network, in lines that are the same for both.

use std::collections::BTreeMap;

use cofferdam_network::{LinkId, LinkInfo, LinkSettings, Network, OperationalState, SysctlKey, nftables};
use cofferdam_protocol::Place;

use crate::cases::nftables as known;

const TABLES: [u32; 4] = [254, 100, 70_000, 255];
const OF_LINKS: [&str; 9] = [
    "net/ipv4/conf/%/forwarding",
    "net/ipv4/conf/%/accept_redirects",
    "net/ipv4/conf/%/arp_notify",
    "net/ipv4/conf/%/promote_secondaries",
    "net/ipv6/conf/%/forwarding",
    "net/ipv6/conf/%/disable_ipv6",
    "net/ipv6/conf/%/accept_ra",
    "net/ipv6/conf/%/accept_dad",
    "net/ipv6/conf/%/keep_addr_on_down",
];
const OTHERS: [&str; 3] = ["net/ipv4/ip_forward", "net/core/somaxconn", "net/ipv6/bindv6only"];

/// What of it is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Whether links are ready to pass packets, which takes the kernel a while.
    pub(crate) states: bool,
    /// VLANs of ports, which some kernels lack.
    pub(crate) vlans: bool,
}

pub(crate) fn read(network: &mut dyn Network, look: Look) -> Vec<String> {
    let mut lines = Vec::new();
    for place in [Place::Host, Place::Container] {
        let mut reading = Reading {
            names: names(network),
            network,
            place,
            look,
            lines: Vec::new(),
        };
        reading.read();
        lines.extend(reading.lines.into_iter().map(|line| format!("{place}: {line}")));
    }
    lines.sort();
    lines
}

type Names = BTreeMap<LinkId, String>;

fn names(network: &mut dyn Network) -> Names {
    let mut names = Names::new();
    for place in [Place::Host, Place::Container] {
        let links = network.links(place).unwrap();
        names.extend(links.into_iter().map(|info| (info.id, info.name)));
    }
    names
}

struct Reading<'n> {
    network: &'n mut dyn Network,
    names: Names,
    place: Place,
    look: Look,
    lines: Vec<String>,
}

impl Reading<'_> {
    fn read(&mut self) {
        let place = self.place;
        for info in self.network.links(place).unwrap() {
            self.link(&info);
        }
        let rules = self.network.rules(place).unwrap();
        // In their order.
        let rules = rules.iter().enumerate();
        self.lines
            .extend(rules.map(|(number, rule)| format!("rule {number:03} {rule:?}")));
        let default = self.network.default_link(place).unwrap();
        let default = default.map(|link| self.name(link));
        self.lines.push(format!("default {default:?}"));
        self.settings(&["all".to_owned(), "default".to_owned()]);
        for key in OTHERS {
            self.setting(key);
        }
        self.nftables();
    }

    fn name(&self, link: LinkId) -> String {
        self.names.get(&link).cloned().unwrap_or_else(|| "?".to_owned())
    }

    fn link(&mut self, info: &LinkInfo) {
        let link = info.id;
        let name = &info.name;
        self.lines.push(format!("link {}", self.comparable(info)));
        let mut push = |line: String| self.lines.push(format!("{name}: {line}"));
        let mut addresses: Vec<String> = self
            .network
            .addresses(link)
            .unwrap()
            .into_iter()
            .map(|info| format!("address {} scope {}", info.address, info.scope))
            .collect();
        addresses.sort();
        addresses.into_iter().for_each(&mut push);
        for table in TABLES {
            let mut routes = self.network.routes(link, table).unwrap();
            // Those to one destination stay in their order.
            routes.sort_by_key(|route| route.destination);
            for (number, route) in routes.iter().enumerate() {
                push(format!("route {number:03} {route:?}"));
            }
        }
        for neighbor in self.network.neighbors(link).unwrap() {
            push(format!("{neighbor:?}"));
        }
        for peer in self.network.vxlan_peers(link).unwrap() {
            push(format!("peer {peer}"));
        }
        push(format!("{:?}", self.network.outgoing(link).unwrap()));
        let incoming = self.network.incoming(link).unwrap();
        if self.look.vlans {
            push(format!("VLANs {}", self.network.port_vlans(link).unwrap()));
        }
        let incoming = match incoming {
            cofferdam_network::Incoming::Redirected(index) => {
                format!("redirected to {}", self.name(LinkId { index, ..link }))
            }
            other => format!("{other:?}"),
        };
        self.lines.push(format!("{name}: {incoming}"));
        self.settings(std::slice::from_ref(name));
    }

    fn comparable(&self, info: &LinkInfo) -> String {
        let other = match info.id.place {
            Place::Host => Place::Container,
            Place::Container => Place::Host,
        };
        let lower = info.lower.map(|index| {
            let place = if info.lower_elsewhere { other } else { info.id.place };
            format!("{} {}", self.name(LinkId { place, index }), info.lower_elsewhere)
        });
        let master = info.master.map(|index| self.name(LinkId { index, ..info.id }));
        let state = match info.operational_state {
            _ if !self.look.states => None,
            // Which of the two depends on the kernel's version.
            OperationalState::LowerLayerDown => Some(OperationalState::Down),
            state => Some(state),
        };
        let mut settings = info.settings.as_ref().map(LinkSettings::comparable);
        let over = match &mut settings {
            Some(LinkSettings::Vxlan(vxlan)) => vxlan.parent.take(),
            _ => None,
        };
        let over = over.map(|index| self.name(LinkId { index, ..info.id }));
        let filters = if self.look.vlans { info.vlan_filtering } else { None };
        format!(
            "{} kind {:?} {:?} mtu {} up {} {state:?} promiscuous {} allmulticast {} qlen {} alias {:?} master {master:?} \
             lower {lower:?} {settings:?} over {over:?} hairpin {:?} isolated {:?} filters {filters:?}",
            info.name,
            info.kind,
            info.mac,
            info.mtu,
            info.up,
            info.promiscuous,
            info.all_multicast,
            info.transmit_queue_length,
            info.alias,
            info.hairpin,
            info.isolated,
        )
    }

    fn settings(&mut self, whose: &[String]) {
        for name in whose {
            for key in OF_LINKS {
                self.setting(&key.replace('%', name));
            }
        }
    }

    fn setting(&mut self, key: &str) {
        let parsed = SysctlKey::new(key.split('/').map(str::to_owned).collect()).unwrap();
        let value = self.network.sysctl(self.place, &parsed).ok();
        self.lines.push(format!("{key} {value:?}"));
    }

    fn nftables(&mut self) {
        let place = self.place;
        for id in known::ids() {
            if !self.network.has_table(place, &id).unwrap() {
                continue;
            }
            self.lines.push(id.to_string());
            for chain in known::CHAINS {
                let count = self.network.rule_count(place, &id, chain).unwrap();
                self.lines.push(format!("{id} chain {chain} {count:?}"));
            }
            for set in known::sets() {
                for element in known::elements(&set) {
                    let comment = self.network.element_comment(place, &id, &set, &element).unwrap();
                    let nftables::Element { key, .. } = &element;
                    self.lines.push(format!("{id} set {} {key:?} {comment:?}", set.name));
                }
            }
        }
    }
}
