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

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Go,
    Cofferdam,
    /// The program that does the same with no sandbox, check or journal.
    Native,
}

/// One implementation on a node of its own.
#[derive(Debug)]
pub(crate) struct Side {
    who: Who,
    node: Namespace,
    containers: HashMap<String, Namespace>,
    executable: PathBuf,
    root: Option<PathBuf>,
    plugin: &'static str,
    config: Value,
    /// Results of ADD, for the `prevResult` of DEL.
    results: HashMap<String, Value>,
    in_use: bool,
    /// Where others than Cofferdam keep their leases, and the Go plugins find
    /// `nft`.
    scratch: Option<TempDir>,
}

impl Side {
    pub(crate) fn go(plugins: &GoPlugins, workload: &Workload) -> Result<Self> {
        let scratch = TempDir::with_prefix("cofferdam-bench-")?;
        let mut config = with(workload.config.clone(), workload.only_go.clone());
        if config.get("ipam").is_some() {
            config = with(
                config,
                json!({ "ipam": { "dataDir": scratch.path().join("networks") } }),
            );
        }
        symlink("/usr/sbin/nft", scratch.path().join("nft"))?;
        let executable = plugins.directory().join(workload.plugin);
        let mut side = Self::prepare(Who::Go, executable, workload, config);
        side.scratch = Some(scratch);
        side.take_residence()?;
        Ok(side)
    }

    pub(crate) fn cofferdam(installation: &Installation, workload: &Workload) -> Result<Self> {
        let executable = installation.plugin_directory().join(workload.plugin);
        let mut side = Self::prepare(Who::Cofferdam, executable, workload, workload.config.clone());
        side.root = Some(installation.root().to_owned());
        side.take_residence()?;
        Ok(side)
    }

    pub(crate) fn native(workload: &Workload) -> Result<Self> {
        let executable = Products::locate().executable("native");
        let mut side = Self::prepare(Who::Native, executable, workload, workload.config.clone());
        let leases = TempDir::with_prefix("cofferdam-bench-")?;
        side.root = Some(leases.path().to_owned());
        side.scratch = Some(leases);
        side.take_residence()?;
        Ok(side)
    }

    fn prepare(who: Who, executable: PathBuf, workload: &Workload, config: Value) -> Self {
        Self {
            who,
            node: Namespace::node(),
            containers: HashMap::new(),
            executable,
            root: None,
            plugin: workload.plugin,
            config,
            results: HashMap::new(),
            in_use: workload.in_use,
            scratch: None,
        }
    }

    fn take_residence(&mut self) -> Result<()> {
        if self.in_use {
            self.execute("ADD", RESIDENT, &[])?;
        }
        Ok(())
    }

    pub(crate) fn who(&self) -> Who {
        self.who
    }

    /// One call for the container of this round.
    pub(crate) fn call(&mut self, verb: &str, round: usize) -> Result<Measured> {
        self.execute(verb, &format!("container-{round}"), &[])
    }

    /// The same, with the times of its phases appended to a file.
    pub(crate) fn timed(&mut self, verb: &str, round: usize, file: &Path) -> Result<Measured> {
        let options = ["--timing".to_owned(), file.to_string_lossy().into_owned()];
        self.execute(verb, &format!("container-{round}"), &options)
    }

    /// Takes the last attachment away, and waits until the kernel has taken
    /// the namespaces down, which would disturb what comes next.
    pub(crate) fn finish(mut self) -> Result<()> {
        if self.in_use {
            self.execute("DEL", RESIDENT, &[])?;
        }
        drop(self);
        std::thread::sleep(Duration::from_secs(2));
        Ok(())
    }

    /// With the nftables backend, the Go plugins find no `iptables`: version
    /// 1.9.1 tries both backends on DEL, and fails where Debian's `iptables`
    /// has never had the chain.
    fn search_path(&self) -> String {
        match &self.scratch {
            Some(scratch) if self.config["ipMasqBackend"] == "nftables" => {
                scratch.path().to_string_lossy().into_owned()
            }
            _ => "/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
        }
    }

    fn plugin_directory(&self) -> String {
        let directory = self.executable.parent().unwrap_or(Path::new("/"));
        directory.to_string_lossy().into_owned()
    }

    fn execute(&mut self, verb: &str, id: &str, options: &[String]) -> Result<Measured> {
        let container = self
            .containers
            .entry(id.to_owned())
            .or_insert_with(Namespace::container);
        let mut command = Command::new(&self.executable);
        if let Some(root) = &self.root {
            command.arg("--root").arg(root).args(options);
        }
        command.env_clear().envs([
            ("CNI_COMMAND", verb),
            ("CNI_CONTAINERID", id),
            ("CNI_NETNS", &container.path()),
            ("CNI_IFNAME", if self.plugin == "loopback" { "lo" } else { "eth0" }),
            ("CNI_ARGS", ""),
            ("CNI_PATH", &self.plugin_directory()),
            ("PATH", &self.search_path()),
        ]);
        let mut config = self.config.clone();
        if verb != "ADD"
            && let Some(result) = self.results.get(id)
        {
            config["prevResult"] = result.clone();
        }
        let stdin = if verb == "VERSION" {
            Vec::new()
        } else {
            config.to_string().into_bytes()
        };
        let measured = self
            .node
            .run(|| execute(&mut command, &stdin))
            .with_context(|| format!("{verb} {id} of {}", self.config))?;
        if verb == "ADD" {
            self.results
                .insert(id.to_owned(), serde_json::from_str(&measured.stdout)?);
        }
        Ok(measured)
    }
}
