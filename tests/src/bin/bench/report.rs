use std::time::Duration;

use anyhow::Result;

use crate::{measure::Measured, phases::Phases, side::Who};

/// One verb of one workload, on all sides.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    name: String,
    verb: String,
    go: Series,
    cofferdam: Series,
    fused: Series,
    native: Series,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Series {
    walls: Vec<Duration>,
    peak_kib: u64,
}

impl Row {
    pub(crate) fn new(workload: &str, verb: &str) -> Self {
        let name = if workload == verb {
            verb.to_owned()
        } else {
            format!("{workload} {verb}")
        };
        Self {
            name,
            verb: verb.to_owned(),
            go: Series::default(),
            cofferdam: Series::default(),
            fused: Series::default(),
            native: Series::default(),
        }
    }

    pub(crate) fn record(&mut self, who: Who, measured: &Measured) {
        let series = match who {
            Who::Go => &mut self.go,
            Who::Cofferdam => &mut self.cofferdam,
            Who::Fused => &mut self.fused,
            Who::Native => &mut self.native,
        };
        series.record(measured);
    }
}

impl Series {
    pub(crate) fn record(&mut self, measured: &Measured) {
        self.walls.push(measured.wall);
        self.peak_kib = self.peak_kib.max(measured.peak_kib);
    }

    /// Milliseconds that this share of the calls, in percent, did not exceed;
    /// the nearest rank.
    pub(crate) fn percentile(&self, percent: usize) -> Option<f64> {
        let mut walls = self.walls.clone();
        walls.sort();
        let rank = (walls.len() * percent).div_ceil(100).max(1);
        walls.get(rank - 1).map(|wall| wall.as_secs_f64() * 1e3)
    }

    fn cells(&self) -> String {
        let cell = |percent| {
            self.percentile(percent)
                .map_or_else(|| "–".into(), |time| format!("{time:.2}"))
        };
        let peak = if self.walls.is_empty() {
            "–".into()
        } else {
            mebibytes(self.peak_kib)
        };
        format!("{:>7} {:>7} {:>7} {peak:>7}", cell(50), cell(90), cell(99))
    }
}

fn mebibytes(kib: u64) -> String {
    format!("{}.{}", kib / 1024, kib % 1024 * 10 / 1024)
}

pub(crate) fn print_table(rows: &[Row]) {
    println!();
    println!(
        "{:<30} | {:^31} | {:^31} | ratio",
        "whole process, ms", "Go", "cofferdam"
    );
    let head = format!("{:>7} {:>7} {:>7} {:>7}", "p50", "p90", "p99", "MiB");
    println!("{:<30} | {head} | {head} | of p50", "");
    println!("{}-+-{}-+-{}-+-------", "-".repeat(30), "-".repeat(31), "-".repeat(31));
    for row in rows {
        print_row(&row.name, &row.go, &row.cofferdam);
        if !row.fused.walls.is_empty() {
            print_row(&format!("  as one chain {}", row.verb), &row.go, &row.fused);
        }
    }
}

fn print_row(name: &str, go: &Series, ours: &Series) {
    let ratio = match (go.percentile(50), ours.percentile(50)) {
        (Some(go), Some(ours)) => format!("{:.2}×", go / ours),
        _ => "–".into(),
    };
    println!("{name:<30} | {} | {} | {ratio}", go.cells(), ours.cells());
}

/// What Cofferdam adds to the kernel's own work.
pub(crate) fn print_native(rows: &[Row]) {
    println!();
    for row in rows {
        if let (Some(native), Some(ours)) = (row.native.percentile(50), row.cofferdam.percentile(50)) {
            println!(
                "{:<30} | {} | native program; cofferdam takes {:.2}× of it",
                row.name,
                row.native.cells(),
                ours / native
            );
        }
    }
}

pub(crate) fn print_notes() {
    println!();
    println!(
        "MiB: peak resident memory of the process and its children; at least that of this benchmark, {} MiB.",
        {
            let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
            let own = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            mebibytes(
                own.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok())
                    .unwrap_or_default(),
            )
        }
    );
    println!("Both sides work on a node of their own where another attachment is in place (VERSION, loopback: none).");
}

/// Prints the medians of the phases, in microseconds.
pub(crate) fn print_phases(tables: Vec<(String, Phases)>) -> Result<()> {
    for (name, phases) in tables {
        println!("{name}: median µs of each phase");
        let total: f64 = phases.iter().map(|(_, time)| time).sum();
        for (phase, time) in phases {
            println!("  {phase:<28} {time:>9.0}");
        }
        println!("  {:<28} {total:>9.0}", "(sum)");
    }
    Ok(())
}
