//! Where an attachment is interrupted: a node, with or without another
//! container on the same network, and how both look while nothing is wrong.

use std::{
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

use cofferdam_tests::{
    Cni, Container, Namespace, Output, Scenario, Site, Snapshot, Surroundings,
    tracer::{Plan, Trace},
    with,
};
use serde_json::{Value, json};

/// The container's.
const ID: &str = "c1";

pub(crate) struct Stage {
    site: Site,
    /// None while its namespace is gone.
    container: Mutex<Option<Container>>,
    config: Value,
    /// The attachments that GC is told of.
    valid: Value,
    before: Picture,
    other: Option<Container>,
    furnish: fn(&Namespace),
    _surroundings: Option<Surroundings>,
}

/// How node and container look.
struct Picture {
    node: Snapshot,
    /// The names of the node's links.
    links: Vec<String>,
    container: Snapshot,
    /// Leases, and what is on record of attachments.
    node_with_files: Snapshot,
}

impl Stage {
    pub(crate) fn new(scenario: &Scenario, beside_another: bool) -> Self {
        let site = Site::new();
        site.node().keep_links_bare();
        let surroundings = (scenario.surroundings)(&site);
        let container = Container::new(ID);
        (scenario.furnish)(&container.namespace);
        let config = scenario.config.clone();
        let mut valid = json!([]);
        let other = beside_another.then(|| {
            let other = Container::new("other");
            site.add(&other, &config);
            valid = json!([{ "containerID": "other", "ifname": "eth0" }]);
            other
        });
        let before = Picture {
            node: Snapshot::of(site.node()),
            links: site.node().link_names(),
            container: Snapshot::of(&container.namespace),
            node_with_files: node_with_files(&site),
        };
        Self {
            site,
            container: Mutex::new(Some(container)),
            config,
            valid,
            before,
            other,
            furnish: scenario.furnish,
            _surroundings: surroundings,
        }
    }

    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    pub(crate) fn is_beside_another(&self) -> bool {
        self.other.is_some()
    }

    /// Whether the node had this link before anything was done.
    pub(crate) fn was_there(&self, link: &str) -> bool {
        self.before.links.iter().any(|name| name == link)
    }

    /// Does something in the container; nothing when it is gone.
    pub(crate) fn inside<T>(&self, action: impl FnOnce(&Namespace) -> T) -> Option<T> {
        let container = self.container.lock().unwrap_or_else(PoisonError::into_inner);
        container.as_ref().map(|container| action(&container.namespace))
    }

    /// Makes the container's namespace go away, as far as it is the test's.
    pub(crate) fn lose_container(&self) {
        *self.container.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Puts a container in the place of one that was lost.
    pub(crate) fn renew_container(&self) {
        let container = Container::new(ID);
        (self.furnish)(&container.namespace);
        *self.container.lock().unwrap_or_else(PoisonError::into_inner) = Some(container);
    }

    /// Has the next search for an address begin with the first one, so that it
    /// is known which will be found.
    pub(crate) fn forget_last_address(&self) {
        for entry in fs::read_dir(self.site.leases().join("mynet")).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().contains("last_reserved_ip.") {
                fs::remove_file(path).unwrap();
            }
        }
    }

    fn call(&self, command: &str, config: &Value) -> Cni<'_> {
        let container = self.container.lock().unwrap_or_else(PoisonError::into_inner);
        match &*container {
            Some(container) => self.site.call(command, container, config),
            None => {
                let elsewhere = Container::new(ID);
                self.site.call(command, &elsewhere, config).netns_path("/nonexistent")
            }
        }
    }

    pub(crate) fn traced(&self, command: &str, plan: Plan<'_>) -> (Trace, Option<Output>) {
        let traced = Path::new(env!("CARGO_BIN_EXE_traced"));
        self.call(command, &self.config).run_traced(traced, plan)
    }

    #[track_caller]
    pub(crate) fn add(&self) {
        self.try_add().result();
    }

    pub(crate) fn try_add(&self) -> Output {
        self.call("ADD", &self.config).run()
    }

    pub(crate) fn try_del(&self) -> Output {
        self.call("DEL", &self.config).run()
    }

    pub(crate) fn try_gc(&self) -> Output {
        let config = with(
            self.config.clone(),
            json!({ "cni.dev/valid-attachments": self.valid, "cni.dev/attachments": self.valid }),
        );
        self.call("GC", &config).run()
    }

    /// What is not as it was before anything was done; empty when all is.
    pub(crate) fn changes(&self) -> String {
        let node = self.before.node_with_files.difference(&node_with_files(&self.site));
        node + &self.changes_inside()
    }

    /// The same for the kernel alone, where files can't be written.
    pub(crate) fn kernel_changes(&self) -> String {
        let node = self.before.node.difference(&Snapshot::of(self.site.node()));
        node + &self.changes_inside()
    }

    fn changes_inside(&self) -> String {
        let changes = self.inside(|container| self.before.container.difference(&Snapshot::of(container)));
        changes.unwrap_or_default()
    }
}

fn node_with_files(site: &Site) -> Snapshot {
    site.snapshot().and_state(site.installation())
}
