use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use cofferdam_tests::{Namespace, settle};
use serde_json::Value;

/// What a workload or a node sees, one line a fact, without what is different
/// for each attachment: names and addresses that were chosen at random,
/// numbers of links, and flags that follow the state of the other end.
#[derive(Debug, Default)]
pub(crate) struct Facts(BTreeMap<String, BTreeSet<String>>);

/// What differs between two, in words: `mtu of link eth0 in the container: 1500,
/// not 1400` where the first has 1400.
pub(crate) fn differences(expected: &Facts, found: &Facts) -> Vec<String> {
    let names: BTreeSet<&String> = expected.0.keys().chain(found.0.keys()).collect();
    let nothing = BTreeSet::new();
    names
        .into_iter()
        .filter_map(|name| {
            let expected = expected.0.get(name).unwrap_or(&nothing);
            let found = found.0.get(name).unwrap_or(&nothing);
            (expected != found).then(|| format!("{name}: {}, not {}", list(found), list(expected)))
        })
        .collect()
}

fn list(values: &BTreeSet<String>) -> String {
    match values.len() {
        0 => "nothing".to_owned(),
        _ => values.iter().cloned().collect::<Vec<_>>().join(" and "),
    }
}

impl Facts {
    /// Links, addresses, routes, rules, queueing disciplines and settings.
    pub(crate) fn of(namespace: &Namespace) -> Self {
        // A link that was moved into a VRF comes up anew, and gets its
        // multicast route a moment after.
        settle(namespace);
        let mut facts = Self::default();
        facts.links(namespace);
        for family in ["-4", "-6"] {
            facts.routes(namespace, family);
            for rule in namespace.ip_json(&[family, "rule", "show"]) {
                facts.set(format!("rule {family}"), &rule);
            }
        }
        facts.queueing(namespace);
        facts.settings(namespace);
        facts
    }

    /// A result, one fact a leaf.
    pub(crate) fn of_result(result: &Value) -> Self {
        let mut facts = Self::default();
        facts.leaves(String::new(), result);
        facts
    }

    /// The same with a word before each name.
    pub(crate) fn under(self, place: &str) -> Self {
        let named = self
            .0
            .into_iter()
            .map(|(name, values)| (format!("{place}: {name}"), values));
        Self(named.collect())
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    fn set(&mut self, name: String, value: &Value) {
        self.0.entry(name).or_default().insert(value.to_string());
    }

    fn links(&mut self, namespace: &Namespace) {
        for link in namespace.ip_json(&["-d", "address", "show"]) {
            let name = anonymous(text(&link["ifname"]));
            for key in ["mtu", "txqlen", "promiscuity", "allmulti", "ifalias"] {
                self.set(format!("{key} of link {name}"), &link[key]);
            }
            let master = link["master"].as_str().map_or_else(|| "none".to_owned(), anonymous);
            self.set(format!("master of link {name}"), &master.into());
            self.set(format!("flags of link {name}"), &flags(&link));
            let info = &link["linkinfo"];
            self.set(format!("kind of link {name}"), &info["info_kind"]);
            self.set(format!("settings of link {name}"), &settled(&info["info_data"]));
            self.set(
                format!("port settings of link {name}"),
                &settled(&info["info_slave_data"]),
            );
            for address in link["addr_info"].as_array().into_iter().flatten() {
                if !text(&address["local"]).starts_with("fe80:") {
                    let shown = ["local", "prefixlen", "broadcast", "scope"].map(|key| address[key].clone());
                    self.set(format!("addresses of link {name}"), &shown.as_slice().into());
                }
            }
        }
    }

    fn routes(&mut self, namespace: &Namespace, family: &str) {
        for mut route in namespace.ip_json(&[family, "route", "show", "table", "all"]) {
            // The local table follows from the addresses, sooner or later. The
            // link's own address is made of the random MAC.
            if route["table"] == "local" || text(&route["dst"]).starts_with("fe80:") {
                continue;
            }
            // Flags say whether the other end is up yet.
            route["flags"] = Value::Null;
            route["dev"] = anonymous(text(&route["dev"])).into();
            self.set(format!("route {family} to {}", text(&route["dst"])), &route);
        }
    }

    fn queueing(&mut self, namespace: &Namespace) {
        let shown = namespace.tool("tc", &["-j", "qdisc", "show"]);
        let disciplines: Value = serde_json::from_str(&shown).expect("tc -j prints JSON");
        for mut discipline in disciplines.as_array().cloned().unwrap_or_default() {
            // A link that was up once keeps it, whoever took it down.
            if discipline["kind"] == "noqueue" {
                continue;
            }
            let link = anonymous(text(&discipline["dev"]));
            // The kernel counts those that have no number of their own.
            if discipline["handle"] != "1:" && discipline["handle"] != "ffff:" {
                discipline["handle"] = Value::Null;
            }
            discipline["dev"] = Value::Null;
            self.set(format!("queueing discipline of link {link}"), &discipline);
        }
    }

    fn settings(&mut self, namespace: &Namespace) {
        let net = Path::new("/proc/sys/net");
        let found = namespace.run(|| {
            let mut found = Vec::new();
            for directory in ["ipv4/conf", "ipv6/conf", "ipv4/neigh", "ipv6/neigh"] {
                read(&net.join(directory), &mut found);
            }
            read(&net.join("ipv4/ip_forward"), &mut found);
            found
        });
        for (path, value) in found {
            let parts = path.strip_prefix("/proc/sys/").unwrap_or(&path).split('/');
            let name: Vec<String> = parts.map(anonymous).collect();
            self.set(format!("setting {}", name.join("/")), &value.into());
        }
    }

    fn leaves(&mut self, name: String, value: &Value) {
        match value {
            Value::Object(object) => object
                .iter()
                .for_each(|(key, value)| self.leaves(format!("{name}/{key}"), value)),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .for_each(|(number, item)| self.leaves(format!("{name}/{number}"), item)),
            // The loopback's is the same for all.
            _ if name.ends_with("/mac") && value != "00:00:00:00:00:00" => self.set(name, &"…".into()),
            _ if name.ends_with("/sandbox") => self.set(name, &"…".into()),
            Value::String(text) => self.set(name, &anonymous(text).into()),
            _ => self.set(name, value),
        }
    }
}

/// A name without what was chosen at random, or is made of the container's id.
pub(crate) fn anonymous(name: &str) -> String {
    for (prefix, length) in [("veth", 12), ("bwp", 15)] {
        let rest = name.strip_prefix(prefix).unwrap_or_default();
        if name.len() == length && rest.chars().all(|c| c.is_ascii_hexdigit()) {
            return format!("{prefix}…");
        }
    }
    name.to_owned()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn flags(link: &Value) -> Value {
    let flags = link["flags"].as_array().into_iter().flatten();
    flags
        .filter(|flag| !["LOWER_UP", "NO-CARRIER", "M-DOWN"].contains(&text(flag)))
        .cloned()
        .collect()
}

/// What was set of a bridge, a port or another kind, not what follows from
/// addresses and time.
fn settled(data: &Value) -> Value {
    let volatile = |key: &str| {
        key.ends_with("_timer") || key.ends_with("_id") || key.ends_with("address") || key == "no" || key == "state"
    };
    let object = data.as_object().into_iter().flatten();
    object
        .filter(|(key, _)| !volatile(key) || ["vlan_id", "vlan_default_pvid"].contains(&key.as_str()))
        .filter(|(key, _)| {
            !["root_port", "designated_port", "designated_cost", "root_path_cost"].contains(&key.as_str())
        })
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Every file below; what can't be read has no value.
fn read(path: &Path, found: &mut Vec<(String, String)>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            read(&entry.path(), found);
        }
    } else if let Ok(content) = std::fs::read_to_string(path) {
        found.push((path.to_string_lossy().into_owned(), content.trim().to_owned()));
    }
}
