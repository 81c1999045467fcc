//! Cofferdam and the Go reference plugins side by side, in one run: the wall
//! time of whole processes, from start to exit, as a runtime sees it.
//!
//! `tools/bench.sh` builds what ships, fetches the Go plugins and starts this.

// A benchmark reports to a person, and has nothing to rescue when it fails.
#![allow(clippy::print_stdout, clippy::panic)]

mod journal;
mod measure;
mod options;
mod report;
mod side;
mod workload;

use std::os::unix::fs::symlink;

use anyhow::{Context as _, Result, anyhow};
use cofferdam_tests::{GoPlugins, Installation, Products, kernel_access};
use tempfile::TempDir;

use crate::{
    options::Options,
    report::{Row, print_native, print_notes, print_phases, print_table},
    side::Side,
    workload::{Workload, split, workloads},
};

fn main() -> Result<()> {
    let options = Options::parse(std::env::args().skip(1))?;
    kernel_access().map_err(|reason| anyhow!(reason))?;
    let installation = (!options.go_only).then(Installation::new);
    let _memory = installation.as_ref().map(state_in_memory).transpose()?;
    if options.split {
        let installation = installation
            .as_ref()
            .ok_or_else(|| anyhow!("--split is about cofferdam"))?;
        return split(installation, options.rounds).and_then(print_phases);
    }
    let go = GoPlugins::locate().map_err(|reason| anyhow!(reason))?;
    println!(
        "Go plugins {}; {} pairs after {} to warm up",
        go.version(),
        options.rounds,
        options.warm_up()
    );
    if installation.is_some() {
        println!("cofferdam: {}", Products::locate().cofferdam().display());
    }
    let mut rows = Vec::new();
    for workload in workloads() {
        rows.extend(pair(&workload, &go, installation.as_ref(), &options)?);
    }
    print_table(&rows);
    print_native(&rows);
    if let (Some(installation), Some(bridge)) = (&installation, workloads().iter().find(|workload| workload.native)) {
        journal::print_cost(installation, bridge)?;
    }
    print_notes();
    Ok(())
}

/// Has the state directory in memory, where `/run` is on any node. It goes
/// with the value.
fn state_in_memory(installation: &Installation) -> Result<TempDir> {
    let memory = TempDir::with_prefix_in("cofferdam-bench-", "/dev/shm").context("a directory in memory")?;
    symlink(memory.path(), installation.root().join("run"))?;
    Ok(memory)
}

/// Runs one workload on all sides, in turn, each on a node of its own.
fn pair(workload: &Workload, go: &GoPlugins, ours: Option<&Installation>, options: &Options) -> Result<Vec<Row>> {
    let mut sides = vec![Side::go(go, workload)?];
    if let Some(installation) = ours {
        sides.push(Side::cofferdam(installation, workload)?);
        if workload.native {
            sides.push(Side::native(workload)?);
        }
    }
    let total = options.warm_up() + options.rounds;
    let mut rows: Vec<Row> = workload
        .verbs
        .iter()
        .map(|verb| Row::new(workload.name, verb))
        .collect();
    for round in 0..total {
        // Who is first changes, so that neither has always the warmer caches.
        let order: Vec<usize> = if round % 2 == 0 {
            (0..sides.len()).collect()
        } else {
            (0..sides.len()).rev().collect()
        };
        for (row, verb) in rows.iter_mut().zip(workload.verbs) {
            for &which in &order {
                let measured = sides[which].call(verb, round)?;
                if round >= options.warm_up() {
                    row.record(sides[which].who(), &measured);
                }
            }
        }
    }
    for side in sides {
        side.finish()?;
    }
    Ok(rows)
}
