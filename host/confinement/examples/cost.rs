//! What confinement costs: the median of each part over many processes, in
//! microseconds.
//!
//! `cargo run --release -p cofferdam-confinement --example cost [PROCESSES]`
#![allow(clippy::print_stdout)]

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use cofferdam_confinement::{Access, Capabilities, Confinement, clear_environment, close_inherited_descriptors};

/// Processes a figure is taken from, unless another number is given.
const PROCESSES: usize = 300;
/// Makes the program the one that is measured; the value is its other threads.
const MEASURED: &str = "COFFERDAM_COST_THREADS";

fn main() -> Result<(), Box<dyn Error>> {
    match env::var(MEASURED) {
        Ok(threads) => measured(threads.parse()?),
        Err(_) => measure(env::args().nth(1).map_or(Ok(PROCESSES), |number| number.parse())?),
    }
}

fn measure(processes: usize) -> Result<(), Box<dyn Error>> {
    for threads in [0, 1, 2] {
        let mut samples: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for _ in 0..processes {
            let output = Command::new(env::current_exe()?)
                .env(MEASURED, threads.to_string())
                .output()?;
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into());
            }
            for line in String::from_utf8(output.stdout)?.lines() {
                let (part, time) = line.split_once('\t').ok_or("a line without a tab")?;
                samples.entry(part.to_owned()).or_default().push(time.parse()?);
            }
        }
        println!("with {threads} other threads, medians of {processes} processes, µs:");
        for (part, mut times) in samples {
            times.sort_by(f64::total_cmp);
            let (p10, p50) = (times[times.len() / 10], times[times.len() / 2]);
            println!("  {part:20} {p50:7.1}   (fastest tenth: {p10:.1})");
        }
    }
    Ok(())
}

fn measured(threads: usize) -> Result<(), Box<dyn Error>> {
    let mut parts: Vec<(&'static str, Duration)> = Vec::with_capacity(16);
    let start = Instant::now();
    // SAFETY: this is the start of the program; it has opened nothing.
    #[allow(unsafe_code)]
    unsafe {
        close_inherited_descriptors(&[])?;
    }
    parts.push(("1 descriptors", start.elapsed()));
    let start = Instant::now();
    clear_environment(|name| name == MEASURED)?;
    parts.push(("2 environment", start.elapsed()));
    for _ in 0..threads {
        thread::spawn(|| thread::sleep(Duration::from_secs(5)));
    }
    thread::sleep(Duration::from_millis(1));

    let all = Instant::now();
    let mut last = all;
    let report = Confinement::new()
        .keep_capability(Capabilities::NET_ADMIN)
        .directory("/tmp", Access::Write)
        .directory("/proc", Access::Read)
        .directory("/proc/sys/net", Access::Write)
        .enforce_in_parts(|part| {
            parts.push((part, last.elapsed()));
            last = Instant::now();
        })?;
    parts.push(("z all of `enforce`", all.elapsed()));
    assert_eq!(report.other_threads, threads);
    for (part, time) in parts {
        println!("{part}\t{}", time.as_secs_f64() * 1e6);
    }
    Ok(())
}
