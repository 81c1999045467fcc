use cofferdam_tests::{Cni, Container, GoPlugins, Namespace, Output, Site, with};
use serde_json::{Value, json};

use crate::leases::Leases;

/// Who implements a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Cofferdam,
    Go,
}

/// A node with both implementations, the same records, and a container that
/// some plugins attach.
pub(crate) struct Side {
    pub(crate) site: Site,
    pub(crate) container: Container,
    go: GoPlugins,
    members: Vec<(Kind, Value)>,
    /// Where a member takes addresses that are lent.
    leases: Option<Leases>,
}

impl Side {
    pub(crate) fn new(go: &GoPlugins, members: Vec<(Kind, Value)>, prepare: fn(&Namespace, &Namespace)) -> Self {
        let site = Site::new();
        let is_lent = |(_, member): &(Kind, Value)| member["ipam"]["type"] == "dhcp";
        let leases = members.iter().any(is_lent).then(|| Leases::of(&site, go));
        let side = Self {
            site,
            container: Container::new("c1"),
            go: go.clone(),
            members,
            leases,
        };
        prepare(side.site.node(), &side.container.namespace);
        side
    }

    /// The result of the last member.
    pub(crate) fn add(&self) -> Value {
        let mut previous = None;
        for (kind, member) in &self.members {
            let config = with_previous(member, previous.as_ref());
            previous = Some(self.call("ADD", *kind, &config).result());
        }
        previous.unwrap()
    }

    /// CHECK by each member, which has to succeed.
    pub(crate) fn check(&self, result: &Value) {
        for (kind, member) in &self.members {
            if member["cniVersion"].as_str().unwrap_or_default() >= "0.4.0" {
                let config = with_previous(member, Some(result));
                self.call("CHECK", *kind, &config).silent_success();
            }
        }
    }

    /// DEL by each member, the last one first.
    pub(crate) fn del(&self, result: &Value) {
        for (kind, member) in self.members.iter().rev() {
            let config = with_previous(member, Some(result));
            self.call("DEL", *kind, &config).silent_success();
        }
    }

    fn call(&self, verb: &str, kind: Kind, config: &Value) -> Output {
        match kind {
            Kind::Cofferdam => self.site.call(verb, &self.container, config).run(),
            Kind::Go => Cni::go(&self.go, self.site.node())
                .plugin(config["type"].as_str().unwrap())
                .command(verb)
                .container_id(&self.container.id)
                .netns(&self.container.namespace)
                .config(&self.with_records(config))
                .run(),
        }
    }

    /// The reference plugins know of no other root: directories are told.
    fn with_records(&self, config: &Value) -> Value {
        let kept = self.site.installation().root().join("tuning");
        if config["ipam"]["type"] == "dhcp" {
            let told = self.leases.as_ref().map(Leases::told);
            with(config.clone(), told.unwrap_or_default())
        } else if config["ipam"]["type"] == "host-local" {
            with(config.clone(), json!({ "ipam": { "dataDir": self.site.leases() } }))
        } else if config["type"] == "tuning" {
            with(config.clone(), json!({ "dataDir": kept }))
        } else {
            config.clone()
        }
    }
}

/// What a runtime hands to a member: the result so far.
fn with_previous(member: &Value, previous: Option<&Value>) -> Value {
    match previous {
        Some(previous) => with(member.clone(), json!({ "prevResult": previous })),
        None => member.clone(),
    }
}
