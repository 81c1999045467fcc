use std::{collections::BTreeMap, fs};

use anyhow::{Context as _, Result};
use cofferdam_tests::{Installation, bridge_network, loopback_network, with};
use serde_json::{Value, json};

use crate::side::Side;

/// A network, and what is done on it again and again.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) plugin: &'static str,
    pub(crate) verbs: &'static [&'static str],
    pub(crate) config: Value,
    /// What the Go plugins are told besides.
    pub(crate) only_go: Value,
    /// Whether another attachment is there all the time, as on a node in use,
    /// so that the bridge and its address are.
    pub(crate) in_use: bool,
    /// Whether the native program can do it.
    pub(crate) native: bool,
}

const ADD_DEL: &[&str] = &["ADD", "DEL"];

pub(crate) fn workloads() -> Vec<Workload> {
    let bridge = bridge_network("1.0.0");
    let masquerade = with(bridge.clone(), json!({ "ipMasq": true }));
    let through = |backend: &str| json!({ "ipMasqBackend": backend });
    let on_bridge = |name, config: &Value, only_go| Workload {
        name,
        plugin: "bridge",
        verbs: ADD_DEL,
        config: config.clone(),
        only_go,
        in_use: true,
        native: config == &bridge,
    };
    vec![
        Workload {
            name: "VERSION",
            plugin: "bridge",
            verbs: &["VERSION"],
            config: Value::Null,
            only_go: json!({}),
            in_use: false,
            native: false,
        },
        Workload {
            name: "loopback",
            plugin: "loopback",
            verbs: ADD_DEL,
            config: with(loopback_network(), json!({ "cniVersion": "1.0.0" })),
            only_go: json!({}),
            in_use: false,
            native: false,
        },
        on_bridge("bridge + host-local", &bridge, json!({})),
        on_bridge("… + ipMasq (Go: iptables)", &masquerade, through("iptables")),
        on_bridge("… + ipMasq (Go: nftables)", &masquerade, through("nftables")),
    ]
}

/// The median time of each phase of a call, in microseconds, in their order.
pub(crate) type Phases = Vec<(String, f64)>;

/// Where the time of every workload's verbs goes, as `cofferdam --timing`
/// tells it.
pub(crate) fn split(installation: &Installation, rounds: usize) -> Result<Vec<(String, Phases)>> {
    let mut tables = Vec::new();
    for workload in workloads() {
        let mut side = Side::cofferdam(installation, &workload)?;
        for round in 0..rounds {
            for verb in workload.verbs {
                side.timed(verb, round, &timing_file(installation, verb))?;
            }
        }
        side.finish()?;
        for verb in workload.verbs {
            let file = timing_file(installation, verb);
            let text = fs::read_to_string(&file).with_context(|| format!("{}: no times in it", file.display()))?;
            fs::remove_file(&file)?;
            tables.push((format!("{} {verb}", workload.name), medians(&text)?));
        }
    }
    Ok(tables)
}

fn timing_file(installation: &Installation, verb: &str) -> std::path::PathBuf {
    installation.root().join(format!("timing-{verb}"))
}

fn medians(lines: &str) -> Result<Phases> {
    let mut order = Vec::new();
    let mut phases: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for line in lines.lines() {
        let times: serde_json::Map<String, Value> = serde_json::from_str(line)?;
        for (phase, time) in times {
            if !order.contains(&phase) {
                order.push(phase.clone());
            }
            phases
                .entry(phase)
                .or_default()
                .push(time.as_f64().context("a time is a number")?);
        }
    }
    let median = |phase: String| {
        let mut times = phases.remove(&phase).unwrap_or_default();
        times.sort_by(f64::total_cmp);
        let middle = times.get(times.len() / 2).copied().unwrap_or_default();
        (phase, middle)
    };
    Ok(order.into_iter().map(median).collect())
}
