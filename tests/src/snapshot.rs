use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
    process::Command,
};

use serde_json::Value;

use crate::{Installation, Namespace, program::finish};

/// What a namespace consists of: links, addresses, routes, rules, permanent
/// neighbours, the packet filter, queueing disciplines, network settings, and with
/// [`Snapshot::and_leases`] the addresses on record. One line an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    objects: BTreeMap<String, String>,
}

impl Snapshot {
    /// Takes a picture.
    #[must_use]
    pub fn of(namespace: &Namespace) -> Self {
        let mut snapshot = Self {
            objects: BTreeMap::new(),
        };
        snapshot.links(namespace);
        snapshot.addresses(namespace);
        for family in ["-4", "-6"] {
            let tables = namespace.ip_json(&[family, "route", "show", "table", "all"]);
            snapshot.list(&format!("route {family}"), &tables);
            snapshot.list(&format!("rule {family}"), &namespace.ip_json(&[family, "rule", "show"]));
        }
        snapshot.list(
            "neighbour",
            &namespace.ip_json(&["neighbour", "show", "nud", "permanent"]),
        );
        snapshot.packet_filter(namespace);
        snapshot.traffic(namespace);
        snapshot.settings(namespace);
        snapshot
    }

    /// The same, with the addresses that are given out. The lock and the place
    /// where the next search starts are no leases.
    #[must_use]
    pub fn and_leases(mut self, installation: &Installation) -> Self {
        self.files("lease", &installation.leases(), &|name| {
            name == "lock" || name.starts_with("last_reserved_ip.")
        });
        self
    }

    /// The same, with the results that runtimes keep.
    #[must_use]
    pub fn and_results(mut self, installation: &Installation) -> Self {
        self.files("result", &installation.root().join("var/lib/cni/results"), &|_| false);
        self
    }

    /// The same, with all that Cofferdam has on record of attachments. What it
    /// knows of the leases from the last look at them is no record, and that it
    /// looked for what an earlier boot left is none.
    #[must_use]
    pub fn and_state(mut self, installation: &Installation) -> Self {
        self.files("state", &installation.state(), &|name| {
            name == "boot" || name.contains(".claims") || name.contains(".survey")
        });
        self
    }

    /// What differs, one line an object: `-` only here, `+` only in the
    /// other, `~` in both but not alike. Empty when nothing does.
    #[must_use]
    pub fn difference(&self, other: &Self) -> String {
        let mut text = String::new();
        let names: std::collections::BTreeSet<_> = self.objects.keys().chain(other.objects.keys()).collect();
        for name in names {
            let _ = match (self.objects.get(name), other.objects.get(name)) {
                (Some(before), Some(after)) if before != after => {
                    writeln!(text, "~ {name}: {before}\n  now: {after}")
                }
                (Some(before), None) => writeln!(text, "- {name}: {before}"),
                (None, Some(after)) => writeln!(text, "+ {name}: {after}"),
                _ => Ok(()),
            };
        }
        text
    }

    /// Fails the test, showing what differs, when the other picture does.
    #[track_caller]
    pub fn assert_same(&self, now: &Self) {
        let difference = self.difference(now);
        assert!(difference.is_empty(), "the kernel is not as it was:\n{difference}");
    }

    fn links(&mut self, namespace: &Namespace) {
        for link in namespace.ip_json(&["-d", "link", "show"]) {
            let mut kept = pick(
                &link,
                &[
                    "ifindex",
                    "mtu",
                    "address",
                    "master",
                    "promiscuity",
                    "allmulti",
                    "txqlen",
                ],
            );
            kept["flags"] = flags(&link);
            kept["kind"] = link["linkinfo"]["info_kind"].clone();
            kept["vlan_filtering"] = link["linkinfo"]["info_data"]["vlan_filtering"].clone();
            self.add(format!("link {}", text(&link["ifname"])), kept.to_string());
        }
    }

    fn addresses(&mut self, namespace: &Namespace) {
        for link in namespace.ip_json(&["address", "show"]) {
            for address in link["addr_info"].as_array().into_iter().flatten() {
                let name = format!("address {} on {}", text(&address["local"]), text(&link["ifname"]));
                self.add(
                    name,
                    pick(address, &["prefixlen", "scope", "broadcast", "label"]).to_string(),
                );
            }
        }
    }

    fn packet_filter(&mut self, namespace: &Namespace) {
        let ended = namespace.run(|| finish(Command::new("nft").args(["-j", "list", "ruleset"]), b""));
        assert_eq!(ended.code, Some(0), "nft list ruleset: {}", ended.stderr);
        let ruleset: Value = serde_json::from_str(&ended.stdout).expect("nft -j prints JSON");
        for (number, item) in ruleset["nftables"].as_array().into_iter().flatten().enumerate() {
            if item.get("metainfo").is_none() {
                let mut item = item.clone();
                strip_volatile(&mut item);
                self.add(format!("packet filter {number:04}"), item.to_string());
            }
        }
    }

    /// Queueing disciplines that are not the kernel's own choice.
    fn traffic(&mut self, namespace: &Namespace) {
        let shown = namespace.tool("tc", &["qdisc", "show"]);
        for line in shown.lines().filter(|line| line.split(' ').nth(2) != Some("0:")) {
            let (what, rest) = line.split_once(" refcnt ").unwrap_or((line, ""));
            let rest = rest.split_once(' ').map_or("", |(_, rest)| rest);
            self.add(what.trim_end().to_owned(), rest.trim_end().to_owned());
        }
    }

    fn settings(&mut self, namespace: &Namespace) {
        let found = namespace.run(|| {
            let mut found = Vec::new();
            for key in ["ipv4/ip_forward", "ipv4/conf", "ipv6/conf"] {
                read_tree(
                    Path::new("/proc/sys/net"),
                    &Path::new("/proc/sys/net").join(key),
                    &mut found,
                );
            }
            found
        });
        for (key, value) in found {
            self.add(format!("setting net/{key}"), value);
        }
    }

    fn files(&mut self, what: &str, directory: &Path, skip: &dyn Fn(&str) -> bool) {
        let mut found = Vec::new();
        read_tree(directory, directory, &mut found);
        for (name, content) in found {
            if !skip(name.rsplit('/').next().unwrap_or_default()) {
                self.add(format!("{what} {name}"), content);
            }
        }
    }

    fn list(&mut self, what: &str, items: &[Value]) {
        for item in items {
            let mut item = item.clone();
            strip_volatile(&mut item);
            self.add(format!("{what} {item}"), String::new());
        }
    }

    /// Two objects that look alike get a line each.
    fn add(&mut self, name: String, content: String) {
        let mut unique = name.clone();
        let mut number = 1;
        while self.objects.contains_key(&unique) {
            number += 1;
            unique = format!("{name} ({number})");
        }
        self.objects.insert(unique, content);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn pick(object: &Value, keys: &[&str]) -> Value {
    keys.iter()
        .filter_map(|key| object.get(*key).map(|value| ((*key).to_owned(), value.clone())))
        .collect()
}

/// Without those that follow the state of the other end.
fn flags(link: &Value) -> Value {
    let flags = link["flags"].as_array().into_iter().flatten();
    flags
        .filter(|flag| !["LOWER_UP", "NO-CARRIER", "M-DOWN"].contains(&text(flag)))
        .cloned()
        .collect()
}

/// Takes away what changes without anybody's doing: numbers that the kernel
/// gives, counters, and flags that follow the state of a link.
fn strip_volatile(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for key in ["handle", "packets", "bytes", "expires"] {
                object.shift_remove(key);
            }
            if object.get("flags").is_some_and(Value::is_array) {
                object.shift_remove("flags");
            }
            object.values_mut().for_each(strip_volatile);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_volatile),
        _ => {}
    }
}

/// Reads every file and link below; what can't be read has no value (some settings
/// refuse until they are written).
fn read_tree(base: &Path, path: &Path, found: &mut Vec<(String, String)>) {
    let Ok(entries) = fs::read_dir(path) else {
        return read_one(base, path, fs::read_to_string(path), found);
    };
    for entry in entries.flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => read_tree(base, &path, found),
            Ok(kind) if kind.is_symlink() => {
                let target = fs::read_link(&path);
                read_one(
                    base,
                    &path,
                    target.map(|target| target.to_string_lossy().into_owned()),
                    found,
                );
            }
            _ => read_one(base, &path, read_at_once(&path), found),
        }
    }
}

fn read_one(base: &Path, path: &Path, content: io::Result<String>, found: &mut Vec<(String, String)>) {
    if let Ok(content) = content {
        let name = path.strip_prefix(base).unwrap_or(path).to_string_lossy().into_owned();
        found.push((name, format!("{:?}", content.trim_end())));
    }
}

/// As `fs::read_to_string`, with half the system calls where there is little to
/// read: a picture has hundreds of settings, and tests take thousands of
/// pictures.
fn read_at_once(path: &Path) -> io::Result<String> {
    let mut buffer = [0; 1024];
    let mut file = File::open(path)?;
    let length = file.read(&mut buffer)?;
    let mut content = buffer[..length].to_vec();
    if length == buffer.len() {
        file.read_to_end(&mut content)?;
    }
    String::from_utf8(content).map_err(io::Error::other)
}
