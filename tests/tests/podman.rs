//! podman with its CNI backend, on networks whose plugins are Cofferdam's.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;

use cofferdam_tests::{BusyboxImage, Ended, Machine, Namespace, Snapshot, needs_kernel, needs_root_and, outside, page};
use serde_json::{Value, json};

/// Whatever podman keeps, it keeps on the machine.
const CONTAINERS: &str = r#"
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
tmp_dir = "/run/libpod"
[network]
network_backend = "cni"
cni_plugin_dirs = ["/opt/cni/bin"]
network_config_dir = "/etc/cni/net.d"
"#;

const STORAGE: &str = r#"
[storage]
driver = "overlay"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
"#;

/// A machine with podman and two networks on it, and a host behind it.
struct Host {
    machine: Machine,
    outside: Namespace,
}

impl Host {
    fn new() -> Self {
        let machine = Machine::new();
        machine.node().keep_links_bare();
        let outside = outside(machine.node());
        let settings = machine.directory("podman");
        fs::write(settings.join("containers.conf"), CONTAINERS).unwrap();
        fs::write(settings.join("storage.conf"), STORAGE).unwrap();
        let networks = machine.directory("etc/cni/net.d");
        for (name, bridge, subnet) in [("front", "cni0", "10.22.0.0/16"), ("back", "cni1", "10.23.0.0/16")] {
            fs::write(
                networks.join(format!("{name}.conflist")),
                network(name, bridge, subnet).to_string(),
            )
            .unwrap();
        }
        let host = Self { machine, outside };
        let archive = BusyboxImage::new();
        host.podman(&["load", "--quiet", "--input", &archive.archive().to_string_lossy()]);
        host
    }

    fn try_podman(&self, arguments: &[&str]) -> Ended {
        let settings = self.machine.directory("podman");
        let mut command = self.machine.command("podman");
        command
            .args(arguments)
            .env("CONTAINERS_CONF", settings.join("containers.conf"))
            .env("CONTAINERS_STORAGE_CONF", settings.join("storage.conf"));
        cofferdam_tests::finish(&mut command, b"")
    }

    #[track_caller]
    fn podman(&self, arguments: &[&str]) -> String {
        let printed = self.try_podman(arguments).printed(format_args!("podman {arguments:?}"));
        printed.trim().to_owned()
    }

    /// Starts a container that serves a page.
    #[track_caller]
    fn serve(&self, name: &str, options: &[&str]) {
        let group = format!("/{}", self.machine.control_group());
        let run = [
            "run",
            "--detach",
            "--cgroup-parent",
            &group,
            "--name",
            name,
            "--entrypoint",
            "/bin/httpd",
        ];
        let server = [BusyboxImage::NAME, "-f", "-p", "80", "-h", "/"];
        self.podman(&[&run, options, &server].concat());
    }

    /// The addresses of a container's links.
    fn addresses(&self, container: &str) -> String {
        self.podman(&["exec", container, "ip", "-4", "-o", "address"])
    }

    fn snapshot(&self) -> Snapshot {
        self.machine.snapshot()
    }
}

/// As podman writes a network into its directory.
fn network(name: &str, bridge: &str, subnet: &str) -> Value {
    json!({ "cniVersion": "0.4.0", "name": name, "args": { "podman_labels": { "kept": "yes" } }, "plugins": [
        { "type": "bridge", "bridge": bridge, "isGateway": true, "ipMasq": true, "hairpinMode": true, "ipam": {
            "type": "host-local", "routes": [{ "dst": "0.0.0.0/0" }],
            "ranges": [[{ "subnet": subnet, "gateway": subnet.replace("0.0/16", "0.1") }]]
        }, "capabilities": { "ips": true } },
        { "type": "portmap", "capabilities": { "portMappings": true } },
        { "type": "firewall", "backend": "" },
        { "type": "tuning", "capabilities": { "mac": true } },
    ] })
}

/// Ends the test where there is no podman.
macro_rules! needs_podman {
    () => {
        needs_kernel!();
        needs_root_and!("podman", "runc", "conmon", "busybox", "tar", "iptables");
    };
}

#[test]
fn a_published_container_with_chosen_addresses_is_reached_and_leaves_nothing() {
    needs_podman!();
    let host = Host::new();
    let before = host.snapshot();
    let chosen = [
        "--network",
        "front",
        "--ip",
        "10.22.0.77",
        "--mac-address",
        "0a:00:00:00:00:77",
    ];
    host.serve(
        "web",
        &[&chosen[..], &["--publish", "8080:80", "--publish", "127.0.0.1:9090:80"]].concat(),
    );

    assert!(host.addresses("web").contains("10.22.0.77/16"));
    assert!(
        host.podman(&["exec", "web", "ip", "link"])
            .contains("0a:00:00:00:00:77")
    );
    assert_eq!(
        page(&host.outside, "192.0.2.1:8080", "/greeting").as_deref(),
        Some(GREETING)
    );
    assert_eq!(
        page(host.machine.node(), "127.0.0.1:9090", "/greeting").as_deref(),
        Some(GREETING)
    );
    assert_eq!(page(&host.outside, "192.0.2.1:9090", "/greeting"), None);
    let taken = host.try_podman(&[
        "run",
        "--rm",
        "--network",
        "front",
        "--ip",
        "10.22.0.77",
        BusyboxImage::NAME,
    ]);
    assert_ne!(taken.code, Some(0), "an address is a container's alone");

    host.podman(&["rm", "--force", "--time", "0", "--all"]);
    before.assert_same(&host.snapshot());
}

#[test]
fn a_container_is_connected_to_networks_and_disconnected_while_it_runs() {
    needs_podman!();
    let host = Host::new();
    let before = host.snapshot();
    host.serve("both", &["--network", "front", "--network", "back"]);
    host.serve("one", &["--network", "front"]);
    let addresses = host.addresses("both");
    assert!(
        addresses.contains("10.22.0.2/16") && addresses.contains("10.23.0.2/16"),
        "{addresses}"
    );
    assert!(!host.addresses("one").contains("10.23."));

    host.podman(&["network", "connect", "back", "one"]);
    assert!(host.addresses("one").contains("10.23.0.3/16"));
    host.podman(&["exec", "one", "ping", "-c", "1", "-W", "5", "10.23.0.2"]);
    host.podman(&["network", "disconnect", "front", "both"]);
    let addresses = host.addresses("both");
    assert!(
        !addresses.contains("10.22.") && addresses.contains("10.23.0.2/16"),
        "{addresses}"
    );

    host.podman(&["rm", "--force", "--time", "0", "--all"]);
    before.assert_same(&host.snapshot());
}

#[test]
fn a_reload_makes_the_rules_anew_that_somebody_flushed() {
    needs_podman!();
    let host = Host::new();
    let before = host.snapshot();
    host.serve("web", &["--network", "front", "--publish", "8080:80"]);
    let attached = host.addresses("web");
    host.machine.node().tool("nft", &["flush", "ruleset"]);
    assert_eq!(page(&host.outside, "192.0.2.1:8080", "/greeting"), None);

    host.podman(&["network", "reload", "--all"]);

    assert_eq!(
        page(&host.outside, "192.0.2.1:8080", "/greeting").as_deref(),
        Some(GREETING)
    );
    let address = |text: &str| {
        text.split(' ')
            .find(|word| word.starts_with("10.22."))
            .map(str::to_owned)
    };
    assert_eq!(address(&attached), address(&host.addresses("web")));
    host.podman(&["rm", "--force", "--time", "0", "--all"]);
    before.assert_same(&host.snapshot());
}

const GREETING: &str = BusyboxImage::GREETING;
