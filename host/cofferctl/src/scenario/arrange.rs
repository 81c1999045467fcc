//! Makes a simulated network as a scenario wants it: as it is given, and as
//! somebody else than the plugin changes it.

use cofferdam_network::{LinkId, Neighbor, Network as _, Route, RouteMode, Rule, SysctlKey, nftables};
use cofferdam_protocol::{MacAddress, Place};
use cofferdam_simulation::{Nobody, Node, Simulated};

use super::fact::{Fact, STATE};

/// Why something can't be so.
pub(super) type Outcome = Result<(), String>;

/// What is done with what a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// It is made.
    Add,
    /// What is there is set so.
    Set,
    /// It is taken away.
    Delete,
}

/// A node as after its start, and a new container: each has `lo`, and that of
/// the node is up.
pub(super) fn fresh() -> Simulated {
    Simulated::new(Node::default().sides(), Box::new(Nobody))
}

/// Does what a line says.
///
/// # Errors
/// What the kernel would refuse, or nobody can do in this way.
pub(super) fn apply(network: &mut Simulated, place: Place, deed: Deed, fact: &Fact) -> Outcome {
    if fact.has_wildcard() {
        return Err(format!("\"{fact}\" has to name just one thing, without *"));
    }
    let done = match (fact.subject, deed) {
        ("link", Deed::Add) => add_link(network, place, fact),
        ("link", Deed::Set) => {
            find(network, place, fact.require("name")?).and_then(|link| set_link(network, link, fact))
        }
        ("link", Deed::Delete) => delete_link(network, place, fact.require("name")?),
        ("address", Deed::Add | Deed::Delete) => address(network, place, deed, fact),
        ("route", Deed::Add | Deed::Delete) => route(network, place, deed, fact),
        ("neighbor", Deed::Add | Deed::Delete) => neighbor(network, place, deed, fact),
        ("peer", Deed::Add | Deed::Delete) => peer(network, place, deed, fact),
        ("rule", Deed::Add | Deed::Delete) => rule(network, place, deed, fact),
        ("setting", Deed::Add) => add_setting(network, place, fact),
        ("setting", Deed::Set) => set_setting(network, place, fact),
        ("table", Deed::Add | Deed::Delete) => table(network, place, deed, fact),
        (subject, _) => Err(format!("a {subject} can't be {}", deed.participle())),
    };
    done.map_err(|why| format!("\"{fact}\" can't be {}: {why}", deed.participle()))
}

impl Deed {
    fn participle(self) -> &'static str {
        match self {
            Self::Add => "added",
            Self::Set => "set",
            Self::Delete => "deleted",
        }
    }
}

fn find(network: &mut Simulated, place: Place, name: &str) -> Result<LinkId, String> {
    let found = network.link_by_name(place, name).map_err(text)?;
    found
        .map(|info| info.id)
        .ok_or_else(|| format!("there is no link {name:?}"))
}

/// A link whose other end, or parent, is of no matter.
fn add_link(network: &mut Simulated, place: Place, fact: &Fact) -> Outcome {
    let name = fact.require("name")?;
    if network.link_by_name(place, name).map_err(text)?.is_some() {
        // Givens add up: what is there from the beginning may be said more of.
        let link = find(network, place, name)?;
        return set_link(network, link, fact);
    }
    let kind = match fact.get("kind").unwrap_or("none") {
        "none" => "",
        kind => kind,
    };
    let mut sides = network.sides();
    let number = sides.at(place).links.len();
    let mac = MacAddress([
        2,
        0xcf,
        0,
        0,
        u8::from(place == Place::Container),
        u8::try_from(number).unwrap_or(u8::MAX),
    ]);
    let link = sides.at_mut(place).add_link(place, name, kind, Some(mac));
    *network = Simulated::new(sides, Box::new(Nobody));
    set_link(network, link, fact)
}

fn set_link(network: &mut Simulated, link: LinkId, fact: &Fact) -> Outcome {
    let on = |key: &str| fact.get(key).map(|value| value == "on");
    if let Some(mac) = fact.get("mac") {
        network.set_link_mac(link, parsed(mac)?).map_err(text)?;
    }
    if let Some(mtu) = fact.get("mtu") {
        network.set_link_mtu(link, parsed(mtu)?).map_err(text)?;
    }
    if let Some(packets) = fact.get("queue") {
        network.set_link_queue_length(link, parsed(packets)?).map_err(text)?;
    }
    if let Some(on) = on("promiscuous") {
        network.set_link_promiscuous(link, on).map_err(text)?;
    }
    if let Some(on) = on("all-multicast") {
        network.set_link_all_multicast(link, on).map_err(text)?;
    }
    if let Some(master) = fact.get("master") {
        let master = find(network, link.place, master)?;
        network.set_link_master(link, Some(master.index)).map_err(text)?;
    }
    if let Some(on) = on("hairpin") {
        network.set_port_hairpin(link, on).map_err(text)?;
    }
    if let Some(on) = on("isolated") {
        network.set_port_isolated(link, on).map_err(text)?;
    }
    if let Some(state) = fact.get(STATE) {
        network.set_link_up(link, state == "up").map_err(text)?;
    }
    Ok(())
}

fn delete_link(network: &mut Simulated, place: Place, name: &str) -> Outcome {
    let link = find(network, place, name)?;
    network.delete_link(link).map_err(text)
}

fn address(network: &mut Simulated, place: Place, deed: Deed, fact: &Fact) -> Outcome {
    let link = find(network, place, fact.require("on")?)?;
    let address = parsed(fact.require("address")?)?;
    match deed {
        Deed::Delete => network.delete_address(link, address),
        _ => network.add_address(link, address, true),
    }
    .map_err(text)
}

fn route(network: &mut Simulated, place: Place, deed: Deed, fact: &Fact) -> Outcome {
    let link = find(network, place, fact.require("on")?)?;
    let route = Route {
        destination: parsed(fact.require("destination")?)?,
        gateway: optional(fact, "via")?,
        source: optional(fact, "from")?,
        priority: optional(fact, "metric")?,
        table: optional(fact, "table")?,
        scope: optional(fact, "scope")?,
        mtu: optional(fact, "mtu")?,
        advmss: None,
    };
    match deed {
        Deed::Delete => network.delete_route(link, &route),
        _ => network.add_route(link, &route, RouteMode::Append),
    }
    .map_err(text)
}

fn neighbor(network: &mut Simulated, place: Place, deed: Deed, fact: &Fact) -> Outcome {
    let link = find(network, place, fact.require("on")?)?;
    let neighbor = Neighbor {
        address: parsed(fact.require("address")?)?,
        mac: parsed(fact.require("mac")?)?,
    };
    match deed {
        Deed::Delete => network.delete_neighbor(link, &neighbor),
        _ => network.add_neighbor(link, &neighbor),
    }
    .map_err(text)
}

fn peer(network: &mut Simulated, place: Place, deed: Deed, fact: &Fact) -> Outcome {
    let link = find(network, place, fact.require("on")?)?;
    let peer = parsed(fact.require("address")?)?;
    match deed {
        Deed::Delete => network.delete_vxlan_peer(link, peer),
        _ => network.add_vxlan_peer(link, peer),
    }
    .map_err(text)
}

fn rule(network: &mut Simulated, place: Place, deed: Deed, fact: &Fact) -> Outcome {
    let source: Option<cofferdam_protocol::IpPrefix> = optional(fact, "from")?;
    let destination: Option<cofferdam_protocol::IpPrefix> = optional(fact, "to")?;
    let rule = Rule {
        ipv6: source.or(destination).is_some_and(|prefix| prefix.is_ipv6()),
        source,
        destination,
        input_interface: fact.get("in").map(str::to_owned),
        output_interface: fact.get("out").map(str::to_owned),
        mark: optional(fact, "mark")?,
        priority: optional(fact, "priority")?,
        table: parsed(fact.require("table")?)?,
    };
    match deed {
        Deed::Delete => network.delete_rule(place, &rule),
        _ => network.add_rule(place, &rule),
    }
    .map_err(text)
}

/// The network in memory knows some settings; a scenario may have others be
/// there, which then take any value.
fn add_setting(network: &mut Simulated, place: Place, fact: &Fact) -> Outcome {
    let key = setting_key(fact.require("key")?)?;
    let value = fact.require("value")?;
    match network.set_sysctl(place, &key, value) {
        Err(cofferdam_network::Error::Unsupported(_)) => {
            let mut sides = network.sides();
            sides.at_mut(place).settings.insert(key, value.to_owned());
            *network = Simulated::new(sides, Box::new(Nobody));
            Ok(())
        }
        outcome => outcome.map_err(text),
    }
}

fn set_setting(network: &mut Simulated, place: Place, fact: &Fact) -> Outcome {
    let key = setting_key(fact.require("key")?)?;
    network.set_sysctl(place, &key, fact.require("value")?).map_err(text)
}

/// The value that a setting has now.
pub(super) fn setting_now(network: &mut Simulated, place: Place, key: &str) -> Result<String, String> {
    let key = setting_key(key)?;
    network.sysctl(place, &key).map_err(text)
}

fn setting_key(key: &str) -> Result<SysctlKey, String> {
    SysctlKey::new(key.split('/').map(str::to_owned).collect()).map_err(text)
}

fn table(network: &mut Simulated, place: Place, deed: Deed, fact: &Fact) -> Outcome {
    use nftables::Family;
    let family = match fact.require("family")? {
        "inet" => Family::Inet,
        "ip" => Family::Ip,
        "ip6" => Family::Ip6,
        "bridge" => Family::Bridge,
        other => return Err(format!("there is no family {other:?}; known: inet, ip, ip6, bridge")),
    };
    let id = nftables::TableId {
        family,
        name: fact.require("name")?.to_owned(),
    };
    match deed {
        Deed::Delete => network.delete_table(place, &id),
        _ => network.create_table(
            place,
            &nftables::Table {
                id,
                sets: Vec::new(),
                chains: Vec::new(),
            },
        ),
    }
    .map_err(text)
}

fn optional<T: std::str::FromStr<Err: std::fmt::Display>>(fact: &Fact, key: &str) -> Result<Option<T>, String> {
    fact.get(key).map(parsed).transpose()
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(word: &str) -> Result<T, String> {
    word.parse().map_err(|error| format!("{word:?}: {error}"))
}

fn text(error: cofferdam_network::Error) -> String {
    error.to_string()
}
