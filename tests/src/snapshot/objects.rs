//! What the kernel tells of a namespace, as text; without what changes without
//! anybody's doing: counters, times, and flags that follow the state of a link.

use std::{
    collections::BTreeMap,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use netlink_packet_core::Parseable as _;
use netlink_packet_route::{
    AddressFamily,
    address::{AddressAttribute, AddressMessage},
    link::{InfoBridge, InfoData, LinkAttribute, LinkFlags, LinkInfo, LinkMessage},
    neighbour::{NeighbourAttribute, NeighbourMessage, NeighbourState},
    route::{RouteAttribute, RouteFlags, RouteMessage, RouteNextHopFlags, RouteProtocol, RouteType},
    rule::{RuleAttribute, RuleMessage},
    tc::{TcAttribute, TcMessage},
};
use netlink_sys::protocols::{NETLINK_NETFILTER, NETLINK_ROUTE};
use nix::libc;
use serde_json::{Value, json};

use super::{
    netlink::Kernel,
    settings::{self, Guarded},
};
use crate::program::finish;

/// An object's name and what is said of it.
pub(super) type Object = (String, String);

/// The kernel looks after most links at most once a second
/// (`net/core/link_watch.c`).
const LONGEST_MOMENT: Duration = Duration::from_millis(1500);

const FAMILIES: [(&str, AddressFamily); 2] = [("-4", AddressFamily::Inet), ("-6", AddressFamily::Inet6)];

/// Objects of the calling thread's namespace.
pub(super) fn all() -> Vec<Object> {
    let kernel = Kernel::open(NETLINK_ROUTE);
    let guarded = Guarded::open();
    let links = Links::of(&kernel);
    // Now, when the kernel has just waited for who changed links.
    let mut found = guarded.read();
    found.extend(settings::all());
    found.extend(links.objects());
    found.extend(addresses(&kernel, &links));
    for (name, family) in FAMILIES {
        found.extend(routes(&kernel, &links, name, family));
        found.extend(rules(&kernel, name, family));
    }
    found.extend(neighbours(&kernel, &links));
    found.extend(peers(&kernel, &links));
    found.extend(queueing(&kernel, &links));
    found.extend(packet_filter());
    found
}

struct Links {
    messages: Vec<LinkMessage>,
    names: BTreeMap<u32, String>,
}

impl Links {
    fn of(kernel: &Kernel) -> Self {
        let messages = when_settled(kernel);
        let named = messages.iter().map(|link| {
            let name = link.attributes.iter().find_map(|attribute| match attribute {
                LinkAttribute::IfName(name) => Some(name.clone()),
                _ => None,
            });
            (link.header.index, name.expect("a link has a name"))
        });
        let names = named.collect();
        Self { messages, names }
    }

    fn name(&self, index: u32) -> &str {
        self.names.get(&index).map_or("none", String::as_str)
    }

    fn objects(&self) -> Vec<Object> {
        self.messages.iter().map(|link| self.object(link)).collect()
    }

    fn object(&self, link: &LinkMessage) -> Object {
        // They follow the state of the other end.
        let flags = link.header.flags - LinkFlags::LowerUp - LinkFlags::Running;
        let mut kept = json!({ "ifindex": link.header.index, "flags": format!("{flags:?}") });
        for attribute in &link.attributes {
            match attribute {
                LinkAttribute::Mtu(mtu) => kept["mtu"] = json!(mtu),
                LinkAttribute::Address(address) => kept["address"] = json!(address),
                LinkAttribute::Controller(index) => kept["master"] = json!(self.name(*index)),
                LinkAttribute::Promiscuity(count) => kept["promiscuity"] = json!(count),
                LinkAttribute::AllMulticast(count) => kept["allmulti"] = json!(count),
                LinkAttribute::TxQueueLen(length) => kept["txqlen"] = json!(length),
                LinkAttribute::LinkInfo(details) => details.iter().for_each(|detail| keep_detail(&mut kept, detail)),
                _ => {}
            }
        }
        (format!("link {}", self.name(link.header.index)), kept.to_string())
    }
}

/// Once a link has a carrier the kernel takes a moment to use it, and adds
/// routes of its own then.
fn when_settled(kernel: &Kernel) -> Vec<LinkMessage> {
    let begin = Instant::now();
    loop {
        let links = kernel.dump(libc::RTM_GETLINK, &[0; 16], LinkMessage::parse);
        let is_coming_up = |link: &LinkMessage| {
            let flags = link.header.flags;
            flags.contains(LinkFlags::Up | LinkFlags::LowerUp) && !flags.contains(LinkFlags::Running)
        };
        if !links.iter().any(is_coming_up) || begin.elapsed() > LONGEST_MOMENT {
            return links;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn keep_detail(kept: &mut Value, detail: &LinkInfo) {
    match detail {
        LinkInfo::Kind(kind) => kept["kind"] = json!(kind.to_string()),
        LinkInfo::Data(InfoData::Bridge(settings)) => {
            let filters = settings.contains(&InfoBridge::VlanFiltering(true));
            kept["vlan_filtering"] = json!(filters);
        }
        _ => {}
    }
}

fn addresses(kernel: &Kernel, links: &Links) -> Vec<Object> {
    let messages = kernel.dump(libc::RTM_GETADDR, &[0; 8], AddressMessage::parse);
    let object = |message: AddressMessage| {
        let mut address = None;
        let mut kept =
            json!({ "prefixlen": message.header.prefix_len, "scope": format!("{:?}", message.header.scope) });
        for attribute in message.attributes {
            match attribute {
                AddressAttribute::Local(local) => address = Some(local),
                AddressAttribute::Address(ip) => {
                    address = address.or(Some(ip));
                    kept["peer"] = json!(ip);
                }
                AddressAttribute::Broadcast(ip) => kept["broadcast"] = json!(ip),
                AddressAttribute::Label(label) => kept["label"] = json!(label),
                _ => {}
            }
        }
        let address = address.expect("an address message has an address");
        (
            format!("address {address} on {}", links.name(message.header.index)),
            kept.to_string(),
        )
    };
    messages.into_iter().map(object).collect()
}

fn routes(kernel: &Kernel, links: &Links, name: &str, family: AddressFamily) -> Vec<Object> {
    let object = |mut route: RouteMessage| {
        route.header.flags = RouteFlags::empty();
        let link = route.attributes.iter().find_map(|attribute| match attribute {
            RouteAttribute::Oif(index) => Some(links.name(*index).to_owned()),
            _ => None,
        });
        route
            .attributes
            .retain(|attribute| !matches!(attribute, RouteAttribute::CacheInfo(_) | RouteAttribute::Expires(_)));
        for attribute in &mut route.attributes {
            if let RouteAttribute::MultiPath(hops) = attribute {
                hops.iter_mut().for_each(|hop| hop.flags = RouteNextHopFlags::empty());
            }
        }
        let link = link.unwrap_or_default();
        (
            format!("route {name} {link} {:?} {:?}", route.header, route.attributes),
            String::new(),
        )
    };
    let messages = kernel.dump(libc::RTM_GETROUTE, &of_family::<12>(family), RouteMessage::parse);
    messages
        .into_iter()
        .filter(|route| !follows_an_address(route))
        .map(object)
        .collect()
}

/// Whether it is the kernel's own route of an address of IPv6, which comes once
/// the address has proved to be nobody else's. The address itself is in the
/// picture.
fn follows_an_address(route: &RouteMessage) -> bool {
    let header = &route.header;
    header.address_family == AddressFamily::Inet6
        && header.kind == RouteType::Local
        && header.protocol == RouteProtocol::Kernel
}

fn rules(kernel: &Kernel, name: &str, family: AddressFamily) -> Vec<Object> {
    let object = |rule: RuleMessage| {
        let mut table = u32::from(rule.header.table);
        let mut priority = 0;
        for attribute in &rule.attributes {
            match attribute {
                RuleAttribute::Table(number) => table = *number,
                RuleAttribute::Priority(number) => priority = *number,
                _ => {}
            }
        }
        let rest = format!("{:?} {:?}", rule.header, rule.attributes);
        (
            format!("rule {name} priority {priority} table {table} {rest}"),
            String::new(),
        )
    };
    let messages = kernel.dump(libc::RTM_GETRULE, &of_family::<12>(family), RuleMessage::parse);
    messages.into_iter().map(object).collect()
}

/// Those that are permanent.
fn neighbours(kernel: &Kernel, links: &Links) -> Vec<Object> {
    let messages = kernel.dump(libc::RTM_GETNEIGH, &[0; 12], NeighbourMessage::parse);
    let permanent = messages
        .into_iter()
        .filter(|message| message.header.state == NeighbourState::Permanent);
    let object = |mut neighbour: NeighbourMessage| {
        let changing = |attribute: &NeighbourAttribute| {
            matches!(
                attribute,
                NeighbourAttribute::CacheInfo(_) | NeighbourAttribute::Probes(_)
            )
        };
        neighbour.attributes.retain(|attribute| !changing(attribute));
        let link = links.name(neighbour.header.ifindex);
        (
            format!("neighbour {link} {:?} {:?}", neighbour.header, neighbour.attributes),
            String::new(),
        )
    };
    permanent.map(object).collect()
}

/// Whom VXLANs send frames to whose receiver they do not know.
fn peers(kernel: &Kernel, links: &Links) -> Vec<Object> {
    let mut body = [0; 12];
    body[0] = u8::try_from(libc::AF_BRIDGE).expect("a family's number is small");
    let messages = kernel.dump(libc::RTM_GETNEIGH, &body, NeighbourMessage::parse);
    let is_for_anybody = |attribute: &NeighbourAttribute| matches!(attribute, NeighbourAttribute::LinkLayerAddress(mac) if *mac == [0; 6]);
    let entries = messages
        .iter()
        .filter(|entry| entry.attributes.iter().any(is_for_anybody));
    let object = |entry: &NeighbourMessage| {
        let link = links.name(entry.header.ifindex);
        let to = entry.attributes.iter().find_map(|attribute| match attribute {
            NeighbourAttribute::Destination(address) => Some(address),
            _ => None,
        })?;
        Some((format!("peer of {link} {to:?}"), String::new()))
    };
    entries.filter_map(object).collect()
}

/// Queueing disciplines that are not the kernel's own choice: they have a
/// number.
fn queueing(kernel: &Kernel, links: &Links) -> Vec<Object> {
    let messages = kernel.dump(libc::RTM_GETQDISC, &[0; 20], TcMessage::parse);
    let chosen = messages.into_iter().filter(|message| message.header.handle.major != 0);
    let object = |message: TcMessage| {
        let link = links.name(message.header.index.unsigned_abs());
        let (handle, parent) = (message.header.handle, message.header.parent);
        let changing = |attribute: &TcAttribute| {
            matches!(
                attribute,
                TcAttribute::Stats(_) | TcAttribute::Stats2(_) | TcAttribute::Xstats(_)
            )
        };
        let kept: Vec<_> = message
            .attributes
            .iter()
            .filter(|attribute| !changing(attribute))
            .collect();
        (format!("qdisc {link} {handle:?} of {parent:?}"), format!("{kept:?}"))
    };
    chosen.map(object).collect()
}

/// As `nft` tells it, where there is anything to tell.
fn packet_filter() -> Vec<Object> {
    /// `NFT_MSG_GETTABLE` of nf_tables (`linux/netfilter/nf_tables.h`).
    const TABLES: u16 = 0x0a01;
    let tables = Kernel::open(NETLINK_NETFILTER).dump(TABLES, &[0; 4], |_| Ok(()));
    if tables.is_empty() {
        return Vec::new();
    }
    let ended = finish(Command::new("nft").args(["-j", "list", "ruleset"]), b"");
    assert_eq!(ended.code, Some(0), "nft list ruleset: {}", ended.stderr);
    let ruleset: Value = serde_json::from_str(&ended.stdout).expect("nft -j prints JSON");
    let items = ruleset["nftables"].as_array().into_iter().flatten().enumerate();
    let told = items.filter(|(_, item)| item.get("metainfo").is_none());
    let object = |(number, item): (usize, &Value)| {
        let mut item = item.clone();
        strip_volatile(&mut item);
        (format!("packet filter {number:04}"), item.to_string())
    };
    told.map(object).collect()
}

/// Takes away numbers that the kernel gives, counters and times.
fn strip_volatile(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for key in ["handle", "packets", "bytes", "expires"] {
                object.shift_remove(key);
            }
            object.values_mut().for_each(strip_volatile);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_volatile),
        _ => {}
    }
}

/// A request's body that says the family, and nothing more.
fn of_family<const LENGTH: usize>(family: AddressFamily) -> [u8; LENGTH] {
    let mut body = [0; LENGTH];
    body[0] = family.into();
    body
}
