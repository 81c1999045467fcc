//! Cofferdam and the Go reference plugins side by side, in one run: the wall
//! time of whole processes, from start to exit, as a runtime sees it.
//!
//! `tools/bench.sh` builds what ships, fetches the Go plugins and starts this.

// A benchmark reports to a person, and has nothing to rescue when it fails.
#![allow(clippy::print_stdout, clippy::panic)]

mod growth;
mod journal;
mod measure;
mod options;
mod parallel;
mod phases;
mod report;
mod side;
mod workload;

use std::os::unix::fs::symlink;

use anyhow::{Context as _, Result, anyhow};
use cofferdam_tests::{GoPlugins, Installation, Products, kernel_access};
use tempfile::TempDir;

use crate::{
    options::{Options, What},
    phases::split,
    report::{Row, print_native, print_notes, print_phases, print_table},
    side::Side,
    workload::{Workload, workloads},
};

fn main() -> Result<()> {
    let options = Options::parse(std::env::args().skip(1))?;
    kernel_access().map_err(|reason| anyhow!(reason))?;
    let ours = (!options.go_only).then(in_memory).transpose()?;
    let installation = ours.as_ref().map(|(installation, _)| installation);
    let go = GoPlugins::locate().map_err(|reason| anyhow!(reason))?;
    match (options.what, installation) {
        (What::Split, Some(installation)) => split(installation, options.rounds).and_then(print_phases),
        (What::Growth, Some(installation)) => growth::print(&go, installation, &options),
        (What::Parallel, Some(installation)) => {
            in_memory().and_then(|(other, _memory)| parallel::print(&go, installation, &other))
        }
        _ => side_by_side(&go, installation, &options),
    }
}

fn side_by_side(go: &GoPlugins, installation: Option<&Installation>, options: &Options) -> Result<()> {
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
        rows.extend(pair(&workload, go, installation, options)?);
    }
    print_table(&rows);
    print_native(&rows);
    if let (Some(installation), Some(bridge)) = (installation, workloads().iter().find(|workload| workload.native)) {
        journal::print_cost(installation, bridge)?;
    }
    print_notes();
    Ok(())
}

/// An installation that has its state directory in memory, where `/run` is on
/// any node. That goes with the second value.
fn in_memory() -> Result<(Installation, TempDir)> {
    let installation = Installation::new();
    let memory = TempDir::with_prefix_in("cofferdam-bench-", "/dev/shm").context("a directory in memory")?;
    symlink(memory.path(), installation.root().join("run"))?;
    Ok((installation, memory))
}

/// Runs one workload on all sides, in turn, each on a node of its own.
fn pair(workload: &Workload, go: &GoPlugins, ours: Option<&Installation>, options: &Options) -> Result<Vec<Row>> {
    let mut sides = vec![Side::go(go, workload)?];
    // What is on record is about one node.
    let other = match ours {
        Some(_) if workload.members.len() > 1 => Some(in_memory()?),
        _ => None,
    };
    if let Some(installation) = ours {
        sides.push(Side::cofferdam(installation, workload)?);
        if let Some((other, _)) = &other {
            sides.push(Side::fused(other, workload)?);
        }
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
