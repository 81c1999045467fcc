//! Going from point to point.

use std::{panic::resume_unwind, thread};

use crate::{scenarios::scenarios, stage::Stage};

/// Tries something at point after point of every scenario, on an empty node
/// and beside another attachment, until it says that there are no more. All at
/// once, since most of the time is the kernel's, taking links down.
pub(crate) fn at_every_point(what: &str, attempt: impl Fn(&Stage, usize) -> Attempt + Sync) {
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
                let none = (points == 0).then(|| "nothing was seen to be changed".to_owned());
                fault.or(none).map(|text| format!("{name}, point {points}: {text}"))
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
pub(crate) enum Attempt {
    /// The program comes by fewer points.
    NoSuchPoint,
    Well,
    Fault(String),
}
