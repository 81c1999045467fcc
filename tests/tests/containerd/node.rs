//! A machine with containerd on it, and the calls that kubelet makes.

use std::{fs, os::unix::fs::symlink, path::PathBuf, process::Command, thread, time::Duration};

use cofferdam_tests::{BusyboxImage, GoPlugins, Machine, Namespace, PLUGINS, Products, Running, finish, outside, with};
use serde_json::{Value, json};

/// What the tests need of the system.
#[macro_export]
macro_rules! needs_containerd {
    () => {
        cofferdam_tests::needs_kernel!();
        cofferdam_tests::needs_root_and!("containerd", "runc", "busybox", "tar", "iptables", "nft");
    };
}

const CONFIG: &str = r#"
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
    "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs", "io.containerd.internal.v1.opt"]
[grpc]
address = "SOCKET"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "IMAGE"
disable_apparmor = true
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/opt/cni/bin"
conf_dir = "/etc/cni/net.d"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
"#;

/// A list of plugins as clusters have it, each executed by the runtime.
pub(crate) fn list() -> Value {
    json!({ "cniVersion": "1.0.0", "name": "podnet", "plugins": members() })
}

/// The same plugins in one process.
pub(crate) fn chain() -> Value {
    json!({ "cniVersion": "1.0.0", "name": "podnet", "plugins": [{
        "type": "cofferdam", "capabilities": { "portMappings": true, "bandwidth": true }, "chain": members()
    }] })
}

fn members() -> Value {
    json!([
        { "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true, "ipam": {
            "type": "host-local", "subnet": "10.22.0.0/16", "routes": [{ "dst": "0.0.0.0/0" }]
        } },
        { "type": "portmap", "capabilities": { "portMappings": true }, "snat": true },
        { "type": "bandwidth", "capabilities": { "bandwidth": true } },
        { "type": "firewall" },
        { "type": "tuning", "sysctl": { "net.core.somaxconn": "512" } },
    ])
}

/// containerd on a machine, with an image and a host behind the node.
pub(crate) struct Node {
    containerd: Option<Running>,
    pub(crate) machine: Machine,
    pub(crate) outside: Namespace,
    client: PathBuf,
    socket: PathBuf,
}

/// A pod that runs.
#[derive(Clone, Debug)]
pub(crate) struct Pod {
    pub(crate) id: String,
    pub(crate) address: String,
    config: Value,
}

impl Node {
    pub(crate) fn new(network: &Value) -> Self {
        let machine = Machine::new();
        machine.node().keep_links_bare();
        let outside = outside(machine.node());
        machine.network("10-podnet.conflist", &network.to_string());
        let socket = machine.directory("containerd").join("socket");
        let config = CONFIG
            .replace("SOCKET", &socket.to_string_lossy())
            .replace("IMAGE", BusyboxImage::NAME);
        fs::write(socket.with_file_name("config.toml"), config).unwrap();
        let mut node = Self {
            containerd: None,
            machine,
            outside,
            client: Products::locate().cri(),
            socket,
        };
        node.start();
        let image = BusyboxImage::new();
        let address = node.socket.to_string_lossy().into_owned();
        let archive = image.archive().to_string_lossy().into_owned();
        node.machine.run(
            "ctr",
            &[
                "--address",
                &address,
                "--namespace",
                "k8s.io",
                "image",
                "import",
                &archive,
            ],
        );
        node
    }

    /// Starts containerd and waits until its network is ready.
    pub(crate) fn start(&mut self) {
        let log = fs::File::create(self.log()).unwrap();
        let mut command = self.machine.command("containerd");
        command
            .arg("--config")
            .arg(self.socket.with_file_name("config.toml"))
            .stderr(log);
        self.containerd = Some(Running::start(&mut command));
        for _ in 0..600 {
            if self.is_ready() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!(
            "containerd is not ready: {}",
            self.try_call("Status", &json!({})).unwrap_or_else(|error| json!(error))
        );
    }

    /// Stops containerd; what it runs goes on.
    pub(crate) fn stop(&mut self) {
        // `nsenter` is containerd by now.
        drop(self.containerd.take());
    }

    fn is_ready(&self) -> bool {
        self.try_call("Status", &json!({})).is_ok_and(|answer| {
            let conditions = answer["status"]["conditions"].as_array().cloned().unwrap_or_default();
            conditions.len() >= 2 && conditions.iter().all(|condition| condition["status"] == true)
        })
    }

    fn log(&self) -> PathBuf {
        self.socket.with_file_name("log")
    }

    pub(crate) fn try_call(&self, method: &str, request: &Value) -> Result<Value, String> {
        let ended = finish(
            Command::new(&self.client).arg(&self.socket).arg(method),
            request.to_string().as_bytes(),
        );
        match ended.code {
            Some(0) => Ok(serde_json::from_str(&ended.stdout).unwrap()),
            _ => Err(ended.stderr),
        }
    }

    #[track_caller]
    pub(crate) fn call(&self, method: &str, request: &Value) -> Value {
        self.try_call(method, request).unwrap_or_else(|error| {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            let lines: Vec<_> = log.lines().rev().take(20).collect();
            panic!("{error}\ncontainerd, last line first:\n{}", lines.join("\n"))
        })
    }

    /// Puts the Go plugins into the place of all others.
    pub(crate) fn put_go_plugins(&self, go: &GoPlugins) {
        let bin = self.clear_plugins();
        for (name, _) in PLUGINS.iter().filter(|(name, _)| *name != "hostile") {
            fs::copy(go.plugin(name), bin.join(name)).unwrap();
        }
    }

    /// Puts ours into the place of all others.
    pub(crate) fn put_our_plugins(&self) {
        let bin = self.clear_plugins();
        let plugins = PLUGINS.iter().map(|(name, _)| *name).filter(|name| *name != "hostile");
        for name in std::iter::once("cofferdam").chain(plugins) {
            symlink(Products::locate().cofferdam(), bin.join(name)).unwrap();
        }
    }

    fn clear_plugins(&self) -> PathBuf {
        let bin = self.machine.installation().plugin_directory();
        for entry in fs::read_dir(&bin).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
        bin
    }

    /// The request that runs a pod, with these values added to its configuration.
    pub(crate) fn pod_request(&self, name: &str, changes: Value) -> Value {
        let config = json!({
            "metadata": { "name": name, "uid": format!("uid-{name}"), "namespace": "default" },
            "hostname": name,
            "linux": { "cgroup_parent": format!("/{}", self.machine.control_group()) },
        });
        json!({ "config": with(config, changes) })
    }

    /// `RunPodSandbox`, with these values added to the pod's configuration.
    #[track_caller]
    pub(crate) fn run_pod(&self, name: &str, changes: Value) -> Pod {
        let request = self.pod_request(name, changes);
        let config = request["config"].clone();
        let run = self.call("RunPodSandbox", &request);
        let id = run["pod_sandbox_id"].as_str().unwrap().to_owned();
        let status = self.call("PodSandboxStatus", &json!({ "pod_sandbox_id": id }));
        let address = status["status"]["network"]["ip"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        Pod { id, address, config }
    }

    /// Starts a container of the pod; its id.
    #[track_caller]
    pub(crate) fn run_container(&self, pod: &Pod, name: &str, command: &[&str]) -> String {
        let container = json!({ "pod_sandbox_id": pod.id, "sandbox_config": pod.config, "config": {
            "metadata": { "name": name }, "image": { "image": BusyboxImage::NAME }, "command": command, "linux": {}
        } });
        let created = self.call("CreateContainer", &container);
        let id = created["container_id"].as_str().unwrap().to_owned();
        self.call("StartContainer", &json!({ "container_id": id }));
        id
    }

    /// What a command in a container prints; fails the test when it does not end well.
    #[track_caller]
    pub(crate) fn exec(&self, container: &str, command: &[&str]) -> String {
        let answer = self.call(
            "ExecSync",
            &json!({ "container_id": container, "cmd": command, "timeout": 20 }),
        );
        assert_eq!(answer["exit_code"], 0, "{command:?}: {answer}");
        answer["stdout"].as_str().unwrap().to_owned()
    }

    /// `StopPodSandbox` and `RemovePodSandbox`.
    #[track_caller]
    pub(crate) fn delete_pod(&self, pod: &Pod) {
        for method in ["StopPodSandbox", "RemovePodSandbox"] {
            self.call(method, &json!({ "pod_sandbox_id": pod.id }));
        }
    }

    /// The states of all pods; 0 is ready.
    pub(crate) fn pod_states(&self) -> Vec<Value> {
        let listed = self.call("ListPodSandbox", &json!({}));
        let pods = listed["items"].as_array().cloned().unwrap_or_default();
        pods.iter().map(|pod| pod["state"].clone()).collect()
    }
}
