//! What the command's resolver is told: by options, or else by the networks,
//! or else by the node.

use std::{fs, net::IpAddr, path::Path};

use anyhow::ensure;
use clap::Args;
use cofferdam_protocol::Dns;
use serde_json::{Map, Value, json};

use crate::output::complain;

/// Where the resolver is told.
pub(crate) const FILE: &str = "/etc/resolv.conf";
/// Where a local resolver, which only the node itself reaches, has the servers
/// that it asks.
const BEHIND_LOCAL_RESOLVER: &str = "/run/systemd/resolve/resolv.conf";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// A name server for the command; can be given several times. Otherwise
    /// those of the networks' results, or else the node's.
    #[arg(long = "dns", value_name = "ADDRESS", value_parser = server)]
    servers: Vec<IpAddr>,
    /// A domain in which the command looks up short names, or `.` for none;
    /// can be given several times.
    #[arg(long = "dns-search", value_name = "DOMAIN", value_parser = word)]
    searches: Vec<String>,
    /// An option for the command's resolver, such as ndots:2; can be given
    /// several times.
    #[arg(long = "dns-option", value_name = "OPTION", value_parser = word)]
    options: Vec<String>,
}

impl Options {
    /// The capability `dns`; `None` where nothing is asked for.
    pub(super) fn capability(&self) -> Option<Value> {
        let mut keys = Map::new();
        if !self.servers.is_empty() {
            keys.insert("servers".to_owned(), json!(self.servers));
        }
        if !self.searches.is_empty() {
            keys.insert("searches".to_owned(), json!(self.domains()));
        }
        if !self.options.is_empty() {
            keys.insert("options".to_owned(), json!(self.options));
        }
        (!keys.is_empty()).then_some(Value::Object(keys))
    }

    fn domains(&self) -> Vec<String> {
        self.searches.iter().filter(|domain| *domain != ".").cloned().collect()
    }

    fn settings(&self) -> Wanted {
        let some = |words: Vec<String>, given: bool| given.then_some(words);
        Wanted {
            servers: some(
                self.servers.iter().map(ToString::to_string).collect(),
                !self.servers.is_empty(),
            ),
            searches: some(self.domains(), !self.searches.is_empty()),
            options: some(self.options.clone(), !self.options.is_empty()),
        }
    }

    /// The resolver's file for a container that has these results.
    pub(super) fn file(&self, results: &[Dns]) -> String {
        self.over(&Settings::of_node(), results).print()
    }

    /// The same, for who sees the node's file; `None` where that is as good.
    pub(super) fn file_instead(&self, results: &[Dns]) -> Option<String> {
        if self.capability().is_none() && !Path::new(FILE).exists() {
            // Nothing can be shown in the place of nothing, and nobody asked.
            return None;
        }
        let node = Settings::of_node();
        let settings = self.over(&node, results);
        (settings != node).then(|| settings.print())
    }

    fn over(&self, node: &Settings, results: &[Dns]) -> Settings {
        let node = node.reached_from_elsewhere(|| read(BEHIND_LOCAL_RESOLVER));
        self.settings().or(Wanted::by(results)).over(node)
    }
}

fn server(text: &str) -> anyhow::Result<IpAddr> {
    let address = text.parse();
    address.map_err(|_| anyhow::anyhow!("write the IP address of a name server, such as 192.0.2.53 or 2001:db8::53"))
}

fn word(text: &str) -> anyhow::Result<String> {
    ensure!(is_word(text), "write one word, and the option again for another");
    Ok(text.to_owned())
}

/// Whether it can't become something else in the file.
fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|symbol: char| symbol.is_whitespace() || symbol.is_control())
}

/// What somebody wants, and what they leave to others.
#[derive(Debug, Default)]
struct Wanted {
    servers: Option<Vec<String>>,
    searches: Option<Vec<String>>,
    options: Option<Vec<String>>,
}

impl Wanted {
    /// What the networks want, the first one's first.
    fn by(results: &[Dns]) -> Self {
        let all = |words: &dyn Fn(&Dns) -> Vec<String>| {
            let mut all = Vec::new();
            for word in results.iter().flat_map(words) {
                if !is_word(&word) {
                    complain(&format!(
                        "a network's dns has {word:?}, which is no word for {FILE}: left out"
                    ));
                } else if !all.contains(&word) {
                    all.push(word);
                }
            }
            (!all.is_empty()).then_some(all)
        };
        Self {
            servers: all(&|dns| dns.nameservers.clone()),
            searches: all(&|dns| dns.domain.iter().chain(&dns.search).cloned().collect()),
            options: all(&|dns| dns.options.clone()),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            servers: self.servers.or(other.servers),
            searches: self.searches.or(other.searches),
            options: self.options.or(other.options),
        }
    }

    fn over(self, settings: Settings) -> Settings {
        Settings {
            servers: self.servers.unwrap_or(settings.servers),
            searches: self.searches.unwrap_or(settings.searches),
            options: self.options.unwrap_or(settings.options),
        }
    }
}

/// What the resolver's file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Settings {
    servers: Vec<String>,
    searches: Vec<String>,
    options: Vec<String>,
}

impl Settings {
    fn of_node() -> Self {
        read(FILE).map(|text| Self::parse(&text)).unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        let mut settings = Self::default();
        for line in text.lines() {
            let mut words = line.split_whitespace().map(str::to_owned);
            match words.next().as_deref() {
                Some("nameserver") => settings.servers.extend(words.next()),
                // Of these the resolver takes the last one.
                Some("search" | "domain") => settings.searches = words.collect(),
                Some("options") => settings.options.extend(words),
                _ => {}
            }
        }
        settings
    }

    fn print(&self) -> String {
        let mut lines = Vec::new();
        if !self.searches.is_empty() {
            lines.push(format!("search {}\n", self.searches.join(" ")));
        }
        lines.extend(self.servers.iter().map(|server| format!("nameserver {server}\n")));
        if !self.options.is_empty() {
            lines.push(format!("options {}\n", self.options.join(" ")));
        }
        lines.concat()
    }

    /// The same without servers at the node's loopback, which is another one
    /// than the container's. Where there are no others, those behind them, or
    /// else it stays as it is.
    fn reached_from_elsewhere(&self, behind: impl FnOnce() -> Option<String>) -> Self {
        let others = |settings: &Self| -> Vec<String> {
            let servers = settings.servers.iter();
            servers.filter(|server| !is_loopback(server)).cloned().collect()
        };
        let mut servers = others(self);
        if servers.is_empty() && !self.servers.is_empty() {
            servers = behind().map(|text| others(&Self::parse(&text))).unwrap_or_default();
        }
        if servers.is_empty() {
            servers.clone_from(&self.servers);
        }
        Self {
            servers,
            ..self.clone()
        }
    }
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

fn is_loopback(server: &str) -> bool {
    server.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().copied().map(str::to_owned).collect()
    }

    fn node() -> Settings {
        Settings::parse("# a comment\ndomain old\nsearch a b\nnameserver 192.0.2.1\noptions ndots:2\noptions edns0\n")
    }

    #[test]
    fn each_setting_is_taken_from_who_is_nearest() {
        let options = Options {
            servers: vec!["192.0.2.53".parse().unwrap()],
            searches: Vec::new(),
            options: Vec::new(),
        };
        let networks = [
            Dns {
                nameservers: words(&["192.0.2.7"]),
                domain: Some("net.example".into()),
                search: words(&["a.example", "net.example"]),
                ..Dns::default()
            },
            Dns::default(),
        ];
        let settings = options.settings().or(Wanted::by(&networks)).over(node());
        assert_eq!(
            settings.print(),
            "search net.example a.example\nnameserver 192.0.2.53\noptions ndots:2 edns0\n"
        );
    }

    #[test]
    fn a_dot_is_no_domain() {
        let options = Options {
            servers: Vec::new(),
            searches: words(&["."]),
            options: Vec::new(),
        };
        let settings = options.settings().over(node());
        assert_eq!(settings.searches, words(&[]));
        assert_eq!(options.capability(), Some(json!({ "searches": [] })));
    }

    #[test]
    fn what_a_network_says_is_words_of_one_line() {
        let networks = [Dns {
            nameservers: words(&["192.0.2.7\nnameserver 192.0.2.8", "192.0.2.9"]),
            ..Dns::default()
        }];
        assert_eq!(Wanted::by(&networks).servers, Some(words(&["192.0.2.9"])));
    }

    #[test]
    fn the_nodes_own_loopback_is_nobodys_name_server_elsewhere() {
        let local = Settings::parse("nameserver 127.0.0.53\nsearch a\n");
        let behind = local.reached_from_elsewhere(|| Some("nameserver 192.0.2.2\n".to_owned()));
        assert_eq!(behind.print(), "search a\nnameserver 192.0.2.2\n");
        assert_eq!(local.reached_from_elsewhere(|| None), local);
        let mixed = Settings::parse("nameserver ::1\nnameserver 192.0.2.1\n");
        assert_eq!(mixed.reached_from_elsewhere(|| None).servers, words(&["192.0.2.1"]));
    }

    #[test]
    fn options_are_addresses_and_words() {
        assert!(server("ns.example").unwrap_err().to_string().contains("IP address"));
        assert!(word("a b").is_err() && word("").is_err());
        assert_eq!(word("ndots:2").unwrap(), "ndots:2");
    }
}
