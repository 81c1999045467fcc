use std::{
    collections::HashMap,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result};
use cofferdam_tests::{GoPlugins, Installation, Namespace, Products, with};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    measure::{Measured, execute},
    workload::Workload,
};

/// Who has the node's network besides the calls that are measured.
const RESIDENT: &str = "resident";
/// The second byte of another network's subnet, before its number.
const FIRST_NETWORK: u8 = 30;
/// The first port of the node that is published: each container has its own.
const FIRST_PORT: usize = 20_000;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Go,
    Cofferdam,
    /// The same, all plugins in one process.
    Fused,
    /// The program that does the same with no sandbox, check or journal.
    Native,
}

/// One implementation on a node of its own.
#[derive(Debug)]
pub(crate) struct Side {
    who: Who,
    node: Namespace,
    containers: HashMap<String, Namespace>,
    directory: PathBuf,
    root: Option<PathBuf>,
    members: Vec<Value>,
    /// Results of ADD, for the `prevResult` of DEL.
    results: HashMap<String, Value>,
    in_use: bool,
    /// Where others than Cofferdam keep their leases, and the Go plugins find
    /// `nft`.
    scratch: Option<TempDir>,
}

/// A container's interface: its number among those of the benchmark, and which
/// namespace it is in.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) number: usize,
    pub(crate) id: String,
    pub(crate) namespace: String,
    pub(crate) interface: String,
    /// Zero for the configuration's network, otherwise one like it, with a
    /// bridge and a subnet of its own.
    pub(crate) network: u8,
}

/// The namespace of all attachments that are there besides.
pub(crate) const NEIGHBOURS: &str = "neighbours";

impl Target {
    /// `eth0` of a container of its own.
    pub(crate) fn container(number: usize) -> Self {
        let id = format!("container-{number}");
        Self {
            number,
            namespace: id.clone(),
            id,
            interface: "eth0".to_owned(),
            network: 0,
        }
    }
}

impl Side {
    pub(crate) fn go(plugins: &GoPlugins, workload: &Workload) -> Result<Self> {
        let scratch = TempDir::with_prefix("cofferdam-bench-")?;
        let records = json!({ "ipam": { "dataDir": scratch.path().join("networks") } });
        let members = workload.members.iter().map(|member| {
            let member = with(member.clone(), workload.only_go.clone());
            if member.get("ipam").is_some() {
                with(member, records.clone())
            } else if member["type"] == "tuning" {
                with(member, json!({ "dataDir": scratch.path().join("tuning") }))
            } else {
                member
            }
        });
        let mut side = Self::prepare(Who::Go, plugins.directory().to_owned(), workload);
        side.members = members.collect();
        symlink("/usr/sbin/nft", scratch.path().join("nft"))?;
        side.scratch = Some(scratch);
        side.take_residence()?;
        Ok(side)
    }

    pub(crate) fn cofferdam(installation: &Installation, workload: &Workload) -> Result<Self> {
        Self::ours(Who::Cofferdam, installation, workload)
    }

    pub(crate) fn fused(installation: &Installation, workload: &Workload) -> Result<Self> {
        Self::ours(Who::Fused, installation, workload)
    }

    fn ours(who: Who, installation: &Installation, workload: &Workload) -> Result<Self> {
        let mut side = Self::prepare(who, installation.plugin_directory(), workload);
        if who == Who::Fused {
            side.members = vec![fuse(&workload.members)];
        }
        side.root = Some(installation.root().to_owned());
        side.take_residence()?;
        Ok(side)
    }

    pub(crate) fn native(workload: &Workload) -> Result<Self> {
        let executable = Products::locate().executable("native");
        let directory = executable.parent().context("an executable is in a directory")?;
        let mut side = Self::prepare(Who::Native, directory.to_owned(), workload);
        let leases = TempDir::with_prefix("cofferdam-bench-")?;
        side.root = Some(leases.path().to_owned());
        side.scratch = Some(leases);
        side.take_residence()?;
        Ok(side)
    }

    fn prepare(who: Who, directory: PathBuf, workload: &Workload) -> Self {
        Self {
            who,
            node: Namespace::node(),
            containers: HashMap::new(),
            directory,
            root: None,
            members: workload.members.clone(),
            results: HashMap::new(),
            in_use: workload.in_use,
            scratch: None,
        }
    }

    fn take_residence(&mut self) -> Result<()> {
        if self.in_use {
            self.execute("ADD", &resident(), &[])?;
        }
        Ok(())
    }

    pub(crate) fn who(&self) -> Who {
        self.who
    }

    /// One call for the container of this round.
    pub(crate) fn call(&mut self, verb: &str, round: usize) -> Result<Measured> {
        self.execute(verb, &Target::container(round), &[])
    }

    /// The same, with the times of its phases appended to a file.
    pub(crate) fn timed(&mut self, verb: &str, round: usize, file: &Path) -> Result<Measured> {
        let options = ["--timing".to_owned(), file.to_string_lossy().into_owned()];
        self.execute(verb, &Target::container(round), &options)
    }

    /// Takes the last attachment away, and waits until the kernel has taken
    /// the namespaces down, which would disturb what comes next.
    pub(crate) fn finish(mut self) -> Result<()> {
        if self.in_use {
            self.execute("DEL", &resident(), &[])?;
        }
        drop(self);
        std::thread::sleep(Duration::from_secs(2));
        Ok(())
    }

    /// Calls the plugins as a runtime does: what was measured of them is added
    /// up.
    pub(crate) fn execute(&mut self, verb: &str, target: &Target, options: &[String]) -> Result<Measured> {
        self.make_containers(std::slice::from_ref(target));
        let (measured, result) = self.call_members(verb, target, options)?;
        self.remember(target, result);
        Ok(measured)
    }

    /// Makes the namespaces that are missing.
    pub(crate) fn make_containers(&mut self, targets: &[Target]) {
        for target in targets {
            self.containers
                .entry(target.namespace.clone())
                .or_insert_with(|| match target.namespace.as_str() {
                    NEIGHBOURS => crowded(),
                    _ => Namespace::container(),
                });
        }
    }

    /// Keeps the result of an ADD for the DEL.
    pub(crate) fn remember(&mut self, target: &Target, result: Option<Value>) {
        if let Some(result) = result {
            self.results.insert(target.id.clone(), result);
        }
    }

    /// The same for a container whose namespace there is; what it leads to is
    /// not kept.
    pub(crate) fn call_members(
        &self,
        verb: &str,
        target: &Target,
        options: &[String],
    ) -> Result<(Measured, Option<Value>)> {
        let mut sum = Measured::default();
        let mut result = match verb {
            "ADD" => None,
            _ => self.results.get(&target.id).cloned(),
        };
        let mut members: Vec<&Value> = self.members.iter().collect();
        if verb == "DEL" {
            members.reverse();
        }
        for member in members {
            let config = for_target(member, target, result.as_ref());
            let measured = self
                .execute_plugin(verb, target, &config, options)
                .with_context(|| format!("{verb} {} of {config}", target.id))?;
            if verb == "ADD" {
                result = Some(serde_json::from_str(&measured.stdout)?);
            }
            sum.add(&measured);
        }
        Ok((sum, (verb == "ADD").then_some(result).flatten()))
    }

    fn execute_plugin(&self, verb: &str, target: &Target, config: &Value, options: &[String]) -> Result<Measured> {
        let plugin = match self.who {
            Who::Native => "native",
            _ => config["type"].as_str().unwrap_or("cofferdam"),
        };
        let container = self.containers.get(&target.namespace).context("a container is known")?;
        let mut command = Command::new(self.directory.join(plugin));
        if let Some(root) = &self.root {
            command.arg("--root").arg(root).args(options);
        }
        command.env_clear().envs([
            ("CNI_COMMAND", verb),
            ("CNI_CONTAINERID", &target.id),
            ("CNI_NETNS", &container.path()),
            (
                "CNI_IFNAME",
                if plugin == "loopback" { "lo" } else { &target.interface },
            ),
            ("CNI_ARGS", ""),
            ("CNI_PATH", &self.directory.to_string_lossy()),
            ("PATH", &self.search_path(config)),
        ]);
        let stdin = if verb == "VERSION" {
            Vec::new()
        } else {
            config.to_string().into_bytes()
        };
        self.node.run(|| execute(&mut command, &stdin))
    }

    /// With the nftables backend, the Go plugins find no `iptables`: version
    /// 1.9.1 tries both backends on DEL, and fails where Debian's `iptables`
    /// has never had the chain.
    fn search_path(&self, config: &Value) -> String {
        match &self.scratch {
            Some(scratch) if config["ipMasqBackend"] == "nftables" => scratch.path().to_string_lossy().into_owned(),
            _ => "/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
        }
    }
}

/// A namespace for the ends of many attachments, without IPv6: each multicast
/// packet of a container would be looked at there for each of them beside the
/// routes of each of them, which no node of containers does.
fn crowded() -> Namespace {
    let namespace = Namespace::container();
    namespace.set_sysctl("net/ipv6/conf/default/disable_ipv6", "1");
    namespace
}

fn resident() -> Target {
    Target {
        id: RESIDENT.to_owned(),
        namespace: RESIDENT.to_owned(),
        ..Target::container(0)
    }
}

/// The members as one plugin of Cofferdam.
fn fuse(members: &[Value]) -> Value {
    let inner = members.iter().map(|member| {
        let bare = with(
            member.clone(),
            json!({ "cniVersion": null, "name": null, "runtimeConfig": null }),
        );
        match member.get("runtimeConfig") {
            Some(_) => with(bare, json!({ "capabilities": { "portMappings": true } })),
            None => bare,
        }
    });
    let offered = members.iter().find_map(|member| member.get("runtimeConfig"));
    json!({
        "cniVersion": members[0]["cniVersion"], "name": members[0]["name"], "type": "cofferdam",
        "chain": inner.collect::<Vec<_>>(),
        "runtimeConfig": offered.cloned().unwrap_or_else(|| json!({})),
    })
}

/// Makes a network like it of a configuration.
fn in_other_network(config: &mut Value, number: u8) {
    config["name"] = json!(format!("mynet{number}"));
    let members = match config["chain"].is_array() {
        true => config["chain"].as_array_mut().into_iter().flatten().collect(),
        false => vec![config],
    };
    for member in members.into_iter().filter(|member| member["type"] == "bridge") {
        member["bridge"] = json!(format!("cni{number}"));
        member["ipam"]["subnet"] = json!(format!("10.{}.0.0/16", FIRST_NETWORK + number));
    }
}

/// What a runtime hands to a member: the result so far, the target's network,
/// and ports that nobody else has.
fn for_target(member: &Value, target: &Target, result: Option<&Value>) -> Value {
    let mut config = member.clone();
    if let Some(mapping) = config.pointer_mut("/runtimeConfig/portMappings/0") {
        let resident = usize::from(target.id != RESIDENT);
        mapping["hostPort"] = json!(FIRST_PORT + resident + target.number);
    }
    if target.network > 0 {
        in_other_network(&mut config, target.network);
    }
    if let Some(result) = result {
        config["prevResult"] = result.clone();
    }
    config
}
