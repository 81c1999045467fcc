use std::{fmt, net::IpAddr, path::PathBuf};

use cofferdam_network::{
    Device, Flows, Forwarded, LinkId, Neighbor, RateLimit, Route, Rule, SysctlKey, forwarding_table_of,
    nftables::{Element, Set, TableId},
};
use cofferdam_protocol::{IpPrefix, MacAddress, Place};
use serde::{Deserialize, Serialize};

use super::{SharedObject, operation::flows_text};

/// What puts the kernel back as it was before an operation. Each is harmless
/// when the operation did not happen, and when it is carried out twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Inverse {
    /// Deletes the link of that name (or, renamed since, of the index in the
    /// outcome), if kind and address show that it is the one that was made.
    DeleteLink {
        place: Place,
        name: String,
        kind: String,
        mac: MacAddress,
        index: Option<u32>,
    },
    /// Nothing to do: it goes with a link of this attachment.
    WithLink {
        link: LinkId,
    },
    RestoreUp {
        link: LinkId,
        name: String,
        old: bool,
    },
    RestoreMtu {
        link: LinkId,
        name: String,
        old: u32,
    },
    RestoreMac {
        link: LinkId,
        name: String,
        old: MacAddress,
    },
    RestorePromiscuous {
        link: LinkId,
        name: String,
        old: bool,
    },
    RestoreAllMulticast {
        link: LinkId,
        name: String,
        old: bool,
    },
    RestoreQueueLength {
        link: LinkId,
        name: String,
        old: u32,
    },
    RestoreMaster {
        link: LinkId,
        name: String,
        old: Option<u32>,
    },
    RestoreHairpin {
        link: LinkId,
        name: String,
        old: bool,
    },
    RestoreIsolated {
        link: LinkId,
        name: String,
        old: bool,
    },
    AddAddress {
        link: LinkId,
        name: String,
        address: IpPrefix,
    },
    DeleteAddress {
        link: LinkId,
        name: String,
        address: IpPrefix,
    },
    AddRoute {
        link: LinkId,
        name: String,
        route: Route,
    },
    DeleteRoute {
        link: LinkId,
        name: String,
        route: Route,
    },
    AddRule {
        place: Place,
        rule: Rule,
    },
    DeleteRule {
        place: Place,
        rule: Rule,
    },
    AddNeighbor {
        link: LinkId,
        name: String,
        neighbor: Neighbor,
    },
    DeleteNeighbor {
        link: LinkId,
        name: String,
        neighbor: Neighbor,
    },
    /// Only while the value still is the `new` one.
    RestoreSysctl {
        place: Place,
        key: SysctlKey,
        old: String,
        new: String,
    },
    AddElements {
        place: Place,
        table: TableId,
        set: Set,
        elements: Vec<Element>,
        comment: String,
    },
    /// Only those whose comment is this one.
    DeleteElements {
        place: Place,
        table: TableId,
        set: Set,
        elements: Vec<Element>,
        comment: String,
    },
    /// Only while it is this one.
    DeleteRateLimit {
        link: LinkId,
        name: String,
        limit: RateLimit,
    },
    /// Only while all that comes in goes there, or nothing does.
    DeleteRedirect {
        link: LinkId,
        name: String,
        to: u32,
    },
    ForgetFlows {
        place: Place,
        flows: Vec<Flows>,
    },
    /// Deletes the rules of the node's iptables that accept these packets of
    /// the address, which is the attachment's.
    RefuseForwarding {
        address: IpAddr,
        #[serde(default)]
        what: Forwarded,
    },
    /// Takes the attachment's address out of a zone of the node's firewalld.
    LeaveZone {
        address: IpAddr,
        zone: String,
    },
    /// Leaves an object that attachments share; the last user removes it, if
    /// Cofferdam made it.
    LeaveShared {
        object: SharedObject,
    },
    /// Says farewell and forgets what a plugin kept.
    EndUpkeep {
        plugin: String,
    },
    /// Only one of this attachment.
    FreeSlot {
        counter: String,
        number: u32,
    },
    /// Only a claim of this attachment.
    ReleaseClaim {
        directory: PathBuf,
        address: IpAddr,
    },
    /// Moves a device back to the node's namespace, wherever it is by now, and
    /// makes it what it was. `inside` is its name in the container.
    ReturnDevice {
        device: Device,
        inside: String,
    },
}

impl fmt::Display for Inverse {
    /// One line: what going back does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |link: &LinkId, name: &str| format!("link {name} in the {} namespace", link.place);
        let on = |on: &bool| if *on { "on" } else { "off" };
        match self {
            Self::DeleteLink { place, name, mac, .. } => {
                write!(
                    f,
                    "delete link {name} in the {place} namespace, if its address is {mac}"
                )
            }
            Self::WithLink { .. } => f.write_str("nothing: it goes with its link"),
            Self::RestoreUp { link, name, old } => {
                write!(f, "set {} {}", of(link, name), if *old { "up" } else { "down" })
            }
            Self::RestoreMtu { link, name, old } => write!(f, "set {} mtu {old}", of(link, name)),
            Self::RestoreMac { link, name, old } => write!(f, "set {} address {old}", of(link, name)),
            Self::RestorePromiscuous { link, name, old } => {
                write!(f, "set {} promiscuous {}", of(link, name), on(old))
            }
            Self::RestoreAllMulticast { link, name, old } => {
                write!(f, "set {} allmulticast {}", of(link, name), on(old))
            }
            Self::RestoreQueueLength { link, name, old } => {
                write!(f, "set {} txqueuelen {old}", of(link, name))
            }
            Self::RestoreMaster {
                link,
                name,
                old: Some(old),
            } => {
                write!(f, "make {} a port of link {old}", of(link, name))
            }
            Self::RestoreMaster { link, name, old: None } => write!(f, "make {} no port", of(link, name)),
            Self::RestoreHairpin { link, name, old } => write!(f, "set {} hairpin {}", of(link, name), on(old)),
            Self::RestoreIsolated { link, name, old } => write!(f, "set {} isolated {}", of(link, name), on(old)),
            Self::AddAddress { link, name, address } => write!(f, "add address {address} to {}", of(link, name)),
            Self::DeleteAddress { link, name, address } => {
                write!(f, "delete address {address} of {}", of(link, name))
            }
            Self::AddRoute { link, name, route } => {
                write!(f, "add the route to {} through {}", route.destination, of(link, name))
            }
            Self::DeleteRoute { link, name, route } => {
                write!(
                    f,
                    "delete the route to {} through {}",
                    route.destination,
                    of(link, name)
                )
            }
            Self::AddRule { place, rule } => {
                write!(
                    f,
                    "add the rule that looks into table {} in the {place} namespace",
                    rule.table
                )
            }
            Self::DeleteRule { place, rule } => {
                write!(
                    f,
                    "delete the rule that looks into table {} in the {place} namespace",
                    rule.table
                )
            }
            Self::AddNeighbor { link, name, neighbor } => {
                write!(f, "add neighbour {} to {}", neighbor.address, of(link, name))
            }
            Self::DeleteNeighbor { link, name, neighbor } => {
                write!(f, "delete neighbour {} of {}", neighbor.address, of(link, name))
            }
            Self::RestoreSysctl { place, key, old, new } => {
                write!(
                    f,
                    "set {key} to {old:?} in the {place} namespace, if it still is {new:?}"
                )
            }
            Self::AddElements {
                place,
                table,
                set,
                elements,
                ..
            } => {
                let (count, set) = (elements.len(), &set.name);
                write!(f, "add {count} elements to {set} of {table} in the {place} namespace")
            }
            Self::DeleteElements {
                place,
                table,
                set,
                elements,
                ..
            } => {
                let (count, set) = (elements.len(), &set.name);
                write!(
                    f,
                    "delete {count} elements of {set} of {table} in the {place} namespace"
                )
            }
            Self::DeleteRateLimit { link, name, limit } => {
                write!(f, "end the limit of {}, if it is {limit}", of(link, name))
            }
            Self::DeleteRedirect { link, name, .. } => {
                write!(f, "end the redirection of what comes in on {}", of(link, name))
            }
            Self::ForgetFlows { place, flows } => write!(f, "forget {} in the {place} namespace", flows_text(flows)),
            Self::LeaveShared { object } => {
                write!(f, "leave {object}, which goes with its last user if Cofferdam made it")
            }
            Self::EndUpkeep { plugin } => write!(f, "give back what plugin {plugin} looks after"),
            Self::RefuseForwarding { address, what } => write!(
                f,
                "accept {} in {} no more",
                what.of(*address),
                forwarding_table_of(*address)
            ),
            Self::LeaveZone { address, zone } => write!(f, "take {address} out of zone {zone} of firewalld"),
            Self::FreeSlot { counter, number } => write!(f, "free slot {number} of limit {counter}"),
            Self::ReleaseClaim { directory, address } => write!(f, "release {address} in {}", directory.display()),
            Self::ReturnDevice { device, inside } => write!(
                f,
                "move link {inside} of the container namespace back into the {} namespace as {}, as it was",
                device.link.place, device.name
            ),
        }
    }
}
