use std::{
    fs::{self, File},
    os::fd::{AsFd as _, AsRawFd as _, OwnedFd},
    panic::resume_unwind,
    process::Command,
    thread,
};

use nix::sched::{CloneFlags, setns, unshare};
use serde_json::Value;

use crate::program::finish;

/// A network namespace without a name. It goes when this value goes.
#[derive(Debug)]
pub struct Namespace {
    descriptor: OwnedFd,
}

impl Namespace {
    /// A namespace that plays the node: its loopback is up, as on any host.
    #[must_use]
    pub fn node() -> Self {
        let namespace = Self::container();
        namespace.ip(&["link", "set", "lo", "up"]);
        namespace
    }

    /// A namespace as a runtime makes it for a container: nothing in it but a
    /// loopback that is down.
    #[must_use]
    pub fn container() -> Self {
        let made = thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).expect("needs the right to make network namespaces");
            // A new namespace has it as the node has it; the tests begin with
            // what the kernel begins with, also where Docker forwards.
            fs::write("/proc/sys/net/ipv4/ip_forward", "0").expect("setting a sysctl of a namespace of our own");
            File::open("/proc/thread-self/ns/net").expect("needs /proc")
        });
        Self {
            descriptor: made.join().expect("the namespace's first thread").into(),
        }
    }

    /// The path by which any process of this user reaches the namespace, as
    /// long as this value lives.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.descriptor.as_raw_fd())
    }

    /// Runs something on a thread that has joined the namespace. Processes
    /// started from there start in the namespace.
    pub fn run<T: Send>(&self, action: impl FnOnce() -> T + Send) -> T {
        let outcome = thread::scope(|scope| {
            let joined = scope.spawn(|| {
                self.join();
                action()
            });
            joined.join()
        });
        outcome.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Moves the calling thread into the namespace, for good.
    pub fn join(&self) {
        setns(self.descriptor.as_fd(), CloneFlags::CLONE_NEWNET).expect("joining a namespace of our own");
    }

    /// `ip ARGUMENTS` inside; fails the test when that fails.
    pub fn ip(&self, arguments: &[&str]) -> String {
        self.tool("ip", arguments)
    }

    /// A program inside; fails the test when it does not end well.
    #[track_caller]
    pub fn tool(&self, program: &str, arguments: &[&str]) -> String {
        let ended = self.run(|| finish(Command::new(program).args(arguments), b""));
        ended.printed(format_args!("{program} {arguments:?}"))
    }

    /// `ip -j ARGUMENTS`, as a list.
    #[must_use]
    pub fn ip_json(&self, arguments: &[&str]) -> Vec<Value> {
        let text = self.ip(&[&["-j"], arguments].concat());
        if text.trim().is_empty() {
            return Vec::new();
        }
        let list: Value = serde_json::from_str(&text).expect("ip -j prints JSON");
        let list = list.as_array().cloned().unwrap_or_default();
        // Some versions print an empty object for what a filter left out.
        list.into_iter()
            .filter(|item| item.as_object().is_some_and(|object| !object.is_empty()))
            .collect()
    }

    /// What `ip -j -d link show dev NAME` says; `None` when there is no such
    /// link.
    #[must_use]
    pub fn link(&self, name: &str) -> Option<Value> {
        self.ip_json(&["-d", "link", "show"])
            .into_iter()
            .find(|link| link["ifname"] == name)
    }

    /// The names of all links, sorted.
    #[must_use]
    pub fn link_names(&self) -> Vec<String> {
        let links = self.ip_json(&["link", "show"]);
        let mut names: Vec<_> = links
            .iter()
            .map(|link| link["ifname"].as_str().expect("a link has a name").to_owned())
            .collect();
        names.sort();
        names
    }

    /// The addresses of a link but for the kernel's own link-local ones, as
    /// `ADDRESS/LENGTH`, sorted; none when there is no such link.
    #[must_use]
    pub fn addresses(&self, link: &str) -> Vec<String> {
        let links = self.ip_json(&["address", "show"]);
        let mut addresses: Vec<_> = links
            .iter()
            .filter(|item| item["ifname"] == link)
            .flat_map(|item| item["addr_info"].as_array().cloned().unwrap_or_default())
            .filter(|address| address["scope"] != "link")
            .map(|address| {
                format!(
                    "{}/{}",
                    address["local"].as_str().unwrap_or_default(),
                    address["prefixlen"]
                )
            })
            .collect();
        addresses.sort();
        addresses
    }

    /// A kernel setting below `/proc/sys`.
    #[must_use]
    pub fn sysctl(&self, key: &str) -> String {
        let path = format!("/proc/sys/{key}");
        let text = self.run(|| std::fs::read_to_string(&path));
        text.unwrap_or_else(|error| panic!("{path}: {error}")).trim().to_owned()
    }

    /// Has the kernel give links that are made from now on no addresses of its
    /// own: they come some time after a link, and a picture would depend on
    /// when it is taken.
    pub fn keep_links_bare(&self) {
        self.set_sysctl("net/ipv6/conf/default/addr_gen_mode", "1");
    }

    /// Writes a kernel setting below `/proc/sys`.
    pub fn set_sysctl(&self, key: &str, value: &str) {
        let path = format!("/proc/sys/{key}");
        self.run(|| std::fs::write(&path, value))
            .unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// The packet filter's rules as text, with their counters.
    #[must_use]
    pub fn ruleset(&self) -> String {
        self.tool("nft", &["list", "ruleset"])
    }
}
