use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context as _, Result};
use cofferdam_tests::Installation;
use serde_json::Value;

use crate::{side::Side, workload::workloads};

/// The median time of each phase of a call, in microseconds, in their order.
pub(crate) type Phases = Vec<(String, f64)>;

/// Where the time of every workload's verbs goes, as `cofferdam --timing`
/// tells it; of several plugins, that of each is added up.
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

fn timing_file(installation: &Installation, verb: &str) -> PathBuf {
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
