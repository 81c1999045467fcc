//! Whatever happens at whichever point of an attachment, nothing is left
//! behind. The points are all system calls with which the executable changes
//! something outside of itself; each of them is tried, for each scenario.

#![cfg(target_arch = "x86_64")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod killed;
mod refused;
mod scenarios;
mod stage;

use std::{panic::resume_unwind, thread};

use scenarios::scenarios;
use stage::Stage;

/// Tries something at point after point of every scenario, on an empty node
/// and beside another attachment, until it says that there are no more. All at
/// once, since most of the time is the kernel's, taking links down.
fn at_every_point(what: &str, attempt: impl Fn(&Stage, usize) -> Attempt + Sync) {
    let scenarios = scenarios();
    let places = scenarios
        .iter()
        .flat_map(|scenario| [false, true].map(|beside_another| (scenario, beside_another)));
    let faults: Vec<String> = thread::scope(|scope| {
        let attempt = &attempt;
        let tried = places.map(|(scenario, beside_another)| {
            scope.spawn(move || {
                let stage = Stage::new(scenario, beside_another);
                let name = if beside_another {
                    format!("{} beside another", scenario.name)
                } else {
                    scenario.name.to_owned()
                };
                let (points, fault) = try_points(&stage, attempt);
                println!("{what}: {points} points of {name}");
                fault.map(|text| format!("{name}, point {points}: {text}"))
            })
        });
        let tried: Vec<_> = tried.collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        tried.into_iter().filter_map(join).collect()
    });
    assert!(faults.is_empty(), "{what}:\n{}", faults.join("\n\n"));
}

/// How many points there are, or went well until one did not: what is left by
/// that would be found at each one that follows.
fn try_points(stage: &Stage, attempt: impl Fn(&Stage, usize) -> Attempt) -> (usize, Option<String>) {
    let mut number = 0;
    loop {
        match attempt(stage, number) {
            Attempt::NoSuchPoint => return (number, None),
            Attempt::Well => number += 1,
            Attempt::Fault(text) => return (number, Some(text)),
        }
    }
}

/// What came of an attempt at one point.
enum Attempt {
    /// The program comes by fewer points.
    NoSuchPoint,
    Well,
    Fault(String),
}
