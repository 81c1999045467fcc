//! Scenarios from bytes.

use arbitrary::{Arbitrary as _, Result, Unstructured};
use serde_json::{Value, json};

/// Calls of one input.
const MOST_CALLS: usize = 24;

/// Grants that an input chooses from, one bit each.
const GRANTS: [&str; 43] = [
    "allow = \"link.see\"\nin = \"host\"\nnames = [\"*\"]",
    "allow = \"link.see\"\nin = \"host\"\nkinds = [\"veth\"]\nnames = [\"veth*\"]",
    "allow = \"link.create\"\nin = \"host\"\nkinds = [\"veth\"]\nnames = [\"veth*\"]",
    "allow = \"link.create\"\nin = \"host\"\nkinds = [\"bridge\"]\nnames = [\"cni*\"]",
    "allow = \"link.create\"\nin = \"host\"\nkinds = [\"bridge\"]\nnames = [\"br-ex\"]",
    "allow = \"link.*\"\nin = \"container\"",
    "allow = \"link.create\"\nin = \"container\"\nkinds = [\"veth\"]\nnames = [\"eth0\"]",
    "allow = \"link.set\"\nin = \"host\"\nnames = [\"up0\"]\nsettings = [\"up\", \"mtu\"]",
    "allow = \"link.set\"\nin = \"host\"\nnames = [\"veth-ex\"]",
    "allow = \"link.set\"\nin = \"host\"\nnames = [\"vethtenant\"]\nsettings = [\"master\", \"hairpin\", \"isolated\"]",
    "allow = \"link.set\"\nin = \"host\"\nnames = [\"br-ex\"]\nsettings = [\"ports\", \"promiscuous\"]",
    "allow = \"link.set\"\nin = \"host\"\nkinds = [\"bridge\"]\nnames = [\"*\"]",
    "allow = \"link.delete\"\nin = \"host\"\nnames = [\"*\"]",
    "allow = \"address.see\"\nin = \"host\"\nnames = [\"*\"]",
    "allow = [\"address.add\", \"address.delete\"]\nin = \"host\"\nnames = [\"*\"]\nprefixes = [\"10.22.0.0/16\"]",
    "allow = [\"address.add\", \"address.delete\"]\nin = \"host\"\nnames = [\"up0\"]\nprefixes = [\"0.0.0.0/0\", \"::/0\"]",
    "allow = [\"address.add\", \"address.delete\"]\nin = \"container\"\nprefixes = [\"10.22.0.0/16\", \"fd00::/64\"]",
    "allow = [\"address.add\", \"address.delete\"]\nin = \"container\"",
    "allow = [\"route.see\", \"route.add\", \"route.delete\"]\nin = \"container\"",
    "allow = [\"route.add\", \"route.delete\"]\nin = \"host\"\nnames = [\"up0\", \"veth*\"]\ndestinations = [\"0.0.0.0/0\"]\ntables = [254, [1, 100]]",
    "allow = [\"route.add\", \"route.delete\"]\nin = \"host\"\nnames = [\"*\"]\ndestinations = [\"10.22.0.0/16\", \"::/0\"]",
    "allow = [\"rule.add\", \"rule.delete\"]\nin = \"container\"\ntables = [100, [1000, 1999]]",
    "allow = [\"rule.add\", \"rule.delete\"]\nin = \"host\"\ntables = [100]\npriorities = [[1000, 1999]]",
    "allow = [\"rule.add\", \"rule.delete\"]\nin = \"host\"\ntables = [100]\npriorities = [[0, 4294967295]]",
    "allow = [\"neighbor.add\", \"neighbor.delete\"]\nin = \"container\"\nprefixes = [\"10.22.0.0/16\"]",
    "allow = [\"neighbor.add\", \"neighbor.delete\"]\nin = \"host\"\nnames = [\"up0\", \"veth*\"]\nprefixes = [\"0.0.0.0/0\", \"::/0\"]",
    "allow = [\"qdisc.see\", \"qdisc.set\"]\nin = \"host\"\nkinds = [\"veth\"]\nnames = [\"veth*\"]",
    "allow = \"qdisc.set\"\nin = \"container\"",
    "allow = \"conntrack.forget\"\nin = \"host\"\nports = [53]",
    "allow = [\"sysctl.read\", \"sysctl.write\"]\nin = \"host\"\nkeys = [\"net/ipv4/ip_forward\"]",
    "allow = \"sysctl.write\"\nin = \"container\"\nkeys = [\"net/ipv4/conf/*/arp_notify\"]\nvalues = [\"1\"]",
    "allow = \"sysctl.write\"\nin = \"host\"\nkeys = [\"net/ipv6/conf/*/accept_ra\", \"net/ipv4/conf/all/route_localnet\"]",
    "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"own*\"]\nhooks = [\"forward\"]\npriorities = [0]",
    "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"*\"]",
    "allow = \"nftables.element\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"own*\"]\nsets = [\"*\"]",
    "allow = \"nftables.table\"\nin = \"container\"\nfamily = \"ip\"\ntables = [\"*\"]\nhooks = [\"forward\", \"input\"]\npriorities = [[-100, 100]]",
    "allow = \"store.open\"",
    "allow = [\"link.create\"]\nin = \"host\"\nkinds = [\"veth\"]\nnames = [\"vx*\"]\nmax = 2",
    "allow = [\"address.add\"]\nin = \"container\"\nprefixes = [\"192.0.2.0/24\"]\nmax = 1",
    "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"own*\"]\nhooks = [\"forward\", \"prerouting\"]\npriorities = [[-100, 100]]\nscope = \"all\"",
    "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"own*\"]\nhooks = [\"forward\", \"prerouting\"]\npriorities = [[-100, 100]]\nprefixes = [\"10.22.0.0/24\"]\nnames = [\"vx*\"]",
    "allow = \"nftables.element\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"own*\"]\nsets = [\"*\"]\nprefixes = [\"10.22.0.4/30\"]\nnames = [\"vx*\"]",
    "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"own*\"]\nhooks = [\"forward\"]\npriorities = [[-100, 100]]\nmarks = [\"1/1\"]",
];

const NAMES: [&str; 14] = [
    "veth0",
    "veth1",
    "vx0",
    "cni0",
    "cni1",
    "eth0",
    "eth1",
    "up0",
    "lo",
    "br-ex",
    "veth-ex",
    "vethtenant",
    "net1",
    "",
];
const PREFIXES: [&str; 10] = [
    "10.22.0.5/16",
    "10.22.0.1/16",
    "10.22.9.0/24",
    "0.0.0.0/0",
    "192.0.2.2/24",
    "192.0.2.9/24",
    "fd00::1/64",
    "::/0",
    "10.22.0.5/33",
    "fd00::1/255",
];
const ADDRESSES: [&str; 6] = ["10.22.0.5", "10.22.0.77", "192.0.2.1", "192.0.2.9", "fd00::5", "::"];
const KEYS: [&str; 7] = [
    "net/ipv4/ip_forward",
    "net/ipv4/conf/eth0/arp_notify",
    "net/ipv4/conf/net1/arp_notify",
    "net/ipv4/conf/all/route_localnet",
    "net/ipv6/conf/up0/accept_ra",
    "net/ipv6/conf/veth0/accept_ra",
    "net/../kernel/core_pattern",
];
const TABLES: [&str; 4] = ["own", "own2", "firewall", "other"];
const CHAINS: [&str; 4] = ["one", "two", "input", "forward"];
const SETS: [&str; 4] = ["sources", "to-verdicts", "links", "none"];
const MATCHES: [&str; 8] = [
    " if from @sources",
    " if in @links",
    " if not from @sources",
    " if from 10.22.0.0/24",
    " if to 192.0.2.0/24",
    " if not to 10.22.0.0/16",
    " if out vx0",
    " if in up0 and from 10.22.0.0/24",
];
const SETTINGS: [&str; 4] = ["promiscuous", "all-multicast", "hairpin", "isolated"];

/// What the kernel does wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    /// At which change; the first is 1.
    pub(super) at: u32,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    NotPermitted,
    NoMemory,
    /// No answer in time, and nothing done.
    Slow,
    /// No answer in time, and it is done.
    DoneButSlow,
}

/// All that one input says.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) policy: String,
    pub(super) fault: Option<Fault>,
    /// The network's configuration, with the calls in it.
    pub(super) config: Value,
}

impl Scenario {
    pub(super) fn new(input: &mut Unstructured<'_>) -> Result<Self> {
        let policy = policy(u64::arbitrary(input)?);
        let fault = match u8::arbitrary(input)? {
            at @ 1..=40 => Some(Fault {
                at: at.into(),
                kind: *input.choose(&[Kind::NotPermitted, Kind::NoMemory, Kind::Slow, Kind::DoneButSlow])?,
            }),
            _ => None,
        };
        let end = *input.choose(&["", "", "unreachable", "panic"])?;
        let undaunted = u8::arbitrary(input)? % 4 != 0;
        let result = if u8::arbitrary(input)? % 4 == 0 {
            report(input)?
        } else {
            json!({})
        };
        let mut calls = Vec::new();
        while calls.len() < MOST_CALLS && !input.is_empty() {
            calls.push(call(input)?);
        }
        let config = json!({
            "cniVersion": "1.1.0", "name": "mynet", "type": super::PLUGIN,
            "attack": end, "undaunted": undaunted, "result": result, "calls": calls,
        });
        Ok(Self { policy, fault, config })
    }
}

fn policy(chosen: u64) -> String {
    let mut text = format!("[plugin.{}]\n", super::PLUGIN);
    let grants = GRANTS.iter().enumerate();
    for (_, grant) in grants.filter(|(number, _)| chosen >> number & 1 == 1) {
        text.push_str(&format!("[[plugin.{}.grant]]\n{grant}\n", super::PLUGIN));
    }
    text
}

fn place(input: &mut Unstructured<'_>) -> Result<&'static str> {
    Ok(*input.choose(&["host", "container"])?)
}

/// Mostly one that has a meaning here, sometimes any text.
fn text(input: &mut Unstructured<'_>, usual: &[&'static str]) -> Result<String> {
    let number = usize::from(u8::arbitrary(input)?);
    if number > 240 {
        return String::arbitrary(input);
    }
    Ok(usual[number % usual.len()].to_owned())
}

fn maybe<T>(input: &mut Unstructured<'_>, make: impl FnOnce(&mut Unstructured<'_>) -> Result<T>) -> Result<Option<T>> {
    if u8::arbitrary(input)? % 3 == 0 {
        make(input).map(Some)
    } else {
        Ok(None)
    }
}

fn number(input: &mut Unstructured<'_>, usual: &[u32]) -> Result<u32> {
    let chosen = usize::from(u8::arbitrary(input)?);
    if chosen > 230 {
        return u32::arbitrary(input);
    }
    Ok(usual[chosen % usual.len()])
}

fn mac(input: &mut Unstructured<'_>) -> Result<[u8; 6]> {
    let bytes = <[u8; 6]>::arbitrary(input)?;
    Ok([bytes[0] & 0xfe, bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]])
}

fn call(input: &mut Unstructured<'_>) -> Result<Value> {
    match u8::arbitrary(input)? % 16 {
        0..4 => finding(input),
        4..7 => link_setting(input),
        7..12 => routing(input),
        12..15 => packet_filter_or_setting(input),
        _ => other(input),
    }
}

/// Links are named by the order in which they were got.
fn link(input: &mut Unstructured<'_>) -> Result<u8> {
    Ok(u8::arbitrary(input)? % 6)
}

fn end(input: &mut Unstructured<'_>) -> Result<Value> {
    Ok(json!({
        "in": place(input)?,
        "name": if u8::arbitrary(input)? % 4 == 0 { None } else { Some(text(input, &NAMES)?) },
        "mac": maybe(input, mac)?,
        "mtu": maybe(input, |input| number(input, &[1400, 68, 67, 9000, 0]))?,
        "master": maybe(input, link)?,
    }))
}

fn finding(input: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match u8::arbitrary(input)? % 7 {
        0 | 1 => json!({ "do": "find", "in": place(input)?, "name": text(input, &NAMES)? }),
        2 => json!({ "do": "bridge", "in": place(input)?, "name": text(input, &NAMES)? }),
        3 | 4 => json!({ "do": "veth", "first": end(input)?, "second": end(input)? }),
        5 => json!({ "do": "peer", "link": link(input)? }),
        _ => json!({ "do": "info", "link": link(input)? }),
    })
}

fn link_setting(input: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match u8::arbitrary(input)? % 10 {
        0 => json!({ "do": "up", "link": link(input)? }),
        1 => json!({ "do": "down", "link": link(input)? }),
        2 => json!({ "do": "delete", "link": link(input)? }),
        3 => json!({ "do": "mtu", "link": link(input)?, "mtu": number(input, &[1400, 68, 67, 9000, 0])? }),
        4 => json!({ "do": "mac", "link": link(input)?, "mac": <[u8; 6]>::arbitrary(input)? }),
        5 | 6 => json!({ "do": "master", "link": link(input)?, "master": link(input)? }),
        8 => json!({ "do": "queue-length", "link": link(input)?, "packets": number(input, &[0, 500, 200_000])? }),
        7 => json!({ "do": "wait", "link": link(input)?, "milliseconds": 0 }),
        _ => json!({
            "do": *input.choose(&SETTINGS)?, "link": link(input)?, "on": bool::arbitrary(input)?
        }),
    })
}

fn route(input: &mut Unstructured<'_>, what: &str) -> Result<Value> {
    Ok(json!({
        "do": what, "link": link(input)?, "to": text(input, &PREFIXES)?,
        "via": maybe(input, |input| text(input, &ADDRESSES))?,
        "source": maybe(input, |input| text(input, &ADDRESSES))?,
        "priority": maybe(input, |input| number(input, &[0, 1, 100, 1024]))?,
        "table": maybe(input, |input| number(input, &[254, 100, 0, 255, 1000]))?,
        "scope": maybe(input, |input| input.arbitrary::<u8>())?,
        "mtu": maybe(input, |input| number(input, &[1400]))?,
    }))
}

fn rule(input: &mut Unstructured<'_>, what: &str) -> Result<Value> {
    Ok(json!({
        "do": what, "in": place(input)?,
        "from": maybe(input, |input| text(input, &PREFIXES))?,
        "to": maybe(input, |input| text(input, &PREFIXES))?,
        "ipv6": bool::arbitrary(input)?,
        "input": maybe(input, |input| text(input, &NAMES))?,
        "output": maybe(input, |input| text(input, &NAMES))?,
        "mark": maybe(input, |input| number(input, &[0, 1]))?,
        "priority": maybe(input, |input| number(input, &[0, 500, 1000, 1500]))?,
        "table": number(input, &[100, 254, 1000, 0])?,
    }))
}

fn routing(input: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match u8::arbitrary(input)? % 17 {
        0 | 1 => json!({ "do": "add-address", "link": link(input)?, "address": text(input, &PREFIXES)? }),
        2 => json!({ "do": "delete-address", "link": link(input)?, "address": text(input, &PREFIXES)? }),
        3 => json!({ "do": "addresses", "link": link(input)? }),
        4 | 5 => route(input, "add-route")?,
        6 => route(input, "delete-route")?,
        7 => json!({
            "do": "routes", "link": link(input)?, "table": maybe(input, |input| number(input, &[254, 100, 0]))?
        }),
        8 => rule(input, "add-rule")?,
        9 => rule(input, "delete-rule")?,
        10 => json!({
            "do": "add-neighbor", "link": link(input)?, "address": text(input, &ADDRESSES)?,
            "mac": <[u8; 6]>::arbitrary(input)?,
        }),
        11 => json!({ "do": "limit", "link": link(input)?, "rate": number(input, &[0, 1000, 2000])? }),
        12 => json!({ "do": "is-limited", "link": link(input)?, "rate": number(input, &[1000, 2000])? }),
        13 => json!({ "do": "redirect", "link": link(input)?, "to": link(input)? }),
        14 => json!({ "do": "is-redirected", "link": link(input)?, "to": link(input)? }),
        15 => json!({
            "do": "forget", "in": place(input)?, "ports": [*input.choose(&[53_u16, 54])?],
            "address": maybe(input, |input| text(input, &ADDRESSES))?,
        }),
        _ => json!({ "do": "delete-neighbor", "link": link(input)?, "address": text(input, &ADDRESSES)? }),
    })
}

fn chain(input: &mut Unstructured<'_>) -> Result<Value> {
    let rules = (0..u8::arbitrary(input)? % 3).map(|_| {
        let chosen = u8::arbitrary(input)?;
        let action = match chosen % 6 {
            _ if chosen > 240 => "mark 1/1".to_owned(),
            0 => "drop".to_owned(),
            1 => "accept".to_owned(),
            2 => "masquerade".to_owned(),
            3 => format!("jump {}", text(input, &CHAINS)?),
            4 => "decide to-verdicts".to_owned(),
            _ => format!("dnat {}", text(input, &ADDRESSES)?),
        };
        let matches = maybe(input, |input| Ok(*input.choose(&MATCHES)?))?;
        Ok(action + matches.unwrap_or_default())
    });
    let rules = rules.collect::<Result<Vec<String>>>()?;
    Ok(json!({
        "name": text(input, &CHAINS)?,
        "base": maybe(input, |input| Ok(json!([
            *input.choose(&["filter", "nat", "route"])?,
            *input.choose(&["forward", "input", "prerouting"])?,
            *input.choose(&[0, 100, -100, i32::MIN])?,
        ])))?,
        "drop": bool::arbitrary(input)?,
        "rules": rules,
        "comment": maybe(input, |input| text(input, &["why"]))?,
    }))
}

fn elements(input: &mut Unstructured<'_>, what: &str) -> Result<Value> {
    let set = text(input, &SETS)?;
    let verdict = match set.as_str() {
        "to-verdicts" => maybe(input, |input| Ok(*input.choose(&["drop", "accept", "jump one"])?))?,
        _ => None,
    };
    let link = if set == "links" {
        Some(text(input, &NAMES)?)
    } else {
        None
    };
    let address = *input.choose(&["10.22.0.5", "10.22.0.6", "fd00::5"])?;
    Ok(json!({
        "do": what, "in": place(input)?, "family": *input.choose(&["inet", "ip"])?,
        "table": text(input, &TABLES)?, "set": set,
        "address": if link.is_none() { Some(address) } else { None },
        "link": link, "verdict": verdict,
        "count": u8::arbitrary(input)? % 4,
    }))
}

fn packet_filter_or_setting(input: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match u8::arbitrary(input)? % 10 {
        0 | 1 => {
            let chains = (0..u8::arbitrary(input)? % 3)
                .map(|_| chain(input))
                .collect::<Result<Vec<Value>>>()?;
            json!({
                "do": "ensure-table", "in": place(input)?, "table": {
                    "family": *input.choose(&["inet", "ip"])?, "name": text(input, &TABLES)?,
                    "sets": &SETS[..usize::from(u8::arbitrary(input)? % 4)], "chains": chains,
                }
            })
        }
        2 | 3 => json!({
            "do": "ensure-chain", "in": place(input)?,
            "table": { "family": *input.choose(&["inet", "ip"])?, "name": text(input, &TABLES)? },
            "chain": chain(input)?,
        }),
        4 | 5 => elements(input, "add-elements")?,
        6 => elements(input, "delete-elements")?,
        7 => elements(input, "has-elements")?,
        8 => json!({ "do": "read-setting", "in": place(input)?, "key": key(input)? }),
        _ => json!({
            "do": "write-setting", "in": place(input)?, "key": key(input)?,
            "value": text(input, &["0", "1", "2"])?,
        }),
    })
}

fn key(input: &mut Unstructured<'_>) -> Result<Vec<String>> {
    Ok(text(input, &KEYS)?.split('/').map(str::to_owned).collect())
}

fn other(input: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match u8::arbitrary(input)? % 10 {
        0 => json!({ "do": "open-records" }),
        1 => json!({ "do": "close-records" }),
        2 | 3 => json!({ "do": "claim", "name": text(input, &ADDRESSES)? }),
        4 => json!({ "do": "release", "name": text(input, &ADDRESSES)? }),
        5 => json!({ "do": "owner", "name": text(input, &ADDRESSES)? }),
        6 => {
            json!({ "do": "write-value", "name": text(input, &["last_reserved_ip.0"])?, "value": text(input, &["v"])? })
        }
        7 => json!({ "do": "read-value", "name": text(input, &["last_reserved_ip.0"])? }),
        8 => json!({ "do": "drop", "keep": link(input)? }),
        _ => json!({ "do": "rules", "in": place(input)? }),
    })
}

/// A result that may be true.
fn report(input: &mut Unstructured<'_>) -> Result<Value> {
    let interfaces = (0..u8::arbitrary(input)? % 3).map(|_| {
        Ok(json!([
            text(input, &NAMES)?,
            maybe(input, |input| text(input, &["host", "/run/netns/c1"]))?
        ]))
    });
    let interfaces = interfaces.collect::<Result<Vec<Value>>>()?;
    let addresses = (0..u8::arbitrary(input)? % 3).map(|_| {
        Ok(json!([
            text(input, &PREFIXES)?,
            maybe(input, |input| number(input, &[0, 1, 2]))?
        ]))
    });
    let addresses = addresses.collect::<Result<Vec<Value>>>()?;
    Ok(json!({
        "interfaces": interfaces,
        "addresses": addresses,
        "routes": maybe(input, |input| text(input, &PREFIXES))?.into_iter().collect::<Vec<String>>(),
        "nameservers": maybe(input, |input| text(input, &ADDRESSES))?.into_iter().collect::<Vec<String>>(),
        "domain": maybe(input, |input| text(input, &["example.net"]))?,
    }))
}
