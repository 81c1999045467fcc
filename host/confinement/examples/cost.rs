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
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use cofferdam_confinement::{Access, Capabilities, Confinement, clear_environment, close_inherited_descriptors};

/// Processes a figure is taken from, unless another number is given.
const PROCESSES: usize = 300;
/// Makes the program the one that is measured; the value is its other threads.
const MEASURED: &str = "COFFERDAM_COST_THREADS";

/// What is measured: how many other threads there are, and what reaches them.
const CASES: &[(usize, &str)] = &[(0, BY_THEMSELVES), (1, BY_THEMSELVES), (1, BY_SIGNAL), (2, BY_SIGNAL)];
const BY_THEMSELVES: &str = "by themselves";
const BY_SIGNAL: &str = "by signal";

fn main() -> Result<(), Box<dyn Error>> {
    let measured_case = env::var(MEASURED).ok();
    match measured_case.as_deref().and_then(|case| case.split_once(' ')) {
        Some((threads, how)) => measured(threads.parse()?, how),
        None => measure(env::args().nth(1).map_or(Ok(PROCESSES), |number| number.parse())?),
    }
}

fn measure(processes: usize) -> Result<(), Box<dyn Error>> {
    println!("medians of {processes} processes, and the fastest tenth, in µs");
    for (threads, how) in CASES {
        let mut samples: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for _ in 0..processes {
            for (part, time) in run(&format!("{threads} {how}"))? {
                samples.entry(part).or_default().push(time);
            }
        }
        println!("{threads} other threads, confined {how}:");
        for (part, mut times) in samples {
            times.sort_by(f64::total_cmp);
            println!(
                "  {part:35} {:7.1} {:7.1}",
                times[times.len() / 2],
                times[times.len() / 10]
            );
        }
    }
    Ok(())
}

fn run(case: &str) -> Result<Vec<(String, f64)>, Box<dyn Error>> {
    let output = Command::new(env::current_exe()?).env(MEASURED, case).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let lines = String::from_utf8(output.stdout)?;
    let parse = |line: &str| {
        let (part, time) = line.split_once('\t').ok_or("a line without a tab")?;
        Ok((part.to_owned(), time.parse()?))
    };
    lines.lines().map(parse).collect()
}

fn measured(threads: usize, how: &str) -> Result<(), Box<dyn Error>> {
    let mut parts: Vec<(&'static str, Duration)> = Vec::with_capacity(16);
    let mut last = Instant::now();
    let mut part = |name| {
        parts.push((name, last.elapsed()));
        last = Instant::now();
    };
    // SAFETY: this is the start of the program; it has opened nothing.
    #[allow(unsafe_code)]
    unsafe {
        close_inherited_descriptors(&[])?;
    }
    part("1 inherited descriptors");
    clear_environment(|name| name == MEASURED)?;
    part("2 environment");
    let prepared = Confinement::new()
        .keep_capability(Capabilities::NET_ADMIN)
        .keep_bounding_set()
        .directory("/tmp", Access::Write)
        .directory("/var/lib", Access::Write)
        .directory("/proc/sys/net", Access::Write)
        .file("/proc/locks")
        .prepare()?;
    part("3 limits, rules for 4 places");
    let (sender, ready) = mpsc::channel();
    for _ in 0..threads {
        let thread = (how == BY_THEMSELVES).then(|| prepared.thread());
        let sender = sender.clone();
        thread::spawn(move || {
            if let Some(thread) = thread {
                thread.confine().expect("a thread can do what the process can");
            }
            sender.send(()).expect("somebody waits");
            thread::sleep(Duration::from_secs(5));
        });
    }
    ready.iter().take(threads).for_each(drop);
    thread::sleep(Duration::from_millis(1));
    part("x (threads are started)");
    if threads == 0 {
        prepared.thread().confine()?;
        part("4 capabilities, domain");
        prepared.enforce()?;
        part("5 filter");
    } else {
        prepared.enforce()?;
        part("4 + 5 all threads, filter");
    }
    for (part, time) in parts {
        println!("{part}\t{}", time.as_secs_f64() * 1e6);
    }
    Ok(())
}
