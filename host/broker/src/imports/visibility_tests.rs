//! What a look that is denied costs: no more, and no less, where there is
//! something to be seen.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use cofferdam_journal::{AttachmentId, StateDirectory};
use cofferdam_policy::{NO_KEYS, Needs, PluginPolicy};
use cofferdam_protocol::{Place, PluginConfig};
use cofferdam_sandbox::{
    CallError, Limits, Sandbox, World,
    bindings::{
        cofferdam::cni::{links, namespaces, types},
        exports::cofferdam::cni::plugin::NetworkRequest,
    },
};

use crate::{
    Installation,
    audit::{AuditLog, Trail},
    deeds::Deeds,
    files::Files,
    mediator::{Allowed, Mediator, Task},
    mode::Mode,
    picture::Picture,
    plugins::Plugins,
    rehearsal::Rehearsing,
    session::{Links, Segments, Session},
    spent::Spent,
};

struct Ground {
    mediator: Mediator,
    requests: Arc<AtomicU32>,
    /// Goes with the test.
    _directory: tempfile::TempDir,
}

impl Ground {
    fn new(grant: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let picture = Picture::default()
            .with_link(Place::Host, "up0")
            .with_link(Place::Host, "vethtenant");
        let requests = Arc::clone(&picture.requests);
        let installation = Installation::below(directory.path());
        let state = StateDirectory::open(&installation.state()).unwrap();
        let session = Session {
            plugins: Plugins::default(),
            files: Files::default(),
            audit_log: AuditLog::open(installation.audit_log()),
            sandbox: Sandbox::new().unwrap(),
            attachment: AttachmentId {
                network: "mynet".to_owned(),
                container_id: "c1".to_owned(),
                interface_name: "eth0".to_owned(),
                unit: "test".to_owned(),
            },
            tenant: None,
            mode: Mode::Add,
            network: Box::new(picture),
            journal: None,
            shared: state.shared(),
            owned: state.owned(),
            quota: state.quota(),
            upkeep: state.upkeep(),
            used: BTreeMap::new(),
            namespace: None,
            installation,
            links: Links::default(),
            segments: Segments::default(),
            records: BTreeMap::new(),
            claimed: Vec::new(),
            own_addresses: BTreeSet::new(),
            deeds: Deeds::default(),
            spent: Spent::default(),
            deadline: Instant::now() + Duration::from_secs(60),
            valid: Vec::new(),
            depth: 0,
            exchanging: false,
            carrier: Err(String::new()),
            kept: None,
            rehearsing: Rehearsing::default(),
            world: Arc::new(World::default()),
            tape: None,
        };
        let text = format!("[plugin.test]\n[[plugin.test.grant]]\nallow = \"link.see\"\nin = \"host\"\n{grant}\n");
        let policy = PluginPolicy::parse("test", &[(PathBuf::from("test.toml"), text)], NO_KEYS).unwrap();
        let allowed = Allowed {
            grants: policy.for_attachment("mynet", None),
            needs: Needs::parse(Path::new("test"), Needs::UNDECLARED).unwrap(),
            rehearsing: Rehearsing::default(),
        };
        let config = PluginConfig::parse(r#"{"cniVersion":"1.0.0","name":"mynet","type":"test"}"#).unwrap();
        let task = Task::Network(NetworkRequest {
            network: "mynet".to_owned(),
            config: config.text().to_owned(),
            valid_attachments: Vec::new(),
        });
        let trail = Trail::new(&session, "test");
        Self {
            mediator: Mediator::new(session, "test", config, allowed, Limits::default(), trail, task),
            requests,
            _directory: directory,
        }
    }

    /// Ends the guest's call; what is in the audit log.
    fn end(self) -> String {
        let installation = self.mediator.into_session().installation;
        std::fs::read_to_string(installation.audit_log()).unwrap()
    }

    /// What the guest is told, and how many requests the kernel got for it.
    fn look(&mut self, name: &str) -> (String, u32) {
        let before = self.requests.load(Ordering::Relaxed);
        let host = namespaces::Host::host(&mut self.mediator).unwrap_or_else(|_| panic!("a handle"));
        let told = match links::Host::find(&mut self.mediator, host, name.to_owned()) {
            Ok(_) => "found".to_owned(),
            Err(CallError::Guest(types::Error::Denied(denial))) => format!("{denial:?}"),
            Err(CallError::Guest(error)) => format!("{error:?}"),
            Err(CallError::Trap(trap)) => panic!("{trap}"),
        };
        (
            told.replace(name, "NAME"),
            self.requests.load(Ordering::Relaxed) - before,
        )
    }
}

#[test]
fn a_name_outside_the_grants_is_not_looked_for() {
    let mut ground = Ground::new("names = [\"cni*\"]");
    let there = ground.look("up0");
    assert!(there.0.contains("link.see"), "{there:?}");
    assert_eq!(there.1, 0, "requests of the kernel");
    assert_eq!(there, ground.look("nothing0"));
}

#[test]
fn a_link_of_another_kind_costs_what_a_missing_one_does() {
    let mut ground = Ground::new("kinds = [\"vlan\"]\nnames = [\"*\"]");
    let there = ground.look("up0");
    assert!(there.0.contains("NotFound"), "{there:?}");
    assert_eq!(there, ground.look("nothing0"));
    let audit = ground.end();
    assert!(audit.contains("link.see") && audit.contains("up0"), "{audit}");
    assert!(!audit.contains("nothing0"), "{audit}");
}

#[test]
fn a_granted_name_is_looked_for_once() {
    let mut ground = Ground::new("names = [\"veth*\"]");
    assert_eq!(ground.look("vethtenant"), ("found".to_owned(), 1));
    let missing = ground.look("veth-nothing");
    assert!(missing.0.contains("NotFound"), "{missing:?}");
    assert_eq!(missing.1, 1);
}
