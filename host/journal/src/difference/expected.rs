//! What there is to be by the operations on record, each as the last of them
//! left it.

use cofferdam_network::{LinkId, Route, RouteMode, Rule, SysctlKey, nftables::TableId};
use cofferdam_protocol::{IpPrefix, Place};

use super::part::{Part, Value, parts};
use crate::{
    Entry, History,
    history::Progress,
    model::{Inverse, Operation},
};

/// `RT_TABLE_MAIN`.
pub(super) const MAIN_TABLE: u32 = 254;
/// Links with less have no IPv6 (RFC 8200).
const LEAST_IPV6_MTU: u32 = 1280;

/// A part, and the operation that left it.
#[derive(Clone, Debug)]
pub(super) struct Expected<'h> {
    pub(super) entry: &'h Entry,
    pub(super) part: Part<'h>,
}

/// All that is expected of an attachment.
#[derive(Debug, Default)]
pub(super) struct Expectations<'h>(Vec<Expected<'h>>);

impl<'h> Expectations<'h> {
    pub(super) fn of(history: &'h History) -> Self {
        let mut expectations = Self::default();
        for entry in history.entries().iter().filter(|entry| entry.is_pending()) {
            let gone = expectations.ends_of(entry);
            expectations
                .0
                .retain(|earlier| !is_taken_away(entry, &gone, &earlier.part));
            // Of what is not known to be done nothing is expected.
            if entry.progress == Progress::Done {
                for part in parts(entry) {
                    expectations.0.push(Expected { entry, part });
                }
            }
        }
        expectations
    }

    pub(super) fn all(&self) -> &[Expected<'h>] {
        &self.0
    }

    /// Leaves out what an attachment that came later changed, as far as
    /// `counts` says that its operations are about the same things. What is
    /// shared has its value in the registry.
    pub(super) fn without_changes_of(&mut self, later: &History, counts: impl Fn(Place) -> bool) {
        for entry in later.entries().iter().filter(|entry| entry.is_pending()) {
            let is_shared = matches!(entry.inverse, Inverse::LeaveShared { .. });
            if is_shared || place(&entry.operation).is_some_and(|place| !counts(place)) {
                continue;
            }
            let gone = self.ends_of(entry);
            let same = parts(entry);
            self.0
                .retain(|earlier| same.contains(&earlier.part) || !is_taken_away(entry, &gone, &earlier.part));
        }
    }

    /// The links that go with one that is deleted.
    fn ends_of(&self, entry: &Entry) -> Vec<LinkId> {
        let Operation::DeleteLink { link, .. } = &entry.operation else {
            return Vec::new();
        };
        let peers = self.0.iter().filter_map(|expected| match &expected.part {
            Part::End(end) if end.id() == Some(*link) => end.peer,
            _ => None,
        });
        peers.chain([*link]).collect()
    }
}

/// The namespace that an operation is about; absent for what is in a file.
fn place(operation: &Operation) -> Option<Place> {
    match operation {
        Operation::CreateBridge { bridge } => Some(bridge.place),
        Operation::CreateVeth { first, .. } => Some(first.place),
        Operation::CreateLink { link } | Operation::CreateVrf { link } | Operation::CreateVxlan { link, .. } => {
            Some(link.place)
        }
        Operation::CreateVlanGateway { gateway } => Some(gateway.place),
        Operation::UseParent { link, .. }
        | Operation::DeleteLink { link, .. }
        | Operation::SetLinkUp { link, .. }
        | Operation::SetLinkMtu { link, .. }
        | Operation::SetLinkMac { link, .. }
        | Operation::SetLinkPromiscuous { link, .. }
        | Operation::SetLinkAllMulticast { link, .. }
        | Operation::SetLinkQueueLength { link, .. }
        | Operation::SetLinkMaster { link, .. }
        | Operation::SetPortHairpin { link, .. }
        | Operation::SetPortIsolated { link, .. }
        | Operation::SetPortVlans { link, .. }
        | Operation::AddVxlanPeer { link, .. }
        | Operation::AddAddress { link, .. }
        | Operation::DeleteAddress { link, .. }
        | Operation::AddRoute { link, .. }
        | Operation::DeleteRoute { link, .. }
        | Operation::AddNeighbor { link, .. }
        | Operation::DeleteNeighbor { link, .. }
        | Operation::LimitRate { link, .. }
        | Operation::RedirectIncoming { link, .. } => Some(link.place),
        Operation::AddRule { place, .. }
        | Operation::DeleteRule { place, .. }
        | Operation::SetSysctl { place, .. }
        | Operation::CreateTable { place, .. }
        | Operation::ReplaceChains { place, .. }
        | Operation::DeleteTable { place, .. }
        | Operation::CreateChain { place, .. }
        | Operation::DeleteChain { place, .. }
        | Operation::AddElements { place, .. }
        | Operation::DeleteElements { place, .. }
        | Operation::ForgetFlows { place, .. } => Some(*place),
        Operation::Claim { .. } | Operation::Keep { .. } | Operation::TakeSlot { .. } => None,
        Operation::TakeDevice { .. } => Some(Place::Container),
        Operation::LeadForwarding { .. } | Operation::AcceptForwarding { .. } | Operation::JoinZone { .. } => {
            Some(Place::Host)
        }
    }
}

/// Whether an earlier part is not to be expected any more after an operation,
/// be it that the operation says something else of it, or that the kernel
/// takes it away along. Where the record does not tell which of several
/// things the kernel took, none of them is expected.
fn is_taken_away(entry: &Entry, gone: &[LinkId], part: &Part<'_>) -> bool {
    match &entry.operation {
        Operation::DeleteLink { link, .. } => {
            let is_port = matches!(part, Part::Setting { link: port, value: Value::Master(Some(master)), .. }
                if port.place == link.place && *master == link.index);
            let is_target = matches!(part, Part::Redirect { link: from, to, .. }
                if from.place == link.place && *to == link.index);
            is_port || is_target || part.link().is_some_and(|link| gone.contains(&link))
        }
        Operation::SetLinkUp { link, up, .. } => {
            is_setting(part, *link, &Value::Up(*up)) || !up && goes_with_down(part, *link)
        }
        Operation::SetLinkMtu { link, mtu, .. } => {
            is_setting(part, *link, &Value::Mtu(*mtu)) || *mtu < LEAST_IPV6_MTU && is_ipv6_of(part, *link)
        }
        Operation::SetLinkMac { link, mac, .. } => {
            let is_neighbor = matches!(part, Part::Neighbor { link: of, there: true, .. } if of == link);
            is_setting(part, *link, &Value::Mac(*mac)) || is_neighbor
        }
        Operation::SetLinkPromiscuous { link, on, .. } => is_setting(part, *link, &Value::Promiscuous(*on)),
        Operation::SetLinkAllMulticast { link, on, .. } => is_setting(part, *link, &Value::AllMulticast(*on)),
        Operation::SetLinkQueueLength { link, packets, .. } => is_setting(part, *link, &Value::QueueLength(*packets)),
        // What a port has it loses with the bridge; a VRF takes its ports down.
        Operation::SetLinkMaster { link, .. } => {
            let settings = [Value::Master(None), Value::Hairpin(false), Value::Isolated(false)];
            let is_of_port = settings.iter().any(|value| is_setting(part, *link, value)) || are_vlans(part, *link);
            is_of_port || goes_with_down(part, *link)
        }
        Operation::SetPortHairpin { link, on, .. } => is_setting(part, *link, &Value::Hairpin(*on)),
        Operation::SetPortIsolated { link, on, .. } => is_setting(part, *link, &Value::Isolated(*on)),
        Operation::SetPortVlans { link, .. } => are_vlans(part, *link),
        Operation::CreateVlanGateway { gateway } => is_shared_link(part, gateway.place, &gateway.name),
        Operation::CreateVrf { link } | Operation::CreateVxlan { link, .. } => {
            is_shared_link(part, link.place, &link.name)
        }
        Operation::AddVxlanPeer { link, peer, .. } => {
            matches!(part, Part::VxlanPeer { link: of, peer: earlier, .. } if of == link && earlier == peer)
        }
        Operation::AddAddress { link, address, .. } => {
            matches!(part, Part::Address { link: of, address: earlier, .. } if of == link && earlier == address)
        }
        Operation::DeleteAddress { link, address, .. } => goes_with_address(part, *link, *address),
        Operation::AddRoute { link, route, mode, .. } => is_route_before(part, *link, route, *mode),
        Operation::DeleteRoute { link, route, .. } => {
            matches!(part, Part::Route { link: of, route: earlier, .. }
                // The kernel tells the metric that it chose for one of IPv6.
                if of == link && table(earlier) == table(route) && (route.covers(earlier) || earlier.describes(route)))
        }
        Operation::AddRule { place, rule } => match part {
            Part::Rule {
                place: of,
                rule: earlier,
                there,
            } if of == place => {
                if *there {
                    *earlier == rule
                } else {
                    earlier.covers(rule)
                }
            }
            _ => false,
        },
        Operation::DeleteRule { place, rule } => is_rule_before(part, *place, rule),
        Operation::AddNeighbor { link, neighbor, .. } | Operation::DeleteNeighbor { link, neighbor, .. } => {
            matches!(part, Part::Neighbor { link: of, neighbor: earlier, .. }
                if of == link && earlier.address == neighbor.address)
        }
        Operation::SetSysctl { place, key, value } => is_overridden(part, *place, key, value),
        Operation::CreateTable { place, table } | Operation::ReplaceChains { place, table } => {
            matches!(part, Part::Table { place: of, id, .. } if of == place && **id == table.id)
        }
        Operation::DeleteTable { place, table } => match part {
            Part::Table {
                place: of, id: name, ..
            }
            | Part::Chain {
                place: of, table: name, ..
            }
            | Part::Element {
                place: of, table: name, ..
            } => of == place && *name == table,
            _ => false,
        },
        Operation::CreateChain { place, table, chain } => is_chain(part, *place, table, &chain.name),
        Operation::DeleteChain { place, table, chain } => is_chain(part, *place, table, chain),
        Operation::AddElements {
            place,
            table: of,
            set: named,
            elements,
            ..
        }
        | Operation::DeleteElements {
            place,
            table: of,
            set: named,
            elements,
        } => match part {
            Part::Element {
                place: there,
                table,
                set,
                element,
                ..
            } if there == place && *table == of && set.name == named.name => {
                elements.iter().any(|changed| changed.key == element.key)
            }
            _ => false,
        },
        Operation::LimitRate { link, .. } => matches!(part, Part::RateLimit { link: of, .. } if of == link),
        Operation::RedirectIncoming { link, .. } => matches!(part, Part::Redirect { link: of, .. } if of == link),
        Operation::LeadForwarding { lead } => matches!(part, Part::ForwardingLead(earlier) if *earlier == lead),
        Operation::AcceptForwarding { address, what } => {
            matches!(part, Part::Forwarding(earlier, of) if earlier == address && of == what)
        }
        Operation::JoinZone { address, zone } => {
            matches!(part, Part::Zone(earlier, of) if earlier == address && of == zone)
        }
        Operation::Claim { directory, address } => {
            matches!(part, Part::Claim { directory: of, address: earlier }
                if of == directory && earlier == address)
        }
        Operation::Keep { plugin, .. } => matches!(part, Part::Upkeep { plugin: of } if of == plugin),
        // A bridge that is joined twice is one that was made or found once.
        Operation::CreateBridge { bridge } => {
            matches!(part, Part::Bridge(earlier) if earlier.place == bridge.place && earlier.name == bridge.name)
        }
        // What was on it went when it was moved.
        Operation::TakeDevice { link, .. } => part.link() == Some(*link),
        Operation::CreateVeth { .. }
        | Operation::CreateLink { .. }
        | Operation::UseParent { .. }
        | Operation::TakeSlot { .. }
        | Operation::ForgetFlows { .. } => false,
    }
}

fn are_vlans(part: &Part<'_>, port: LinkId) -> bool {
    matches!(part, Part::PortVlans { link, .. } if *link == port)
}

fn is_shared_link(part: &Part<'_>, place: Place, name: &str) -> bool {
    matches!(part, Part::SharedLink(link) if link.place == place && link.name == name)
}

fn is_setting(part: &Part<'_>, link: LinkId, value: &Value) -> bool {
    matches!(part, Part::Setting { link: of, value: earlier, .. } if *of == link && earlier.is_of_one_setting(value))
}

/// What the kernel takes away when it takes a link down: routes, neighbours
/// and IPv6 addresses.
fn goes_with_down(part: &Part<'_>, link: LinkId) -> bool {
    match part {
        Part::Route { link: of, there, .. } | Part::Neighbor { link: of, there, .. } => *there && *of == link,
        _ => is_ipv6_of(part, link),
    }
}

fn is_ipv6_of(part: &Part<'_>, link: LinkId) -> bool {
    match part {
        Part::Address {
            link: of,
            address,
            there: true,
            ..
        } => *of == link && address.is_ipv6(),
        Part::Route {
            link: of,
            route,
            there: true,
            ..
        } => *of == link && route.destination.is_ipv6(),
        _ => false,
    }
}

/// An IPv4 address may take those of its network along that came after it,
/// and routes go with the address that they are sent from.
fn goes_with_address(part: &Part<'_>, link: LinkId, address: IpPrefix) -> bool {
    match part {
        Part::Address {
            link: of,
            address: earlier,
            there,
            ..
        } if *of == link => {
            let is_of_network = !address.is_ipv6() && earlier.network() == address.network();
            *earlier == address || *there && is_of_network
        }
        Part::Route {
            link: of,
            route,
            there: true,
            ..
        } => *of == link && route.destination.is_ipv6() == address.is_ipv6(),
        _ => false,
    }
}

fn is_route_before(part: &Part<'_>, link: LinkId, route: &Route, mode: RouteMode) -> bool {
    let Part::Route {
        link: of,
        route: earlier,
        there,
        ..
    } = part
    else {
        return false;
    };
    if of.place != link.place || table(earlier) != table(route) {
        return false;
    }
    match (*there, mode) {
        (true, RouteMode::Replace) => earlier.is_in_place_of(route),
        (true, _) => *of == link && *earlier == route,
        (false, _) => *of == link && earlier.covers(route),
    }
}

fn is_rule_before(part: &Part<'_>, place: Place, rule: &Rule) -> bool {
    match part {
        Part::Rule {
            place: of,
            rule: earlier,
            ..
        } => *of == place && (rule.covers(earlier) || *earlier == rule),
        _ => false,
    }
}

/// The table of a route.
pub(super) fn table(route: &Route) -> u32 {
    route.table.unwrap_or(MAIN_TABLE)
}

fn is_chain(part: &Part<'_>, place: Place, table: &TableId, chain: &str) -> bool {
    matches!(part, Part::Chain { place: of, table: named, name, .. }
        if *of == place && *named == table && *name == chain)
}

/// Whether writing a setting changes another one, or what depends on it.
fn is_overridden(part: &Part<'_>, place: Place, key: &SysctlKey, value: &str) -> bool {
    match part {
        Part::Sysctl {
            place: of,
            key: earlier,
            ..
        } => *of == place && (*earlier == key || spreads_to(key, earlier)),
        Part::Address { link, name, .. } | Part::Route { link, name, .. } => {
            let parts: Vec<&str> = key.parts().iter().map(String::as_str).collect();
            let turned_off = matches!(parts[..], ["net", "ipv6", "conf", of, "disable_ipv6"]
                if value.trim() != "0" && (of == "all" || of == *name));
            turned_off && link.place == place && is_ipv6_of(part, *link)
        }
        _ => false,
    }
}

/// Whether the kernel writes a setting of each interface along with the one
/// of all (`devinet_sysctl_forward` and `addrconf_sysctl_forward`).
fn spreads_to(written: &SysctlKey, other: &SysctlKey) -> bool {
    let written = written.to_string();
    let other: Vec<&str> = other.parts().iter().map(String::as_str).collect();
    matches!(
        (written.as_str(), other.as_slice()),
        (
            "net/ipv4/ip_forward" | "net/ipv4/conf/all/forwarding",
            ["net", "ipv4", "conf", _, "forwarding"] | ["net", "ipv4", "ip_forward"],
        ) | ("net/ipv6/conf/all/forwarding", ["net", "ipv6", "conf", _, "forwarding"])
            | (
                "net/ipv6/conf/all/disable_ipv6",
                ["net", "ipv6", "conf", _, "disable_ipv6"]
            )
    )
}
