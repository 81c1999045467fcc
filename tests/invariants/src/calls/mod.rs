//! What a component asks for: values of every import, lifted from a real
//! component, on a network in memory.

mod ground;
mod observer;
mod packets;
mod script;

use std::{
    fs,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use arbitrary::Unstructured;
use cofferdam_broker::Broker;
use cofferdam_journal::StateDirectory;
use cofferdam_protocol::{CniError, Environment, PluginConfig, SpecVersion, Verb, result};
use cofferdam_sandbox::Sandbox;
use cofferdam_simulation::{Sides, Simulated};

use self::{
    ground::Ground,
    observer::{Phase, Watch, Watcher},
    script::Scenario,
};
use crate::node;

/// The plugin whose component makes the calls.
const PLUGIN: &str = "hostile";

thread_local! {
    static GROUND: Ground = Ground::new();
}

/// One input: grants, calls, a fault of the kernel's and a result, made from
/// its bytes.
///
/// Nothing is done that is not on record and granted. An ADD that fails, and
/// the DEL after one that went well, leave everything as it was.
pub fn calls(data: &[u8]) {
    let Ok(scenario) = Scenario::new(&mut Unstructured::new(data)) else {
        return;
    };
    GROUND.with(|ground| run(ground, &scenario));
}

fn run(ground: &Ground, scenario: &Scenario) {
    let grants = ground.prepare(&scenario.policy);
    let before = node::sides();
    let watch = Arc::new(Mutex::new(Watch::default()));
    let state = StateDirectory::open(&ground.installation().state()).unwrap();
    let watcher = Watcher::new(state, grants, before.clone(), scenario.fault, Arc::clone(&watch));
    let mut network = Simulated::new(before.clone(), Box::new(watcher));
    let broker = Broker::new(ground.installation(), ground::BUDGET).in_sandbox(sandbox());
    let config = PluginConfig::parse(scenario.config.to_string()).unwrap();

    let ended = || watch.lock().unwrap().phase = Phase::Going;
    let added = broker.add_simulated(PLUGIN, environment(), config.clone(), Box::new(network.clone()), ended);
    match &added {
        Ok(text) => drop(result::parse(text, SpecVersion::NEWEST).unwrap()),
        Err(error) => check_error(error),
    }
    let failed_to_undo = watch.lock().unwrap().struck == Some(Phase::Going);
    if added.is_err() && !failed_to_undo {
        assert_as_before(ground, &before, &network.sides(), scenario);
    }
    watch.lock().unwrap().phase = Phase::Going;
    let deleted = broker.del_simulated(PLUGIN, environment(), config.clone(), &mut network);
    let struck_now = watch.lock().unwrap().struck == Some(Phase::Going);
    match deleted {
        Ok(()) => {}
        // The second time nothing is in the way.
        Err(error) if struck_now => {
            check_error(&error);
            let again = broker.del_simulated(PLUGIN, environment(), config, &mut network);
            again.unwrap_or_else(|error| panic!("DEL never ends: {error}"));
        }
        Err(error) => panic!("DEL fails: {error}"),
    }
    assert_as_before(ground, &before, &network.sides(), scenario);
}

fn assert_as_before(ground: &Ground, before: &Sides, now: &Sides, scenario: &Scenario) {
    for (place, before, now) in [
        ("host", &before.host, &now.host),
        ("container", &before.container, &now.container),
    ] {
        let changes = now.picture().changes_since(&before.picture());
        assert!(
            before == now,
            "in the {place} namespace not as before:\n{changes}after {:#}",
            scenario.config
        );
    }
    let installation = ground.installation();
    let state = StateDirectory::open(&installation.state()).unwrap();
    let attachments = state.attachments(None).unwrap();
    assert!(attachments.is_empty(), "{attachments:?} is on record");
    for registry in ["shared", "owned"] {
        let left = files(&installation.state().join(registry));
        assert!(left.is_empty(), "{left:?} is on record as {registry}");
    }
    for name in files(&installation.records().join("mynet")) {
        assert!(name.parse::<IpAddr>().is_err(), "{name} is claimed");
    }
}

fn files(directory: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}

fn check_error(error: &CniError) {
    assert!(error.code > 0 && !error.message.is_empty());
    let text = error.to_json(Some("1.1.0"));
    assert_eq!(CniError::from_output(text.as_bytes(), b"", ""), *error);
}

fn environment() -> Environment {
    Environment {
        command: Ok(Verb::Add),
        container_id: "c1".to_owned(),
        netns: Some("/run/netns/c1".to_owned()),
        interface_name: "eth0".to_owned(),
        args: String::new(),
        path: "/opt/cni/bin".to_owned(),
        netns_override: false,
    }
}

/// Scripts end by themselves.
fn sandbox() -> Sandbox {
    thread_local! {
        static SANDBOX: Sandbox = Sandbox::new().unwrap();
    }
    SANDBOX.with(Clone::clone)
}
