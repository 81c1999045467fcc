use std::{fs, path::Path, process::Command};

use cofferdam_tests::{BusyboxImage, Ended, Machine, Namespace, Snapshot, outside};
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
pub(crate) struct Host {
    pub(crate) machine: Machine,
    pub(crate) outside: Namespace,
}

impl Host {
    pub(crate) fn new() -> Self {
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

    pub(crate) fn try_podman(&self, arguments: &[&str]) -> Ended {
        cofferdam_tests::finish(self.command("podman").args(arguments), b"")
    }

    /// A program on the machine that finds podman's settings, to be given
    /// arguments and started.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let settings = self.machine.directory("podman");
        let mut command = self.machine.command(program);
        command
            .env("CONTAINERS_CONF", settings.join("containers.conf"))
            .env("CONTAINERS_STORAGE_CONF", settings.join("storage.conf"));
        command
    }

    #[track_caller]
    pub(crate) fn podman(&self, arguments: &[&str]) -> String {
        let printed = self.try_podman(arguments).printed(format_args!("podman {arguments:?}"));
        printed.trim().to_owned()
    }

    /// Starts a container that serves a page.
    #[track_caller]
    pub(crate) fn serve(&self, name: &str, options: &[&str]) {
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
    pub(crate) fn addresses(&self, container: &str) -> String {
        self.podman(&["exec", container, "ip", "-4", "-o", "address"])
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
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
