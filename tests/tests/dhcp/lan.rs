//! A segment with a node's bridge and a namespace for a DHCP server on it.

use std::{
    fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use cofferdam_tests::{Namespace, Running, Site, dhcp::segment, skip, with};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(40);

/// A node with bridge `cni0`, and a server's namespace behind it with address
/// 10.77.0.1/24 on `lan0`.
pub(crate) struct Lan {
    pub(crate) site: Site,
    pub(crate) server: Namespace,
}

impl Lan {
    pub(crate) fn new() -> Self {
        let site = Site::new();
        let server = segment(&site);
        Self { site, server }
    }
}

/// A network whose addresses are a DHCP server's.
pub(crate) fn network(ipam: Value) -> Value {
    with(
        json!({ "cniVersion": "1.1.0", "name": "lan", "type": "bridge", "bridge": "cni0", "ipam": { "type": "dhcp" } }),
        json!({ "ipam": ipam }),
    )
}

/// Waits for something that has to come about.
#[track_caller]
pub(crate) fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "it did not come about: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A dnsmasq that lends 10.77.0.100 to 10.77.0.120 for two minutes.
pub(crate) struct Dnsmasq {
    directory: TempDir,
    _running: Running,
}

impl Dnsmasq {
    /// `None`, with a message, where there is no dnsmasq.
    pub(crate) fn start(lan: &Lan, options: &[&str]) -> Option<Self> {
        let directory = TempDir::with_prefix("cofferdam-dnsmasq-").unwrap();
        let file = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
        let mut command = Command::new("dnsmasq");
        command
            .args([
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--port=0",
                "--interface=lan0",
                "--user=root",
            ])
            .args([
                "--dhcp-authoritative",
                "--no-ping",
                "--dhcp-range=10.77.0.100,10.77.0.120,255.255.255.0,2m",
            ])
            .arg(format!("--dhcp-leasefile={}", file("leases")))
            .arg(format!("--pid-file={}", file("pid")))
            .arg(format!("--log-facility={}", file("log")))
            .args(options);
        if !lan
            .server
            .run(|| Command::new("dnsmasq").arg("--version").output().is_ok())
        {
            skip("there is no dnsmasq here (Debian's package dnsmasq-base)");
            return None;
        }
        let running = lan.server.run(|| Running::start(&mut command));
        let log = directory.path().join("log");
        wait_for("dnsmasq serves", || {
            fs::read_to_string(&log).is_ok_and(|text| text.contains("DHCP, IP range"))
        });
        Some(Self {
            directory,
            _running: running,
        })
    }

    /// The addresses that are lent, with the names of who has them.
    pub(crate) fn lent(&self) -> Vec<(String, String)> {
        let text = fs::read_to_string(self.directory.path().join("leases")).unwrap_or_default();
        let lines = text.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        lines
            .map(|fields| (fields[2].to_owned(), fields[3].to_owned()))
            .collect()
    }
}

/// `cofferctl keep`, until this value goes.
pub(crate) fn keeper(lan: &Lan) -> Running {
    let mut command = lan.site.installation().cofferctl();
    command.arg("keep");
    lan.site.node().run(|| Running::start(&mut command))
}
