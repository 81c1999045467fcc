//! Steps as `ip(8)` would have them. A link is `NAME` in the node's namespace
//! and `NAME@c` in the container's.

use std::{collections::VecDeque, str::FromStr};

use cofferdam_network::{
    IpvlanIsolation, IpvlanMode, LinkSettings, MacvlanMode, PortVlans, RateLimit, Route, RouteMode, Rule, VlanRange,
    Vxlan,
};
use cofferdam_protocol::{MacAddress, Place};

use crate::step::{At, End, Step};

/// `veth eth0@c veth0`, `route add 192.0.2.0/24 via 10.22.0.1 dev eth0@c`, …
pub(crate) fn step(line: &str) -> Step {
    let mut words = Words(line.split_whitespace().collect(), line);
    let step = match words.next() {
        "bridge" => {
            let at = words.at();
            Step::Bridge {
                at,
                mtu: words.optional("mtu"),
                filters: words.has("vlan_filtering"),
            }
        }
        "veth" => {
            let first = words.at();
            let second = words.at();
            let (mtu, peer_mtu) = (words.optional("mtu"), words.optional("peer-mtu"));
            let (master, peer_master) = (words.optional("master"), words.optional("peer-master"));
            let end = |at, mtu, master| End { at, mtu, master };
            Step::Veth(end(first, mtu, master), end(second, peer_mtu, peer_master))
        }
        "link" => link(&mut words),
        "address" => match words.next() {
            "add" => {
                let address = words.parsed();
                Step::AddAddress(words.after("dev"), address)
            }
            "del" => {
                let address = words.parsed();
                Step::DeleteAddress(words.after("dev"), address)
            }
            other => panic!("{line}: {other}"),
        },
        "route" => route(&mut words),
        "rule" => rule(&mut words),
        "neighbor" => match words.next() {
            "add" => {
                let address = words.parsed();
                Step::AddNeighbor(words.after("dev"), address)
            }
            _ => {
                let address = words.parsed();
                Step::DeleteNeighbor(words.after("dev"), address)
            }
        },
        "peer" => match words.next() {
            "add" => {
                let peer = words.parsed();
                Step::AddPeer(words.after("dev"), peer)
            }
            _ => {
                let peer = words.parsed();
                Step::DeletePeer(words.after("dev"), peer)
            }
        },
        "set" => {
            let place = words.place();
            Step::Set(place, words.next().to_owned(), words.next().to_owned())
        }
        verb => on_link(verb, &mut words),
    };
    assert!(words.0.is_empty(), "{line}: what is {:?}?", words.0);
    step
}

fn on_link(verb: &str, words: &mut Words<'_>) -> Step {
    let at = words.at();
    match verb {
        "up" => Step::Up(at, true),
        "down" => Step::Up(at, false),
        "delete" => Step::Delete(at),
        "mtu" => Step::Mtu(at, words.parsed()),
        "mac" => Step::Mac(at, words.parsed::<MacAddress>()),
        "promiscuous" => Step::Promiscuous(at, words.on()),
        "allmulticast" => Step::AllMulticast(at, words.on()),
        "qlen" => Step::QueueLength(at, words.parsed()),
        "master" => Step::Master(at, Some(words.next().to_owned())),
        "nomaster" => Step::Master(at, None),
        "hairpin" => Step::Hairpin(at, words.on()),
        "isolated" => Step::Isolated(at, words.on()),
        "vlans" => Step::Vlans(at, vlans(words)),
        "limit" => {
            let (rate, burst) = (words.parsed(), words.parsed());
            let latency = 25_000;
            Step::Limit(at, RateLimit { rate, burst, latency })
        }
        "unlimit" => Step::DeleteLimit(at),
        "redirect" => Step::Redirect(at, words.next().to_owned()),
        "unredirect" => Step::DeleteRedirect(at),
        "move" => Step::Move(at, words.at()),
        other => panic!("{}: what is {other:?}?", words.1),
    }
}

/// `10`, `10-19` or `10p` for the VLAN of what has no tag.
fn vlans(words: &mut Words<'_>) -> PortVlans {
    let ranges = std::iter::from_fn(|| words.0.pop_front()).map(|word| {
        let own = word.ends_with('p');
        let (first, last) = word.trim_end_matches('p').split_once('-').unwrap_or((word, word));
        let number = |text: &str| text.trim_end_matches('p').parse().unwrap();
        VlanRange {
            first: number(first),
            last: number(last),
            pvid: own,
            untagged: own,
        }
    });
    PortVlans::new(ranges.collect()).unwrap()
}

/// `link x0@c type macvlan private dev nic0 mtu 1400`
fn link(words: &mut Words<'_>) -> Step {
    let at = words.at();
    words.skip("type");
    let macvlan = |mode| LinkSettings::Macvlan {
        mode,
        broadcast_queue_length: None,
    };
    let settings = match words.next() {
        "macvlan" => macvlan(match words.next() {
            "bridge" => MacvlanMode::Bridge,
            "private" => MacvlanMode::Private,
            "vepa" => MacvlanMode::Vepa,
            "passthru" => MacvlanMode::Passthru,
            other => panic!("{}: {other}", words.1),
        }),
        "ipvlan" => LinkSettings::Ipvlan {
            mode: match words.next() {
                "l2" => IpvlanMode::L2,
                "l3" => IpvlanMode::L3,
                _ => IpvlanMode::L3s,
            },
            isolation: IpvlanIsolation::None,
        },
        "vlan" => LinkSettings::Vlan { id: words.parsed() },
        "vrf" => LinkSettings::Vrf { table: words.parsed() },
        "dummy" => LinkSettings::Dummy,
        "ifb" => LinkSettings::Ifb,
        "vxlan" => LinkSettings::Vxlan(Vxlan {
            id: words.parsed(),
            port: words.optional("port").unwrap_or(4789),
            parent: None,
            local: words.optional("local"),
            group: words.optional("group"),
            ttl: words.optional("ttl").unwrap_or_default(),
            learning: !words.has("nolearning"),
        }),
        "tap" => LinkSettings::Tap {
            owner: None,
            group: None,
            multi_queue: false,
        },
        other => panic!("{}: {other}", words.1),
    };
    Step::Link {
        at,
        mtu: words.optional("mtu"),
        parent: words.optional("dev"),
        settings,
    }
}

fn route(words: &mut Words<'_>) -> Step {
    let verb = words.next();
    let destination = match words.next() {
        "default" => "0.0.0.0/0",
        other => other,
    };
    let route = Route {
        destination: destination.parse().unwrap(),
        gateway: words.optional("via"),
        source: words.optional("src"),
        priority: words.optional("metric"),
        table: words.optional("table"),
        scope: words.optional("scope"),
        mtu: words.optional("mtu"),
        advmss: words.optional("advmss"),
    };
    let at = words.after("dev");
    match verb {
        "add" => Step::AddRoute(at, route, RouteMode::Exclusive),
        "append" => Step::AddRoute(at, route, RouteMode::Append),
        "replace" => Step::AddRoute(at, route, RouteMode::Replace),
        "del" => Step::DeleteRoute(at, route),
        other => panic!("{}: {other}", words.1),
    }
}

/// In the node's namespace, or with `@c` behind the verb in the container's.
fn rule(words: &mut Words<'_>) -> Step {
    let verb = words.next();
    let place = words.place();
    let rule = Rule {
        ipv6: words.has("ipv6"),
        source: words.optional("from"),
        destination: words.optional("to"),
        input_interface: words.optional("iif"),
        output_interface: words.optional("oif"),
        mark: words.optional("fwmark"),
        priority: words.optional("pref"),
        table: words.optional("lookup").unwrap(),
    };
    match verb {
        "add" => Step::AddRule(place, rule),
        _ => Step::DeleteRule(place, rule),
    }
}

impl FromStr for At {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let (name, place) = match word.strip_suffix("@c") {
            Some(name) => (name, Place::Container),
            None => (word, Place::Host),
        };
        Ok(Self {
            place,
            name: name.to_owned(),
        })
    }
}

struct Words<'l>(VecDeque<&'l str>, &'l str);

impl<'l> Words<'l> {
    fn next(&mut self) -> &'l str {
        self.0
            .pop_front()
            .unwrap_or_else(|| panic!("{}: something is missing", self.1))
    }

    fn parsed<T: FromStr<Err: std::fmt::Debug>>(&mut self) -> T {
        let line = self.1;
        let word = self.next();
        word.parse().unwrap_or_else(|error| panic!("{line}: {word}: {error:?}"))
    }

    fn at(&mut self) -> At {
        self.parsed()
    }

    fn on(&mut self) -> bool {
        self.next() == "on"
    }

    fn skip(&mut self, word: &str) {
        assert_eq!(self.next(), word, "{}", self.1);
    }

    /// What follows a word, wherever it is.
    fn optional<T: FromStr<Err: std::fmt::Debug>>(&mut self, word: &str) -> Option<T> {
        let position = self.0.iter().position(|found| *found == word)?;
        self.0.remove(position);
        let value = self.0.remove(position).unwrap();
        Some(value.parse().unwrap())
    }

    fn after<T: FromStr<Err: std::fmt::Debug>>(&mut self, word: &str) -> T {
        let line = self.1;
        self.optional(word)
            .unwrap_or_else(|| panic!("{line}: {word} is missing"))
    }

    fn has(&mut self, word: &str) -> bool {
        let position = self.0.iter().position(|found| *found == word);
        position.map(|position| self.0.remove(position)).is_some()
    }

    fn place(&mut self) -> Place {
        if self.has("@c") { Place::Container } else { Place::Host }
    }
}
