use std::{fs, net::IpAddr, path::PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Cni, CniError, Ended, GoPlugins, Installation, Namespace, Output, Snapshot, finish, with};

/// A node with plugins on it, and a runtime's simplest calls.
#[derive(Debug)]
pub struct Site {
    plugins: Plugins,
    node: Namespace,
}

#[derive(Debug)]
enum Plugins {
    Cofferdam(Installation),
    Go(GoPlugins, TempDir),
}

/// A container that is to be attached.
#[derive(Debug)]
pub struct Container {
    /// Its id.
    pub id: String,
    /// Its network namespace.
    pub namespace: Namespace,
}

impl Container {
    /// A fresh one.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            namespace: Namespace::container(),
        }
    }
}

impl Site {
    /// A fresh node with a fresh installation, default policies included.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Installation::new())
    }

    /// A fresh node with this installation.
    #[must_use]
    pub fn with(installation: Installation) -> Self {
        Self {
            plugins: Plugins::Cofferdam(installation),
            node: Namespace::node(),
        }
    }

    /// A fresh node with the Go plugins, their leases in a directory of its
    /// own.
    #[must_use]
    pub fn go(plugins: GoPlugins) -> Self {
        let leases = TempDir::with_prefix("cofferdam-test-").expect("needs a writable temporary directory");
        Self {
            plugins: Plugins::Go(plugins, leases),
            node: Namespace::node(),
        }
    }

    /// The same node after a restart: what is on disk stays, what the kernel
    /// knew does not.
    #[must_use]
    pub fn restarted(self) -> Self {
        Self {
            node: Namespace::node(),
            ..self
        }
    }

    /// The node's namespace.
    #[must_use]
    pub fn node(&self) -> &Namespace {
        &self.node
    }

    /// What is installed; fails the test where that is the Go plugins.
    #[must_use]
    pub fn installation(&self) -> &Installation {
        match &self.plugins {
            Plugins::Cofferdam(installation) => installation,
            Plugins::Go(..) => panic!("this site has the Go plugins"),
        }
    }

    /// Where addresses are on record.
    #[must_use]
    pub fn leases(&self) -> PathBuf {
        match &self.plugins {
            Plugins::Cofferdam(installation) => installation.leases(),
            Plugins::Go(_, leases) => leases.path().to_owned(),
        }
    }

    /// The addresses of a network that are given out, sorted as text.
    #[must_use]
    pub fn leased(&self, network: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.leases().join(network)) else {
            return Vec::new();
        };
        let names = entries.map(|entry| entry.expect("a directory of our own").file_name());
        let mut addresses: Vec<_> = names
            .map(|name| name.to_string_lossy().into_owned())
            .filter(|name| name.parse::<IpAddr>().is_ok())
            .collect();
        addresses.sort();
        addresses
    }

    /// `cofferctl ARGUMENTS`, run on the node.
    pub fn cofferctl(&self, arguments: &[&str]) -> Ended {
        let mut command = self.installation().cofferctl();
        self.node.run(|| finish(command.args(arguments), b""))
    }

    /// The document that `cofferctl ARGUMENTS --json` prints, whatever its exit
    /// code.
    #[track_caller]
    pub fn cofferctl_json(&self, arguments: &[&str]) -> Value {
        let ended = self.cofferctl(&[arguments, &["--json"]].concat());
        assert!(ended.stdout.is_ascii(), "{ended:?}");
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {ended:?}"))
    }

    /// A call, to be completed and run.
    #[must_use]
    pub fn cni(&self) -> Cni<'_> {
        match &self.plugins {
            Plugins::Cofferdam(installation) => Cni::new(installation, &self.node),
            Plugins::Go(plugins, _) => Cni::go(plugins, &self.node),
        }
    }

    /// A call about `eth0` of a container, of the plugin that the
    /// configuration's `type` names.
    #[must_use]
    pub fn call(&self, command: &str, container: &Container, config: &Value) -> Cni<'_> {
        let config = match &self.plugins {
            Plugins::Go(_, leases) if config.get("ipam").is_some_and(|ipam| ipam["type"] == "host-local") => {
                with(config.clone(), json!({ "ipam": { "dataDir": leases.path() } }))
            }
            _ => config.clone(),
        };
        let plugin = config["type"].as_str().unwrap_or("cofferdam").to_owned();
        self.cni()
            .plugin(&plugin)
            .command(command)
            .container_id(&container.id)
            .netns(&container.namespace)
            .config(&config)
    }

    /// ADD that has to succeed; its result.
    #[track_caller]
    pub fn add(&self, container: &Container, config: &Value) -> Value {
        self.call("ADD", container, config).run().result()
    }

    /// ADD, whatever comes of it.
    #[must_use]
    pub fn try_add(&self, container: &Container, config: &Value) -> Output {
        self.call("ADD", container, config).run()
    }

    /// ADD for a new container `c1` that has to fail, and to leave node, leases
    /// and container as they were; its error.
    #[track_caller]
    pub fn failed_add(&self, config: &Value) -> CniError {
        let container = Container::new("c1");
        let (node, inside) = (self.snapshot(), Snapshot::of(&container.namespace));
        let error = self.try_add(&container, config).error();
        node.assert_same(&self.snapshot());
        inside.assert_same(&Snapshot::of(&container.namespace));
        error
    }

    /// DEL that has to succeed.
    #[track_caller]
    pub fn del(&self, container: &Container, config: &Value) {
        self.call("DEL", container, config).run().silent_success();
    }

    /// CHECK with this result of ADD.
    #[must_use]
    pub fn check(&self, container: &Container, config: &Value, result: &Value) -> Output {
        let config = with(config.clone(), json!({ "prevResult": result }));
        self.call("CHECK", container, &config).run()
    }

    /// A picture of the node, leases included.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let snapshot = Snapshot::of(&self.node);
        match &self.plugins {
            Plugins::Cofferdam(installation) => snapshot.and_leases(installation),
            Plugins::Go(..) => snapshot,
        }
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}
