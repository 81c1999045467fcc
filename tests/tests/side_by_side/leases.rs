//! Where addresses are lent: a server on the node's bridge, and the daemon that
//! the reference plugin asks.

use std::{
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use cofferdam_tests::{
    GoPlugins, Namespace, Running, Site,
    dhcp::{Server, segment, wire::lend},
};
use serde_json::{Value, json};

use crate::network::{Difference, Network};

/// With what is lent behind the bridge `cni0`.
pub(crate) fn networks() -> Vec<Network> {
    let network = json!({
        "cniVersion": "1.0.0", "name": "mynet", "type": "bridge", "bridge": "cni0", "ipam": { "type": "dhcp" },
    });
    vec![Network::of("leases", network).differs(&[
        Difference {
            line: "txqlen of link veth…",
            told: "the host's end of a veth pair has no transmit queue",
        },
        Difference {
            line: "cni0/accept_ra",
            told: "a bridge that was there before takes no router advertisements any more",
        },
    ])]
}

/// How long the daemon may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Leases {
    socket: PathBuf,
    _daemon: Running,
    _server: Server,
    _segment: Namespace,
}

impl Leases {
    /// Lends everybody the same address: there is one container.
    pub(crate) fn of(site: &Site, go: &GoPlugins) -> Self {
        let segment = segment(site);
        let options: [(u8, &[u8]); 3] = [
            (1, &[255, 255, 255, 0]),
            (3, &[10, 77, 0, 1]),
            (121, &[24, 198, 51, 100, 10, 77, 0, 2]),
        ];
        let server = Server::start(&segment, move |message| lend(message, [10, 77, 0, 50], &options));
        let socket = site.installation().root().join("dhcp.sock");
        let mut command = Command::new(go.plugin("dhcp"));
        command.args(["daemon", "-socketpath"]).arg(&socket);
        let daemon = site.node().run(|| Running::start(&mut command));
        let begun = Instant::now();
        while !socket.exists() {
            assert!(begun.elapsed() < PATIENCE, "the daemon does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Self {
            socket,
            _daemon: daemon,
            _server: server,
            _segment: segment,
        }
    }

    /// What the reference plugin's configuration says of it.
    pub(crate) fn told(&self) -> Value {
        json!({ "ipam": { "daemonSocketPath": self.socket } })
    }
}
