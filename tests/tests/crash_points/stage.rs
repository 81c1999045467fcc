//! Where an attachment is interrupted: a node, with or without another
//! container on the same network, and how both look while nothing is wrong.

use std::path::Path;

use cofferdam_tests::{
    Container, Output, Site, Snapshot,
    tracer::{Plan, Trace},
    with,
};
use serde_json::{Value, json};

use crate::scenarios::Scenario;

pub(crate) struct Stage {
    site: Site,
    container: Container,
    config: Value,
    /// The attachments that GC is told of.
    valid: Value,
    before: Picture,
    _other: Option<Container>,
}

/// How node and container look.
struct Picture {
    node: Snapshot,
    container: Snapshot,
    /// Leases, and what is on record of attachments.
    node_with_files: Snapshot,
}

impl Stage {
    pub(crate) fn new(scenario: &Scenario, beside_another: bool) -> Self {
        let site = Site::new();
        // The kernel gives links addresses of their own some time after they
        // are made; without them a picture is the same at any time.
        site.node().set_sysctl("net/ipv6/conf/default/addr_gen_mode", "1");
        let container = Container::new("c1");
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
            container: Snapshot::of(&container.namespace),
            node_with_files: node_with_files(&site),
        };
        Self {
            site,
            container,
            config,
            valid,
            before,
            _other: other,
        }
    }

    pub(crate) fn traced(&self, command: &str, plan: Plan<'_>) -> (Trace, Option<Output>) {
        let traced = Path::new(env!("CARGO_BIN_EXE_traced"));
        self.site
            .call(command, &self.container, &self.config)
            .run_traced(traced, plan)
    }

    #[track_caller]
    pub(crate) fn add(&self) {
        self.site.add(&self.container, &self.config);
    }

    pub(crate) fn try_add(&self) -> Output {
        self.site.try_add(&self.container, &self.config)
    }

    pub(crate) fn try_del(&self) -> Output {
        self.site.call("DEL", &self.container, &self.config).run()
    }

    pub(crate) fn try_gc(&self) -> Output {
        let config = with(
            self.config.clone(),
            json!({ "cni.dev/valid-attachments": self.valid, "cni.dev/attachments": self.valid }),
        );
        self.site.call("GC", &self.container, &config).run()
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
        self.before
            .container
            .difference(&Snapshot::of(&self.container.namespace))
    }
}

fn node_with_files(site: &Site) -> Snapshot {
    site.snapshot().and_state(site.installation())
}
