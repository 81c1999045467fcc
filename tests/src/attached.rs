use serde_json::Value;

use crate::{Container, Output, Site};

/// A node with one container, `c1`, that is attached to a network.
#[derive(Debug)]
pub struct Attached {
    /// The node.
    pub site: Site,
    /// What is attached.
    pub container: Container,
    /// The network's configuration.
    pub network: Value,
    /// What ADD printed.
    pub result: Value,
}

impl Attached {
    /// Attaches it; fails the test where that fails.
    #[must_use]
    #[track_caller]
    pub fn to(network: Value) -> Self {
        let site = Site::new();
        let container = Container::new("c1");
        let result = site.add(&container, &network);
        Self {
            site,
            container,
            network,
            result,
        }
    }

    /// CHECK with the result of ADD.
    #[must_use]
    pub fn check(&self) -> Output {
        self.site.check(&self.container, &self.network, &self.result)
    }

    /// DEL that has to succeed.
    #[track_caller]
    pub fn del(&self) {
        self.site.del(&self.container, &self.network);
    }
}
