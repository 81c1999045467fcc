//! A segment with a node's bridge and a namespace for a DHCP server on it.

use std::{
    fs,
    net::{SocketAddr, UdpSocket},
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use cofferdam_tests::{Namespace, Running, Site, skip, with};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::wire::Message;

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
        let server = Namespace::container();
        let node = site.node();
        // No addresses of the kernel's own, which come when they like.
        node.set_sysctl("net/ipv6/conf/default/addr_gen_mode", "1");
        // An address of its own, which no port changes.
        node.ip(&["link", "add", "cni0", "address", "02:00:00:00:00:c0", "type", "bridge"]);
        node.ip(&["link", "set", "cni0", "up"]);
        node.ip(&[
            "link",
            "add",
            "srv0",
            "master",
            "cni0",
            "type",
            "veth",
            "peer",
            "name",
            "lan0",
            "netns",
            &server.path(),
        ]);
        node.ip(&["link", "set", "srv0", "up"]);
        server.ip(&["link", "set", "lo", "up"]);
        server.ip(&["address", "add", "10.77.0.1/24", "dev", "lan0"]);
        server.ip(&["link", "set", "lan0", "up"]);
        // Where datagrams to all go.
        server.ip(&["route", "add", "default", "dev", "lan0"]);
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

/// A DHCP server that does as a test says, and remembers what it heard.
pub(crate) struct Server {
    heard: Arc<Mutex<Vec<Message>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// `answer` makes the messages that go back to all.
    pub(crate) fn start(lan: &Lan, mut answer: impl FnMut(&Message) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        let socket = lan.server.run(|| {
            let socket = UdpSocket::bind("0.0.0.0:67").unwrap();
            socket.set_broadcast(true).unwrap();
            socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
            socket
        });
        let (heard, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (listening, stopped) = (Arc::clone(&heard), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            let mut buffer = [0; 2000];
            while !stopped.load(Ordering::Relaxed) {
                let Ok((length, _)) = socket.recv_from(&mut buffer) else {
                    continue;
                };
                let Some(message) = Message::read(&buffer[..length]) else {
                    continue;
                };
                let answers = answer(&message);
                listening.lock().unwrap().push(message);
                for answer in answers {
                    let _ = socket.send_to(&answer, SocketAddr::from(([255, 255, 255, 255], 68)));
                }
            }
        });
        Self {
            heard,
            stop,
            thread: Some(thread),
        }
    }

    /// How many messages of a kind came; of an address that the client has,
    /// where one is given.
    pub(crate) fn count(&self, kind: u8, of: Option<[u8; 4]>) -> usize {
        let heard = self.heard.lock().unwrap();
        let is_it = |message: &&Message| message.kind == kind && of.is_none_or(|address| message.address == address);
        heard.iter().filter(is_it).count()
    }

    /// All that came.
    pub(crate) fn heard(&self) -> Vec<Message> {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// `cofferctl keep`, until this value goes.
pub(crate) fn keeper(lan: &Lan) -> Running {
    let mut command = lan.site.installation().cofferctl();
    command.arg("keep");
    lan.site.node().run(|| Running::start(&mut command))
}
