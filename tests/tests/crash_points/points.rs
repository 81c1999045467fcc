//! Going from point to point.

use std::{
    iter,
    panic::resume_unwind,
    sync::{Mutex, PoisonError},
    thread,
};

use cofferdam_tests::{Scenario, scenarios};

use crate::stage::Stage;

/// Where something is tried: a scenario, on an empty node or beside another
/// attachment, at each point or at one in so many.
pub(crate) struct Walk<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) beside_another: bool,
    pub(crate) stride: usize,
}

impl Walk<'_> {
    fn name(&self) -> String {
        let place = if self.beside_another { " beside another" } else { "" };
        format!("{}{place}", self.scenario.name)
    }
}

/// Tries something at point after point of every scenario, on an empty node
/// and beside another attachment, until it says that there are no more.
pub(crate) fn at_every_point(what: &str, attempt: impl Fn(&Stage, usize) -> Attempt + Sync) {
    let scenarios = scenarios();
    let walks = scenarios.iter().flat_map(|scenario| {
        let both = [false, true].into_iter();
        both.filter(|beside_another| scenario.beside_another || !beside_another)
            .map(move |beside_another| Walk {
                scenario,
                beside_another,
                stride: 1,
            })
    });
    let faults = walk_all(what, walks, &attempt);
    assert!(faults.is_empty(), "{what}:\n{}", faults.join("\n\n"));
}

/// How many ways are gone at once by a test. Most of the time is the kernel's,
/// taking links down; but it does so one by one, and far more than this keep
/// each other from it.
const AT_ONCE: usize = 6;

/// Goes these ways. What did not go well.
pub(crate) fn walk_all<'a>(
    what: &str,
    walks: impl IntoIterator<Item = Walk<'a>, IntoIter: Send>,
    attempt: &(impl Fn(&Stage, usize) -> Attempt + Sync),
) -> Vec<String> {
    let ahead = Mutex::new(walks.into_iter());
    let next = || ahead.lock().unwrap_or_else(PoisonError::into_inner).next();
    let walker = || -> Vec<String> {
        let walks = iter::from_fn(next);
        walks.filter_map(|walk| go(what, &walk, attempt)).collect()
    };
    thread::scope(|scope| {
        let walkers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(walker)).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        walkers.into_iter().flat_map(join).collect()
    })
}

fn go(what: &str, walk: &Walk<'_>, attempt: &impl Fn(&Stage, usize) -> Attempt) -> Option<String> {
    let stage = Stage::new(walk.scenario, walk.beside_another);
    let (tried, fault) = try_points(&stage, walk.stride, attempt);
    let share = match walk.stride {
        1 => String::new(),
        stride => format!(", one in {stride}"),
    };
    println!("{what}: {tried} points of {}{share}", walk.name());
    let none = (tried == 0).then(|| "nothing was seen to be changed".to_owned());
    let point = tried * walk.stride;
    let fault = format!("{}, point {point}: {}", walk.name(), fault.or(none)?);
    // Told at once: the others may take their time.
    println!("{what}: {fault}");
    Some(fault)
}

/// How many points were tried, until there were no more or one did not go
/// well: what is left by that would be found at each one that follows.
fn try_points(stage: &Stage, stride: usize, attempt: &impl Fn(&Stage, usize) -> Attempt) -> (usize, Option<String>) {
    let mut tried = 0;
    loop {
        match attempt(stage, tried * stride) {
            Attempt::NoSuchPoint => return (tried, None),
            Attempt::Well => tried += 1,
            Attempt::Fault(text) => return (tried, Some(text)),
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
