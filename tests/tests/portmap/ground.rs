//! A node that publishes ports of its containers, and who sends to them.

use std::{
    io::Read as _,
    net::{IpAddr, SocketAddr, TcpStream, UdpSocket},
    time::Duration,
};

use cofferdam_tests::{Container, Namespace, Output, Site, bridge_network, outside, with};
use serde_json::{Value, json};

pub(crate) const PAUSE: Duration = Duration::from_millis(200);

pub(crate) fn dual_stack() -> Value {
    with(
        bridge_network("1.0.0"),
        json!({ "isDefaultGateway": true, "hairpinMode": true, "ipam": {
            "subnet": null, "routes": null, "ranges": [[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]]
        } }),
    )
}

pub(crate) fn mapping(protocol: &str, host: u32, container: u16) -> Value {
    json!({ "hostPort": host, "containerPort": container, "protocol": protocol })
}

/// Configuration of the second plugin of a list, as a runtime passes it.
pub(crate) fn portmap(result: &Value, mappings: &[Value], changes: Value) -> Value {
    let config = json!({
        "cniVersion": "1.0.0", "name": "mynet", "type": "portmap", "capabilities": { "portMappings": true },
        "runtimeConfig": { "portMappings": mappings }, "prevResult": result,
    });
    with(config, changes)
}

/// A node with containers on the bridge, and a host behind the node.
pub(crate) struct Ground {
    pub(crate) site: Site,
    pub(crate) outside: Namespace,
}

/// A container with an address, and what its ADD printed.
pub(crate) struct Attached {
    pub(crate) container: Container,
    pub(crate) result: Value,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let site = Site::new();
        site.node().keep_links_bare();
        let outside = outside(site.node());
        Self { site, outside }
    }

    pub(crate) fn attach(&self, id: &str) -> Attached {
        self.attach_to(id, &dual_stack())
    }

    pub(crate) fn attach_to(&self, id: &str, network: &Value) -> Attached {
        let container = Container::new(id);
        let result = self.site.add(&container, network);
        // What is forwarded, neighbours are looked for with.
        self.site
            .node()
            .ip(&["address", "replace", "fe80::1/64", "dev", "cni0", "nodad"]);
        Attached { container, result }
    }

    #[track_caller]
    pub(crate) fn publish(&self, to: &Attached, mappings: &[Value], changes: Value) -> Value {
        let config = portmap(&to.result, mappings, changes);
        let result = self.site.add(&to.container, &config);
        assert_eq!(result, to.result, "the result is passed on");
        config
    }

    pub(crate) fn try_publish(&self, to: &Attached, mappings: &[Value], changes: Value) -> Output {
        self.site
            .try_add(&to.container, &portmap(&to.result, mappings, changes))
    }
}

/// The address that a connection is seen to come from; `None` when there is
/// none after some tries: neighbours are not always found at once.
pub(crate) fn caller(from: &Namespace, to: &str) -> Option<String> {
    (0..8).find_map(|_| try_caller(from, to))
}

/// Whether nobody answers there.
pub(crate) fn is_closed(from: &Namespace, to: &str) -> bool {
    try_caller(from, to).is_none()
}

fn try_caller(from: &Namespace, to: &str) -> Option<String> {
    let to: SocketAddr = to.parse().unwrap();
    from.run(|| {
        let mut stream = TcpStream::connect_timeout(&to, PAUSE * 10).ok()?;
        stream.set_read_timeout(Some(PAUSE * 20)).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        Some(text.trim().to_owned())
    })
}

/// The same for a packet of UDP, from one socket.
pub(crate) struct Sender(UdpSocket);

impl Sender {
    pub(crate) fn new(from: &Namespace, to: &str) -> Self {
        let to: SocketAddr = to.parse().unwrap();
        let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = from.run(|| UdpSocket::bind(any).unwrap());
        socket.set_read_timeout(Some(PAUSE)).unwrap();
        socket.connect(to).unwrap();
        Self(socket)
    }

    pub(crate) fn ask(&self, times: u32) -> Option<IpAddr> {
        let mut packet = [0; 64];
        for _ in 0..times {
            // A refusal of the packet before is no answer.
            if self.0.send(b"who am I").is_err() {
                continue;
            }
            if let Ok(length) = self.0.recv(&mut packet) {
                return String::from_utf8_lossy(&packet[..length]).parse().ok();
            }
        }
        None
    }
}
